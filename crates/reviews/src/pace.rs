//! A worker's share of the calls that a vendor account allows.

use std::time::Duration;
use tokio::{
    sync::Mutex,
    time::{Instant, Interval, MissedTickBehavior, interval},
};

/// Lets calls start no faster than a given rate.
#[derive(Debug)]
pub struct Pace {
    period: Duration,
    interval: Mutex<Interval>,
}

impl Pace {
    /// The account allows `per_second` calls to all workers together; there are at most `workers`.
    pub fn new(per_second: f64, workers: u32) -> Self {
        let period = Duration::from_secs_f64(f64::from(workers.max(1)) / per_second).max(Duration::from_nanos(1));
        let mut interval = interval(period);
        // After a pause the calls do not come in a burst.
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { period, interval: Mutex::new(interval) }
    }

    /// Waits until the next call may start, or until `deadline`; false if that came first.
    pub async fn wait(&self, deadline: Instant) -> bool {
        tokio::time::timeout_at(deadline, async { self.interval.lock().await.tick().await }).await.is_ok()
    }

    /// The time between two calls.
    pub fn period(&self) -> Duration {
        self.period
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_are_spread_over_the_workers_share() {
        let pace = Pace::new(4.0, 2);
        let begun = Instant::now();
        for _ in 0..5 {
            assert!(pace.wait(begun + Duration::from_mins(1)).await);
        }
        assert_eq!(begun.elapsed(), Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_past_the_deadline() {
        let pace = Pace::new(0.1, 1);
        let deadline = Instant::now() + Duration::from_secs(1);
        assert!(pace.wait(deadline).await);
        assert!(!pace.wait(deadline).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_not_made_up_for() {
        let pace = Pace::new(1.0, 1);
        pace.wait(Instant::now() + Duration::from_mins(1)).await;
        tokio::time::advance(Duration::from_secs(30)).await;
        let begun = Instant::now();
        for _ in 0..3 {
            pace.wait(begun + Duration::from_mins(1)).await;
        }
        assert!(begun.elapsed() >= Duration::from_secs(2));
    }
}
