//! The numbers that depend on each other (rule 12 of the delivery protocol), read from template and settings.

use config::Relay;
use ledger::{Backoff, decide::RECORD_LIFE};
use std::time::Duration;

const TEMPLATE: &str = include_str!("../../template.yaml");

fn relay() -> Relay {
    Relay::parse(include_str!("../../infra/config/relay.toml"), "infra/config/relay.toml").unwrap()
}

/// The default of a template parameter.
fn default(parameter: &str) -> u64 {
    let (_, rest) =
        TEMPLATE.split_once(&format!("\n  {parameter}:\n")).unwrap_or_else(|| panic!("no parameter {parameter}"));
    let value = rest.lines().find_map(|line| line.trim().strip_prefix("Default: ")).unwrap();
    value.trim().parse().unwrap()
}

/// The seconds after each `MessageRetentionPeriod:`, in the template's order: queue, dead-letter queue, the schedule's.
fn retentions() -> Vec<Duration> {
    let after = TEMPLATE.split("MessageRetentionPeriod: ").skip(1);
    after.map(|text| Duration::from_secs(text.split_whitespace().next().unwrap().parse().unwrap())).collect()
}

fn seconds(parameter: &str) -> Duration {
    Duration::from_secs(default(parameter))
}

fn backoff() -> Backoff {
    let protocol = relay().protocol;
    Backoff { base: protocol.backoff_base, cap: protocol.backoff_cap }
}

#[test]
fn a_call_fits_into_a_lease_and_a_lease_into_the_visibility() {
    let call = relay().protocol.call_timeout;
    // A call, a token on its way, and the time to write the outcome down.
    assert!(call * 2 < seconds("ConsumerTimeoutSeconds"));
    // A message is hidden while the mapping gathers its batch.
    let (consumer, window) = (seconds("ConsumerTimeoutSeconds"), seconds("BatchingWindowSeconds"));
    assert!(seconds("QueueVisibilitySeconds") >= consumer * 6 + window);
}

#[test]
fn the_receives_outlast_a_day_of_outage_at_the_least() {
    let receives = u32::try_from(default("MaxReceiveCount")).unwrap();
    let day = Duration::from_hours(24);
    assert!(seconds("QueueVisibilitySeconds") * receives >= day);
    assert!(backoff().least_total(receives - 1) >= day, "{:?}", backoff().least_total(receives - 1));
}

#[test]
fn retentions_and_the_life_of_a_record_are_in_order() {
    let [queue, dead_letters, _schedule] = retentions()[..] else { panic!("three queues were expected") };
    let receives = u32::try_from(default("MaxReceiveCount")).unwrap();
    let longest: Duration = (1..receives).map(|attempt| backoff().most(attempt)).sum();
    assert!(longest < queue, "all retries take up to {longest:?}");
    assert!(dead_letters > queue);
    // Look-back of a pass: six months; the longest replay: a dead letter's whole life.
    assert!(RECORD_LIFE > dead_letters + Duration::from_hours(184 * 24) + dead_letters);
}

/// A day's outage at the true values: the attempts fall as the schedule says, the last receive is never near, and recovery
/// is noticed within half an hour.
#[test]
fn a_day_of_outage_passes_without_anyone_touching_it() {
    let day = Duration::from_hours(24);
    let mut least = Duration::ZERO;
    let mut attempts = 0;
    println!("attempt   back-off      earliest    latest");
    let mut latest = Duration::ZERO;
    while least < day {
        attempts += 1;
        let most = backoff().most(attempts);
        least += most / 2;
        latest += most;
        if attempts <= 9 || attempts % 20 == 0 {
            println!("{attempts:>7}   {most:>8?}   {least:>9?} {latest:>9?}");
        }
    }
    println!("{attempts:>7}   a day is over at the earliest");
    assert!(u64::from(attempts) < default("MaxReceiveCount"), "{attempts} attempts in a day");
    assert!(backoff().cap <= Duration::from_mins(30), "recovery is noticed within the cap");
}

#[test]
fn the_night_holds_a_run_after_every_stores_midnight() {
    // The schedule's hours, in its zone; every store's day must have ended before the last of them.
    let parameter = |name: &str| {
        let (_, rest) = TEMPLATE.split_once(&format!("\n  {name}:\n")).unwrap();
        rest.lines().find_map(|line| line.trim().strip_prefix("Default: ")).unwrap().trim().to_owned()
    };
    let zone: chrono_tz::Tz = parameter("ScheduleTimeZone").parse().unwrap();
    let hours = parameter("ScheduleHours");
    let (first, last) = hours.split_once('-').unwrap();
    let (first, last): (u32, u32) = (first.parse().unwrap(), last.parse().unwrap());
    for day in ["2026-01-15", "2026-03-08", "2026-03-29", "2026-07-15", "2026-10-25", "2026-11-01"] {
        let day: config::BusinessDay = day.parse().unwrap();
        for (name, store) in &relay().stores {
            let midnight = day.window(store.time_zone).end.with_timezone(&zone);
            let hour = chrono::Timelike::hour(&midnight);
            assert!(
                (first..=last).contains(&hour),
                "{name}'s day {day} ends at {midnight}: no run follows it that night"
            );
        }
    }
}

/// What two places must agree on is one parameter in both.
#[test]
fn worker_and_queue_are_told_the_same_numbers() {
    for (told_to_the_worker, told_to_the_queue) in [
        ("VENDOR_CONCURRENCY: !Ref ConsumerConcurrency", "MaximumConcurrency: !Ref ConsumerConcurrency"),
        ("MAX_RECEIVE_COUNT: !Ref MaxReceiveCount", "maxReceiveCount: !Ref MaxReceiveCount"),
        ("Timeout: !Ref ConsumerTimeoutSeconds", "VisibilityTimeout: !Ref QueueVisibilitySeconds"),
    ] {
        assert!(TEMPLATE.contains(told_to_the_worker), "{told_to_the_worker}");
        assert!(TEMPLATE.contains(told_to_the_queue), "{told_to_the_queue}");
    }
    // The consumer answers with a partial batch response; without this AWS would take it for success.
    assert!(TEMPLATE.contains("FunctionResponseTypes: [ReportBatchItemFailures]"));
    assert!(relay().pace.yotpo_reviews <= 5.0, "Yotpo states five calls a second");
}
