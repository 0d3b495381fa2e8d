//! An instant as the ledger writes it.

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    /// This instant plus a duration.
    #[must_use]
    pub fn plus(self, duration: std::time::Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This instant less a duration.
    #[must_use]
    pub fn minus(self, duration: std::time::Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after this instant `later` is; zero if it is not.
    pub fn until(self, later: Self) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }
}

impl From<chrono::DateTime<chrono::Utc>> for Millis {
    fn from(instant: chrono::DateTime<chrono::Utc>) -> Self {
        Self(instant.timestamp_millis())
    }
}

impl From<Millis> for chrono::DateTime<chrono::Utc> {
    /// The epoch, for a number that is no instant.
    fn from(instant: Millis) -> Self {
        Self::from_timestamp_millis(instant.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn instants_are_milliseconds_and_the_past_is_no_distance() {
        assert_eq!(Millis::from(chrono::DateTime::UNIX_EPOCH + Duration::from_secs(2)), Millis(2_000));
        assert_eq!(Millis(1_000).until(Millis(3_500)), Duration::from_millis(2_500));
        assert_eq!(Millis(3_500).until(Millis(1_000)), Duration::ZERO);
    }
}
