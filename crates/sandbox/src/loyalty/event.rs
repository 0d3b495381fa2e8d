//! What Yotpo tells of: events as requests to make, and how they arrive. There is no signature: the address is the secret.
//! <https://github.com/SwellRewards/slate>

use std::time::Duration;

use chrono::{DateTime, Utc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use serde_json::Value;

/// An event to deliver: `POST` to wherever the account's events go.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sending {
    /// The account.
    pub guid: String,
    /// `swell/redemption/created`
    pub topic: &'static str,
    /// When it came about.
    pub at: DateTime<Utc>,
    /// From the beginning of the plan; zero before it is planned.
    pub after: Duration,
    /// JSON.
    pub body: Value,
}

/// What goes wrong on the way, as shares of one; out of the box nothing does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mischief {
    /// Decides which.
    pub seed: u64,
    /// Sent twice.
    pub double: f64,
    /// Delayed by up to `late_within`, so that later ones overtake it.
    pub late: f64,
    /// See `late`.
    pub late_within: Duration,
    /// Never sent.
    pub never: f64,
}

impl Default for Mischief {
    fn default() -> Self {
        Self { seed: 1, double: 0.0, late: 0.0, late_within: Duration::ZERO, never: 0.0 }
    }
}

impl Mischief {
    /// The requests, by time.
    pub(super) fn plan(&self, events: Vec<Sending>) -> Vec<Sending> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut planned = Vec::new();
        for mut event in events {
            if rng.random_bool(self.never) {
                continue;
            }
            if rng.random_bool(self.late) {
                event.after = self.late_within.mul_f64(rng.random_range(0.0..1.0));
            }
            if rng.random_bool(self.double) {
                let after = self.late_within.mul_f64(rng.random_range(0.0..1.0));
                planned.push(Sending { after, ..event.clone() });
            }
            planned.push(event);
        }
        planned.sort_by_key(|event| event.after);
        planned
    }
}
