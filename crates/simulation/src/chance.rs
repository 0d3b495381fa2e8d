//! Chance: what in a run is random, drawn from one generator, while faults last.

use crate::{
    clock,
    fault::{BrokenPromise, Odds},
};
use chrono::{DateTime, Utc};
use rand::{Rng as _, RngExt as _};
use rand_chacha::ChaCha8Rng;

/// One generator for everything that happens in a run, and how likely what is.
pub(crate) struct Chance {
    pub(crate) rng: ChaCha8Rng,
    pub(crate) odds: Odds,
    pub(crate) faults_end: DateTime<Utc>,
    /// What AWS does although it says that it does not.
    pub(crate) broken: Option<BrokenPromise>,
}

impl Chance {
    /// Whether faults have come to their end.
    pub(crate) fn is_calm(&self) -> bool {
        clock::now() >= self.faults_end
    }

    /// True with this probability, while faults last.
    pub(crate) fn odd(&mut self, share: f64) -> bool {
        share > 0.0 && !self.is_calm() && self.rng.random_bool(share)
    }

    /// An identifier that nothing else has, the same in every run of the seed.
    pub(crate) fn fresh(&mut self, prefix: &str) -> String {
        format!("{prefix}-{:016x}", self.rng.next_u64())
    }
}
