//! What travels on a queue: the delivery's name and version, and the flow's payload beside them.

use ledger::Delivery;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::error::Category;

/// One thing to make happen. Whoever reads it can take the first part without knowing the second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message<P> {
    /// What the ledger knows it by.
    #[serde(flatten)]
    pub delivery: Delivery,
    /// What the destination is asked for; it has no field of the delivery's names.
    #[serde(flatten)]
    pub payload: P,
}

/// What the dead-letter queue gets of a record that cannot be mapped, or is not to be: enough to find it at the source, where it is
/// mapped anew when a person has decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmapped {
    /// What the ledger knows it by.
    #[serde(flatten)]
    pub delivery: Delivery,
    /// The record's id at the source.
    pub source_id: String,
}

impl Unmapped {
    /// For a delivery whose key names its record.
    pub fn of(delivery: Delivery) -> Self {
        Self { source_id: delivery.key.id().to_owned(), delivery }
    }
}

/// A body that is not a [`Message`]. Says where and what was expected; quotes nothing.
#[derive(Debug, thiserror::Error)]
#[error("the message is not readable: {category} at column {column}")]
pub struct NotAMessage {
    category: &'static str,
    column: usize,
}

impl From<serde_json::Error> for NotAMessage {
    fn from(error: serde_json::Error) -> Self {
        let category = match error.classify() {
            Category::Data => "a field is missing or of another type",
            Category::Eof => "it ends early",
            Category::Syntax | Category::Io => "it is not JSON",
        };
        Self { category, column: error.column() }
    }
}

impl<P: DeserializeOwned> Message<P> {
    /// Reads a body, in two passes: a flattened payload would be copied on its way.
    ///
    /// # Errors
    /// When it is not a message of the flow.
    pub fn parse(body: &str) -> Result<Self, NotAMessage> {
        Ok(Self { delivery: serde_json::from_str(body)?, payload: serde_json::from_str(body)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::{DeliveryKey, EffectHash, Revision};

    #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct Payload {
        email: String,
    }

    #[test]
    fn a_message_survives_its_way() {
        let key = DeliveryKey::try_from("reviews/801".to_owned()).unwrap();
        let (revision, hash) = (Revision(7), EffectHash::of(b"effect"));
        let delivery = Delivery { key, revision, hash, store: "default".to_owned(), day: None, triggered_at: None };
        let message = Message { delivery, payload: Payload { email: "jane@example.com".to_owned() } };
        let body = queue::body::json(&message).unwrap();
        assert_eq!(Message::parse(&body).unwrap(), message);
        assert_eq!(serde_json::from_str::<Delivery>(&body).unwrap(), message.delivery);
    }

    #[test]
    fn what_is_wrong_with_a_body_is_said_without_quoting_it() {
        for (body, said) in [
            ("", "it ends early"),
            ("jane@example.com", "it is not JSON"),
            (r#"{"key":"reviews/x","email":"jane@example.com"}"#, "a field is missing"),
            (r#"{"key":"jane@example.com"}"#, "a field is missing or of another type"),
        ] {
            let error = Message::<Payload>::parse(body).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("jane"), "{error}");
        }
    }
}
