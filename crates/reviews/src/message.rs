//! What travels to the consumer, and what names it.

use ledger::{Delivery, DeliveryKey, EffectHash, Revision};
use org::stamp;
use salesforce::{Id, Record};
use serde::{Deserialize, Serialize};
use yotpo::Purchase;

/// What Yotpo is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// What to create. Without token: that is added when it is sent.
    pub purchase: Purchase,
}

/// What travels to the consumer.
pub type Message = delivery::Message<Payload>;

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

/// The message that asks for `purchase`.
///
/// # Errors
/// When the purchase cannot be written as JSON.
pub fn message(
    key: DeliveryKey,
    revision: Revision,
    store: &str,
    purchase: Purchase,
) -> Result<Message, serde_json::Error> {
    let hash = EffectHash::of(&serde_json::to_vec(&purchase)?);
    let day = Some(purchase.order_date.to_string());
    let delivery = Delivery { key, revision, hash, store: store.to_owned(), day, triggered_at: None };
    Ok(Message { delivery, payload: Payload { purchase } })
}
