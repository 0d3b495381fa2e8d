//! The order at the source, completed or not.

use crate::{
    fields::Fields,
    item::{BadRow, Order},
    map::order_id,
    message::{key, revision},
    named::Named,
    preview::{Previewed, Unread},
    select::{Pass, store_and_day},
    start::flow,
};
use chrono::{DateTime, SecondsFormat, Utc};
use config::{BusinessDay, Relay, StoreName};
use ledger::{DeliveryKey, Revision};
use org::{Completed, stamp};
use salesforce::{Client, Record as Row};
use std::collections::BTreeSet;

/// An order as the source has it.
#[derive(Clone, Debug)]
pub struct AtSource {
    /// The name of its delivery.
    pub key: DeliveryKey,
    /// Its Salesforce id.
    pub id: salesforce::Id,
    /// Its id at Yotpo.
    pub order_id: String,
    /// Whether it counts as completed by the configuration.
    pub completed: bool,
    /// When it was completed: an instant in RFC 3339, or a date where the configured field is one.
    pub completed_at: Option<String>,
    /// When the source last wrote it.
    pub changed_at: DateTime<Utc>,
    /// The same, as the ledger knows it.
    pub revision: Revision,
    /// The store that it is routed to.
    pub store: Option<StoreName>,
    /// The business day that it counts for.
    pub business_day: Option<BusinessDay>,
    /// What the mapping makes of it; `None` while its day is not over.
    pub mapped: Option<Previewed>,
}

/// The orders with that name.
///
/// # Errors
/// When the source does not answer, or with what cannot be read.
pub async fn at_source(
    named: &Named,
    client: &Client,
    fields: &Fields,
    config: &Relay,
    now: DateTime<Utc>,
) -> Result<Vec<AtSource>, Unread> {
    let rows = client.query(&named.query(fields)).await?.records;
    let completed = client.query(&named.query_completed(fields)).await?.records;
    let completed: BTreeSet<_> = completed.iter().filter_map(|row| row.id().ok()).collect();
    let read = |row| AtSource::of(row, &completed, fields, config, now);
    Ok(rows.iter().map(read).collect::<Result<_, BadRow>>()?)
}

impl AtSource {
    fn of(
        row: &Row,
        completed: &BTreeSet<salesforce::Id>,
        fields: &Fields,
        config: &Relay,
        now: DateTime<Utc>,
    ) -> Result<Self, BadRow> {
        let id = row.id()?;
        let (path, kind) = &fields.completed_at;
        let completed_at = match kind {
            Completed::DateTime => row.datetime(path)?.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            Completed::Date => row.date(path)?.map(|date| date.to_string()),
        };
        let (store, business_day) = store_and_day(row, fields, config)?;
        let order_id = order_id(row, fields);
        // Nothing is known of it here.
        let policy = *flow(config).policies.of(&key(&id)?);
        let order = Order::of(row, &Pass::of_any_day(config, now), fields, config)?;
        Ok(Self {
            key: key(&id)?,
            completed: completed.contains(&id),
            completed_at,
            changed_at: stamp(row)?,
            revision: revision(row)?,
            store,
            business_day,
            mapped: order.map(|order| Previewed::of(&order, order_id.clone(), None, &policy)),
            order_id,
            id,
        })
    }
}
