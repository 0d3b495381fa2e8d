//! Lengths of time as the file writes them.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// Reads `"30m"`, `"10s"`, `"400ms"`, `"1h 30m"` (the units of the humantime crate).
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(|_| {
        de::Error::custom("expected a length of time, not negative, such as \"30m\", \"10s\" or \"400ms\"")
    })
}
