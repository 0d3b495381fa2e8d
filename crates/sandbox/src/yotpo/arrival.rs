//! What arrived, as the destination saw it.

use serde::Serialize;
use serde_json::Value;

/// Everything about one order id at one account.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Arrival {
    /// The account.
    pub app_key: String,
    /// Yotpo's `order_id`.
    pub order_id: String,
    /// Requests that carried it, whatever became of them.
    pub posted: u64,
    /// How often a purchase was created. Two is a double.
    pub effects: u64,
    /// Answered 200 and not created again, because it existed.
    pub repeats: u64,
    /// Answered 200 and not created, by Yotpo's rules.
    pub ignored: u64,
    /// The rule, at the last of them.
    pub ignored_because: Option<String>,
    /// Answered 200 and not created, by a fault.
    pub dropped: u64,
    /// Answered 400.
    pub refused: u64,
    /// The purchase that took effect first, or else the last one posted; without its utoken.
    pub body: Value,
}

impl Arrival {
    pub(crate) fn new(app_key: &str, order_id: &str) -> Self {
        Self { app_key: app_key.to_owned(), order_id: order_id.to_owned(), ..Self::default() }
    }
}

/// Sums of the arrivals of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Order ids that were posted.
    pub order_ids: u64,
    /// Order ids with at least one effect.
    pub delivered: u64,
    /// Order ids with more than one.
    pub doubled: u64,
    /// Requests.
    pub posted: u64,
    /// Repeats that created nothing.
    pub repeats: u64,
    /// Requests ignored by Yotpo's rules.
    pub ignored: u64,
    /// Requests dropped by a fault.
    pub dropped: u64,
    /// Requests refused with 400.
    pub refused: u64,
}

impl Sums {
    pub(crate) fn add(&mut self, arrival: &Arrival) {
        self.order_ids += 1;
        self.delivered += u64::from(arrival.effects > 0);
        self.doubled += u64::from(arrival.effects > 1);
        self.posted += arrival.posted;
        self.repeats += arrival.repeats;
        self.ignored += arrival.ignored;
        self.dropped += arrival.dropped;
        self.refused += arrival.refused;
    }
}
