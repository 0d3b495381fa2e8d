//! What a producer answers: per store and business day, how many records it met and what became of them.

use config::{BusinessDay, StoreName};
use serde::Serialize;
use std::collections::BTreeMap;
use telemetry::{Metric, Metrics};

/// The producer's answer.
#[derive(Debug, Default, Serialize)]
pub struct Answer {
    /// A run for each store and business day that was looked at.
    pub runs: Vec<Run>,
    /// Whether everything that is over by now is settled (by hand: whether that day is).
    pub settled: bool,
    /// The flow is paused: nothing was read or sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

impl Answer {
    /// Of a flow that is paused.
    pub fn paused() -> Self {
        Self { paused: true, ..Self::default() }
    }
}

/// What one invocation did for one store's business day.
#[derive(Debug, Serialize)]
pub struct Run {
    /// The store; `unrouted` for orders that fit none.
    pub store: StoreName,
    /// The business day.
    pub business_day: BusinessDay,
    /// The counts.
    #[serde(flatten)]
    pub counts: Counts,
}

/// What became of the orders. `fetched` is the sum of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Records of this store and day that the source answered with.
    pub fetched: usize,
    /// Messages that the queue accepted.
    pub enqueued: usize,
    /// Accepted or confirmed before.
    pub already_delivered: usize,
    /// Not sent, by rule.
    pub skipped: BTreeMap<&'static str, usize>,
    /// Waiting for a person.
    pub parked: BTreeMap<String, usize>,
    /// Refused for good.
    pub rejected: BTreeMap<String, usize>,
    /// Completed, and changed since the last pass, but left alone since their date is not one that is looked at, by reason;
    /// they are not among `fetched`.
    pub outside: BTreeMap<&'static str, usize>,
}

/// Why an order is outside: it was completed before the flow began in its store, or more than six months ago.
pub const BEFORE_START: &str = "before_start";

/// The counts of a run under way.
#[derive(Debug, Default)]
pub struct Report(BTreeMap<(StoreName, BusinessDay), Counts>);

impl Report {
    /// The counts of a store's day.
    pub fn of(&mut self, store: &StoreName, day: BusinessDay) -> &mut Counts {
        self.0.entry((store.clone(), day)).or_default()
    }

    /// What was not sent by rule, as metrics: of a run whose sending is counted elsewhere.
    pub fn count_exceptions(&self, metrics: &mut Metrics) {
        for ((store, _), counts) in &self.0 {
            let name = Some(store.as_str());
            metrics.count(Metric::OrdersSkipped, name, counts.skipped.values().sum());
            metrics.count(Metric::Parked, name, sum(&counts.parked));
            metrics.count(Metric::Rejected, name, sum(&counts.rejected));
        }
    }

    /// Everything as the answer's runs, and as metrics.
    pub fn finish(self, flow: &str, metrics: &mut Metrics) -> Vec<Run> {
        self.count_exceptions(metrics);
        self.0
            .into_iter()
            .map(|((store, business_day), counts)| {
                let name = Some(store.as_str());
                metrics.count(Metric::OrdersFetched, name, counts.fetched);
                metrics.count(Metric::OrdersEnqueued, name, counts.enqueued);
                metrics.count(Metric::AlreadyDelivered, name, counts.already_delivered);
                let outside = Some(counts.outside.values().sum::<usize>()).filter(|orders| *orders > 0);
                if let Some(orders) = outside {
                    metrics.count(Metric::OrdersOutside, name, orders);
                }
                tracing::info!(
                    flow, store = store.as_str(), business_day = %business_day,
                    fetched = counts.fetched, enqueued = counts.enqueued, already_delivered = counts.already_delivered,
                    skipped = counts.skipped.values().sum::<usize>(), parked = sum(&counts.parked), rejected = sum(&counts.rejected), outside,
                    "business day read"
                );
                Run { store, business_day, counts }
            })
            .collect()
    }
}

fn sum(counts: &BTreeMap<String, usize>) -> usize {
    counts.values().sum()
}
