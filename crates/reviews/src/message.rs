//! What travels on the queue: the delivery's name and version, and the purchase to create.

use chrono::{DateTime, Utc};
use ledger::{Delivery, DeliveryKey, EffectHash, Revision};
use salesforce::{Id, Record};
use serde::{Deserialize, Serialize};
use yotpo::Purchase;

/// One purchase to create.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// What the ledger knows it by.
    #[serde(flatten)]
    pub delivery: Delivery,
    /// What Yotpo is asked to create. Without token: that is added when it is sent.
    pub purchase: Purchase,
}

/// What the dead-letter queue gets of an order that cannot be mapped: enough to find it at the source, where
/// it is mapped anew when a person has decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmapped {
    /// What the ledger knows it by.
    #[serde(flatten)]
    pub delivery: Delivery,
    /// The order's Salesforce id.
    pub source_id: Id,
}

/// A body that is not a [`Message`]. Says where and what was expected; quotes nothing.
#[derive(Debug, thiserror::Error)]
#[error("the message is not readable: {category} at column {column}")]
pub struct Unreadable {
    category: &'static str,
    column: usize,
}

/// The delivery key of an order: `reviews/{18-character id}`.
///
/// # Errors
/// Never for a Salesforce id; the type says it may.
pub fn key(id: &Id) -> Result<DeliveryKey, ledger::InvalidKey> {
    DeliveryKey::try_from(format!("{}/{id}", crate::FLOW))
}

/// The revision of a row: its `SystemModstamp` in milliseconds.
///
/// # Errors
/// When the row has none.
pub fn revision(row: &Record) -> Result<Revision, salesforce::BadField> {
    Ok(Revision(stamp(row)?.timestamp_millis()))
}

/// When the source last wrote the row: its `SystemModstamp`.
///
/// # Errors
/// When the row has none.
pub fn stamp(row: &Record) -> Result<DateTime<Utc>, salesforce::BadField> {
    let missing = || salesforce::BadField { path: "SystemModstamp".to_owned(), expected: "a dateTime" };
    row.datetime("SystemModstamp")?.ok_or_else(missing)
}

impl Message {
    /// The message that asks for `purchase`.
    ///
    /// # Errors
    /// When the purchase cannot be written as JSON.
    pub fn new(
        key: DeliveryKey,
        revision: Revision,
        store: &str,
        purchase: Purchase,
    ) -> Result<Self, serde_json::Error> {
        let hash = EffectHash::of(&serde_json::to_vec(&purchase)?);
        let day = Some(purchase.order_date.to_string());
        Ok(Self {
            delivery: Delivery { key, revision, hash, store: store.to_owned(), day, triggered_at: None },
            purchase,
        })
    }

    /// Reads a body.
    ///
    /// # Errors
    /// When it is not a message of ours.
    pub fn parse(body: &str) -> Result<Self, Unreadable> {
        serde_json::from_str(body).map_err(|error| Unreadable {
            category: match error.classify() {
                serde_json::error::Category::Data => "a field is missing or of another type",
                serde_json::error::Category::Eof => "it ends early",
                serde_json::error::Category::Syntax | serde_json::error::Category::Io => "it is not JSON",
            },
            column: error.column(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_body_is_said_without_quoting_it() {
        for (body, said) in [
            ("", "it ends early"),
            ("jane@example.com", "it is not JSON"),
            (r#"{"key":"reviews/x","email":"jane@example.com"}"#, "a field is missing"),
            (r#"{"key":"jane@example.com"}"#, "a field is missing or of another type"),
        ] {
            let error = Message::parse(body).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("jane"), "{error}");
        }
    }
}
