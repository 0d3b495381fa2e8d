//! Which business days are to be looked at, and when one is proven. Pure.
//!
//! A day is due from when something may be sent for it (the producer has settled it, or it is marked: a message is sent for it,
//! by whomever) until it is complete, and for a week more. What the ledger does not say makes no day proven: a day whose
//! certificate or mark is gone is looked at as long as the cursor tells of it.

use chrono::{DateTime, TimeDelta, Utc};
use config::{BusinessDay, Zone};
use ledger::{Cursor, Due};
use std::collections::{BTreeMap, BTreeSet};

/// So many of the latest days are looked at because the cursor has passed them; any other because it is marked.
pub const DAYS: u32 = 30;
/// A day that has been due for so long and is not complete needs a person. It stays due.
pub const OVERDUE: TimeDelta = TimeDelta::days(DAYS as i64);
/// A quiet day is looked at for so long though it is complete: the source may show its orders later, with stamps of that day,
/// and no producer asks for those again.
const QUIET: TimeDelta = TimeDelta::days(DAYS as i64);
/// Any other day is looked at for so long after its end, and after something was last sent for it.
const WEEK: TimeDelta = TimeDelta::days(7);
/// A day that rests is looked at once a day: not by a run that comes sooner than this after the last look. An hour less than
/// a day, so that an hourly schedule does not drift.
const RESTS: TimeDelta = TimeDelta::hours(23);
/// A quiet day is news for so long.
const NEWS: TimeDelta = TimeDelta::hours(24);

/// What is known of a day before it is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// When it ended.
    pub(crate) end: DateTime<Utc>,
    /// Its mark.
    pub(crate) mark: Option<Due>,
    /// Its certificate.
    pub(crate) kept: Option<Seen>,
}

/// What a day's certificate says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// When the day was last looked at.
    pub(crate) looked_at: DateTime<Utc>,
    /// Since when the certificate says what it says.
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) complete: bool,
    pub(crate) quiet: bool,
}

impl Known {
    fn last(&self) -> DateTime<Utc> {
        self.mark.map_or(self.end, |mark| DateTime::from(mark.last).max(self.end))
    }

    /// Until when a complete day is looked at.
    fn watched_until(&self, quiet: bool) -> DateTime<Utc> {
        self.last() + if quiet { QUIET } else { WEEK }
    }

    /// Whether it is to be looked at now.
    pub(crate) fn is_due(&self, now: DateTime<Utc>) -> bool {
        let Some(seen) = self.kept else { return true };
        let sent_since = self.mark.is_some_and(|mark| DateTime::from(mark.last) >= seen.looked_at);
        let rested = now - seen.looked_at >= RESTS;
        if sent_since {
            return true;
        }
        if seen.complete {
            return rested && seen.looked_at < self.watched_until(seen.quiet);
        }
        rested || now < self.last() + WEEK
    }

    /// Whether a look that began `at` and found this was the last.
    pub(crate) fn is_proven(&self, complete: bool, quiet: bool, at: DateTime<Utc>) -> bool {
        complete && at >= self.watched_until(quiet)
    }

    /// Whether it has been due for too long.
    pub(crate) fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        let since = self.mark.map_or(self.end, |mark| DateTime::from(mark.since).max(self.end));
        self.kept.is_none_or(|seen| !seen.complete) && now - since > OVERDUE
    }

    /// Whether that it is quiet was found within the last day.
    pub(crate) fn is_quiet_news(&self, now: DateTime<Utc>) -> bool {
        self.kept.is_some_and(|seen| seen.quiet && now - seen.issued_at < NEWS)
    }

    /// When a look at it last began or ended: who was looked at longest ago has its turn.
    pub(crate) fn turn(&self) -> Option<DateTime<Utc>> {
        let begun = self.mark.and_then(|mark| mark.begun).map(DateTime::from);
        begun.max(self.kept.map(|seen| seen.looked_at))
    }
}

/// The days that may be due, the latest first: those that the cursor has passed of late, and those that are marked.
pub fn days(
    cursor: Option<Cursor>,
    marks: &BTreeMap<BusinessDay, Due>,
    zone: Zone,
    now: DateTime<Utc>,
) -> Vec<BusinessDay> {
    let settled =
        BusinessDay::last(DAYS, zone, now).filter(|day| cursor.is_some_and(|cursor| is_settled(cursor, *day, zone)));
    let marked = marks.keys().copied().filter(|day| day.window(zone).end <= now);
    let days: BTreeSet<BusinessDay> = settled.chain(marked).collect();
    days.into_iter().rev().collect()
}

/// The marks of a store as the ledger has them.
pub fn marks(kept: BTreeMap<String, Due>) -> BTreeMap<BusinessDay, Due> {
    kept.into_iter().filter_map(|(day, due)| Some((day.parse().ok()?, due))).collect()
}

/// Whether the producer has settled the day.
pub fn is_settled(cursor: Cursor, day: BusinessDay, zone: Zone) -> bool {
    let window = day.window(zone);
    DateTime::from(cursor.first) <= window.start && window.end <= DateTime::from(cursor.settled_until)
}

/// What holds for the orders that fit no store: they are settled with the last of the stores.
pub fn of_all(cursors: impl IntoIterator<Item = Cursor>) -> Option<Cursor> {
    cursors
        .into_iter()
        .reduce(|a, b| Cursor { first: a.first.max(b.first), settled_until: a.settled_until.min(b.settled_until) })
}

#[cfg(test)]
#[path = "due_tests.rs"]
mod tests;
