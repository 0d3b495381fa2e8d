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
use delivery::Unmapped;
use ledger::{Delivery, EffectHash, ErrorClass, Revision, State};
use queue::{Entry, TraceHeader, body};
use salesforce::Record as Row;

/// Why an order waits for a person: no store of the configuration claims it.
pub const UNKNOWN_STORE: &str = "unknown_store";
/// Why an order waits for a person: it does not say when it was completed.
pub const NO_COMPLETION_DATE: &str = "no_completion_date";
/// Why an order waits for a person, or for its date: it says that it will be completed on a day that has not begun.
pub const FUTURE_COMPLETION_DATE: &str = "future_completion_date";
/// Why an order waits for a person: another one asks the destination for the same name.
pub const DUPLICATE_ORDER_ID: &str = "duplicate_order_id";

/// One order, on its way.
pub(crate) struct Item {
    pub(crate) delivery: Delivery,
    pub(crate) store: StoreName,
    pub(crate) day: BusinessDay,
    pub(crate) fate: Fate,
    /// Lines without a product id that Yotpo takes.
    pub(crate) lines_left_out: usize,
    /// Texts that Yotpo can do without, shortened or left out so that the message fits.
    pub(crate) texts_shortened: usize,
}

/// What is to become of an order.
pub(crate) enum Fate {
    /// To the queue.
    Send(Entry),
    /// Recorded as skipped.
    Skip(&'static str),
    /// Recorded as parked, with this body in the dead-letter queue.
    Park(&'static str, String),
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

impl Item {
    /// What `row` asks for; `None` if it does not belong to the pass.
    pub(crate) fn of(row: &Row, pass: &Pass, fields: &Fields, config: &Relay) -> Result<Option<Self>, BadRow> {
        let (store, day) = match pass.place(row, fields, config)? {
            Place::Elsewhere => return Ok(None),
            Place::Unrouted(day) => {
                let version = revision(row)?;
                return Self::parked(row, version, StoreName::unrouted(), day, UNKNOWN_STORE, Some(day)).map(Some);
            }
            Place::Undated(store) => {
                let store = store.unwrap_or_else(StoreName::unrouted);
                let met = pass.last_day(&store, config);
                return Self::parked(row, revision(row)?, store, met, NO_COMPLETION_DATE, None).map(Some);
            }
            Place::Ahead(store, day) => {
                let store = store.unwrap_or_else(StoreName::unrouted);
                let (version, met) = (until_its_date(revision(row)?), pass.last_day(&store, config));
                return Self::parked(row, version, store, met, FUTURE_COMPLETION_DATE, Some(day)).map(Some);
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
                Self { delivery: message.delivery, store, day, fate, lines_left_out, texts_shortened }
            }
            Mapped::Skip(skip) => {
                let hash = EffectHash::of(skip.as_str().as_bytes());
                let day_text = Some(day.to_string());
                let delivery =
                    Delivery { key, revision, hash, store: store.to_string(), day: day_text, triggered_at: None };
                Self { delivery, store, day, fate: Fate::Skip(skip.as_str()), lines_left_out: 0, texts_shortened: 0 }
            }
        }))
    }

    /// Counted with `met`, a day of the pass; `day` is the order's own.
    fn parked(
        row: &Row,
        revision: Revision,
        store: StoreName,
        met: BusinessDay,
        reason: &'static str,
        day: Option<BusinessDay>,
    ) -> Result<Self, BadRow> {
        let id = row.id()?;
        let delivery = Delivery {
            key: key(&id)?,
            revision,
            hash: EffectHash::of(reason.as_bytes()),
            store: store.to_string(),
            day: day.map(|day| day.to_string()),
            triggered_at: None,
        };
        let body = body::json(&Unmapped::of(delivery.clone()))?;
        Ok(Self { delivery, store, day: met, fate: Fate::Park(reason, body), lines_left_out: 0, texts_shortened: 0 })
    }

    /// The same order, parked because another has its name. Its copy is made anew from the source when a person releases it.
    pub(crate) fn second(self) -> Result<Self, BadRow> {
        let body = body::json(&Unmapped::of(self.delivery.clone()))?;
        Ok(Self { fate: Fate::Park(DUPLICATE_ORDER_ID, body), ..self })
    }

    /// Its message, if it is to be sent, is a part of this trace.
    pub(crate) fn belongs_to(&mut self, trace: Option<&TraceHeader>) {
        if let Fate::Send(entry) = &mut self.fate {
            entry.trace = trace.cloned();
        }
    }

    /// The message, if it is to be sent.
    pub(crate) fn entry(&self) -> Option<&Entry> {
        match &self.fate {
            Fate::Send(entry) => Some(entry),
            Fate::Skip(_) | Fate::Park(..) => None,
        }
    }

    /// The copy for the dead-letter queue of an order that is parked by rule, for `reason`.
    pub(crate) fn dead_letter(&self, reason: &str, body: &str) -> Entry {
        let class = if reason == UNKNOWN_STORE { ErrorClass::Misconfigured } else { ErrorClass::BadRecord };
        self.letter(class, reason, body.to_owned())
    }

    /// The copy for the dead-letter queue of an order that was sent and is given up.
    pub(crate) fn given_up(&self, error: &str) -> Result<Entry, serde_json::Error> {
        let body = match &self.fate {
            Fate::Send(entry) => entry.body.clone(),
            Fate::Skip(_) | Fate::Park(..) => body::json(&Unmapped::of(self.delivery.clone()))?,
        };
        Ok(self.letter(ErrorClass::Exhausted, error, body))
    }

    /// The copy for the dead-letter queue of an order that the queue will never take as it is: enough to make it anew.
    pub(crate) fn refused(&self, code: &str) -> Result<Entry, BadRow> {
        let body = body::json(&Unmapped::of(self.delivery.clone()))?;
        Ok(self.letter(ErrorClass::BadRecord, &format!("SQS will never take it: {code}"), body))
    }

    fn letter(&self, class: ErrorClass, error: &str, body: String) -> Entry {
        let attributes = vec![
            ("error_class", class.as_str().to_owned()),
            ("delivery_key", self.delivery.key.to_string()),
            ("error", error.to_owned()),
        ];
        Entry::letter(body, attributes, None)
    }
}

#[cfg(test)]
#[path = "item_tests.rs"]
mod tests;
