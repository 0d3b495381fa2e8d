//! The numbers that depend on each other (rule 12 of the delivery protocol), read from template, settings and code.

use crate::template::{Template, referred, shipped_text, workspace};
use config::Relay;
use ledger::{Backoff, decide::RECORD_LIFE};
use serde_json::Value;
use std::{fs, time::Duration};

/// Half a year, which is how far a pass looks back.
const LOOK_BACK: Duration = Duration::from_hours(184 * 24);
const DAY: Duration = Duration::from_hours(24);
/// What Yotpo states for another of its APIs, in calls a second.
const YOTPO: f64 = 5.0;

/// The numbers of one flow's consumer and its queue, with one file of settings.
#[derive(Clone, Debug)]
pub(crate) struct Numbers {
    call: Duration,
    stop_before: Duration,
    pace: f64,
    backoff: Backoff,
    producer: Duration,
    consumer: Duration,
    batch: u32,
    window: Duration,
    concurrency: u32,
    visibility: Duration,
    receives: u32,
    retention: Duration,
    dead_letter_retention: Duration,
    due: Duration,
}

impl Numbers {
    /// Reads them from a template whose parameters are put in.
    pub(crate) fn read(template: &Template, relay: &Relay) -> Self {
        let consumer = template.function("reviews-consumer");
        let [mapping] = consumer.mappings()[..] else { panic!("the consumer has one queue") };
        let queue = &template.0["Resources"][referred(&mapping["Queue"]).unwrap()]["Properties"];
        let dead_letters = referred(&queue["RedrivePolicy"]["deadLetterTargetArn"]).unwrap();
        let dead_letters = &template.0["Resources"][dead_letters]["Properties"];
        let number =
            |value: &Value| u32::try_from(value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))).unwrap();
        let seconds = |value: &Value| Duration::from_secs(number(value).into());
        let producer = template.function("reviews-producer");
        Self {
            call: relay.protocol.call_timeout,
            stop_before: relay.protocol.producer_stop_before,
            pace: relay.pace.yotpo_reviews,
            backoff: Backoff { base: relay.protocol.backoff_base, cap: relay.protocol.backoff_cap },
            producer: seconds(&producer.properties["Timeout"]),
            consumer: seconds(&consumer.properties["Timeout"]),
            batch: number(&mapping["BatchSize"]),
            window: mapping.get("MaximumBatchingWindowInSeconds").map_or(Duration::ZERO, seconds),
            concurrency: number(&mapping["ScalingConfig"]["MaximumConcurrency"]),
            visibility: seconds(&queue["VisibilityTimeout"]),
            receives: number(&queue["RedrivePolicy"]["maxReceiveCount"]),
            retention: seconds(&queue["MessageRetentionPeriod"]),
            dead_letter_retention: seconds(&dead_letters["MessageRetentionPeriod"]),
            due: DAY * reconciliation::due::DAYS,
        }
    }

    /// How long a consumer takes for a batch at its share of the pace: the reconciler has one too.
    fn paced_batch(&self) -> Duration {
        Duration::from_secs_f64(f64::from(self.batch * (self.concurrency + 1)) / self.pace)
    }

    fn longest_retries(&self) -> Duration {
        (1..self.receives).map(|attempt| self.backoff.most(attempt)).sum()
    }
}

/// What must hold, and its name.
type Relation = (&'static str, fn(&Numbers) -> bool);

/// No message is hidden for longer than this from its receipt.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>
const LONGEST_HIDDEN: Duration = Duration::from_hours(12);

const RELATIONS: [Relation; 13] = [
    ("two calls, one for a token, and the write of their outcome fit into a lease", |n| n.call * 2 < n.consumer),
    ("a whole batch at the worker's share of the pace fits into a lease", |n| n.paced_batch() + n.call < n.consumer),
    ("the visibility time-out is six times the consumer's and its batching window", |n| {
        n.visibility >= n.consumer * 6 + n.window
    }),
    ("a message is hidden for no longer than SQS allows since its receipt", |n| n.visibility <= queue::RECEIPT_MARGIN),
    ("the receives at the queue's own time-out outlast a day", |n| n.visibility * n.receives >= DAY),
    ("the receives at the least back-off outlast a day", |n| n.backoff.least_total(n.receives - 1) >= DAY),
    ("recovery is noticed within half an hour", |n| n.backoff.cap <= Duration::from_mins(30)),
    ("a message outlives all its retries", |n| n.longest_retries() < n.retention),
    ("a dead letter outlives a message", |n| n.dead_letter_retention > n.retention),
    // With a day in which it is looked at once: what is lost with the queue is made anew.
    ("a day is due for longer than a message lives and waits", |n| n.due > n.retention + LONGEST_HIDDEN + DAY),
    // The longest replay: a dead letter's whole life, begun when the look-back ends.
    ("a record outlives dead letters, look-back and replay", |n| RECORD_LIFE > n.dead_letter_retention * 2 + LOOK_BACK),
    ("the producer has time for a page before it stops", |n| n.stop_before * 2 < n.producer),
    ("the pace of all workers is within the vendor's limit", |n| n.pace <= YOTPO),
];

/// The names of the relations that do not hold.
pub(crate) fn broken(numbers: &Numbers) -> Vec<&'static str> {
    RELATIONS.iter().filter(|(_, holds)| !holds(numbers)).map(|(name, _)| *name).collect()
}

/// Every environment's settings, with the file's name.
pub(crate) fn environments() -> Vec<(String, Relay)> {
    let mut files: Vec<_> =
        fs::read_dir(workspace("infra/config")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(!files.is_empty());
    files.into_iter().map(|path| (path.display().to_string(), Relay::load(&path).unwrap())).collect()
}

#[test]
fn the_shipped_numbers_are_in_order() {
    for (file, relay) in environments() {
        let numbers = Numbers::read(&Template::shipped().with(&[]), &relay);
        assert_eq!(broken(&numbers), Vec::<&str>::new(), "{file}: {numbers:?}");
    }
}

/// Each number in turn is changed in the text, and a relation that it stands in is named.
#[test]
fn a_changed_number_breaks_a_relation_that_is_named() {
    let relay = fs::read_to_string(workspace("infra/config/relay.toml")).unwrap();
    let parameter = |name: &str, value: &str| {
        let text = shipped_text();
        let (before, after) =
            text.split_once(&format!("\n  {name}:\n")).unwrap_or_else(|| panic!("no parameter {name}"));
        let (line, rest) = after.split_once("    Default: ").unwrap();
        let (_, rest) = rest.split_once('\n').unwrap();
        (format!("{before}\n  {name}:\n{line}    Default: {value}\n{rest}"), relay.clone())
    };
    let literal = |from: &str, to: &str| {
        assert!(shipped_text().contains(from), "{from}");
        (shipped_text().replace(from, to), relay.clone())
    };
    let setting = |from: &str, to: &str| {
        assert!(relay.contains(from), "{from}");
        (shipped_text(), relay.replacen(from, to, 1))
    };
    let two_calls = "two calls, one for a token, and the write of their outcome fit into a lease";
    let batch = "a whole batch at the worker's share of the pace fits into a lease";
    let six = "the visibility time-out is six times the consumer's and its batching window";
    let own = "the receives at the queue's own time-out outlast a day";
    let at_least = "the receives at the least back-off outlast a day";
    let retries = "a message outlives all its retries";
    let letters = "a dead letter outlives a message";
    for ((template, relay), named) in [
        (parameter("ConsumerTimeoutSeconds", "20"), vec![two_calls]),
        (parameter("ConsumerTimeoutSeconds", "14"), vec![two_calls, batch]),
        (parameter("ConsumerTimeoutSeconds", "120"), vec![six]),
        (parameter("ProducerTimeoutSeconds", "120"), vec!["the producer has time for a page before it stops"]),
        (parameter("QueueVisibilitySeconds", "300"), vec![six, own]),
        (
            parameter("QueueVisibilitySeconds", "1000"),
            vec!["a message is hidden for no longer than SQS allows since its receipt"],
        ),
        (parameter("MaxReceiveCount", "90"), vec![own, at_least]),
        (parameter("MaxReceiveCount", "400"), vec![retries]),
        (parameter("ConsumerConcurrency", "20"), vec![batch]),
        (literal("MessageRetentionPeriod: 604800", "MessageRetentionPeriod: 345600"), vec![retries]),
        (literal("MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 604800"), vec![letters]),
        (setting("call_timeout = \"10s\"", "call_timeout = \"30s\""), vec![two_calls]),
        (setting("backoff_cap = \"30m\"", "backoff_cap = \"10m\""), vec![at_least]),
        (
            setting("backoff_cap = \"30m\"", "backoff_cap = \"2h\""),
            vec!["recovery is noticed within half an hour", retries],
        ),
        (
            setting("yotpo_reviews = 4\n", "yotpo_reviews = 6\n"),
            vec!["the pace of all workers is within the vendor's limit"],
        ),
        (
            setting("producer_stop_before = \"60s\"", "producer_stop_before = \"8m\""),
            vec!["the producer has time for a page before it stops"],
        ),
    ] {
        let relay = Relay::parse(&relay, "test").unwrap();
        let numbers = Numbers::read(&Template::parse(&template).with(&[]), &relay);
        assert_eq!(broken(&numbers), named, "{numbers:?}");
    }
    // What no text can change is a number of the code's.
    let record = RELATIONS.iter().find(|(name, _)| name.starts_with("a record outlives")).unwrap();
    let numbers = Numbers::read(&Template::shipped().with(&[]), &environments()[0].1);
    assert!(!record.1(&Numbers { dead_letter_retention: Duration::from_hours(24 * 150), ..numbers.clone() }));
    let due = RELATIONS.iter().find(|(name, _)| name.starts_with("a day is due")).unwrap();
    assert!(due.1(&numbers));
    assert!(!due.1(&Numbers { due: DAY * 8, ..numbers }));
}

/// A day's outage at the true values: the attempts fall as the schedule says, the last receive is never near, and recovery
/// is noticed within half an hour.
#[test]
fn a_day_of_outage_passes_without_anyone_touching_it() {
    let numbers = Numbers::read(&Template::shipped().with(&[]), &environments()[0].1);
    let (mut least, mut latest, mut attempts) = (Duration::ZERO, Duration::ZERO, 0);
    println!("attempt   back-off      earliest    latest");
    while least < DAY {
        attempts += 1;
        let most = numbers.backoff.most(attempts);
        least += most / 2;
        latest += most;
        if attempts <= 9 || attempts % 20 == 0 {
            println!("{attempts:>7}   {most:>8?}   {least:>9?} {latest:>9?}");
        }
    }
    println!("{attempts:>7}   a day is over at the earliest");
    assert!(attempts < numbers.receives, "{attempts} attempts in a day");
}

/// What two places must agree on is one value in both, whatever the parameters are.
#[test]
fn worker_and_queue_are_told_the_same_numbers() {
    let template = Template::shipped();
    for function in template.functions() {
        for mapping in function.mappings() {
            let queue = &template.0["Resources"][referred(&mapping["Queue"]).unwrap()]["Properties"];
            let concurrency = &mapping["ScalingConfig"]["MaximumConcurrency"];
            assert_eq!(function.variable("VENDOR_CONCURRENCY"), concurrency, "{}", function.id);
            let reader = template.function("reviews-reconciler");
            assert_eq!(reader.variable("VENDOR_CONCURRENCY"), concurrency, "{}", reader.id);
            let receives = &queue["RedrivePolicy"]["maxReceiveCount"];
            assert_eq!(function.variable("MAX_RECEIVE_COUNT"), receives, "{}", function.id);
            assert_eq!(referred(function.variable("QUEUE_URL")), referred(&mapping["Queue"]), "{}", function.id);
            let dead_letters = referred(&queue["RedrivePolicy"]["deadLetterTargetArn"]);
            assert_eq!(referred(function.variable("DEAD_LETTER_QUEUE_URL")), dead_letters, "{}", function.id);
            // The handler answers with a partial batch response; without this AWS would take it for success.
            let answer = serde_json::to_value(queue::Response::default()).unwrap();
            assert!(answer["batchItemFailures"].is_array(), "{answer}");
            assert_eq!(
                mapping["FunctionResponseTypes"],
                serde_json::json!(["ReportBatchItemFailures"]),
                "{}",
                function.id
            );
        }
    }
}
