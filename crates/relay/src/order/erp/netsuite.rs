//! What NetSuite has of an order: asked by SuiteQL, which shows records that a workflow has locked too.

use crate::{failure::Failure, text::instant};
use chrono::{DateTime, Utc};
use erp::{
    account::{NetSuiteAccount, Slotted},
    map::{STAMP_FIELD, Stamp},
};
use ledger::Millis;
use netsuite::{RecordId, suiteql::literal};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shopify::{OrderId, RefundId};
use std::time::Duration;
use tokio::time::Instant;

/// How long a place of the account is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
const ORDER: &str = "shopify_order_";

/// A transaction of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Transaction {
    pub(super) id: RecordId,
    pub(super) external_id: String,
    pub(super) number: Option<String>,
    status: Option<String>,
    total: Option<String>,
    /// Which version of the order was written last.
    revision_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Row {
    id: RecordId,
    externalid: String,
    #[serde(default)]
    tranid: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    foreigntotal: Option<serde_json::Value>,
    #[serde(rename = "custbody_order_relay", default)]
    stamp: Option<String>,
}

#[derive(Deserialize)]
struct Ours {
    externalid: String,
}

/// The order's transaction and its refunds'.
pub(super) async fn transactions(
    id: OrderId,
    refunds: impl Iterator<Item = RefundId>,
    account: &NetSuiteAccount,
) -> Result<Vec<Transaction>, Failure> {
    let ids = [format!("{ORDER}{id}")].into_iter().chain(refunds.map(|id| format!("shopify_refund_{id}")));
    let ids: Vec<String> = ids.filter_map(|id| literal(&id).ok()).collect();
    let query = format!(
        "SELECT id, externalid, tranid, status, foreigntotal, {STAMP_FIELD} FROM transaction WHERE externalid IN ({}) ORDER BY id",
        ids.join(", ")
    );
    Ok(asked::<Row>(&query, account).await?.into_iter().map(Transaction::from).collect())
}

/// The Shopify id of the order with this number.
pub(super) async fn by_number(number: u64, account: &NetSuiteAccount) -> Result<Vec<OrderId>, Failure> {
    // No internal id has more digits; Shopify's have.
    if number >= 10_u64.pow(12) {
        return Ok(Vec::new());
    }
    let query = format!("SELECT externalid FROM transaction WHERE type = 'SalesOrd' AND id = {number}");
    Ok(orders(&asked(&query, account).await?))
}

/// The Shopify ids of the orders with one of these PO numbers.
pub(super) async fn by_reference(references: &[String], account: &NetSuiteAccount) -> Result<Vec<OrderId>, Failure> {
    let texts: Vec<String> = references.iter().filter_map(|text| literal(text).ok()).collect();
    let query = format!(
        "SELECT externalid FROM transaction WHERE type = 'SalesOrd' AND otherrefnum IN ({}) ORDER BY id",
        texts.join(", ")
    );
    Ok(orders(&asked(&query, account).await?))
}

fn orders(rows: &[Ours]) -> Vec<OrderId> {
    rows.iter().filter_map(|row| row.externalid.strip_prefix(ORDER)?.parse().ok().map(OrderId)).collect()
}

async fn asked<T: DeserializeOwned>(query: &str, account: &NetSuiteAccount) -> Result<Vec<T>, Failure> {
    let slot = account.slot(Instant::now() + PATIENCE).await;
    let slot: Slotted<'_> = slot.map_err(|_| Failure::because("no place for a call to NetSuite was free in time"))?;
    let rows = slot.query(query).await;
    slot.end().await;
    rows.map_err(|_| Failure::because("NetSuite could not be asked").hint("`relay check` says why"))
}

impl From<Row> for Transaction {
    fn from(row: Row) -> Self {
        let stamp = row.stamp.as_deref().and_then(|stamp| stamp.parse::<Stamp>().ok());
        let total = row.foreigntotal.map(|total| total.as_str().map_or_else(|| total.to_string(), str::to_owned));
        Self {
            id: row.id,
            external_id: row.externalid,
            number: row.tranid,
            status: row.status,
            total,
            revision_at: stamp.map(|stamp| Millis(stamp.revision.0).into()),
        }
    }
}

impl Transaction {
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![("NetSuite id", self.id.to_string()), ("external id", self.external_id.clone())];
        let more = [
            ("number", self.number.clone()),
            ("status", self.status.clone()),
            ("total", self.total.clone()),
            ("version", self.revision_at.map(instant)),
        ];
        rows.extend(more.into_iter().filter_map(|(what, value)| Some((what, value?))));
        rows
    }
}
