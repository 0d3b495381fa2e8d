//! Both ends of the erp flow compared: what Shopify has in the end, and what NetSuite holds of it. The functions' own word, the ledger, is
//! asked for nothing.

use rust_decimal::Decimal;
use sandbox::{
    InProcess,
    netsuite::{Customer, Transaction},
    shopify::Truth,
};
use std::collections::BTreeMap;

/// What is wrong with NetSuite, order by order, in sentences.
pub(crate) fn compare(vendors: &InProcess) -> Vec<String> {
    let mut wrong = vendors.netsuite.doubles();
    let there: BTreeMap<String, Transaction> =
        vendors.netsuite.transactions().into_iter().filter_map(|one| Some((one.external_id.clone()?, one))).collect();
    let truths = vendors.shopify.truths();
    for truth in &truths {
        wrong.extend(differs(truth, &there).map(|how| format!("order {} {how}", truth.id)));
    }
    let customers = vendors.netsuite.customers();
    wrong.extend(truths.iter().filter_map(|truth| nobodys(truth, &there, &customers)));
    wrong
}

/// The order's customer, where it is another's.
fn nobodys(truth: &Truth, there: &BTreeMap<String, Transaction>, customers: &[Customer]) -> Option<String> {
    let order = there.get(&format!("shopify_order_{}", truth.id))?;
    let id =
        truth.customer.map_or_else(|| format!("shopify_guest_{}", truth.id), |id| format!("shopify_customer_{id}"));
    let known = customers.iter().any(|customer| customer.external_id.as_ref() == Some(&id));
    (!known || order.customer.as_ref() != Some(&id)).then(|| format!("order {} is not for {id}", truth.id))
}

/// In what NetSuite's order is not Shopify's.
fn differs(truth: &Truth, there: &BTreeMap<String, Transaction>) -> Option<String> {
    let order = there.get(&format!("shopify_order_{}", truth.id));
    if truth.test {
        return order.map(|_| "is a test, and there".to_owned());
    }
    // One that was cancelled before it was ever applied is not there, and need not be.
    let Some(order) = order else { return (!truth.cancelled).then(|| "is not there".to_owned()) };
    let memos = truth.refunds.iter().filter_map(|id| there.get(&format!("shopify_refund_{id}")));
    let given_back: Decimal = memos.map(|memo| memo.total).sum();
    let left = order.live_total - given_back;
    if left != truth.current_total {
        let (total, live) = (order.total, order.live_total);
        return Some(format!(
            "is {left} there (total {total}, live {live}, memos {given_back}), and {} at Shopify",
            truth.current_total
        ));
    }
    let text = |path: &str| order.document.pointer(path).and_then(|value| value.as_str()).map(str::to_owned);
    if text("/memo") != truth.note {
        return Some("has another note there".to_owned());
    }
    if text("/shippingAddress/zip").as_ref() != Some(&truth.zip) {
        return Some("has another address there".to_owned());
    }
    for line in &truth.lines {
        let name = line.id.to_string();
        let held = order.lines.iter().find(|held| held.relay_line.as_deref() == Some(&name));
        let wanted = Decimal::from(line.current + line.returned);
        let open = held.map_or(Decimal::ZERO, |held| if held.closed { Decimal::ZERO } else { held.quantity });
        if open != wanted && !truth.cancelled {
            return Some(format!("has {open} of line {name} there, and {wanted} at Shopify"));
        }
    }
    None
}
