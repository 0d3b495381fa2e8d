//! What the warehouse does through the API: an order's lines leave, by the transform into an item fulfilment.
//! <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157901123882.html>

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::account::Account;
use super::error::Refusal;
use super::field::decimal;
use super::kind::Kind;
use super::request::Request;

/// The record type, as paths have it.
pub(crate) const ITEM_FULFILLMENT: &str = "itemFulfillment";

/// What left of an order, a line's number and how many.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fulfilment {
    order: u64,
    left: Vec<(u64, Decimal)>,
}

/// `POST /salesOrder/{id}/!transform/itemFulfillment`: the lines that are named by `orderLine`, or all of them. The path takes an internal
/// id alone.
pub(crate) fn transform(account: &mut Account, request: &Request, _: DateTime<Utc>) -> Result<Response, Refusal> {
    let order: u64 = request.key.parse().map_err(|_| Refusal::nonexistent())?;
    let document = request.document()?;
    let named = document.get("item").and_then(|item| item["items"].as_array());
    let id = account.records.next_id().max(account.fulfilments.last_key_value().map_or(0, |(id, _)| id + 1));
    let record = account.records.get_mut(order).filter(|record| record.kind == Kind::SalesOrder);
    let record = record.ok_or_else(Refusal::nonexistent)?;
    let mut fulfilment = Fulfilment { order, left: Vec::new() };
    for row in record.rows.iter_mut().filter(|row| !row.closed) {
        let open = row.quantity - row.fulfilled;
        let asked = match named {
            None => Some(open),
            Some(lines) => lines
                .iter()
                .find(|line| line["orderLine"].as_u64() == Some(row.number))
                .map(|line| decimal(&line["quantity"]).unwrap_or(open)),
        };
        let Some(leaves) = asked.filter(|quantity| *quantity > Decimal::ZERO) else { continue };
        if leaves > open {
            return Err(Refusal::user("You cannot fulfill more than is ordered.").at("item"));
        }
        row.fulfilled += leaves;
        fulfilment.left.push((row.number, leaves));
    }
    if fulfilment.left.is_empty() {
        return Err(Refusal::user("Valid line item not found for this transaction."));
    }
    account.fulfilments.insert(id, fulfilment);
    let mut response = StatusCode::NO_CONTENT.into_response();
    let location = format!("{}/services/rest/record/v1/{ITEM_FULFILLMENT}/{id}", account.base_url);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert("Location", location);
    }
    Ok(response)
}

/// What left is there again.
pub(crate) fn undo(account: &mut Account, id: u64) -> Result<(), Refusal> {
    let Fulfilment { order, left } = account.fulfilments.remove(&id).ok_or_else(Refusal::nonexistent)?;
    let rows = account.records.get_mut(order).map(|record| record.rows.as_mut_slice()).unwrap_or_default();
    for (number, quantity) in left {
        rows.iter_mut().filter(|row| row.number == number).for_each(|row| row.fulfilled -= quantity);
    }
    Ok(())
}
