//! All state behind one lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::counters::AllCounters;
use crate::faults::Book;
use crate::salesforce::Salesforce;
use crate::settings::Settings;
use crate::yotpo::Yotpo;

/// The vendors, the faults, the counts.
pub(crate) struct World {
    pub(crate) base_url: String,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) faults: Book,
    pub(crate) counters: AllCounters,
    pub(crate) salesforce: Salesforce,
    pub(crate) yotpo: Yotpo,
}

impl World {
    pub(crate) fn new(seed: u64, base_url: String, clock: Clock) -> Self {
        Self {
            base_url,
            settings: Settings::default(),
            clock,
            faults: Book::new(seed),
            counters: AllCounters::default(),
            salesforce: Salesforce::default(),
            yotpo: Yotpo::default(),
        }
    }
}

/// The world, shared by the server and its handles.
pub(crate) struct Shared(Mutex<World>);

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self(Mutex::new(world))
    }

    /// A panic in one call must not turn every later one into a panic.
    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
