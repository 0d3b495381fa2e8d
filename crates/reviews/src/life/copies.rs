//! An order's messages in a queue. To look at a message is to receive it: it is hidden for a moment, and given back.

use crate::{message::Message, named::Named};
use chrono::{DateTime, Utc};
use delivery::Unmapped;
use ledger::{Delivery, DeliveryKey};
use queue::{Queue, Taken, Unavailable};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// So long a message is hidden from everybody else, if we do not come to give it back.
const HIDDEN: Duration = Duration::from_secs(10);
/// So many answers in a row with nothing that was not seen before are the end of the queue.
const NOTHING_NEW: usize = 3;

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

/// What was found in a queue.
#[derive(Clone, Debug)]
pub struct Found {
    /// The order's messages.
    pub copies: Vec<Copy>,
    /// Messages that were looked at.
    pub looked_at: usize,
    /// Whether the queue had no more to give.
    pub whole: bool,
    /// Messages that it has and did not give: they are in flight or delayed. Approximate, as SQS counts.
    pub unseen: u64,
}

/// Looks at up to `limit` messages of a queue.
///
/// # Errors
/// When the queue cannot be used. What was taken is visible again within seconds.
pub async fn copies(queue: &Queue, sought: &Sought<'_>, limit: usize) -> Result<Found, Unavailable> {
    let mut seen: BTreeMap<String, (Instant, Taken)> = BTreeMap::new();
    let mut copies = Vec::new();
    let mut nothing_new = 0;
    let begun = Instant::now();
    let ended = loop {
        if seen.len() >= limit {
            break Ok(false);
        }
        let asked_at = Instant::now();
        let batch = match queue.take(HIDDEN).await {
            Ok(batch) => batch,
            Err(error) => break Err(error),
        };
        if batch.is_empty() {
            break Ok(true);
        }
        nothing_new += 1;
        for mut message in batch {
            if !seen.contains_key(&message.id) {
                nothing_new = 0;
                copies.extend(Copy::of(&message, sought));
            }
            // Only what gives it back is kept: a queue may hold more than memory does.
            (message.body, message.attributes) = (String::new(), BTreeMap::new());
            seen.insert(message.id.clone(), (asked_at, message));
        }
        if nothing_new >= NOTHING_NEW {
            // What was seen first is visible again after a while, and comes before what was not seen.
            break Ok(begun.elapsed() < HIDDEN);
        }
    };
    // What is in flight and in this hand was seen.
    let depth = queue.depth().await;
    // What is visible again by itself may be somebody else's by now.
    let ours = seen.values().filter(|(at, _)| at.elapsed() < HIDDEN).map(|(_, message)| message).collect::<Vec<_>>();
    let given_back = queue.give_back(&ours).await;
    let whole = ended?;
    given_back?;
    let unseen = depth?.total().saturating_sub(seen.len() as u64);
    Ok(Found { copies, looked_at: seen.len(), whole, unseen })
}

impl Copy {
    fn of(message: &Taken, sought: &Sought<'_>) -> Option<Self> {
        let (delivery, order_id) = match Message::parse(&message.body) {
            Ok(message) => (message.delivery, Some(message.payload.purchase.order_id)),
            Err(_) => (serde_json::from_str::<Unmapped>(&message.body).ok()?.delivery, None),
        };
        let id = delivery.key.as_str().rsplit('/').next().unwrap_or_default();
        let is_it = sought.key == Some(&delivery.key) || sought.named.is(id, order_id.as_deref().unwrap_or_default());
        let attribute = |name: &str| message.attributes.get(name).cloned();
        let error = attribute("error_class").map(|class| (class, attribute("error").unwrap_or_default()));
        let (sent_at, receives, body) = (message.sent_at, message.receives, message.body.clone());
        is_it.then_some(Self { delivery, order_id, sent_at, receives, error, body })
    }
}
