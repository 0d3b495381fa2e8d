//! The sandbox's idea of now: the machine's clock and an offset that a test may set.

use chrono::{DateTime, TimeDelta, Utc};

/// A clock that runs at the machine's speed, possibly shifted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    offset: TimeDelta,
}

impl Clock {
    pub(crate) fn now(self) -> DateTime<Utc> {
        Utc::now() + self.offset
    }

    /// From here on it is `now`, and time goes on from there.
    pub(crate) fn set(&mut self, now: DateTime<Utc>) {
        self.offset = now - Utc::now();
    }
}
