//! An order's messages in a queue.

use crate::{message::Message, named::Named};
use chrono::{DateTime, Utc};
use delivery::{Unmapped, copies::Found};
use ledger::{Delivery, DeliveryKey};
use queue::{Queue, Taken, Unavailable};

/// Whose messages are wanted.
pub struct Sought<'a> {
    /// As it was named.
    pub named: &'a Named,
    /// The name of its delivery, where that is known.
    pub key: Option<&'a DeliveryKey>,
}

/// One message about the order.
#[derive(Clone, Debug)]
pub struct Copy {
    /// What it says about itself.
    pub delivery: Delivery,
    /// Its order's id at Yotpo; not in the message of an order that could not be mapped.
    pub order_id: Option<String>,
    /// When it was sent to this queue.
    pub sent_at: Option<DateTime<Utc>>,
    /// How often it was received, by us too.
    pub receives: u32,
    /// Why it is in the dead-letter queue: class and sentence.
    pub error: Option<(String, String)>,
    /// All of it. Holds the buyer's data.
    pub body: String,
}

/// Looks at up to `limit` messages of a queue.
///
/// # Errors
/// When the queue cannot be used. What was taken is visible again within seconds.
pub async fn copies(queue: &Queue, sought: &Sought<'_>, limit: usize) -> Result<Found<Copy>, Unavailable> {
    delivery::copies::copies(queue, limit, |message| Copy::of(message, sought)).await
}

impl Copy {
    fn of(message: &Taken, sought: &Sought<'_>) -> Option<Self> {
        let (delivery, order_id) = match Message::parse(&message.body) {
            Ok(message) => (message.delivery, Some(message.payload.purchase.order_id)),
            Err(_) => (serde_json::from_str::<Unmapped>(&message.body).ok()?.delivery, None),
        };
        let id = delivery.key.id();
        let is_it = sought.key == Some(&delivery.key) || sought.named.is(id, order_id.as_deref().unwrap_or_default());
        let attribute = |name: &str| message.attributes.get(name).cloned();
        let error = attribute("error_class").map(|class| (class, attribute("error").unwrap_or_default()));
        let (sent_at, receives, body) = (message.sent_at, message.receives, message.body.clone());
        is_it.then_some(Self { delivery, order_id, sent_at, receives, error, body })
    }
}
