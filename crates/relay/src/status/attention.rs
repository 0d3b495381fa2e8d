//! What a person should look at, and which command goes on from there. Pure.

use super::{
    backlog::{Backlog, OpenState, Queues},
    runs::Run,
};
use crate::{
    flow::{Flow, Of},
    part::Part,
};
use chrono::{DateTime, TimeDelta, Utc};
use ledger::{By, State};
use reviews::standing::{DayState, Standing};
use serde::Serialize;

/// Every schedule starts something every night.
const SILENT: TimeDelta = TimeDelta::hours(26);
/// The reconciler finds out sooner what became of a call.
const UNCERTAIN_FOR: TimeDelta = TimeDelta::hours(1);

/// Something that wants attention.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Attention {
    pub(super) what: String,
    /// The command that goes on from there.
    pub(super) next: String,
}

fn attention(what: String, next: impl Into<String>) -> Attention {
    Attention { what, next: next.into() }
}

pub(super) fn of(
    flows: &[Flow],
    runs: &[Run],
    stores: &[Of<Standing>],
    backlog: &Backlog,
    machinery: &[Part],
    now: DateTime<Utc>,
) -> Vec<Attention> {
    let mut found = Vec::new();
    for Part { name, said, .. } in machinery.iter().filter(|part| part.ok == Some(false)) {
        found.push(attention(format!("{name}: {}", said.as_deref().unwrap_or("not as it must be")), "relay check"));
    }
    found.extend(flows.iter().filter_map(|flow| silence(*flow, runs, now)));
    for Of { flow, of: Standing { store, days, .. } } in stores {
        let of_store = flow.own(&format!("store {store}"), flows);
        for day in days.iter().filter(|day| day.late) {
            let (business_day, state) = (day.business_day, day.state.as_str());
            let next = match day.state {
                DayState::NotSettled if day.by_hand => format!("relay run --day {business_day} --store {store} --yes"),
                // A run by hand would send its orders, and settle nothing: what keeps the schedule's run from it?
                DayState::NotSettled => "relay check".to_owned(),
                _ => format!("relay certificate {business_day} --store {store} --refresh"),
            };
            let for_long = if day.overdue { ", due for more than a month: it needs a person" } else { "" };
            found.push(attention(format!("{business_day}, {of_store}: {state}{for_long}"), next));
        }
        for day in days.iter().filter(|day| day.quiet) {
            let (business_day, orders) = (day.business_day, day.completed.unwrap_or(0));
            let what = format!("{business_day}, {of_store}: quiet, {orders} orders and hardly one sent");
            found.push(attention(what, format!("relay preview --day {business_day} --store {store}")));
        }
    }
    for OpenState { flow, state, deliveries, oldest } in &backlog.deliveries {
        if *state == State::Parked.as_str() {
            let what = flow.own(&format!("{deliveries} parked: a person is to decide"), flows);
            found.push(attention(what, "relay parked list"));
        }
        if *state == State::Uncertain.as_str() && now - *oldest > UNCERTAIN_FOR {
            let what = flow.own(&format!("{deliveries} uncertain, the oldest for {}", age(now - *oldest)), flows);
            found.push(attention(what, "relay certificate --refresh"));
        }
    }
    for Queues { flow, dead_letters, .. } in backlog.queues.iter().filter(|queues| queues.dead_letters.total() > 0) {
        let hidden = match dead_letters.total() - dead_letters.visible {
            0 => String::new(),
            hidden => format!(", {hidden} of which nobody can look at now"),
        };
        let what = flow.own(&format!("{} in the dead-letter queue{hidden}", dead_letters.total()), flows);
        found.push(attention(what, "relay dlq list"));
    }
    found
}

fn silence(flow: Flow, runs: &[Run], now: DateTime<Utc>) -> Option<Attention> {
    // The first of its day.
    let first = flow.by_day().next()?.name;
    let scheduled = runs.iter().find(|run| run.function == first && run.by == By::Schedule.as_str());
    let what = match scheduled {
        Some(run) if now - run.at <= SILENT => return None,
        Some(run) => format!("the schedule has not run {first} for {}", age(now - run.at)),
        None => format!("the schedule has never run {first}"),
    };
    Some(attention(what, "relay check"))
}

/// A length of time in its largest whole unit.
pub(super) fn age(length: TimeDelta) -> String {
    let units = [(length.num_days(), "days"), (length.num_hours(), "hours"), (length.num_minutes(), "minutes")];
    let whole = units.into_iter().find(|(n, _)| *n >= 2);
    whole.map_or_else(|| "a minute or less".to_owned(), |(n, unit)| format!("{n} {unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::backlog::Waiting;

    const FLOW: Flow = Flow::ALL[0];

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn backlog(letters: u64, deliveries: Vec<OpenState>) -> Backlog {
        let waiting = |visible| Waiting { visible, in_flight: 0, delayed: 0 };
        Backlog { queues: vec![Queues { flow: FLOW, queue: waiting(5), dead_letters: waiting(letters) }], deliveries }
    }

    fn scheduled(at: DateTime<Utc>) -> Run {
        Run { flow: FLOW, function: "reviews-producer", by: "schedule", at, ended: "settled".to_owned(), error: None }
    }

    #[test]
    fn an_ordinary_morning_wants_nothing() {
        let now = at("2026-11-21T06:00:00Z");
        let ordinary = ["pending", "rejected"].map(|state| OpenState {
            flow: FLOW,
            state,
            deliveries: 2,
            oldest: now - TimeDelta::days(1),
        });
        let fresh = OpenState { flow: FLOW, state: "uncertain", deliveries: 1, oldest: now - TimeDelta::minutes(59) };
        let waits = backlog(0, ordinary.into_iter().chain([fresh]).collect());
        assert_eq!(of(&[FLOW], &[scheduled(at("2026-11-20T05:45:00Z"))], &[], &waits, &[], now), []);
    }

    #[test]
    fn each_trouble_names_the_command_that_goes_on() {
        let now = at("2026-11-21T08:00:00Z");
        let open = |state, hours| OpenState { flow: FLOW, state, deliveries: 3, oldest: now - TimeDelta::hours(hours) };
        let day = |day: &str, state, late| reviews::standing::Day {
            business_day: day.parse().unwrap(),
            state,
            completed: None,
            by_hand: false,
            late,
            outside: [].into(),
            overdue: false,
            quiet: false,
            open: [].into(),
        };
        let days = vec![
            day("2026-11-20", DayState::NotSettled, false),
            day("2026-11-19", DayState::NotSettled, true),
            day("2026-11-18", DayState::NotComplete, true),
            reviews::standing::Day { quiet: true, completed: Some(0), ..day("2026-11-17", DayState::Complete, false) },
            reviews::standing::Day { overdue: true, ..day("2026-10-17", DayState::NotComplete, true) },
            reviews::standing::Day { by_hand: true, ..day("2026-01-17", DayState::NotSettled, true) },
        ];
        let store = "acme".to_owned().try_into().unwrap();
        let standing = Standing { store, settled: None, behind_days: 2, pass: None, days };
        let off =
            Part { name: "queue's mapping".to_owned(), ok: Some(false), said: Some("off".to_owned()), hint: None };
        let silent = [scheduled(at("2026-11-20T05:45:00Z"))];
        let found = of(
            &[FLOW],
            &silent,
            &[Of { flow: FLOW, of: standing }],
            &backlog(4, vec![open("parked", 0), open("uncertain", 2)]),
            &[off],
            now,
        );
        let found: Vec<_> = found.iter().map(|found| (found.what.as_str(), found.next.as_str())).collect();
        assert_eq!(
            found,
            [
                ("queue's mapping: off", "relay check"),
                ("the schedule has not run reviews-producer for 26 hours", "relay check"),
                ("2026-11-19, store acme: not settled", "relay check"),
                ("2026-11-18, store acme: not complete", "relay certificate 2026-11-18 --store acme --refresh"),
                (
                    "2026-10-17, store acme: not complete, due for more than a month: it needs a person",
                    "relay certificate 2026-10-17 --store acme --refresh"
                ),
                ("2026-01-17, store acme: not settled", "relay run --day 2026-01-17 --store acme --yes"),
                (
                    "2026-11-17, store acme: quiet, 0 orders and hardly one sent",
                    "relay preview --day 2026-11-17 --store acme"
                ),
                ("3 parked: a person is to decide", "relay parked list"),
                ("3 uncertain, the oldest for 2 hours", "relay certificate --refresh"),
                ("4 in the dead-letter queue", "relay dlq list"),
            ]
        );
        let by_hand = Run { by: "hand", ..scheduled(now) };
        assert_eq!(
            of(&[FLOW], &[by_hand], &[], &backlog(0, vec![]), &[], now).len(),
            1,
            "a run by hand is not the schedule's"
        );
    }

    #[test]
    fn ages_are_told_in_one_unit() {
        for (minutes, told) in [(1, "a minute or less"), (59, "59 minutes"), (119, "119 minutes"), (120, "2 hours")] {
            assert_eq!(age(TimeDelta::minutes(minutes)), told);
        }
        assert_eq!(age(TimeDelta::days(3)), "3 days");
    }
}
