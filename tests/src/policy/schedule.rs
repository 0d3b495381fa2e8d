//! The schedules' hours: after every store's midnight, and never where clocks are changed.

use super::numbers::environments;
use crate::template::{Function, Template};
use chrono::{Days, NaiveDate, TimeDelta, Timelike as _};
use config::{BusinessDay, Relay, Zone};
use serde_json::Value;

/// A schedule that runs in hours of the night.
#[derive(Clone, Copy, Debug)]
struct Night {
    zone: Zone,
    first: u32,
    last: u32,
}

impl Night {
    /// Reads `cron(0/15 0-5 * * ? *)` and its zone; `None` for a schedule that is not one of the night.
    fn read(schedule: &Value) -> Option<Self> {
        let expression = schedule["ScheduleExpression"].as_str().unwrap();
        let fields: Vec<&str> = expression.strip_prefix("cron(")?.strip_suffix(')')?.split(' ').collect();
        assert_eq!(fields.len(), 6, "{expression}");
        let (first, last) = fields[1].split_once('-')?;
        let zone = schedule["ScheduleExpressionTimezone"].as_str().unwrap().parse().unwrap();
        Some(Self { zone, first: first.parse().unwrap(), last: last.parse().unwrap() })
    }

    /// Stores' midnights, of two years, that no run follows in the same night.
    fn missed(self, relay: &Relay) -> Vec<String> {
        let mut missed = Vec::new();
        for day in days() {
            let day: BusinessDay = day.to_string().parse().unwrap();
            for (name, store) in &relay.stores {
                let midnight = self.zone.local(day.window(store.time_zone).end);
                if !(self.first..=self.last).contains(&midnight.hour()) {
                    missed.push(format!("{name}'s day {day} ends at {midnight}: no run follows it that night"));
                }
            }
        }
        missed
    }

    /// Days of two years on which clocks change within its hours: runs are left out or come twice.
    fn disturbed(self) -> Vec<NaiveDate> {
        let hour = |day: NaiveDate, hour: u32| day.and_hms_opt(0, 0, 0).unwrap() + TimeDelta::hours(hour.into());
        // What clocks show, a quarter of an hour after the other: once each, and ever as far from UTC.
        let steady = |day: NaiveDate| {
            let (first, last) = (hour(day, self.first), hour(day, self.last + 1));
            let midnight = self.zone.start_of(day).unwrap();
            let shown = (0..26 * 4).map(|quarter| midnight + TimeDelta::minutes(15 * quarter));
            let shown: Vec<_> = shown.map(|at| (self.zone.local(at), self.zone.local(at) - at.naive_utc())).collect();
            let within = || shown.iter().filter(|(local, _)| (first..=last).contains(local));
            (self.first..=self.last + 1).all(|n| within().any(|(local, _)| *local == hour(day, n)))
                && within().all(|(_, ahead)| *ahead == within().next().unwrap().1)
        };
        days().filter(|day| !steady(*day)).collect()
    }
}

fn days() -> impl Iterator<Item = NaiveDate> {
    let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    (0..730).map(move |n| first + Days::new(n))
}

fn nights(template: &Template) -> Vec<(Function, Night)> {
    let mut nights = Vec::new();
    for function in template.functions() {
        let read: Vec<Night> = function.schedules().into_iter().filter_map(Night::read).collect();
        nights.extend(read.into_iter().map(|night| (function.clone(), night)));
    }
    assert!(!nights.is_empty(), "nothing is scheduled");
    nights
}

#[test]
fn a_run_follows_every_stores_midnight() {
    let template = Template::shipped().with(&[]);
    for (file, relay) in environments() {
        for (function, night) in nights(&template).into_iter().filter(|(f, _)| f.binary == "reviews-producer") {
            assert_eq!(night.missed(&relay), Vec::<String>::new(), "{} with {file}", function.id);
        }
    }
}

#[test]
fn no_schedule_runs_when_clocks_change() {
    for (function, night) in nights(&Template::shipped().with(&[])) {
        assert_eq!(night.disturbed(), Vec::<NaiveDate>::new(), "{}: {night:?}", function.id);
    }
}

#[test]
fn a_window_that_misses_a_midnight_or_meets_a_change_of_clocks_is_found() {
    let night = |zone: &str, hours: &str| {
        let template = Template::shipped().with(&[("ScheduleTimeZone", zone), ("ScheduleHours", hours)]);
        nights(&template)[0].1
    };
    let (_, relay) = environments().remove(0);
    assert!(night("Etc/UTC", "1-5").missed(&relay)[0].contains("no run follows it that night"));
    // Midnight in UTC is eight in the evening there, in summer.
    assert_eq!(night("America/New_York", "0-5").missed(&relay).len(), 730);
    let changes: Vec<String> = night("Europe/Berlin", "0-5").disturbed().iter().map(ToString::to_string).collect();
    assert_eq!(changes, ["2026-03-29", "2026-10-25", "2027-03-28", "2027-10-31"]);
    assert_eq!(night("Europe/Berlin", "4-6").disturbed(), Vec::<NaiveDate>::new());
}
