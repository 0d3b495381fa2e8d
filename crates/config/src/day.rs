//! The business day: a calendar day in a store's zone, and the instants that it spans.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Serialize};

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
    pub fn of(instant: DateTime<Utc>, zone: Tz) -> Self {
        let day = Self(instant.with_timezone(&zone).date_naive());
        // Clocks set back across midnight show a day's last minutes again after the next one has begun: those belong to
        // the day that has begun.
        if day.next().start(zone) <= instant { day.next() } else { day }
    }

    /// The day's instants: 23 or 25 hours when the clocks change, none where a zone left the day out (Samoa had no
    /// 30 December 2011). The windows of consecutive days meet exactly.
    pub fn window(self, zone: Tz) -> Window {
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
    fn start(self, zone: Tz) -> DateTime<Utc> {
        let midnight = self.0.and_time(NaiveTime::MIN);
        let start = zone
            .from_local_datetime(&midnight)
            .earliest()
            .or_else(|| after_gap(midnight, zone));
        start.map_or_else(|| midnight.and_utc(), |start| start.to_utc())
    }
}

fn after_gap(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Tz>> {
    GapInfo::new(&local, &zone)?.end
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
