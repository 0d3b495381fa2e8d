//! What NetSuite has of a day's orders and memos: asked by their external ids, in a slot of the account that is given back between two
//! questions.

use super::shop::version;
use crate::{
    account::{NetSuiteAccount, Slotted},
    map::{STAMP_FIELD, Stamp, external_id},
};
use config::BusinessDay;
use delivery::Undelivered;
use ledger::DeliveryKey;
use netsuite::{RecordId, suiteql::literal};
use reconciliation::{Entries, Seen, Shown};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::{collections::HashMap, time::Duration};
use telemetry::Metrics;
use tokio::time::Instant;

/// Records asked for at a time: Oracle takes a thousand in a list, and a page has as many rows.
const AT_ONCE: usize = 500;
/// How long a slot is waited for.
const SLOT: Duration = Duration::from_mins(1);

/// What NetSuite has.
#[derive(Default)]
pub(super) struct Held {
    /// Each record by the name that its version has.
    pub(super) shown: Shown,
    /// What each is worth, by its external id: what was closed for no more than what had left; negative for memos.
    pub(super) amounts: HashMap<String, Decimal>,
    /// Orders of that date with an id of ours, by any shop.
    dated: Vec<String>,
}

#[derive(Deserialize)]
struct Dated {
    externalid: String,
}

#[derive(Deserialize)]
struct Row {
    id: RecordId,
    externalid: String,
    #[serde(rename = "custbody_order_relay", default)]
    stamp: Option<String>,
    #[serde(default)]
    foreigntotal: Option<Decimal>,
}

#[derive(Deserialize)]
struct Closed {
    transaction: RecordId,
    #[serde(default)]
    quantity: Option<Decimal>,
    #[serde(default)]
    rate: Option<Decimal>,
    #[serde(rename = "quantityshiprecv", default)]
    shipped: Option<Decimal>,
}

/// What NetSuite knows the one at `place` by.
pub(super) fn external_id_of(entries: &Entries, place: usize) -> Option<String> {
    let key = DeliveryKey::try_from(entries.key_of(place).to_owned()).ok()?;
    Some(external_id(key.kind()?, key.id()))
}

/// What NetSuite has of these; `None` if time is up.
///
/// # Errors
/// When it cannot be asked.
pub(super) async fn held(
    day: BusinessDay,
    entries: &Entries,
    account: &NetSuiteAccount,
    out_of_time: impl Fn() -> bool,
    metrics: &mut Metrics,
) -> Result<Option<Held>, Undelivered> {
    let ids = (0..entries.all().len()).filter_map(|place| external_id_of(entries, place));
    let ids: Vec<String> = ids.filter_map(|id| literal(&id).ok()).collect();
    let mut held = Held::default();
    for some in ids.chunks(AT_ONCE) {
        if out_of_time() {
            return Ok(None);
        }
        let put = |metric, value| metrics.put(metric, None, value);
        let read = async |netsuite: &Slotted<'_>| read(some, netsuite, &mut held).await;
        account.with(Instant::now() + SLOT, put, read).await?;
    }
    let query = format!(
        "SELECT externalid FROM transaction WHERE type = 'SalesOrd' AND trandate = TO_DATE('{day}', 'YYYY-MM-DD') \
         AND externalid LIKE '{}%' ORDER BY id",
        external_id("order", "")
    );
    let put = |metric, value| metrics.put(metric, None, value);
    let ask = async |netsuite: &Slotted<'_>| netsuite.query::<Dated>(&query).await;
    let dated = account.with(Instant::now() + SLOT, put, ask).await?;
    held.dated = dated.into_iter().map(|row| row.externalid).collect();
    held.shown.last = true;
    Ok(Some(held))
}

async fn read(ids: &[String], netsuite: &Slotted<'_>, held: &mut Held) -> Result<(), Undelivered> {
    let ids = ids.join(", ");
    let query = format!(
        "SELECT id, externalid, {STAMP_FIELD}, foreigntotal FROM transaction WHERE externalid IN ({ids}) ORDER BY id"
    );
    let rows: Vec<Row> = netsuite.query(&query).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let list: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    // NetSuite's own total has closed lines in it.
    let query = format!(
        "SELECT transaction, quantity, rate, quantityshiprecv FROM transactionline WHERE transaction IN ({}) \
         AND mainline = 'F' AND taxline = 'F' AND isclosed = 'T' ORDER BY transaction, id",
        list.join(", ")
    );
    held.take(rows, netsuite.query::<Closed>(&query).await?);
    Ok(())
}

impl Held {
    /// The ids of orders that were not asked for, and have the day's date.
    pub(super) fn strangers(&self) -> Vec<u64> {
        let strangers = self.dated.iter().filter(|id| !self.amounts.contains_key(*id));
        strangers.filter_map(|id| id.strip_prefix(&external_id("order", ""))?.parse().ok()).collect()
    }

    fn take(&mut self, rows: Vec<Row>, closed: Vec<Closed>) {
        let mut left: HashMap<RecordId, Decimal> = HashMap::new();
        for line in closed {
            *left.entry(line.transaction.clone()).or_default() += line.left();
        }
        for row in rows {
            let (whole, left) = (row.foreigntotal.unwrap_or_default(), left.get(&row.id).copied().unwrap_or_default());
            // In the ledger a memo is negative; not everywhere.
            let amount = if row.is_order() { whole - left } else { -whole.abs() };
            self.shown.rows.push(Seen { name: row.name(), day: None });
            self.amounts.insert(row.externalid, amount);
        }
    }
}

impl Row {
    fn is_order(&self) -> bool {
        self.externalid.starts_with(&external_id("order", ""))
    }

    /// An order's version has a name of its own; a memo has one version.
    fn name(&self) -> String {
        let stamp = self.stamp.as_deref().filter(|_| self.is_order()).and_then(|stamp| stamp.parse::<Stamp>().ok());
        stamp.map_or_else(|| self.externalid.clone(), |stamp| version(&self.externalid, &stamp.effect))
    }
}

impl Closed {
    /// What nobody will ship any more. The signs of quantities are the ledger's.
    fn left(&self) -> Decimal {
        let rate = self.rate.unwrap_or_default();
        rate * (self.quantity.map_or(Decimal::ONE, |quantity| quantity.abs()) - self.shipped.unwrap_or_default().abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// As SuiteQL answers: everything is text, and nulls are left out.
    #[test]
    fn orders_have_versions_and_memos_are_negative() {
        let hash = "0123456789abcdef0123456789abcdef";
        let stamp = format!("r=7;e={hash};l={hash}");
        let rows = json!([
            {"id": "1", "externalid": "shopify_order_1", "custbody_order_relay": stamp, "foreigntotal": "30.5", "links": []},
            {"id": "2", "externalid": "shopify_order_2", "foreigntotal": "8"},
            {"id": "3", "externalid": "shopify_refund_3", "custbody_order_relay": stamp, "foreigntotal": "-5.25"},
            {"id": "4", "externalid": "shopify_refund_4", "foreigntotal": "5.25"},
        ]);
        // A closed line of three, of which one had left, a closed discount, and one without a quantity; with the ledger's signs.
        let closed = json!([
            {"transaction": "1", "quantity": "-3", "rate": "10", "quantityshiprecv": "1"},
            {"transaction": "1", "quantity": "-1", "rate": "-2.5", "quantityshiprecv": "0"},
            {"transaction": "2", "rate": "8"},
        ]);
        let mut held =
            Held { dated: vec!["shopify_order_1".to_owned(), "shopify_order_9".to_owned()], ..Held::default() };
        held.take(serde_json::from_value(rows).unwrap(), serde_json::from_value(closed).unwrap());
        let names: Vec<&str> = held.shown.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(held.strangers(), [9]);
        let version = format!("shopify_order_1@{hash}");
        assert_eq!(names, [version.as_str(), "shopify_order_2", "shopify_refund_3", "shopify_refund_4"]);
        for (id, amount) in [
            ("shopify_order_1", "13.0"),
            ("shopify_order_2", "0"),
            ("shopify_refund_3", "-5.25"),
            ("shopify_refund_4", "-5.25"),
        ] {
            assert_eq!(held.amounts[id], amount.parse().unwrap(), "{id}");
        }
    }
}
