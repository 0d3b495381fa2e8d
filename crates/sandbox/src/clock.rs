//! The sandbox's idea of now: the machine's clock (in a simulation: the simulation's) and an offset that a test may set.

use chrono::{DateTime, TimeDelta, Utc};

/// A clock that runs as another one does, possibly shifted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    source: fn() -> DateTime<Utc>,
    offset: TimeDelta,
}

impl Clock {
    pub(crate) fn of(source: fn() -> DateTime<Utc>) -> Self {
        Self { source, offset: TimeDelta::zero() }
    }

    pub(crate) fn now(self) -> DateTime<Utc> {
        (self.source)() + self.offset
    }

    /// From here on it is `now`, and time goes on from there.
    pub(crate) fn set(&mut self, now: DateTime<Utc>) {
        self.offset = now - (self.source)();
    }
}
