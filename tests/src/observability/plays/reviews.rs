//! The reviews flow's alarms.

use super::{
    super::{course::play, reviews},
    DAY, HOUR, LENGTH, Minute, Played, READINGS, Samples, and, every, hourly, one, quiet, raised, rollouts, throttled,
    told,
};
use crate::template::Template;
use std::sync::LazyLock;

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| reviews().template);

/// What becomes of the producer's starts, every quarter of an hour in the first six of each day.
fn nightly(from: Minute, to: Minute, value: f64) -> Vec<(Minute, f64)> {
    every(15, from, to, value).into_iter().filter(|(at, _)| at % DAY < 6 * HOUR).collect()
}

pub(super) fn plays() -> Vec<Played> {
    let mut all = vec![
        // The third night is not settled, and none after it.
        raised("NoSettledNightAlarm", 3 * DAY..=3 * DAY + 6 * HOUR, vec![every(DAY, 10, 3 * DAY, 1.0)]),
        quiet("NoSettledNightAlarm", vec![every(2 * DAY, 10, LENGTH, 1.0), every(2 * DAY, DAY + 100, LENGTH, 1.0)]),
        raised("OldestOpenAlarm", DAY..=DAY + 2 * HOUR, vec![hourly(0, DAY, 80_000.0), hourly(DAY, LENGTH, 86_401.0)]),
        quiet("OldestOpenAlarm", vec![hourly(0, LENGTH, 86_400.0)]),
        raised("QuotaAlarm", 0..=HOUR, vec![nightly(0, LENGTH, 80.0)]),
        quiet("QuotaAlarm", vec![hourly(0, LENGTH, 79.9)]),
        raised("CredentialAlarm", 2 * DAY..=3 * DAY, vec![hourly(0, 2 * DAY, 14.0), hourly(2 * DAY, LENGTH, 13.0)]),
        quiet("CredentialAlarm", vec![hourly(0, LENGTH, 14.0)]),
        raised("QueueAgeAlarm", DAY..=DAY + 10, vec![every(5, 0, DAY, 60.0), every(5, DAY, LENGTH, 21_601.0)]),
        quiet("QueueAgeAlarm", vec![every(5, 0, LENGTH, 21_600.0)]),
        // A start that fails is not repeated: the next one comes after a quarter of an hour, or an hour.
        raised("ProducerErrorsAlarm", DAY..=DAY + HOUR, vec![nightly(0, DAY, 0.0), nightly(DAY, LENGTH, 1.0)]),
        quiet(
            "ProducerErrorsAlarm",
            vec![nightly(0, LENGTH, 0.0), every(DAY, 0, LENGTH, 1.0), every(DAY, 30, LENGTH, 1.0)],
        ),
        raised("ConsumerErrorsAlarm", DAY..=DAY + HOUR, vec![every(8, 0, DAY, 0.0), every(8, DAY, LENGTH, 1.0)]),
        quiet("ConsumerErrorsAlarm", vec![every(8, 0, LENGTH, 0.0), every(5, DAY, DAY + 15, 1.0)]),
        raised("ProducerThrottlesAlarm", 15..=30, (0..24).map(|start| throttled(15 * start)).collect()),
        quiet("ProducerThrottlesAlarm", vec![vec![(30, 1.0)], nightly(0, LENGTH, 0.0)]),
        raised("ConsumerThrottlesAlarm", 15..=30, vec![every(5, 0, DAY, 1.0)]),
        quiet("ConsumerThrottlesAlarm", vec![vec![(30, 1.0)], every(5, 0, LENGTH, 0.0)]),
    ];
    all.extend(rollouts(["ProducerRolloutAlarm", "ConsumerRolloutAlarm", "ReconcilerRolloutAlarm"]));
    all
}

/// The sum of an hour is 0 in the next one, and the order still waits.
#[test]
fn what_is_over_in_an_hour_mails_no_ok_and_speaks_again() {
    for alarm in ["RejectedAlarm", "ParkedAlarm", "MissingAlarm"] {
        let again = [vec![(70, 1.0)], every(5, 0, LENGTH, 0.0), vec![(DAY, 2.0)]];
        for told in told(&TEMPLATE, alarm, &one(alarm, again.to_vec())) {
            assert_eq!((told.raised.len(), told.ok.len()), (2, 0), "{alarm}: {told:?}");
        }
    }
}

#[test]
fn an_alarm_of_a_measured_state_says_when_it_is_over() {
    for (alarm, bad) in
        [("OldestOpenAlarm", 90_000.0), ("QuotaAlarm", 90.0), ("OldestUncertainAlarm", 4000.0), ("PausedAlarm", 30.0)]
    {
        // Measured, not measured for a day, and then well again.
        let course = vec![hourly(0, DAY, bad), hourly(2 * DAY, LENGTH, 0.0)];
        for told in told(&TEMPLATE, alarm, &one(alarm, course)) {
            assert_eq!(told.raised.len(), 1, "{alarm}");
            assert!(matches!(told.ok[..], [at] if at > 2 * DAY), "{alarm}: {told:?}");
        }
    }
}

/// Two days one after the other: each is told, and that the first is no news any more is no good news.
#[test]
fn each_quiet_day_is_told() {
    let course = vec![hourly(0, DAY, 1.0), hourly(DAY, DAY + 3 * HOUR, 0.0), hourly(DAY + 3 * HOUR, LENGTH, 1.0)];
    for told in told(&TEMPLATE, "QuietDaysAlarm", &one("QuietDaysAlarm", course)) {
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
    for told in told(&TEMPLATE, "StoppedAlarm", &samples) {
        assert_eq!(told.raised.len(), 1, "one message");
        assert!(matches!(told.ok[..], [at] if at > DAY) && !told.on, "{told:?}");
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
