//! When to try again: exponential back-off with equal jitter, under a cap, over a floor.

use std::time::Duration;

/// The schedule of retries. The delay before attempt `n + 1` is between half and all of
/// `min(cap, base × 2^(n-1))`: equal jitter, so that a crowd spreads out but nobody comes back at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest delay after the first attempt.
    pub base: Duration,
    /// No delay is longer than this, unless the vendor asks for more.
    pub cap: Duration,
}

impl Backoff {
    /// The delay after attempt number `attempt` (from 1). `random` is uniform in `0.0..1.0`; `floor` is
    /// what the vendor asked for (`Retry-After`).
    pub fn delay(&self, attempt: u32, random: f64, floor: Option<Duration>) -> Duration {
        let most = self.most(attempt);
        let jittered = most / 2 + (most / 2).mul_f64(random.clamp(0.0, 1.0));
        jittered.max(floor.unwrap_or_default())
    }

    /// The longest delay after `attempt`, without a floor.
    pub fn most(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.base.saturating_mul(1 << doublings).min(self.cap)
    }

    /// The least time that `attempts` attempts cover: what an outage must stay under.
    pub fn least_total(&self, attempts: u32) -> Duration {
        (1..=attempts).map(|n| self.most(n) / 2).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(10), cap: Duration::from_mins(30) };

    proptest! {
        #[test]
        fn a_delay_is_between_half_and_all_of_its_step(attempt in 1u32..500, random in 0.0f64..1.0) {
            let delay = BACKOFF.delay(attempt, random, None);
            prop_assert!(delay >= BACKOFF.most(attempt) / 2);
            prop_assert!(delay <= BACKOFF.most(attempt));
            prop_assert!(delay <= BACKOFF.cap);
        }

        #[test]
        fn the_vendor_is_never_asked_sooner_than_it_said(attempt in 0u32..500, random in 0.0f64..1.0, floor in 0u64..90_000) {
            let floor = Duration::from_secs(floor);
            prop_assert!(BACKOFF.delay(attempt, random, Some(floor)) >= floor);
        }
    }

    #[test]
    fn it_doubles_up_to_the_cap() {
        let most: Vec<u64> = (1..=10).map(|n| BACKOFF.most(n).as_secs()).collect();
        assert_eq!(most, [10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800]);
    }

    #[test]
    fn the_least_total_is_half_of_every_step() {
        assert_eq!(BACKOFF.least_total(3), Duration::from_secs(5 + 10 + 20));
    }

    #[test]
    fn two_hundred_receives_outlast_a_day() {
        assert!(BACKOFF.least_total(199) >= Duration::from_hours(24));
    }
}
