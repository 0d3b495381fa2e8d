//! What the deliveries of one invocation share: its end, its counts, and which stores cannot be reached.

use chrono::{DateTime, Utc};
use config::StoreName;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use telemetry::{Metric, Metrics};
use tokio::time::Instant;

/// Room to write the outcome down after a call that used all its time.
const MARGIN: Duration = Duration::from_secs(2);
/// After so many failures to reach a store in a row, the rest of its batch goes back uncalled.
const GIVE_UP_AFTER: u32 = 3;

/// What one invocation shares among its deliveries.
pub struct Invocation {
    /// When the invocation ends, by the wall clock: the end of every lease.
    pub deadline: DateTime<Utc>,
    /// The same instant for timers.
    pub timer: Instant,
    /// What is counted.
    pub metrics: Mutex<Metrics>,
    /// Failures in a row to reach each store.
    pub unreachable: BTreeMap<StoreName, AtomicU32>,
}

impl Invocation {
    pub(crate) fn count(&self, metric: Metric, store: &str) {
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).count(metric, Some(store), 1);
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

    /// Until when a call that takes up to `call_timeout` may begin.
    pub(crate) fn latest_call(&self, call_timeout: Duration) -> Instant {
        self.timer.checked_sub(call_timeout + MARGIN).unwrap_or_else(Instant::now)
    }

    /// Whether the store failed so often in a row that the rest of its batch is spared.
    pub(crate) fn has_given_up(&self, store: &StoreName) -> bool {
        self.unreachable.get(store).is_some_and(|failures| failures.load(Ordering::Relaxed) >= GIVE_UP_AFTER)
    }

    /// Notes whether the store could be reached.
    pub(crate) fn note(&self, store: &StoreName, reached: bool) {
        if let Some(failures) = self.unreachable.get(store) {
            if reached {
                failures.store(0, Ordering::Relaxed);
            } else {
                failures.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(ends_in: Duration) -> Invocation {
        Invocation {
            deadline: DateTime::UNIX_EPOCH,
            timer: Instant::now() + ends_in,
            metrics: Mutex::new(Metrics::new("reviews", "test", "r")),
            unreachable: [name("a"), name("b")].map(|name| (name, 0.into())).into(),
        }
    }

    fn name(text: &str) -> StoreName {
        StoreName::try_from(text.to_owned()).unwrap()
    }

    #[tokio::test]
    async fn a_store_is_given_up_after_failures_in_a_row_and_no_other_store_with_it() {
        let invocation = invocation(Duration::from_mins(1));
        for reached in [false, false, true, false, false] {
            invocation.note(&name("a"), reached);
        }
        assert!(!invocation.has_given_up(&name("a")));
        invocation.note(&name("a"), false);
        assert!(invocation.has_given_up(&name("a")));
        assert!(!invocation.has_given_up(&name("b")));
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
