//! A worker's share of the calls that a vendor account allows.

use std::{sync::PoisonError, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, Interval, MissedTickBehavior, interval},
};

/// Lets calls start no faster than a given rate, and none while the account asks to be left alone.
#[derive(Debug)]
pub struct Pace {
    period: Duration,
    interval: Mutex<Interval>,
    /// The account is not to be called before this.
    resumes: std::sync::Mutex<Option<Instant>>,
}

impl Pace {
    /// The account allows `per_second` calls to all workers together; there are at most `workers`.
    pub fn new(per_second: f64, workers: u32) -> Self {
        let period = Duration::from_secs_f64(f64::from(workers.max(1)) / per_second).max(Duration::from_nanos(1));
        let mut interval = interval(period);
        // After a pause the calls do not come in a burst.
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { period, interval: Mutex::new(interval), resumes: std::sync::Mutex::default() }
    }

    /// Waits until the next call may start, or until `deadline`; false if that came first, and at once while the account is
    /// held: nobody waits for that in an invocation.
    pub async fn wait(&self, deadline: Instant) -> bool {
        if self.held().is_some() {
            return false;
        }
        let turn = tokio::time::timeout_at(deadline, async { self.interval.lock().await.tick().await }).await;
        turn.is_ok() && self.held().is_none()
    }

    /// The account asks not to be called for so long.
    pub fn hold(&self, wait: Duration) {
        let mut resumes = self.resumes.lock().unwrap_or_else(PoisonError::into_inner);
        *resumes = (*resumes).max(Instant::now().checked_add(wait));
    }

    /// For how long the account is not to be called, if it said so.
    pub fn held(&self) -> Option<Duration> {
        let resumes = *self.resumes.lock().unwrap_or_else(PoisonError::into_inner);
        resumes.and_then(|at| at.checked_duration_since(Instant::now())).filter(|wait| !wait.is_zero())
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
    async fn an_account_that_asks_for_it_is_left_alone() {
        let pace = Pace::new(4.0, 2);
        let soon = || Instant::now() + Duration::from_secs(20);
        assert!(pace.wait(soon()).await && pace.held().is_none());
        // The longer of two waits holds.
        pace.hold(Duration::from_secs(30));
        pace.hold(Duration::from_secs(5));
        let asked = Instant::now();
        assert!(!pace.wait(soon()).await);
        assert_eq!(
            (asked.elapsed(), pace.held()),
            (Duration::ZERO, Some(Duration::from_secs(30))),
            "nobody waits for it"
        );
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!(pace.held().is_none() && pace.wait(soon()).await);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_for_its_turn_meanwhile_does_not_call() {
        let pace = Pace::new(0.1, 1);
        let deadline = Instant::now() + Duration::from_mins(1);
        assert!(pace.wait(deadline).await);
        let (turn, ()) = tokio::join!(pace.wait(deadline), async { pace.hold(Duration::from_secs(20)) });
        assert!(!turn);
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
