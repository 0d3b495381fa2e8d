//! What an order of the erp flow uses: its webhooks, each with what the functions call for it, counted in their sources.

use super::{
    model::{DAYS, GB, ITEM_OVERHEAD, Line, line},
    stack::Stack,
};
use ledger::decide::RECORD_LIFE;

/// What a webhook leads to.
struct Webhook {
    topic: &'static str,
    /// What the worker calls at NetSuite, one call after the other.
    calls: &'static [&'static str],
    /// Write units of the ledger: claim and outcome, a place of the account's taken and given back, the customer looked at.
    writes: f64,
}

/// Of a buyer's first order: payment and risk each send an update that changes nothing mapped, and one changes lines.
const LIFE: [Webhook; 5] = [
    Webhook { topic: "customers/create", calls: &["SuiteQL", "POST customer"], writes: 4.0 },
    Webhook { topic: "orders/create", calls: &["SuiteQL", "SuiteQL", "POST salesOrder", "SuiteQL"], writes: 5.0 },
    Webhook { topic: "orders/updated", calls: &[], writes: 2.0 },
    Webhook { topic: "orders/updated", calls: &[], writes: 2.0 },
    Webhook { topic: "orders/updated", calls: &["SuiteQL", "GET salesOrder", "PATCH salesOrder"], writes: 5.0 },
];

/// Assumed: how long NetSuite takes for a call.
const CALL_SECONDS: f64 = 3.0;
/// Assumed: how long the webhook takes, and a worker without a call.
const SHORT_SECONDS: f64 = 0.05;
/// Bytes of a line of ours or of Lambda's, rounded up: those of the longest kinds, `webhook`, `in NetSuite` and metrics.
const LINE: f64 = 650.0;
/// Lines of an invocation: two of Lambda's, its metrics, and one that says what came of it.
const LINES: f64 = 4.0;
/// API Gateway's line of a request.
const ACCESS_LINE: f64 = 300.0;
/// Of the order and of its buyer: key, revision, hashes and times.
const RECORDS_BYTES: f64 = 2.0 * 600.0;

/// The webhooks of an order's life, by topic, and the calls that they lead to.
pub(super) fn life() -> (f64, f64) {
    let calls = LIFE.iter().flat_map(|webhook| webhook.calls).map(|_| 1.0).sum();
    (LIFE.iter().map(|_| 1.0).sum(), calls)
}

/// What is said of them in a sentence.
pub(super) fn told() -> String {
    let of = |webhook: &Webhook| match webhook.calls {
        [] => format!("`{}` without a call", webhook.topic),
        calls => format!("`{}` with {}", webhook.topic, calls.join(", ")),
    };
    LIFE.iter().map(of).collect::<Vec<_>>().join("; ")
}

/// What an order uses.
pub(super) fn an_order(stack: &Stack) -> Vec<Line> {
    let (webhooks, calls) = life();
    let logs = (webhooks * (2.0 * LINES * LINE + ACCESS_LINE) + calls * LINE) / GB;
    let stored = (RECORDS_BYTES + 2.0 * ITEM_OVERHEAD) / GB * (RECORD_LIFE.as_secs_f64() / 86_400.0 / DAYS);
    let worker = webhooks * SHORT_SECONDS + calls * CALL_SECONDS;
    let gb_seconds =
        webhooks * SHORT_SECONDS * stack.memory("ShopifyWebhook") + worker * stack.memory("NetsuiteWorker");
    vec![
        line("Webhooks, at the API", webhooks, "api_requests"),
        // Sent, received, deleted, each alone: a fair queue's messages are not batched, and neither is what one worker gets.
        line("SQS requests", 3.0 * webhooks, "sqs_requests"),
        line("DynamoDB write units", LIFE.iter().map(|webhook| webhook.writes).sum(), "dynamodb_writes"),
        line("DynamoDB storage, GB-months of the records' life", stored, "dynamodb_storage"),
        line("DynamoDB point-in-time recovery, GB-months", stored, "dynamodb_recovery"),
        line("Lambda requests", 2.0 * webhooks, "lambda_requests"),
        line("Lambda GB-seconds", gb_seconds, "lambda_arm64"),
        line("Logs ingested, GB", logs, "logs_ingested"),
        line("Logs stored, GB-months", logs * stack.number("LogRetentionDays") / DAYS, "logs_stored"),
        line("X-Ray traces, if every invocation is sampled", 2.0 * webhooks, "traces"),
    ]
}
