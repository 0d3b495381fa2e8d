//! The numbers that depend on each other (rule 12 of the delivery protocol), read from template, settings and code.

mod ranges;
mod shared;

use crate::template::{FLOWS, Template, referred, shipped_text, workspace};
use config::Relay;
use ledger::{Backoff, decide::RECORD_LIFE};
use serde_json::Value;
use std::{fs, time::Duration};

/// Half a year, which is how far a pass looks back.
const LOOK_BACK: Duration = Duration::from_hours(184 * 24);
const DAY: Duration = Duration::from_hours(24);
/// What Yotpo states for another of its APIs, in calls a second.
const YOTPO: f64 = 5.0;

/// What Shopify waits for an answer.
/// <https://shopify.dev/docs/apps/build/webhooks/subscribe/https>
const SHOPIFYS_PATIENCE: Duration = Duration::from_secs(5);
/// Calls at a time of NetSuite's smallest account, less the one that is never an integration's.
const NETSUITES_CALLS: u32 = 4;

/// A flow's worker, by its binary.
const REVIEWS: &str = "reviews-consumer";
const ERP: &str = "netsuite-worker";
const LOYALTY: &str = "loyalty-consumer";
const WRITEBACK: &str = "loyalty-writeback";
const WORKERS: [&str; 4] = [REVIEWS, ERP, LOYALTY, WRITEBACK];

/// What an order takes at Yotpo Loyalty at the most: two calls to look for its customer, one to send them, one for itself.
const CALLS_AN_ORDER: u32 = 4;
/// What the write-back calls for all at once after its last reading: a look-up, and a collection of each kind.
const STEPS: u32 = 4;

/// The numbers of one flow's worker and its queue, with one file of settings.
#[derive(Clone, Debug)]
struct Numbers {
    call: Duration,
    backoff: Backoff,
    worker: Duration,
    batch: u32,
    window: Duration,
    concurrency: u32,
    visibility: Duration,
    receives: u32,
    retention: Duration,
    dead_letter_retention: Duration,
    due: Duration,
    reviews: Option<Reviews>,
    erp: Option<Erp>,
    loyalty: Option<Shared>,
}

/// What those that call one account of Yotpo Loyalty's have in common.
#[derive(Clone, Debug)]
struct Shared {
    pace: f64,
    /// All that may call at once: consumers, write-backs, the reconciler.
    callers: u32,
    /// Calls that a message takes, one after the other.
    calls: u32,
    /// Calls that follow the last of those.
    after: u32,
}

/// Those that only the reviews flow has.
#[derive(Clone, Debug)]
struct Reviews {
    pace: f64,
    producer: Duration,
    stop_before: Duration,
}

/// Those that only the erp flow has.
#[derive(Clone, Debug)]
struct Erp {
    slots: u32,
    /// Receives until a claim can be had over one whose holder died.
    looks: u32,
    webhook: Duration,
    /// When API Gateway gives up the webhook.
    api: Duration,
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))).unwrap()
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs(number(value).into())
}

impl Numbers {
    /// Reads them from a template whose parameters are put in, for the flow of the worker with this binary.
    fn read(template: &Template, relay: &Relay, binary: &str) -> Self {
        let worker = template.function(binary);
        let [mapping] = worker.mappings()[..] else { panic!("the worker has one queue") };
        let queue = &template.0["Resources"][referred(&mapping["Queue"]).unwrap()]["Properties"];
        let dead_letters = referred(&queue["RedrivePolicy"]["deadLetterTargetArn"]).unwrap();
        let dead_letters = &template.0["Resources"][dead_letters]["Properties"];
        let time_out = |binary: &str| seconds(&template.function(binary).properties["Timeout"]);
        Self {
            call: if binary == ERP { relay.netsuite.call_timeout } else { relay.protocol.call_timeout },
            backoff: Backoff { base: relay.protocol.backoff_base, cap: relay.protocol.backoff_cap },
            worker: seconds(&worker.properties["Timeout"]),
            batch: number(&mapping["BatchSize"]),
            window: mapping.get("MaximumBatchingWindowInSeconds").map_or(Duration::ZERO, seconds),
            concurrency: number(&mapping["ScalingConfig"]["MaximumConcurrency"]),
            visibility: seconds(&queue["VisibilityTimeout"]),
            receives: number(&queue["RedrivePolicy"]["maxReceiveCount"]),
            retention: seconds(&queue["MessageRetentionPeriod"]),
            dead_letter_retention: seconds(&dead_letters["MessageRetentionPeriod"]),
            due: DAY * reconciliation::due::DAYS,
            reviews: (binary == REVIEWS).then(|| Reviews {
                pace: relay.pace.yotpo_reviews,
                producer: time_out("reviews-producer"),
                stop_before: relay.protocol.producer_stop_before,
            }),
            erp: (binary == ERP).then(|| {
                let api = &template.0["Resources"]["ShopifyIntegration"]["Properties"];
                let looks = Backoff { base: relay.netsuite.first_look, cap: relay.netsuite.longest_look };
                let held =
                    seconds(&worker.properties["Timeout"]) + relay.protocol.clock_skew + relay.protocol.settle.netsuite;
                Erp {
                    slots: relay.netsuite.slots,
                    looks: looks_within(looks, held),
                    webhook: time_out("shopify-webhook"),
                    api: Duration::from_millis(number(&api["TimeoutInMillis"]).into()),
                }
            }),
            loyalty: [LOYALTY, WRITEBACK].contains(&binary).then(|| {
                let at_once = |binary: &str| {
                    let function = template.function(binary);
                    number(&function.mappings()[0]["ScalingConfig"]["MaximumConcurrency"])
                };
                let (calls, after) = if binary == LOYALTY { (CALLS_AN_ORDER, 1) } else { (1, STEPS + 1) };
                let callers = at_once(LOYALTY) + at_once(WRITEBACK) + 1;
                Shared { pace: relay.pace.yotpo_loyalty, callers, calls, after }
            }),
        }
    }

    /// How long a worker takes for a batch at its share of the pace: the reconciler has one too.
    fn paced_batch(&self, pace: f64) -> Duration {
        Duration::from_secs_f64(f64::from(self.batch * (self.concurrency + 1)) / pace)
    }

    fn longest_retries(&self) -> Duration {
        (1..self.receives).map(|attempt| self.backoff.most(attempt)).sum()
    }

    fn in_reviews(&self, holds: impl Fn(&Reviews) -> bool) -> bool {
        self.reviews.as_ref().is_none_or(holds)
    }

    fn in_loyalty(&self, holds: impl Fn(&Shared) -> bool) -> bool {
        self.loyalty.as_ref().is_none_or(holds)
    }

    fn in_erp(&self, holds: impl Fn(&Erp) -> bool) -> bool {
        self.erp.as_ref().is_none_or(holds)
    }
}

/// How often a message is received that is hidden for these times, one after the other.
fn looks_within(looks: Backoff, time: Duration) -> u32 {
    let (mut receives, mut passed) = (0, Duration::ZERO);
    while passed < time {
        receives += 1;
        passed += looks.most(receives);
    }
    receives
}

/// What must hold, and its name.
type Relation = (&'static str, fn(&Numbers) -> bool);

/// No message is hidden for longer than this from its receipt.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>
const LONGEST_HIDDEN: Duration = Duration::from_hours(12);

const RELATIONS: [Relation; 19] = [
    ("two calls, one for a token, and the write of their outcome fit into a lease", |n| n.call * 2 < n.worker),
    ("a whole batch at the worker's share of the pace fits into a lease", |n| {
        n.in_reviews(|it| n.paced_batch(it.pace) + n.call < n.worker)
    }),
    ("a batch for Yotpo Loyalty at a caller's share of the pace, and what follows it, fit into a lease", |n| {
        n.in_loyalty(|it| {
            let turns = Duration::from_secs(u64::from(n.batch * it.calls * it.callers)).div_f64(it.pace);
            turns + n.call * it.after < n.worker
        })
    }),
    ("the pace of all that call Yotpo Loyalty is within its limit", |n| n.in_loyalty(|it| it.pace <= YOTPO)),
    ("the visibility time-out is six times the worker's and its batching window", |n| {
        n.visibility >= n.worker * 6 + n.window
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
    ("the producer has time for a page before it stops", |n| n.in_reviews(|it| it.stop_before * 2 < it.producer)),
    ("the pace of all workers is within the vendor's limit", |n| n.in_reviews(|it| it.pace <= YOTPO)),
    ("every worker at a time has a call to make", |n| n.in_erp(|it| n.concurrency <= it.slots)),
    ("the calls at a time are within the smallest account's limit", |n| n.in_erp(|it| it.slots <= NETSUITES_CALLS)),
    ("a holder that dies costs a quarter of the receives", |n| n.in_erp(|it| it.looks * 4 <= n.receives)),
    ("Shopify has its answer in time", |n| n.in_erp(|it| it.webhook < it.api && it.api < SHOPIFYS_PATIENCE)),
];

/// The names of the relations that do not hold.
fn broken(numbers: &Numbers) -> Vec<&'static str> {
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
        for worker in WORKERS {
            let numbers = Numbers::read(&Template::whole(), &relay, worker);
            assert_eq!(broken(&numbers), Vec::<&str>::new(), "{file}: {numbers:?}");
        }
    }
}

/// Template and settings, of which one was changed.
type Changed = (String, String);

fn settings() -> String {
    fs::read_to_string(workspace("infra/config/relay.toml")).unwrap()
}

/// With another default of a parameter.
fn parameter(name: &str, value: &str) -> Changed {
    let text = shipped_text();
    let (before, after) = text.split_once(&format!("\n  {name}:\n")).unwrap_or_else(|| panic!("no parameter {name}"));
    let (line, rest) = after.split_once("    Default: ").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    (format!("{before}\n  {name}:\n{line}    Default: {value}\n{rest}"), settings())
}

/// With another number in the template.
fn literal(from: &str, to: &str) -> Changed {
    assert!(shipped_text().contains(from), "{from}");
    (shipped_text().replace(from, to), settings())
}

/// With another setting.
fn setting(from: &str, to: &str) -> Changed {
    assert!(settings().contains(from), "{from}");
    (shipped_text(), settings().replacen(from, to, 1))
}

/// The names of the relations that a change breaks.
fn broken_by(worker: &str, (template, relay): Changed) -> Vec<&'static str> {
    let relay = Relay::parse(&relay, "test").unwrap();
    let template = Template::parse(&template).with(&FLOWS.map(|flow| (flow, "true")));
    broken(&Numbers::read(&template, &relay, worker))
}

/// Each number in turn is changed in the text, and a relation that it stands in is named.
#[test]
fn a_changed_number_breaks_a_relation_that_is_named() {
    let two_calls = "two calls, one for a token, and the write of their outcome fit into a lease";
    let batch = "a whole batch at the worker's share of the pace fits into a lease";
    let six = "the visibility time-out is six times the worker's and its batching window";
    let hidden = "a message is hidden for no longer than SQS allows since its receipt";
    let patience = "Shopify has its answer in time";
    let own = "the receives at the queue's own time-out outlast a day";
    let at_least = "the receives at the least back-off outlast a day";
    let retries = "a message outlives all its retries";
    let letters = "a dead letter outlives a message";
    let of_reviews = [
        (parameter("ConsumerTimeoutSeconds", "20"), vec![two_calls]),
        (parameter("ConsumerTimeoutSeconds", "14"), vec![two_calls, batch]),
        (parameter("ConsumerTimeoutSeconds", "120"), vec![six]),
        (parameter("ProducerTimeoutSeconds", "120"), vec!["the producer has time for a page before it stops"]),
        (parameter("QueueVisibilitySeconds", "300"), vec![six, own]),
        (parameter("QueueVisibilitySeconds", "3601"), vec![hidden]),
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
    ];
    let of_erp = [
        (parameter("NetsuiteTimeoutSeconds", "120"), vec![two_calls]),
        (parameter("NetsuiteTimeoutSeconds", "151"), vec![six]),
        (parameter("ErpQueueVisibilitySeconds", "400"), vec![six, own]),
        (parameter("ErpQueueVisibilitySeconds", "3601"), vec![hidden]),
        (parameter("MaxReceiveCount", "90"), vec![own, at_least]),
        (parameter("NetsuiteConcurrency", "5"), vec!["every worker at a time has a call to make"]),
        (literal("MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 604800"), vec![letters]),
        (literal("TimeoutInMillis: 4500", "TimeoutInMillis: 5000"), vec![patience]),
        (literal("Timeout: 4 ", "Timeout: 5 "), vec![patience]),
        (setting("call_timeout = \"60s\"", "call_timeout = \"75s\""), vec![two_calls]),
        (
            setting("longest_look = \"1m\"", "longest_look = \"10s\""),
            vec!["a holder that dies costs a quarter of the receives"],
        ),
        (setting("slots = 4\n", "slots = 5\n"), vec!["the calls at a time are within the smallest account's limit"]),
    ];
    let changed = of_reviews.into_iter().map(|it| (REVIEWS, it)).chain(of_erp.into_iter().map(|it| (ERP, it)));
    for (worker, (changed, named)) in changed {
        assert_eq!(broken_by(worker, changed), named);
    }
    // What no text can change is a number of the code's.
    let record = RELATIONS.iter().find(|(name, _)| name.starts_with("a record outlives")).unwrap();
    let numbers = Numbers::read(&Template::whole(), &environments()[0].1, REVIEWS);
    assert!(!record.1(&Numbers { dead_letter_retention: Duration::from_hours(24 * 150), ..numbers.clone() }));
    let due = RELATIONS.iter().find(|(name, _)| name.starts_with("a day is due")).unwrap();
    assert!(due.1(&numbers));
    assert!(!due.1(&Numbers { due: DAY * 8, ..numbers }));
}

/// A day's outage at the true values: the attempts fall as the schedule says, the last receive is never near, and recovery
/// is noticed within half an hour.
#[test]
fn a_day_of_outage_passes_without_anyone_touching_it() {
    let numbers = Numbers::read(&Template::whole(), &environments()[0].1, ERP);
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

/// All that call Yotpo Loyalty, and share its pace.
const CALLERS: [&str; 3] = [LOYALTY, WRITEBACK, "loyalty-reconciler"];

/// Whoever may read the stores' keys at Yotpo Loyalty may call it: those, and the webhook, which needs their tokens alone.
#[test]
fn nobody_calls_yotpo_loyalty_beside_those_that_share_its_pace() {
    let template = Template::shipped();
    for function in template.functions().into_iter().filter(|it| it.binary.starts_with("loyalty-")) {
        let role = referred(&function.properties["Role"]).unwrap();
        let reads_keys = template.0["Resources"][role].to_string().contains("YotpoSecret");
        let calls = CALLERS.contains(&function.binary.as_str());
        assert_eq!(reads_keys, calls || function.binary == "loyalty-webhook", "{}", function.id);
        assert_eq!(function.variable("WRITEBACK_CONCURRENCY").is_null(), !calls, "{}", function.id);
    }
}

/// What two places must agree on is one value in both, whatever the parameters are.
#[test]
fn worker_and_queue_are_told_the_same_numbers() {
    let template = Template::shipped();
    for function in template.functions() {
        for mapping in function.mappings() {
            let queue = &template.0["Resources"][referred(&mapping["Queue"]).unwrap()]["Properties"];
            let concurrency = &mapping["ScalingConfig"]["MaximumConcurrency"];
            // What shares a vendor's pace knows with how many; calls that take a slot of the account's need not.
            if function.binary == REVIEWS {
                assert_eq!(function.variable("VENDOR_CONCURRENCY"), concurrency, "{}", function.id);
                let reader = template.function("reviews-reconciler");
                assert_eq!(reader.variable("VENDOR_CONCURRENCY"), concurrency, "{}", reader.id);
            }
            if [LOYALTY, WRITEBACK].contains(&function.binary.as_str()) {
                let name = if function.binary == LOYALTY { "CONSUMER_CONCURRENCY" } else { "WRITEBACK_CONCURRENCY" };
                for caller in CALLERS.map(|binary| template.function(binary)) {
                    assert_eq!(caller.variable(name), concurrency, "{} for {}", caller.id, function.id);
                }
            }
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
