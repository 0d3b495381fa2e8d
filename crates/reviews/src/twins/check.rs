//! Whether orders share what names them at the destination, looked at before they are sent.

use crate::{
    fields::{Fields, Names},
    map::order_id,
    select::store_and_day,
};
use chrono::{DateTime, TimeDelta, Utc};
use config::Relay;
use org::Completed;
use salesforce::{Client, Record, soql};
use std::collections::HashMap;

/// Days that are looked at, and orders at most: the latest.
const DAYS: i64 = 7;
const ORDERS: usize = 2_000;

/// Why it is not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unknown {
    /// The source failed.
    #[error(transparent)]
    Salesforce(#[from] salesforce::Error),
    /// A row cannot be read.
    #[error("a row of the query cannot be read: {0}")]
    Field(#[from] salesforce::BadField),
}

/// What is worth knowing of the field that names orders; nothing where the org keeps it unique.
///
/// # Errors
/// When the source cannot be asked.
pub(crate) async fn look(
    client: &Client,
    fields: &Fields,
    config: &Relay,
    now: DateTime<Utc>,
) -> Result<Option<String>, Unknown> {
    if fields.names == Names::Unique {
        return Ok(None);
    }
    let since = now - TimeDelta::days(DAYS);
    let (at, kind) = &fields.completed_at;
    let from = match kind {
        Completed::DateTime => soql::datetime(since),
        Completed::Date => soql::date(since.date_naive()),
    };
    let (list, completed) = (fields.short_list(), &fields.completed);
    let query =
        format!("SELECT {list} FROM Order WHERE ({completed}) AND {at} >= {from} ORDER BY {at} DESC LIMIT {ORDERS}");
    let rows = client.query_all(&query).await?;
    let doubles = doubles(&rows, fields, config)?;
    let path = &fields.order_id;
    let found = match (rows.len(), doubles) {
        (all, 0) => format!("no two of the {all} orders of the last {DAYS} days share theirs"),
        (all, doubles) => format!("of the {all} orders of the last {DAYS} days {doubles} share theirs with another"),
    };
    let rule = "of those that ask one account for the same, one is sent and the others are parked (duplicate_order_id)";
    Ok(Some(format!("`salesforce.order_id`: the org does not declare {path} unique; {found}; {rule}")))
}

/// How many of these orders share their name with another of their store.
fn doubles(rows: &[Record], fields: &Fields, config: &Relay) -> Result<usize, salesforce::BadField> {
    let mut orders: HashMap<_, usize> = HashMap::new();
    for row in rows {
        let (store, _) = store_and_day(row, fields, config)?;
        *orders.entry((store, order_id(row, fields))).or_default() += 1;
    }
    Ok(orders.into_values().filter(|orders| *orders > 1).sum())
}
