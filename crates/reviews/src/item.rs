//! What an order asks for: its row, mapped, with the key, version and effect that the ledger knows it by. The producer and
//! the reconciler share it, so that both mean the same delivery.

use crate::{
    fields::Fields,
    fit,
    map::{Mapped, map},
    message::{key, message, revision},
    select::{Pass, Place},
};
use config::{BusinessDay, Relay, StoreName};
use delivery::{Fate, Item};
use ledger::{Delivery, EffectHash, ErrorClass, Revision, State};
use queue::Entry;
use salesforce::Record as Row;

/// Why an order waits for a person: no store of the configuration claims it.
pub const UNKNOWN_STORE: &str = "unknown_store";
/// Why an order waits for a person: it does not say when it was completed.
pub const NO_COMPLETION_DATE: &str = "no_completion_date";
/// Why an order waits for a person, or for its date: it says that it will be completed on a day that has not begun.
pub const FUTURE_COMPLETION_DATE: &str = "future_completion_date";
/// Why an order waits for a person: another one asks the destination for the same name.
pub const DUPLICATE_ORDER_ID: &str = "duplicate_order_id";

/// An order, as it was mapped.
pub(crate) struct Order {
    /// What it asks for.
    pub(crate) item: Item,
    /// Lines without a product id that Yotpo takes.
    pub(crate) lines_left_out: usize,
    /// Texts that Yotpo can do without, shortened or left out so that the message fits.
    pub(crate) texts_shortened: usize,
}

/// The revision under which an order is parked until its date: just below its own. Whoever meets it when that day is over has
/// a newer revision in hand, which reopens what is parked; and a copy that is left in the dead-letter queue is out of date.
pub fn until_its_date(revision: Revision) -> Revision {
    Revision(revision.0 - 1)
}

/// The version of the order that a record speaks of: its revision, but for what is parked until its date.
pub fn version_of(record: &ledger::Record) -> Revision {
    let waits = record.state == State::Parked && record.reason.as_deref() == Some(FUTURE_COMPLETION_DATE);
    Revision(record.revision.0 + i64::from(waits))
}

/// A row that cannot be read as an order.
#[derive(Debug, thiserror::Error)]
pub enum BadRow {
    /// It lacks what every row has.
    #[error("a row of the query cannot be read: {0}")]
    Row(#[from] salesforce::BadField),
    /// Its message cannot be written.
    #[error("a message cannot be written: {0}")]
    Message(#[from] serde_json::Error),
    /// Its id makes no delivery key.
    #[error(transparent)]
    Key(#[from] ledger::InvalidKey),
}

impl Order {
    /// What `row` asks for; `None` if it does not belong to the pass.
    pub(crate) fn of(row: &Row, pass: &Pass, fields: &Fields, config: &Relay) -> Result<Option<Self>, BadRow> {
        let (store, day) = match pass.place(row, fields, config)? {
            Place::Elsewhere => return Ok(None),
            Place::Unrouted(day) => {
                let (version, class, store) = (revision(row)?, ErrorClass::Misconfigured, StoreName::unrouted());
                return parked(row, version, UNKNOWN_STORE, class, store, day, Some(day));
            }
            Place::Undated(store) => {
                let store = store.unwrap_or_else(StoreName::unrouted);
                let met = pass.last_day(&store, config);
                return parked(row, revision(row)?, NO_COMPLETION_DATE, ErrorClass::BadRecord, store, met, None);
            }
            Place::Ahead(store, day) => {
                let store = store.unwrap_or_else(StoreName::unrouted);
                let met = pass.last_day(&store, config);
                let (version, class) = (until_its_date(revision(row)?), ErrorClass::BadRecord);
                return parked(row, version, FUTURE_COMPLETION_DATE, class, store, met, Some(day));
            }
            Place::Day(store, day) => (store, day),
        };
        let (key, revision) = (key(&row.id()?)?, revision(row)?);
        let settings = &config.stores[&store];
        Ok(Some(match map(row, fields, config, settings, day, pass.oldest_day(config)) {
            Mapped::Send { purchase, lines_left_out } => {
                let mut message = message(key, revision, store.as_str(), *purchase)?;
                let (body, texts_shortened) = fit::body(&mut message, fit::LONGEST_BODY)?;
                let fate = Fate::Send(Entry::new(body));
                Self { item: Item { delivery: message.delivery, store, day, fate }, lines_left_out, texts_shortened }
            }
            Mapped::Skip(skip) => {
                let hash = EffectHash::of(skip.as_str().as_bytes());
                let day_text = Some(day.to_string());
                let delivery =
                    Delivery { key, revision, hash, store: store.to_string(), day: day_text, triggered_at: None };
                Item { delivery, store, day, fate: Fate::Skip(skip.as_str()) }.into()
            }
        }))
    }

    /// What is worth knowing of a message that is sent.
    pub(crate) fn remark(&self) {
        let delivery_key = &self.item.delivery.key;
        if self.lines_left_out > 0 {
            let lines_left_out = self.lines_left_out;
            tracing::warn!(%delivery_key, lines_left_out, "lines without a product id that Yotpo takes");
        }
        if self.texts_shortened > 0 {
            let texts_shortened = self.texts_shortened;
            tracing::warn!(%delivery_key, texts_shortened, "texts shortened or left out, so that the message fits");
        }
    }
}

impl From<Item> for Order {
    fn from(item: Item) -> Self {
        Self { item, lines_left_out: 0, texts_shortened: 0 }
    }
}

/// Counted with `met`, a day of the pass; `day` is the order's own.
fn parked(
    row: &Row,
    revision: Revision,
    reason: &'static str,
    class: ErrorClass,
    store: StoreName,
    met: BusinessDay,
    day: Option<BusinessDay>,
) -> Result<Option<Order>, BadRow> {
    let delivery = Delivery {
        key: key(&row.id()?)?,
        revision,
        hash: EffectHash::of(reason.as_bytes()),
        store: store.to_string(),
        day: day.map(|day| day.to_string()),
        triggered_at: None,
    };
    Ok(Some(Item { delivery, store, day: met, fate: Fate::Park(reason, class) }.into()))
}

/// The same order, parked because another has its name.
pub(crate) fn second(item: Item) -> Item {
    item.gives_way(DUPLICATE_ORDER_ID, ErrorClass::BadRecord)
}

#[cfg(test)]
#[path = "item_tests.rs"]
mod tests;
