//! What an order of the loyalty flow uses: its messages, each with what the functions call for it, counted in their sources.

use super::{
    model::{DAYS, GB, ITEM_OVERHEAD, Line, line},
    stack::Stack,
};
use config::Relay;
use ledger::decide::RECORD_LIFE;

/// What becomes of a message, or of what Yotpo tells.
struct Step {
    what: &'static str,
    /// How many there are of an order.
    times: f64,
    /// What is called at Yotpo, one call after the other, each in its turn.
    calls: f64,
    /// Write units of the ledger: claim and outcome, and of an order its balance.
    writes: f64,
}

/// Of a new customer's first order. Yotpo tells of points and perhaps of a tier; what it tells of one customer within a read-back
/// is read once.
const LIFE: [Step; 5] = [
    Step { what: "its customer's message", times: 1.0, calls: 0.0, writes: 1.0 },
    Step { what: "its own message, which brings the customer along", times: 1.0, calls: 4.0, writes: 6.0 },
    Step { what: "two events of Yotpo's", times: 2.0, calls: 0.0, writes: 0.0 },
    Step { what: "one reading back for these", times: 1.0, calls: 1.0, writes: 2.0 },
    Step { what: "the order's own hint, which that reading has seen", times: 1.0, calls: 0.0, writes: 1.0 },
];
/// Messages: the customer's, the order's, and the hints of two events and of the order.
const MESSAGES: f64 = 5.0;
const EVENTS: f64 = 2.0;
/// Those of them that the write-back takes.
const HINTS: f64 = EVENTS + 1.0;

/// Assumed: how long the webhook takes, and a worker without a call.
const SHORT_SECONDS: f64 = 0.05;
/// Bytes of a line of ours or of Lambda's, rounded up.
const LINE: f64 = 650.0;
/// Lines of an invocation: two of Lambda's, its metrics, and one that says what came of it.
const LINES: f64 = 4.0;
/// API Gateway's line of a request.
const ACCESS_LINE: f64 = 300.0;
/// Of the order, its balance, its customer and the customer's state: keys, revisions, hashes and times.
const RECORDS: f64 = 4.0;
const RECORD_BYTES: f64 = 600.0;

/// What is said of them in a sentence.
pub(super) fn told() -> String {
    let of = |step: &Step| format!("{} ({} calls, {} write units)", step.what, step.calls, step.writes);
    LIFE.iter().map(of).collect::<Vec<_>>().join("; ")
}

/// How long a call waits for its turn, all callers busy.
fn turn(stack: &Stack) -> f64 {
    let relay = Relay::parse(include_str!("../../../infra/config/relay.toml"), "relay.toml").unwrap();
    (stack.number("LoyaltyConcurrency") + stack.number("WritebackConcurrency") + 1.0) / relay.pace.yotpo_loyalty
}

/// What an order uses.
pub(super) fn an_order(stack: &Stack) -> Vec<Line> {
    let calls = |places: std::ops::Range<usize>| LIFE[places].iter().map(|step| step.times * step.calls).sum::<f64>();
    let invocations = MESSAGES + EVENTS;
    let logs = (invocations * LINES * LINE + EVENTS * ACCESS_LINE) / GB;
    let stored = RECORDS * (RECORD_BYTES + ITEM_OVERHEAD) / GB * (RECORD_LIFE.as_secs_f64() / 86_400.0 / DAYS);
    let seconds = |calls: f64, messages: f64| calls * turn(stack) + messages * SHORT_SECONDS;
    let gb_seconds = seconds(calls(0..2), 2.0) * stack.memory("LoyaltyConsumer")
        + seconds(calls(2..LIFE.len()), HINTS) * stack.memory("LoyaltyWriteback")
        + EVENTS * SHORT_SECONDS * stack.memory("LoyaltyWebhook");
    vec![
        line("Webhooks, at the API", EVENTS, "api_requests"),
        // Sent, received, deleted, each alone.
        line("SQS requests", 3.0 * MESSAGES, "sqs_requests"),
        line("DynamoDB write units", LIFE.iter().map(|step| step.times * step.writes).sum(), "dynamodb_writes"),
        line("DynamoDB storage, GB-months of the records' life", stored, "dynamodb_storage"),
        line("DynamoDB point-in-time recovery, GB-months", stored, "dynamodb_recovery"),
        line("Lambda requests", invocations, "lambda_requests"),
        line("Lambda GB-seconds", gb_seconds, "lambda_arm64"),
        line("Logs ingested, GB", logs, "logs_ingested"),
        line("Logs stored, GB-months", logs * stack.number("LogRetentionDays") / DAYS, "logs_stored"),
        line("X-Ray traces, if every invocation is sampled", invocations, "traces"),
    ]
}
