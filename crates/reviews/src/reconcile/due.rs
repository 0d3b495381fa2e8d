//! Which business days are to be looked at. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use config::{BusinessDay, Zone};
use ledger::Cursor;

use crate::produce::instant;

/// So many days a business day is looked at again.
const LOOK_BACK: u32 = 7;
/// A day that is complete is looked at once a day: not by a run that comes sooner than this after the last look. An hour
/// less than a day, so that an hourly schedule does not drift.
const COMPLETE_RESTS: TimeDelta = TimeDelta::hours(23);

/// The settled days of the last week, the latest first.
pub(super) fn settled_days(cursor: Cursor, zone: Zone, now: DateTime<Utc>) -> Vec<BusinessDay> {
    last_days(zone, now).filter(|day| is_settled(cursor, *day, zone)).collect()
}

/// The days of the last week that are over, the latest first.
pub(crate) fn last_days(zone: Zone, now: DateTime<Utc>) -> impl Iterator<Item = BusinessDay> {
    let latest = BusinessDay::of(now, zone).previous();
    std::iter::successors(Some(latest), |day| Some(day.previous())).take(LOOK_BACK as usize)
}

/// Whether the producer has settled the day.
pub(crate) fn is_settled(cursor: Cursor, day: BusinessDay, zone: Zone) -> bool {
    let window = day.window(zone);
    instant(cursor.first) <= window.start && window.end <= instant(cursor.settled_until)
}

/// What holds for the orders that fit no store: they are settled with the last of the stores.
pub(crate) fn of_all(cursors: impl IntoIterator<Item = Cursor>) -> Option<Cursor> {
    cursors
        .into_iter()
        .reduce(|a, b| Cursor { first: a.first.max(b.first), settled_until: a.settled_until.min(b.settled_until) })
}

/// Whether a day with a certificate is to be looked at again.
pub(super) fn is_due(complete: bool, looked_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    !complete || now - looked_at >= COMPLETE_RESTS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn cursor(first: &str, settled_until: &str) -> Cursor {
        Cursor { first: at(first).into(), settled_until: at(settled_until).into() }
    }

    #[test]
    fn the_settled_days_of_a_week_are_looked_at() {
        let days = |cursor, zone| -> Vec<String> {
            settled_days(cursor, zone, at("2026-11-20T12:00:00Z")).iter().map(ToString::to_string).collect()
        };
        let old = cursor("2026-01-01T00:00:00Z", "2026-11-20T00:00:00Z");
        let week = ["2026-11-19", "2026-11-18", "2026-11-17", "2026-11-16", "2026-11-15", "2026-11-14", "2026-11-13"];
        assert_eq!(days(old, Zone::UTC), week);
        // Begun two days ago, and last night has failed so far.
        assert_eq!(days(cursor("2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z"), Zone::UTC), ["2026-11-18"]);
        // In Tokyo it is the 20th for three hours more; its days begin at 15:00 UTC.
        let tokyo = cursor("2026-11-17T15:00:00Z", "2026-11-19T15:00:00Z");
        assert_eq!(days(tokyo, "Asia/Tokyo".parse().unwrap()), ["2026-11-19", "2026-11-18"]);
        assert_eq!(days(cursor("2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z"), Zone::UTC), Vec::<String>::new());
    }

    #[test]
    fn orders_of_no_store_are_settled_with_the_last_store() {
        let both = [
            cursor("2026-11-18T00:00:00Z", "2026-11-20T00:00:00Z"),
            cursor("2026-11-17T15:00:00Z", "2026-11-19T15:00:00Z"),
        ];
        assert_eq!(of_all(both), Some(cursor("2026-11-18T00:00:00Z", "2026-11-19T15:00:00Z")));
        assert_eq!(of_all([]), None);
    }

    #[test]
    fn a_complete_day_rests_for_a_day() {
        let looked_at = at("2026-11-20T12:30:00Z");
        assert!(is_due(false, looked_at, at("2026-11-20T13:30:00Z")));
        assert!(!is_due(true, looked_at, at("2026-11-20T13:30:00Z")));
        assert!(is_due(true, looked_at, at("2026-11-21T12:29:59Z")));
    }
}
