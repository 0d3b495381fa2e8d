//! Messages of a queue, looked at. To look at one is to receive it: it is hidden for a moment, and given back.

use queue::{Queue, Taken, Unavailable};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// So long a message is hidden from everybody else, if we do not come to give it back.
const HIDDEN: Duration = Duration::from_secs(10);
/// So many answers in a row with nothing that was not seen before are the end of the queue.
const NOTHING_NEW: usize = 3;

/// What was found in a queue.
#[derive(Clone, Debug)]
pub struct Found<T> {
    /// What was made of the messages that are wanted.
    pub copies: Vec<T>,
    /// Messages that were looked at.
    pub looked_at: usize,
    /// Whether the queue had no more to give.
    pub whole: bool,
    /// Messages that it has and did not give: they are in flight or delayed. Approximate, as SQS counts.
    pub unseen: u64,
}

/// Looks at up to `limit` messages of a queue; `of` makes something of those that are wanted.
///
/// # Errors
/// When the queue cannot be used. What was taken is visible again within seconds.
pub async fn copies<T>(queue: &Queue, limit: usize, of: impl Fn(&Taken) -> Option<T>) -> Result<Found<T>, Unavailable> {
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
                copies.extend(of(&message));
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
