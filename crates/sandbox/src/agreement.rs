//! Shopify's orders held against NetSuite's, as a merchant would who compares both by hand.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::Serialize;

use crate::netsuite::Transaction;
use crate::shopify::Truth;
use crate::vendors::Vendors;

/// What came of comparing every order of every shop. Lists hold a sentence for each order that is not as it must be.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Agreement {
    /// Orders that are at both ends.
    pub orders: usize,
    /// Their lines, Shopify's own: shipping, discounts and tax left out.
    pub lines: usize,
    /// Credit memos at NetSuite.
    pub memos: usize,
    /// Orders that need not be there, and are not: tests, and what was cancelled before it ever was due.
    pub left_out: usize,
    /// What the orders at both ends come to at Shopify, by currency.
    pub shopify: BTreeMap<String, Decimal>,
    /// What they come to at NetSuite, less their memos.
    pub netsuite: BTreeMap<String, Decimal>,
    /// Orders that are not at NetSuite.
    pub lost: Vec<String>,
    /// What is at NetSuite twice.
    pub doubled: Vec<String>,
    /// What is at NetSuite by an id of ours, and at no shop.
    pub unexpected: Vec<String>,
    /// Orders with another total, or another quantity of a line.
    pub differing: Vec<String>,
}

impl Agreement {
    /// Whether NetSuite is as Shopify is.
    pub fn holds(&self) -> bool {
        [&self.lost, &self.doubled, &self.unexpected, &self.differing].iter().all(|wrong| wrong.is_empty())
    }

    fn add(&mut self, truth: &Truth, there: &BTreeMap<String, Transaction>) {
        let order = there.get(&order_id(truth));
        if truth.test {
            self.left_out += 1;
            self.unexpected.extend(order.map(|_| format!("order {} is a test", truth.id)));
            return;
        }
        let Some(order) = order else {
            if truth.cancelled {
                self.left_out += 1;
            } else {
                self.lost.push(format!("order {}", truth.id));
            }
            return;
        };
        let memos = truth.refunds.iter().filter_map(|id| there.get(&format!("shopify_refund_{id}")));
        let left = order.live_total - memos.map(|memo| memo.total).sum::<Decimal>();
        self.orders += 1;
        self.lines += truth.lines.len();
        *self.shopify.entry(truth.currency.to_owned()).or_default() += truth.current_total;
        *self.netsuite.entry(order.currency.clone()).or_default() += left;
        self.differing.extend(differs(truth, order, left).map(|how| format!("order {} {how}", truth.id)));
    }
}

impl Vendors {
    /// Compares every shop's orders, as they are now, with what NetSuite has.
    pub fn agreement(&self) -> Agreement {
        let (truths, transactions) = (self.shopify.truths(), self.netsuite.transactions());
        let mut agreement = Agreement { doubled: self.netsuite.doubles(), ..Agreement::default() };
        agreement.memos = transactions.iter().filter(|one| one.kind == "creditMemo").count();
        let refunds = truths.iter().flat_map(|truth| &truth.refunds).map(|id| format!("shopify_refund_{id}"));
        let known: BTreeSet<String> = truths.iter().map(order_id).chain(refunds).collect();
        let there: BTreeMap<String, Transaction> =
            transactions.into_iter().filter_map(|one| Some((one.external_id.clone()?, one))).collect();
        let unknown = there.keys().filter(|id| id.starts_with("shopify_") && !known.contains(*id));
        agreement.unexpected.extend(unknown.cloned());
        for truth in &truths {
            agreement.add(truth, &there);
        }
        agreement
    }
}

fn order_id(truth: &Truth) -> String {
    format!("shopify_order_{}", truth.id)
}

/// In what NetSuite's order, of which `left` is left, is not Shopify's.
fn differs(truth: &Truth, order: &Transaction, left: Decimal) -> Option<String> {
    if left != truth.current_total || order.currency != truth.currency {
        let (now, there, here) = (truth.current_total, &order.currency, truth.currency);
        return Some(format!("comes to {left} {there} at NetSuite, and to {now} {here} at Shopify"));
    }
    // Of a cancelled order nothing is open, and the total has said so.
    let lines = truth.lines.iter().filter(|_| !truth.cancelled);
    lines.into_iter().find_map(|line| {
        let name = line.id.to_string();
        let held = order.lines.iter().find(|held| held.relay_line.as_deref() == Some(&name));
        let open = held.filter(|held| !held.closed).map_or(Decimal::ZERO, |held| held.quantity);
        let wanted = Decimal::from(line.current + line.returned);
        (open != wanted).then(|| format!("has {open} of line {name} at NetSuite, and {wanted} at Shopify"))
    })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use serde_json::json;

    use crate::in_process::InProcess;
    use crate::netsuite::Item;
    use crate::shopify::Mix;

    fn now() -> DateTime<Utc> {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_is_not_there_is_lost_and_another_total_differs() {
        let vendors = InProcess::new(1, "http://127.0.0.1:1", now);
        let (there, _) = vendors.shopify.place("acme.myshopify.com", &Mix::default(), now());
        let (absent, _) = vendors.shopify.place("acme.myshopify.com", &Mix::default(), now());
        let customer = json!({"externalId": "c", "isPerson": true, "lastName": "Doe", "subsidiary": {"id": "1"}});
        let customer = vendors.netsuite.put("customer", &customer).unwrap();
        let item: Item = vendors.netsuite.items().into_iter().next().unwrap();
        for id in [format!("shopify_order_{there}"), "shopify_order_1".to_owned()] {
            let order = json!({
                "externalId": id, "entity": {"id": customer.to_string()}, "subsidiary": {"id": "1"},
                "item": {"items": [{"item": {"id": item.id.to_string()}, "quantity": 1, "price": {"id": "-1"}, "rate": "0.01"}]},
            });
            vendors.netsuite.put("salesOrder", &order).unwrap();
        }
        let agreement = vendors.agreement();
        assert!(!agreement.holds());
        assert_eq!((agreement.orders, agreement.lost), (1, vec![format!("order {absent}")]));
        assert_eq!(agreement.unexpected, ["shopify_order_1"]);
        assert!(
            agreement.differing[0].starts_with(&format!("order {there} comes to 0.01")),
            "{:?}",
            agreement.differing
        );
    }
}
