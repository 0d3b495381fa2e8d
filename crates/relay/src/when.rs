//! Times as they are typed.

use chrono::{DateTime, TimeDelta, Utc};
use std::{str::FromStr, time::Duration};

/// An instant: `2026-11-20T06:30:00Z`, or how long ago: `2h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    At(DateTime<Utc>),
    Ago(Duration),
}

impl When {
    /// The instant it is at `now`.
    pub(crate) fn at(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::At(at) => at,
            Self::Ago(age) => {
                let before = TimeDelta::from_std(age).ok().and_then(|age| now.checked_sub_signed(age));
                before.unwrap_or(DateTime::UNIX_EPOCH)
            }
        }
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let instant = DateTime::parse_from_rfc3339(text).map(|at| Self::At(at.to_utc()));
        instant.or_else(|_| humantime::parse_duration(text).map(Self::Ago)).map_err(|_| {
            "expected a time written 2026-11-20T06:30:00Z, or how long ago it is, written 90s, 15m, 2h or 7d".to_owned()
        })
    }
}

/// A length of time as it is typed: `15m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "expected a length of time written 90s, 15m, 2h or 7d".to_owned())
}

/// How long messages may stay hidden: SQS takes no more than twelve hours.
pub(crate) fn hidden(text: &str) -> Result<Duration, String> {
    let allowed = Duration::from_secs(1)..=Duration::from_hours(12);
    let expected = || "expected a length of time from 1s to 12h".to_owned();
    duration(text).and_then(|time| if allowed.contains(&time) { Ok(time) } else { Err(expected()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_an_instant_or_an_age() {
        let now: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().unwrap();
        for (text, at) in [
            ("2026-11-20T06:30:00Z", "2026-11-20T06:30:00Z"),
            ("2026-11-20T06:30:00+02:00", "2026-11-20T04:30:00Z"),
            ("2h", "2026-11-21T10:00:00Z"),
            ("1d 30m", "2026-11-20T11:30:00Z"),
            ("1000000years", "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(text.parse::<When>().unwrap().at(now), at.parse::<DateTime<Utc>>().unwrap(), "{text}");
        }
        for bad in ["", "yesterday", "2026-11-20", "2 parsecs"] {
            assert!(bad.parse::<When>().unwrap_err().contains("2026-11-20T06:30:00Z"), "{bad}");
        }
    }
}
