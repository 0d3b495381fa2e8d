//! The bodies of creates, once all is looked up.

use super::customer::without_nulls;
use super::held::{HeldLine, lines_hash};
use super::sheet::OrderLine;
use super::stamp::{LINE_FIELD, STAMP_FIELD, Stamp};
use super::{MemoEffect, OrderEffect, Parked, Settings, reference};
use config::Tax;
use ledger::Revision;
use netsuite::RecordId;
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value, json};
use std::collections::BTreeMap;

/// What was looked up at NetSuite.
#[derive(Debug, Clone, Copy)]
pub struct Ids<'a> {
    /// The customer.
    pub entity: &'a RecordId,
    /// The currency; `None` in an account that has one alone.
    pub currency: Option<&'a RecordId>,
    /// The items, by [`OrderLine::item`].
    pub items: &'a BTreeMap<String, RecordId>,
}

impl<'a> Ids<'a> {
    pub(super) fn item(&self, line: &OrderLine) -> Result<&'a RecordId, Parked> {
        let unknown = || Parked::new("unknown_item", line.item.clone());
        self.items.get(&line.item).ok_or_else(unknown)
    }
}

/// The body of `POST /record/v1/salesOrder`.
///
/// # Errors
/// `unknown_item`, with the item's name, when one is not among `ids`.
pub fn order_record(
    effect: &OrderEffect,
    ids: &Ids<'_>,
    revision: Revision,
    settings: &Settings<'_>,
) -> Result<Value, Parked> {
    let fields = effect.fields.iter().map(|(name, value)| (name.as_str(), value.clone()));
    let once = effect.once.iter().map(|(name, value)| (*name, value.clone()));
    let addresses = effect.addresses.iter().map(|(name, value)| (*name, without_nulls(value.clone())));
    let stamp = |lines| Stamp { revision, effect: effect.hash(), lines };
    record(&effect.external_id, fields.chain(once).chain(addresses), &effect.lines, ids, settings, stamp)
}

/// The body of a POST of [`MemoEffect::record`].
///
/// # Errors
/// `unknown_item`, with the item's name, when one is not among `ids`.
pub fn memo_record(
    effect: &MemoEffect,
    ids: &Ids<'_>,
    revision: Revision,
    settings: &Settings<'_>,
) -> Result<Value, Parked> {
    let fields = effect.fields.iter().map(|(name, value)| (*name, value.clone()));
    let stamp = |lines| Stamp { revision, effect: effect.hash(), lines };
    record(&effect.external_id, fields, &effect.lines, ids, settings, stamp)
}

fn record<'a>(
    external_id: &str,
    fields: impl Iterator<Item = (&'a str, Value)>,
    lines: &[OrderLine],
    ids: &Ids<'_>,
    settings: &Settings<'_>,
    stamp: impl FnOnce(ledger::EffectHash) -> Stamp,
) -> Result<Value, Parked> {
    let held = lines.iter().map(|line| Ok(as_held(line, ids.item(line)?))).collect::<Result<Vec<_>, Parked>>()?;
    let items = lines.iter().map(|line| new_line(line, ids)).collect::<Result<Vec<_>, _>>()?;
    let mut body: Map<String, Value> = fields.map(|(name, value)| (name.to_owned(), value)).collect();
    body.retain(|_, value| !value.is_null());
    body.insert("externalId".to_owned(), external_id.into());
    body.insert("entity".to_owned(), json!({ "id": ids.entity.as_str() }));
    if let Some(currency) = ids.currency {
        body.insert("currency".to_owned(), json!({ "id": currency.as_str() }));
    }
    body.insert(STAMP_FIELD.to_owned(), stamp(lines_hash(&held)).to_string().into());
    body.insert("item".to_owned(), json!({ "items": items }));
    body.extend(tax_details(lines, settings));
    Ok(Value::Object(body))
}

/// A line that NetSuite does not have yet. Without the custom price level NetSuite would price it by itself.
pub(super) fn new_line(line: &OrderLine, ids: &Ids<'_>) -> Result<Value, Parked> {
    let mut body = json!({
        "item": { "id": ids.item(line)?.as_str() },
        "quantity": line.quantity,
        "price": { "id": "-1" },
        "rate": number(line.rate),
        LINE_FIELD: line.key,
    });
    if let Some(description) = &line.description {
        body["description"] = description.clone().into();
    }
    for (field, value) in &line.fields {
        body[field] = value.clone().into();
    }
    if !line.tax.is_zero() {
        body["taxDetailsReference"] = line.key.clone().into();
    }
    Ok(body)
}

/// `SuiteTax`'s details, a row for each line with tax; nothing unless the settings say so.
pub(super) fn tax_details(lines: &[OrderLine], settings: &Settings<'_>) -> Map<String, Value> {
    let suitetax = &settings.erp.suitetax;
    let (Tax::Suitetax, Some(kind), Some(code)) = (settings.erp.tax, &suitetax.tax_type, &suitetax.tax_code) else {
        return Map::new();
    };
    let row = |line: &OrderLine| {
        let rate = (line.tax * Decimal::ONE_HUNDRED).checked_div(line.amount()).unwrap_or_default();
        json!({
            "taxDetailsReference": { "id": line.key },
            "taxType": kind.as_str(),
            "taxCode": reference(code),
            "taxBasis": number(line.amount()),
            "taxRate": number(rate.round_dp(4)),
            "taxAmount": number(line.tax),
        })
    };
    let rows: Vec<Value> = lines.iter().filter(|line| !line.tax.is_zero()).map(row).collect();
    let details = [("taxDetailsOverride", true.into()), ("taxDetails", json!({ "items": rows }))];
    details.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}

/// How NetSuite will hold the line.
pub(super) fn as_held(line: &OrderLine, item: &RecordId) -> HeldLine {
    HeldLine {
        line: 0,
        key: Some(line.key.clone()),
        item: item.as_str().to_owned(),
        quantity: line.quantity.into(),
        rate: line.rate,
        amount: line.amount(),
        closed: false,
        done: Decimal::ZERO,
    }
}

/// A JSON number with the digits of the decimal, up to 15 of them: `serde_json` writes the shortest text that means the same `f64`.
pub(super) fn number(amount: Decimal) -> Value {
    let text = amount.normalize().to_string();
    serde_json::from_str::<Number>(&text).map_or_else(|_| Value::String(text), Value::Number)
}
