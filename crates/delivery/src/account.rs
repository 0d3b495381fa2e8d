//! A vendor's account as this process knows it, from one invocation to the next.

use crate::pace::Pace;
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::Instant,
};

/// By the store that each belongs to.
pub type Accounts = BTreeMap<String, Account>;

/// An account at a vendor.
#[derive(Debug)]
pub struct Account {
    /// This worker's share of its calls.
    pub pace: Pace,
    /// It refused what the secret says, when it was last asked.
    refused: AtomicBool,
    probe: Mutex<()>,
}

impl Account {
    /// An account whose calls are paced so.
    pub fn new(pace: Pace) -> Self {
        Self { pace, refused: AtomicBool::new(false), probe: Mutex::new(()) }
    }

    /// Notes whether it refuses our credentials.
    pub fn note_refused(&self, refused: bool) {
        self.refused.store(refused, Ordering::Relaxed);
    }

    /// The right to be the first to call an account that refused our credentials; `None` if it does not, or somebody has found
    /// that out meanwhile, or time is up.
    pub(crate) async fn probe(&self, latest: Instant) -> Option<MutexGuard<'_, ()>> {
        if !self.refused.load(Ordering::Relaxed) {
            return None;
        }
        let right = tokio::time::timeout_at(latest, self.probe.lock()).await.ok()?;
        self.refused.load(Ordering::Relaxed).then_some(right)
    }
}
