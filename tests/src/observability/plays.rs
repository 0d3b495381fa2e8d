//! Each alarm's metric takes a course in which it must be raised, and one in which it must not: an alarm that cannot speak is
//! worse than none.

use super::{
    course::{Minute, Reading, Samples, Told, play},
    observability,
};
use crate::template::Template;
use std::{collections::BTreeSet, sync::LazyLock};

const HOUR: Minute = 60;
const DAY: Minute = 24 * HOUR;

static TEMPLATE: LazyLock<Template> = LazyLock::new(observability);

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

/// What becomes of the producer's starts, every quarter of an hour in the first six of each day.
fn nightly(from: Minute, to: Minute, value: f64) -> Vec<(Minute, f64)> {
    every(15, from, to, value).into_iter().filter(|(at, _)| at % DAY < 6 * HOUR).collect()
}

fn one(alarm: &str, samples: Vec<Vec<(Minute, f64)>>) -> Samples {
    [(alarm.to_owned(), samples.into_iter().flatten().collect())].into()
}

fn and(mut all: Samples, other: Samples) -> Samples {
    all.extend(other);
    all
}

/// The course of an alarm, however far CloudWatch looks back where values are missing.
fn told(alarm: &str, samples: &Samples) -> [Told; 2] {
    READINGS.map(|reading| play(&TEMPLATE, alarm, samples, LENGTH, reading))
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

fn plays() -> Vec<Played> {
    let letter = |from, to| every(5, from, to, 1.0);
    let mut all = vec![
        // The third night is not settled, and none after it.
        raised("NoSettledNightAlarm", 3 * DAY..=3 * DAY + 6 * HOUR, vec![every(DAY, 10, 3 * DAY, 1.0)]),
        quiet("NoSettledNightAlarm", vec![every(2 * DAY, 10, LENGTH, 1.0), every(2 * DAY, DAY + 100, LENGTH, 1.0)]),
        raised("MissingAlarm", 10 * HOUR..=11 * HOUR, vec![hourly(0, LENGTH, 0.0), vec![(10 * HOUR + 30, 3.0)]]),
        quiet("MissingAlarm", vec![hourly(0, LENGTH, 0.0)]),
        raised("RejectedAlarm", HOUR..=2 * HOUR, vec![every(5, 0, LENGTH, 0.0), vec![(70, 1.0)]]),
        quiet("RejectedAlarm", vec![every(5, 0, 3 * HOUR, 0.0)]),
        raised("ParkedAlarm", HOUR..=2 * HOUR, vec![every(5, 0, LENGTH, 0.0), vec![(70, 1.0)]]),
        quiet("ParkedAlarm", vec![every(5, 0, 3 * HOUR, 0.0)]),
        raised("OldestOpenAlarm", DAY..=DAY + 2 * HOUR, vec![hourly(0, DAY, 80_000.0), hourly(DAY, LENGTH, 86_401.0)]),
        quiet("OldestOpenAlarm", vec![hourly(0, LENGTH, 86_400.0)]),
        raised("OldestUncertainAlarm", DAY..=DAY + HOUR, vec![hourly(0, DAY, 0.0), hourly(DAY, LENGTH, 3601.0)]),
        quiet("OldestUncertainAlarm", vec![hourly(0, LENGTH, 3600.0)]),
        // News for a day.
        raised("QuietDaysAlarm", DAY..=DAY + HOUR, vec![hourly(0, DAY, 0.0), hourly(DAY, 2 * DAY, 1.0)]),
        quiet("QuietDaysAlarm", vec![hourly(0, LENGTH, 0.0)]),
        raised("DaysOverdueAlarm", DAY..=DAY + HOUR, vec![hourly(0, DAY, 0.0), hourly(DAY, LENGTH, 1.0)]),
        quiet("DaysOverdueAlarm", vec![hourly(0, LENGTH, 0.0)]),
        raised("QuotaAlarm", 0..=HOUR, vec![nightly(0, LENGTH, 80.0)]),
        quiet("QuotaAlarm", vec![hourly(0, LENGTH, 79.9)]),
        raised("CredentialAlarm", 2 * DAY..=3 * DAY, vec![hourly(0, 2 * DAY, 14.0), hourly(2 * DAY, LENGTH, 13.0)]),
        quiet("CredentialAlarm", vec![hourly(0, LENGTH, 14.0)]),
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
        raised("QueueAgeAlarm", DAY..=DAY + 10, vec![every(5, 0, DAY, 60.0), every(5, DAY, LENGTH, 21_601.0)]),
        quiet("QueueAgeAlarm", vec![every(5, 0, LENGTH, 21_600.0)]),
        raised("ScheduleDeadLettersAlarm", DAY..=DAY + 10, vec![letter(DAY, LENGTH)]),
        quiet("ScheduleDeadLettersAlarm", vec![every(5, 0, DAY, 0.0)]),
        // A start that fails is not repeated: the next one comes after a quarter of an hour, or an hour.
        raised("ProducerErrorsAlarm", DAY..=DAY + HOUR, vec![nightly(0, DAY, 0.0), nightly(DAY, LENGTH, 1.0)]),
        quiet(
            "ProducerErrorsAlarm",
            vec![nightly(0, LENGTH, 0.0), every(DAY, 0, LENGTH, 1.0), every(DAY, 30, LENGTH, 1.0)],
        ),
        raised("ConsumerErrorsAlarm", DAY..=DAY + HOUR, vec![every(8, 0, DAY, 0.0), every(8, DAY, LENGTH, 1.0)]),
        quiet("ConsumerErrorsAlarm", vec![every(8, 0, LENGTH, 0.0), every(5, DAY, DAY + 15, 1.0)]),
        raised("ReconcilerErrorsAlarm", DAY..=DAY + 3 * HOUR, vec![hourly(0, DAY, 0.0), hourly(DAY, LENGTH, 1.0)]),
        quiet("ReconcilerErrorsAlarm", vec![hourly(0, LENGTH, 0.0), every(4 * HOUR, 30, LENGTH, 1.0)]),
        raised("ProducerThrottlesAlarm", 15..=30, (0..24).map(|start| throttled(15 * start)).collect()),
        quiet("ProducerThrottlesAlarm", vec![vec![(30, 1.0)], nightly(0, LENGTH, 0.0)]),
        raised("ConsumerThrottlesAlarm", 15..=30, vec![every(5, 0, DAY, 1.0)]),
        quiet("ConsumerThrottlesAlarm", vec![vec![(30, 1.0)], every(5, 0, LENGTH, 0.0)]),
        raised("ReconcilerThrottlesAlarm", HOUR..=5 * HOUR, (0..24).map(|hour| throttled(HOUR * hour + 30)).collect()),
        quiet("ReconcilerThrottlesAlarm", vec![throttled(30), hourly(HOUR, LENGTH, 0.0)]),
        // A value comes with a throttled write alone.
        raised("LedgerThrottlesAlarm", 10..=20, vec![every(5, 0, DAY, 4.0)]),
        quiet("LedgerThrottlesAlarm", vec![every(30, 0, LENGTH, 4.0)]),
        raised("ReconcilerSilentAlarm", DAY + 2 * HOUR..=DAY + 6 * HOUR, vec![hourly(0, DAY, 7.0)]),
        quiet("ReconcilerSilentAlarm", vec![every(2 * HOUR, 30, LENGTH, 0.0)]),
    ];
    for alarm in ["ProducerRolloutAlarm", "ConsumerRolloutAlarm", "ReconcilerRolloutAlarm"] {
        all.push(raised(alarm, DAY..=DAY + 2, vec![every(5, 0, LENGTH, 0.0), vec![(DAY, 1.0)]]));
        all.push(quiet(alarm, vec![every(5, 0, LENGTH, 0.0)]));
    }
    all
}

#[test]
fn every_alarm_is_raised_when_it_must_be_and_only_then() {
    let (mut heard, mut silent) = (BTreeSet::new(), BTreeSet::new());
    for Played { alarm, within, samples } in plays() {
        for told in told(&alarm, &samples) {
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
    let all: BTreeSet<_> =
        TEMPLATE.of_type("AWS::CloudWatch::Alarm").iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!((&heard, &silent), (&all, &all), "each alarm has a course that raises it, and one that does not");
}

/// When nothing is measured any more, nobody is told that all is well.
#[test]
fn silence_is_no_good_news() {
    for Played { alarm, within, mut samples } in plays() {
        let Some(within) = within else { continue };
        // Values end with the hour in which it is raised, those of its last value go on as long.
        let last = within.end() + 3 * DAY;
        for samples in samples.values_mut() {
            samples.retain(|(at, _)| at < within.end());
        }
        for reading in READINGS {
            let told = play(&TEMPLATE, &alarm, &samples, last, reading);
            assert_eq!(told.ok, Vec::<Minute>::new(), "{alarm} says that all is well");
        }
    }
}

/// The sum of an hour is 0 in the next one, and the order still waits.
#[test]
fn what_is_over_in_an_hour_mails_no_ok_and_speaks_again() {
    for alarm in ["RejectedAlarm", "ParkedAlarm", "MissingAlarm"] {
        let again = [vec![(70, 1.0)], every(5, 0, LENGTH, 0.0), vec![(DAY, 2.0)]];
        for told in told(alarm, &one(alarm, again.to_vec())) {
            assert_eq!((told.raised.len(), told.ok.len()), (2, 0), "{alarm}: {told:?}");
        }
    }
}

#[test]
fn an_alarm_of_a_measured_state_says_when_it_is_over() {
    for (alarm, bad) in [("OldestOpenAlarm", 90_000.0), ("QuotaAlarm", 90.0), ("OldestUncertainAlarm", 4000.0)] {
        // Measured, not measured for a day, and then well again.
        let course = vec![hourly(0, DAY, bad), hourly(2 * DAY, LENGTH, 0.0)];
        for told in told(alarm, &one(alarm, course)) {
            assert_eq!(told.raised.len(), 1, "{alarm}");
            assert!(matches!(told.ok[..], [at] if at > 2 * DAY), "{alarm}: {told:?}");
        }
    }
}

/// Two days one after the other: each is told, and that the first is no news any more is no good news.
#[test]
fn each_quiet_day_is_told() {
    let course = vec![hourly(0, DAY, 1.0), hourly(DAY, DAY + 3 * HOUR, 0.0), hourly(DAY + 3 * HOUR, LENGTH, 1.0)];
    for told in told("QuietDaysAlarm", &one("QuietDaysAlarm", course)) {
        assert_eq!((told.raised.len(), told.ok.len()), (2, 0), "{told:?}");
    }
}

/// A producer that failed in the night is not started by day.
#[test]
fn one_message_for_what_fails_together_and_no_all_clear_before_it_is() {
    let night = every(15, 0, 6 * HOUR, 1.0);
    let mended = nightly(DAY, LENGTH, 0.0);
    let failed = one("ProducerErrorsAlarm", vec![night, mended]);
    let samples = and(
        and(failed, one("ReconcilerSilentAlarm", vec![hourly(0, LENGTH, 0.0)])),
        one("ReconcilerErrorsAlarm", vec![hourly(0, DAY, 1.0), hourly(DAY, LENGTH, 0.0)]),
    );
    for told in told("StoppedAlarm", &samples) {
        assert_eq!(told.raised.len(), 1, "one message");
        assert!(matches!(told.ok[..], [at] if at > DAY) && !told.on, "{told:?}");
    }
}

#[test]
fn each_alarm_of_the_machinery_stops_the_flow() {
    let measured = || one("ReconcilerSilentAlarm", vec![hourly(0, LENGTH, 0.0)]);
    for told in told("StoppedAlarm", &measured()) {
        assert_eq!(told, Told::default(), "all is well");
    }
    let in_it = super::stopped_by();
    assert!(in_it.len() >= 10);
    for Played { alarm, within, samples } in plays() {
        let Some(within) = within.filter(|_| in_it.contains(&alarm)) else { continue };
        for told in told("StoppedAlarm", &and(measured(), samples)) {
            assert!(told.raised.first().is_some_and(|first| within.contains(first)), "{alarm}: {told:?}");
        }
    }
}

/// The dead-letter queue holds so many letters in the end.
fn letters(course: &[Vec<(Minute, f64)>]) -> Samples {
    and(one("DeadLettersAlarm", course.to_vec()), one("MoreDeadLettersAlarm", course.to_vec()))
}

/// Periods slide here: with those of full hours, the letter is there before the hour is over in which its order was parked.
#[test]
fn a_letter_that_nobody_announced_is_told_at_once_behind_a_forgotten_one_too() {
    let told = |alarm: &str, samples: &Samples| play(&TEMPLATE, alarm, samples, LENGTH, READINGS[1]);
    let parked = || one("ParkedAlarm", vec![vec![(70, 1.0)], every(5, 0, LENGTH, 0.0)]);
    let forgotten = [every(5, 0, 70, 0.0), every(5, 70, LENGTH, 1.0)];
    let announced = and(letters(&forgotten), parked());
    let reminded = told("DeadLettersUnattendedAlarm", &announced);
    assert!(matches!(reminded.raised[..], [at] if at > 2 * HOUR && at < 5 * HOUR), "an hour later: {reminded:?}");
    assert!(reminded.on && reminded.ok.is_empty(), "{reminded:?}");
    assert!(told("DeadLettersUnannouncedAlarm", &announced).raised.is_empty(), "an alarm has said why");
    // Three days later comes one that nobody could read.
    let behind = [every(5, 0, 70, 0.0), every(5, 70, 3 * DAY, 1.0), every(5, 3 * DAY, LENGTH, 2.0)];
    let behind = and(letters(&behind), parked());
    assert_eq!(told("DeadLettersUnannouncedAlarm", &behind).raised, [3 * DAY + 5]);
    assert_eq!(told("DeadLettersUnattendedAlarm", &behind).raised.len(), 1, "the forgotten one, once");
    // The first of all, into an empty queue of which nothing was measured.
    let first = and(letters(&[every(5, 3 * DAY, LENGTH, 1.0)]), one("ParkedAlarm", vec![hourly(0, LENGTH, 0.0)]));
    assert_eq!(told("DeadLettersUnattendedAlarm", &first).raised, [3 * DAY + 5]);
}
