//! Each alarm's metric takes a course in which it must be raised, and one in which it must not: an alarm that cannot speak is
//! worse than none.

mod erp;
mod loyalty;
mod reviews;

use super::{
    course::{Minute, Reading, Samples, Told, play},
    parts, stopped_by,
};
use crate::template::Template;
use std::collections::BTreeSet;

const HOUR: Minute = 60;
const DAY: Minute = 24 * HOUR;

const READINGS: [Reading; 2] = [Reading { slides: false, further: 0 }, Reading { slides: true, further: 2 }];

/// How long a course is.
const LENGTH: Minute = 6 * DAY;

/// Values every so many minutes, from one minute up to and without another.
fn every(step: Minute, from: Minute, to: Minute, value: f64) -> Vec<(Minute, f64)> {
    (from..to).step_by(usize::try_from(step).unwrap()).map(|at| (at, value)).collect()
}

/// What the reconciler measures: at the half of each hour.
fn hourly(from: Minute, to: Minute, value: f64) -> Vec<(Minute, f64)> {
    every(HOUR, from + 30, to, value)
}

fn one(alarm: &str, samples: Vec<Vec<(Minute, f64)>>) -> Samples {
    [(alarm.to_owned(), samples.into_iter().flatten().collect())].into()
}

fn and(mut all: Samples, other: Samples) -> Samples {
    all.extend(other);
    all
}

/// The course of an alarm, however far CloudWatch looks back where values are missing.
fn told(template: &Template, alarm: &str, samples: &Samples) -> [Told; 2] {
    READINGS.map(|reading| play(template, alarm, samples, LENGTH, reading))
}

fn raised(alarm: &str, within: std::ops::RangeInclusive<Minute>, samples: Vec<Vec<(Minute, f64)>>) -> Played {
    Played { alarm: alarm.to_owned(), within: Some(within), samples: one(alarm, samples) }
}

fn quiet(alarm: &str, samples: Vec<Vec<(Minute, f64)>>) -> Played {
    Played { alarm: alarm.to_owned(), within: None, samples: one(alarm, samples) }
}

/// A course, and when the alarm is to be raised first; or not at all.
struct Played {
    alarm: String,
    within: Option<std::ops::RangeInclusive<Minute>>,
    samples: Samples,
}

/// Attempts of a start that Lambda throttles: it gives up after a quarter of an hour.
fn throttled(start: Minute) -> Vec<(Minute, f64)> {
    [0, 1, 3, 7, 12].map(|after| (start + after, 1.0)).into()
}

/// The courses of a flow's alarms.
fn plays(flow: &str) -> Vec<Played> {
    let mut all = match flow {
        "erp" => erp::plays(),
        "loyalty" => loyalty::plays(),
        _ => reviews::plays(),
    };
    all.extend(of_every_flow());
    all
}

/// What every flow's alarms have in common.
fn of_every_flow() -> Vec<Played> {
    let letter = |from, to| every(5, from, to, 1.0);
    vec![
        raised("MissingAlarm", 10 * HOUR..=11 * HOUR, vec![hourly(0, LENGTH, 0.0), vec![(10 * HOUR + 30, 3.0)]]),
        quiet("MissingAlarm", vec![hourly(0, LENGTH, 0.0)]),
        raised("RejectedAlarm", HOUR..=2 * HOUR, vec![every(5, 0, LENGTH, 0.0), vec![(70, 1.0)]]),
        quiet("RejectedAlarm", vec![every(5, 0, 3 * HOUR, 0.0)]),
        raised("ParkedAlarm", HOUR..=2 * HOUR, vec![every(5, 0, LENGTH, 0.0), vec![(70, 1.0)]]),
        quiet("ParkedAlarm", vec![every(5, 0, 3 * HOUR, 0.0)]),
        raised("OldestUncertainAlarm", DAY..=DAY + HOUR, vec![hourly(0, DAY, 0.0), hourly(DAY, LENGTH, 3601.0)]),
        quiet("OldestUncertainAlarm", vec![hourly(0, LENGTH, 3600.0)]),
        // News for a day.
        raised("QuietDaysAlarm", DAY..=DAY + HOUR, vec![hourly(0, DAY, 0.0), hourly(DAY, 2 * DAY, 1.0)]),
        quiet("QuietDaysAlarm", vec![hourly(0, LENGTH, 0.0)]),
        raised("DaysOverdueAlarm", DAY..=DAY + HOUR, vec![hourly(0, DAY, 0.0), hourly(DAY, LENGTH, 1.0)]),
        quiet("DaysOverdueAlarm", vec![hourly(0, LENGTH, 0.0)]),
        raised("PausedAlarm", DAY..=DAY + HOUR, vec![hourly(0, DAY, 23.0), hourly(DAY, LENGTH, 24.0)]),
        quiet("PausedAlarm", vec![hourly(0, LENGTH, 23.0)]),
        raised("DeadLettersAlarm", DAY..=DAY + 10, vec![every(5, 0, DAY, 0.0), letter(DAY, LENGTH)]),
        quiet("DeadLettersAlarm", vec![every(5, 0, DAY, 0.0)]),
        raised("MoreDeadLettersAlarm", DAY..=DAY + 10, vec![letter(0, DAY), every(5, DAY, LENGTH, 2.0)]),
        quiet("MoreDeadLettersAlarm", vec![letter(0, DAY), letter(2 * DAY, LENGTH)]),
        raised(
            "OldDeadLettersAlarm",
            HOUR..=2 * HOUR,
            vec![every(5, 0, HOUR, 864_000.0), every(5, HOUR, DAY, 864_001.0)],
        ),
        quiet("OldDeadLettersAlarm", vec![every(5, 0, LENGTH, 864_000.0)]),
        raised("ScheduleDeadLettersAlarm", DAY..=DAY + 10, vec![letter(DAY, LENGTH)]),
        quiet("ScheduleDeadLettersAlarm", vec![every(5, 0, DAY, 0.0)]),
        raised("ReconcilerErrorsAlarm", DAY..=DAY + 3 * HOUR, vec![hourly(0, DAY, 0.0), hourly(DAY, LENGTH, 1.0)]),
        quiet("ReconcilerErrorsAlarm", vec![hourly(0, LENGTH, 0.0), every(4 * HOUR, 30, LENGTH, 1.0)]),
        raised("ReconcilerThrottlesAlarm", HOUR..=5 * HOUR, (0..24).map(|hour| throttled(HOUR * hour + 30)).collect()),
        quiet("ReconcilerThrottlesAlarm", vec![throttled(30), hourly(HOUR, LENGTH, 0.0)]),
        // A value comes with a throttled write alone.
        raised("LedgerThrottlesAlarm", 10..=20, vec![every(5, 0, DAY, 4.0)]),
        quiet("LedgerThrottlesAlarm", vec![every(30, 0, LENGTH, 4.0)]),
        raised("ReconcilerSilentAlarm", DAY + 2 * HOUR..=DAY + 6 * HOUR, vec![hourly(0, DAY, 7.0)]),
        quiet("ReconcilerSilentAlarm", vec![every(2 * HOUR, 30, LENGTH, 0.0)]),
    ]
}

/// Any failure of an alias takes its deployment back.
fn rollouts<const N: usize>(alarms: [&str; N]) -> impl Iterator<Item = Played> {
    alarms.into_iter().flat_map(|alarm| {
        let bad = raised(alarm, DAY..=DAY + 2, vec![every(5, 0, LENGTH, 0.0), vec![(DAY, 1.0)]]);
        [bad, quiet(alarm, vec![every(5, 0, LENGTH, 0.0)])]
    })
}

#[test]
fn every_alarm_is_raised_when_it_must_be_and_only_then() {
    for part in parts() {
        let (mut heard, mut silent) = (BTreeSet::new(), BTreeSet::new());
        for Played { alarm, within, samples } in plays(part.flow) {
            for told in told(&part.template, &alarm, &samples) {
                if let Some(within) = &within {
                    let first = told.raised.first().unwrap_or_else(|| panic!("{alarm} says nothing"));
                    assert!(within.contains(first), "{alarm}: raised in minute {first}, not in {within:?}");
                    heard.insert(alarm.clone());
                } else {
                    assert_eq!(told.raised, Vec::<Minute>::new(), "{alarm}");
                    silent.insert(alarm.clone());
                }
            }
        }
        let alarms = part.template.of_type("AWS::CloudWatch::Alarm");
        let all: BTreeSet<_> = alarms.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!((&heard, &silent), (&all, &all), "each alarm has a course that raises it, and one that does not");
    }
}

/// When nothing is measured any more, nobody is told that all is well.
#[test]
fn silence_is_no_good_news() {
    let played =
        parts().into_iter().flat_map(|part| plays(part.flow).into_iter().map(move |it| (part.template.clone(), it)));
    for (template, Played { alarm, within, mut samples }) in played {
        let Some(within) = within else { continue };
        // Values end with the hour in which it is raised, those of its last value go on as long.
        let last = within.end() + 3 * DAY;
        for samples in samples.values_mut() {
            samples.retain(|(at, _)| at < within.end());
        }
        for reading in READINGS {
            let told = play(&template, &alarm, &samples, last, reading);
            assert_eq!(told.ok, Vec::<Minute>::new(), "{alarm} says that all is well");
        }
    }
}

#[test]
fn each_alarm_of_the_machinery_stops_the_flow() {
    for part in parts() {
        let measured = || {
            let mut measured = one("ReconcilerSilentAlarm", vec![hourly(0, LENGTH, 0.0)]);
            if part.flow == "loyalty" {
                measured.extend(one("ProducerSilentAlarm", vec![every(15, 0, LENGTH, 7.0)]));
            }
            measured
        };
        for told in told(&part.template, "StoppedAlarm", &measured()) {
            assert_eq!(told, Told::default(), "all is well");
        }
        let in_it = stopped_by(&part.template);
        assert!(in_it.len() >= 8);
        for Played { alarm, within, samples } in plays(part.flow) {
            let Some(within) = within.filter(|_| in_it.contains(&alarm)) else { continue };
            for told in told(&part.template, "StoppedAlarm", &and(measured(), samples)) {
                assert!(told.raised.first().is_some_and(|first| within.contains(first)), "{alarm}: {told:?}");
            }
        }
    }
}
