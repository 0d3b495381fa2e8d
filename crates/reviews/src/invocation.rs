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
        let ms = duration.as_secs_f64() * 1000.0;
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
