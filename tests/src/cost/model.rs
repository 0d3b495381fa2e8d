//! What a month costs: units counted in a simulated night, times list prices.

use super::{
    prices::Prices,
    stack::{Scheduled, Stack},
};
use config::Relay;
use ledger::decide::RECORD_LIFE;
use simulation::{Bill, REVIEWS_RECONCILER, Usage};

pub(super) const DAYS: f64 = 365.0 / 12.0;
pub(super) const GB: f64 = 1_073_741_824.0;
/// What DynamoDB adds to an item that it stores.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
pub(super) const ITEM_OVERHEAD: f64 = 100.0;

/// CPU of the producer for an order, on a whole core: an upper bound, from `make demo ORDERS=100000 FAULTS=off`, in which it
/// reads, maps and queues 100,000 orders within a minute.
pub(super) const PRODUCER_CPU_MS: f64 = 0.6;
/// CPU of the consumer for an order, on a whole core: an upper bound, from the same run, in which two cores carry emulator,
/// vendors and consumers at sixty orders a second.
pub(super) const CONSUMER_CPU_MS: f64 = 33.0;
/// Lambda gives a whole core at so much memory.
pub(super) const CORE_GB: f64 = 1769.0 / 1024.0;
/// Assumed: Salesforce answers a page of 2,000 orders in a second.
pub(super) const SALESFORCE_MS: f64 = 0.5;
/// Assumed: a start of producer or reconciler that finds nothing to do, its cold start included.
pub(super) const IDLE_RUN_SECONDS: f64 = 2.0;
/// An event source mapping polls an empty queue with five long polls of 20 seconds.
pub(super) const EMPTY_RECEIVES_A_DAY: f64 = 5.0 * 86_400.0 / 20.0;

/// Something that is billed.
pub(super) struct Line {
    pub(super) what: &'static str,
    pub(super) units: f64,
    /// The entry of `infra/prices.toml`.
    pub(super) price: &'static str,
}

pub(super) fn line(what: &'static str, units: f64, price: &'static str) -> Line {
    Line { what, units, price }
}

/// The sum of the lines.
pub(super) fn usd(prices: &Prices, lines: &[Line]) -> f64 {
    lines.iter().map(|line| prices.of(line.price, line.units)).sum()
}

/// Milliseconds that are billed for an order: of the producer, of the consumer.
pub(super) fn billed_ms(stack: &Stack) -> (f64, f64) {
    let relay = Relay::parse(include_str!("../../../infra/config/relay.toml"), "relay.toml").unwrap();
    let slower = |function| (CORE_GB / stack.memory(function)).max(1.0);
    // A consumer computes while it waits for its turn: the longer of both counts.
    let turn = (stack.number("ConsumerConcurrency") + 1.0) / relay.pace.yotpo_reviews * 1000.0;
    let consumer = turn.max(CONSUMER_CPU_MS * slower("ReviewsConsumer"));
    (PRODUCER_CPU_MS * slower("ReviewsProducer") + SALESFORCE_MS, consumer)
}

/// What a delivered order uses.
pub(super) fn an_order(bill: &Bill, stack: &Stack) -> Vec<Line> {
    let invocations = bill.an_order(|usage| usage.invocations);
    let (producer, consumer) = billed_ms(stack);
    // The reconciler waits for its turn once a page of purchases.
    let reconciler = bill.an_order_of(bill.functions.get(&REVIEWS_RECONCILER).map_or(0, |usage| usage.waited_ms));
    let gb_ms = producer * stack.memory("ReviewsProducer")
        + consumer * stack.memory("ReviewsConsumer")
        + reconciler * stack.memory("ReviewsReconciler");
    let logs = bill.an_order(|usage| usage.log_bytes) / GB;
    let stored = (bill.an_order_of(bill.stored_bytes) + ITEM_OVERHEAD) / GB;
    let months = RECORD_LIFE.as_secs_f64() / 86_400.0 / DAYS;
    let retention = stack.number("LogRetentionDays") / DAYS;
    let mut lines = vec![
        line("SQS requests", bill.an_order(Usage::all_sqs_requests), "sqs_requests"),
        line("DynamoDB write units", bill.an_order(|usage| usage.write_units), "dynamodb_writes"),
        line("DynamoDB read units", bill.an_order(|usage| usage.half_read_units) / 2.0, "dynamodb_reads"),
        line("DynamoDB storage, GB-months of a record's life", stored * months, "dynamodb_storage"),
        line("DynamoDB point-in-time recovery, GB-months", stored * months, "dynamodb_recovery"),
        line("Lambda requests", invocations, "lambda_requests"),
        line("Lambda GB-seconds", gb_ms / 1000.0, "lambda_arm64"),
        line("Logs ingested, GB", logs, "logs_ingested"),
        line("Logs stored, GB-months", logs * retention, "logs_stored"),
        line("Secrets Manager calls", bill.an_order(|usage| usage.secret_reads), "secret_reads"),
    ];
    if stack.traces() {
        lines.push(line("X-Ray traces, if every invocation is sampled", invocations, "traces"));
    }
    lines
}

/// What a stack uses in a month without an order.
pub(super) fn idle(stack: &Stack, metrics: f64) -> Vec<Line> {
    let starts: f64 = stack.scheduled().iter().map(|it| it.starts_a_day * DAYS).sum();
    let of = |units: fn(&Scheduled) -> f64| -> f64 {
        stack.scheduled().iter().map(|it| it.starts_a_day * DAYS * units(it)).sum()
    };
    vec![
        line("Secrets", stack.resources("AWS::SecretsManager::Secret"), "secrets"),
        line("Custom metrics, at the most", metrics, "metrics"),
        line("Metrics of alarms", stack.alarm_metrics(), "alarm_metrics"),
        line("Composite alarms", stack.resources("AWS::CloudWatch::CompositeAlarm"), "composite_alarms"),
        line("Dashboards", stack.resources("AWS::CloudWatch::Dashboard"), "dashboards"),
        line("Receives of the empty queue", stack.polled_queues() * EMPTY_RECEIVES_A_DAY * DAYS, "sqs_requests"),
        line("Starts by the schedule", starts, "schedules"),
        line("Lambda requests of these", starts, "lambda_requests"),
        line("Lambda GB-seconds of these", of(|it| it.gigabytes) * IDLE_RUN_SECONDS, "lambda_arm64"),
        // How a run ended.
        line("DynamoDB write units of these", starts, "dynamodb_writes"),
        line("Secrets Manager calls of these", of(|it| it.secrets), "secret_reads"),
    ]
}

/// What a flow adds to that.
pub(super) fn added(with: Vec<Line>, without: &[Line]) -> Vec<Line> {
    let less = |(with, without): (Line, &Line)| Line { units: with.units - without.units, ..with };
    with.into_iter().zip(without).map(less).filter(|line| line.units > 0.0).collect()
}
