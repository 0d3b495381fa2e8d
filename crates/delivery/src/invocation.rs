//! What the deliveries of one invocation share: its end, its counts, and which stores cannot be reached.

use chrono::{DateTime, Utc};
use ledger::{Millis, Pauses};
use queue::PATIENCE;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};
use telemetry::{Metric, Metrics};
use tokio::time::Instant;

/// Room to write the outcome down after a call that used all its time.
pub(crate) const MARGIN: Duration = Duration::from_secs(2);
/// After so many failures to reach a store in a row, the rest of its batch goes back uncalled.
const GIVE_UP_AFTER: u32 = 3;

/// What one invocation shares among its deliveries.
pub struct Invocation {
    /// When the invocation ends, by the wall clock: the end of every lease.
    pub(crate) deadline: DateTime<Utc>,
    /// The same instant for timers.
    timer: Instant,
    metrics: Mutex<Metrics>,
    stores: BTreeMap<String, Store>,
    /// What was paused when it began; `None` if the ledger did not say.
    pauses: Option<Pauses>,
}

/// How a store's account answers within one invocation.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// Failures in a row to reach it.
    unreachable: AtomicU32,
    /// It refuses our credentials, also those that were read anew.
    pub(crate) refused: AtomicBool,
    /// Whether the secret was read anew; held by the delivery that tries what it says.
    pub(crate) renewed: tokio::sync::Mutex<bool>,
}

impl Invocation {
    /// An invocation that ends at `deadline`, `remaining` from now, and meets deliveries of these stores.
    pub(crate) fn new<'a>(
        deadline: DateTime<Utc>,
        remaining: Duration,
        metrics: Metrics,
        stores: impl Iterator<Item = &'a String>,
        pauses: Option<Pauses>,
    ) -> Self {
        let stores = stores.map(|name| (name.clone(), Store::default())).collect();
        Self { deadline, timer: Instant::now() + remaining, metrics: Mutex::new(metrics), stores, pauses }
    }

    /// What is paused, as the ledger said when the batch began.
    pub(crate) fn pauses(&self) -> Option<&Pauses> {
        self.pauses.as_ref()
    }

    /// Whether a store is known to be paused.
    pub(crate) fn is_paused(&self, store: &str) -> bool {
        self.pauses.as_ref().is_some_and(|pauses| pauses.of(store).is_some())
    }

    /// When the last pause ended that held for a store.
    pub(crate) fn resumed(&self, store: &str) -> Option<Millis> {
        self.pauses.as_ref()?.ended(store)
    }

    /// What was counted.
    pub(crate) fn into_metrics(self) -> Metrics {
        self.metrics.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn store(&self, name: &str) -> Option<&Store> {
        self.stores.get(name)
    }

    pub(crate) fn count(&self, metric: Metric, store: &str) {
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).count(metric, Some(store), 1);
    }

    pub(crate) fn put(&self, metric: Metric, store: &str, value: f64) {
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).put(metric, Some(store), value);
    }

    pub(crate) fn measure(&self, metric: Metric, duration: Duration) {
        // Whole milliseconds: a fraction is noise, and log bytes cost.
        let ms = (duration.as_secs_f64() * 1000.0).round();
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).measure(metric, ms);
    }

    /// How long a call may take so that its outcome can still be written down.
    pub(crate) fn room(&self) -> Duration {
        self.timer.saturating_duration_since(Instant::now()).saturating_sub(MARGIN)
    }

    /// How long a message that SQS does not accept for now may be sent again.
    pub(crate) fn patience(&self) -> Duration {
        self.room().min(PATIENCE)
    }

    /// Until when a call that takes up to `call_timeout` may begin.
    pub(crate) fn latest_call(&self, call_timeout: Duration) -> Instant {
        self.timer.checked_sub(call_timeout + MARGIN).unwrap_or_else(Instant::now)
    }

    /// Whether the store failed so often in a row, or refuses our credentials, that the rest of its batch is spared.
    pub(crate) fn has_given_up(&self, store: &str) -> bool {
        let tired = |store: &Store| store.unreachable.load(Ordering::Relaxed) >= GIVE_UP_AFTER;
        self.store(store).is_some_and(|store| store.refused.load(Ordering::Relaxed) || tired(store))
    }

    /// Notes whether the store could be reached.
    pub(crate) fn note(&self, store: &str, reached: bool) {
        if let Some(Store { unreachable, .. }) = self.store(store) {
            if reached {
                unreachable.store(0, Ordering::Relaxed);
            } else {
                unreachable.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(ends_in: Duration) -> Invocation {
        let stores = ["a".to_owned(), "b".to_owned()];
        Invocation::new(
            DateTime::UNIX_EPOCH,
            ends_in,
            Metrics::new("reviews", "test", "r"),
            stores.iter(),
            Some(Pauses::default()),
        )
    }

    #[tokio::test]
    async fn a_store_is_given_up_after_failures_in_a_row_and_no_other_store_with_it() {
        let invocation = invocation(Duration::from_mins(1));
        for reached in [false, false, true, false, false] {
            invocation.note("a", reached);
        }
        assert!(!invocation.has_given_up("a"));
        invocation.note("a", false);
        assert!(invocation.has_given_up("a"));
        assert!(!invocation.has_given_up("b"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_begins_only_if_its_outcome_can_still_be_written_down() {
        let call = Duration::from_secs(10);
        let invocation = invocation(Duration::from_secs(20));
        assert_eq!(invocation.latest_call(call) - Instant::now(), Duration::from_secs(8));
        assert_eq!(invocation.room(), Duration::from_secs(18));
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(invocation.latest_call(call) < Instant::now());
    }
}
