//! Lambda: processes that are started cold, kept warm and killed; the event source mapping; the schedule.

use crate::{
    BATCH_SIZE, CONSUMERS, DEAD_LETTERS, QUEUE, STACK, TABLE,
    aws::sdk_config,
    clock,
    effect::Function,
    logs::Logs,
    scenario::Scenario,
    sqs, vendors,
    world::{Caller, Sim},
};
use chrono::{DateTime, TimeDelta, Utc};
use config::Relay;
use function::{Checked, Environment, Event, Invoked};
use queue::TraceHeader;
use rand::RngExt as _;
use reconciliation::Certificate;
use reviews::{FLOW, consume::Consumer, produce::Producer, reconcile::Reconciler};
use serde_json::{Value, json};
use std::{collections::BTreeSet, io::Write as _, sync::Arc, time::Duration};
use telemetry::Metrics;
use tokio::select;
use tracing::Instrument as _;

/// The functions' time-outs, as in the template, and Lambda's own for a cold start.
const CONSUMER_TIMEOUT: TimeDelta = TimeDelta::seconds(60);
const PRODUCER_TIMEOUT: TimeDelta = TimeDelta::seconds(900);
const RECONCILER_TIMEOUT: TimeDelta = TimeDelta::seconds(900);
/// It stops when a minute is left, and clocks differ.
const HURRIED_TIMEOUT: TimeDelta = TimeDelta::seconds(50);
const INIT_TIMEOUT: TimeDelta = TimeDelta::seconds(10);

/// X-Ray's header as Lambda hands it over, to a producer and to a consumer.
pub(crate) const PRODUCERS_TRACE: &str =
    "Root=1-691fd1a4-3b1f5c2a7d9e8f0a1b2c3d4e;Parent=4f5e6d7c8b9a0f1e;Sampled=1;Lineage=1:7b1a2c3d:0";
const CONSUMERS_TRACE: &str =
    "Root=1-691fd1c7-9a8b7c6d5e4f3a2b1c0d9e8f;Parent=0a1b2c3d4e5f6a7b;Sampled=1;Lineage=1:4d3c2b1a:0";

/// What every process is started with.
#[derive(Clone)]
pub(crate) struct Lambda {
    pub(crate) sim: Sim,
    pub(crate) config: Arc<Relay>,
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) logs: Logs,
}

impl Lambda {
    /// A new process on a machine.
    pub(crate) fn born(&self, function: Function, machine: usize) -> (Caller, Environment, rest::Client) {
        let caller = Caller { function, machine, process: self.sim.lock().born() };
        let environment = Environment {
            config: Arc::clone(&self.config),
            aws: sdk_config(&self.sim, caller, self.scenario.seed),
            stack: STACK.to_owned(),
            table: TABLE.to_owned(),
            queue: QUEUE.to_owned(),
            dead_letters: DEAD_LETTERS.to_owned(),
            now: clock::of(machine),
        };
        let http = vendors::client(&self.sim, caller, self.config.protocol.call_timeout);
        (caller, environment, http)
    }

    /// Runs `work` until it is done, killed, or out of time; only in the first case there is a result.
    async fn alive<T>(&self, caller: Caller, deadline: DateTime<Utc>, work: impl Future<Output = T>) -> Option<T> {
        let killed = async {
            while !self.sim.lock().is_dead(caller.process) {
                self.sim.killed(caller.machine).await;
            }
        };
        // Boxed: it is tens of kilobytes, and moved about.
        let work = Box::pin(self.logs.of(caller.function, Box::pin(work)));
        let result = select! {
            biased;
            () = killed => None,
            result = work => Some(result),
            () = clock::until(deadline) => {
                self.sim.kill(caller, "out of time");
                None
            }
        };
        result.filter(|_| !self.sim.lock().is_dead(caller.process))
    }

    /// The event source mapping, one of its concurrent pollers: receives, invokes, deletes what is done.
    pub(crate) async fn poll(self, machine: usize) {
        let mut warm: Option<(Caller, Consumer)> = None;
        loop {
            let pause = self.sim.lock().rng.random_range(5..200);
            tokio::time::sleep(Duration::from_millis(pause)).await;
            let records = {
                let mut world = self.sim.lock();
                let most = BATCH_SIZE;
                sqs::receive(&mut world, most)
            };
            if records.is_empty() {
                let next = self.sim.lock().queues.next_visible();
                let next = next.unwrap_or_else(|| clock::now() + TimeDelta::days(1));
                select! {
                    biased;
                    () = self.sim.sent().notified() => {}
                    () = clock::until(next) => {}
                }
                continue;
            }
            {
                let bytes = records.iter().map(|r| r["body"].as_str().map_or(0, str::len)).sum();
                self.sim.lock().bill.of(Function::Consumer).sqs("ReceiveMessage", bytes);
            }
            let ids: Vec<String> = records.iter().filter_map(|r| r["messageId"].as_str().map(str::to_owned)).collect();
            let answer = self.consume(&mut warm, machine, records).await;
            let mut world = self.sim.lock();
            if warm.as_ref().is_some_and(|(caller, _)| world.is_dead(caller.process)) || world.odd(0.02) {
                warm = None;
            }
            match answer.as_ref().and_then(|answer| returned(answer, &ids)) {
                Some(returned) => {
                    if returned.len() < ids.len() {
                        world.bill.of(Function::Consumer).sqs("DeleteMessageBatch", 0);
                    }
                    for id in ids.iter().collect::<BTreeSet<_>>() {
                        if !returned.contains(id.as_str()) {
                            sqs::delete(&mut world, id);
                        }
                    }
                }
                None => world.say(&format!("a batch of {} failed as a whole", ids.len())),
            }
        }
    }

    async fn consume(
        &self,
        warm: &mut Option<(Caller, Consumer)>,
        machine: usize,
        records: Vec<Value>,
    ) -> Option<Value> {
        if warm.is_none() {
            let (caller, environment, http) = self.born(Function::Consumer, machine);
            let start = Consumer::of(environment, http, CONSUMERS, self.scenario.max_receives, fastrand::f64);
            match self.alive(caller, clock::now() + INIT_TIMEOUT, start).await? {
                Ok(deliverer) => *warm = Some((caller, deliverer)),
                Err(error) => {
                    self.sim.lock().say(&format!("{caller:?} does not start: {error}"));
                    return None;
                }
            }
        }
        let (caller, deliverer) = warm.as_ref()?;
        let event: queue::Event = serde_json::from_value(json!({"Records": records})).ok()?;
        let begun = clock::now();
        let deadline = begun + CONSUMER_TIMEOUT;
        let request_id = self.sim.lock().request_id();
        let metrics = Metrics::new(FLOW, "reviews-consumer", &request_id);
        let work = async {
            let span = telemetry::invocation(&request_id, Some(CONSUMERS_TRACE));
            deliverer.consume(event, deadline, metrics).instrument(span).await
        };
        let answer = self.alive(*caller, deadline, work).await;
        self.over(*caller, begun);
        let (response, mut metrics) = answer?.ok()?;
        metrics.flush(clock::now(), self.logs.paper(Function::Consumer)).ok()?;
        serde_json::to_value(response).ok()
    }

    /// One run of the reconciler, as the schedule starts it; its certificates.
    pub(crate) async fn reconcile(self, machine: usize, at: DateTime<Utc>) -> Vec<Certificate> {
        self.look(machine, Event::Scheduled { at }).await.0
    }

    /// One run of the reconciler; its certificates, and the metrics that it wrote, a line each.
    pub(crate) async fn look(self, machine: usize, event: Event) -> (Vec<Certificate>, String) {
        let (caller, environment, http) = self.born(Function::Reconciler, machine);
        let start = Box::pin(Reconciler::of(environment, http, CONSUMERS));
        let reconciler: Reconciler = match self.alive(caller, clock::now() + INIT_TIMEOUT, start).await {
            Some(Ok(reconciler)) => reconciler,
            Some(Err(error)) => {
                self.sim.lock().say(&format!("{caller:?} does not start: {error}"));
                return Default::default();
            }
            None => return Default::default(),
        };
        let begun = clock::now();
        let deadline = begun + if self.scenario.hurried { HURRIED_TIMEOUT } else { RECONCILER_TIMEOUT };
        let invoked = Invoked { deadline, trace: TraceHeader::parse(PRODUCERS_TRACE) };
        let request_id = self.sim.lock().request_id();
        let mut metrics = Metrics::new(FLOW, "reviews-reconciler", &request_id);
        let run = Box::pin(async {
            let span = telemetry::invocation(&request_id, Some(PRODUCERS_TRACE));
            reconciler.run(event, &invoked, &mut metrics).instrument(span).await
        });
        let answer = self.alive(caller, deadline, run).await;
        self.over(caller, begun);
        let said = self.counted(caller, &mut metrics, answer.is_some());
        let (line, certificates) = match answer {
            Some(Ok(answer)) => (format!("certifies {} days", answer.certificates.len()), answer.certificates),
            Some(Err(error)) => (format!("failed: {error}"), Vec::new()),
            None => ("killed".to_owned(), Vec::new()),
        };
        self.sim.lock().say(&format!("{caller:?} {line}"));
        (certificates, String::from_utf8_lossy(&said).into_owned())
    }

    /// A run's metrics are written, and returned. Unless it was killed, they count each order that it knows to have recorded as not sent.
    fn counted(&self, caller: Caller, metrics: &mut Metrics, ended: bool) -> Vec<u8> {
        let mut lines = Vec::new();
        // Writing to memory, and counting bytes, does not fail.
        let _ = metrics.flush(clock::now(), &mut lines);
        let _ = self.logs.paper(caller.function).write_all(&lines);
        let parsed = lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        let count = |line: &Value, name: &str| line[name].as_f64().unwrap_or_default();
        let counted: f64 = parsed
            .map(|line| ["OrdersSkipped", "Parked", "Rejected"].map(|name| count(&line, name)).iter().sum::<f64>())
            .sum();
        let mut world = self.sim.lock();
        let excluded = world.excluded.remove(&caller.process).unwrap_or_default().len();
        if ended && counted < f64::from(u32::try_from(excluded).unwrap_or(u32::MAX)) {
            world.problems.push(format!("{caller:?} recorded {excluded} orders as not sent and counted {counted}"));
        }
        lines
    }

    /// An invocation is over.
    fn over(&self, caller: Caller, begun: DateTime<Utc>) {
        let mut world = self.sim.lock();
        world.over(caller);
        world.bill.invoked(caller.function, clock::now() - begun);
    }

    /// A check event for each function, on processes of its own; what they find wrong.
    pub(crate) async fn check(&self, machine: usize) -> Vec<String> {
        let (producers, environment, http) = self.born(Function::Producer, machine);
        let producer = self.alive(producers, clock::now() + INIT_TIMEOUT, Producer::of(environment, http)).await;
        let (consumers, environment, http) = self.born(Function::Consumer, machine);
        let start = Consumer::of(environment, http, CONSUMERS, self.scenario.max_receives, fastrand::f64);
        let consumer = self.alive(consumers, clock::now() + INIT_TIMEOUT, start).await;
        let (reconcilers, environment, http) = self.born(Function::Reconciler, machine);
        let start = Box::pin(Reconciler::of(environment, http, CONSUMERS));
        let reconciler = self.alive(reconcilers, clock::now() + INIT_TIMEOUT, start).await;
        let mut answers = Vec::new();
        if let Some(Ok(producer)) = producer {
            let check = Box::pin(producer.check(Checked::started(&self.config)));
            answers.extend(self.alive(producers, clock::now() + PRODUCER_TIMEOUT, check).await);
        }
        if let Some(Ok(consumer)) = consumer {
            answers.extend(
                self.alive(consumers, clock::now() + CONSUMER_TIMEOUT, consumer.check(Checked::started(&self.config)))
                    .await,
            );
        }
        if let Some(Ok(reconciler)) = reconciler {
            let check = Box::pin(reconciler.check(Checked::started(&self.config)));
            answers.extend(self.alive(reconcilers, clock::now() + RECONCILER_TIMEOUT, check).await);
        }
        let wrong = answers.into_iter().flat_map(|answer| answer.checked).filter(|check| !check.ok);
        wrong.map(|check| format!("check of {}: {}", check.name, check.error.unwrap_or_default())).collect()
    }

    /// One run of the producer, as the schedule starts it; whether it said that everything is settled.
    pub(crate) async fn produce(self, machine: usize, at: DateTime<Utc>) -> bool {
        self.send(machine, Event::Scheduled { at }).await
    }

    /// One run of the producer; whether it said that everything is settled.
    pub(crate) async fn send(self, machine: usize, event: Event) -> bool {
        let (caller, environment, http) = self.born(Function::Producer, machine);
        let start = Producer::of(environment, http);
        let producer: Producer = match self.alive(caller, clock::now() + INIT_TIMEOUT, start).await {
            Some(Ok(producer)) => producer,
            Some(Err(error)) => {
                self.sim.lock().say(&format!("{caller:?} does not start: {error}"));
                return false;
            }
            None => return false,
        };
        let begun = clock::now();
        let deadline = begun + PRODUCER_TIMEOUT;
        let invoked = Invoked { deadline, trace: TraceHeader::parse(PRODUCERS_TRACE) };
        let request_id = self.sim.lock().request_id();
        let mut metrics = Metrics::new(FLOW, "reviews-producer", &request_id);
        let run = Box::pin(async {
            let span = telemetry::invocation(&request_id, Some(PRODUCERS_TRACE));
            producer.run(event, &invoked, &mut metrics).instrument(span).await
        });
        let answer = self.alive(caller, deadline, run).await;
        self.over(caller, begun);
        self.counted(caller, &mut metrics, answer.is_some());
        let line = match &answer {
            Some(Ok(answer)) => format!("settled {}", answer.settled),
            Some(Err(error)) => format!("failed: {error}"),
            None => "killed".to_owned(),
        };
        self.sim.lock().say(&format!("{caller:?} {line}"));
        if let Some(Ok(answer)) = &answer {
            let outside = answer.runs.iter().flat_map(|run| run.counts.outside.values());
            self.sim.lock().outside += outside.sum::<usize>();
        }
        matches!(answer, Some(Ok(answer)) if answer.settled)
    }
}

/// Which messages come back, or none if the whole batch does.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>
fn returned(answer: &Value, ids: &[String]) -> Option<BTreeSet<String>> {
    let failures = match (answer, answer.get("batchItemFailures")) {
        (Value::Null, _) | (Value::Object(_), None | Some(Value::Null)) => return Some(BTreeSet::new()),
        (Value::Object(_), Some(Value::Array(failures))) => failures,
        _ => return None,
    };
    let of_batch = |failure: &Value| {
        let id = failure.get("itemIdentifier")?.as_str()?;
        ids.iter().any(|known| known == id).then(|| id.to_owned())
    };
    failures.iter().map(of_batch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AWS's list, one by one: "Success and failure conditions" of the page above.
    #[test]
    fn the_mapping_reads_answers_as_aws_says() {
        let ids = ["a".to_owned(), "b".to_owned()];
        let of = |answer: Value| returned(&answer, &ids).map(|ids| ids.into_iter().collect::<Vec<_>>());
        let named = |id: Value| json!({"batchItemFailures": [{"itemIdentifier": id}]});
        for success in [json!(null), json!({}), json!({"batchItemFailures": []}), json!({"batchItemFailures": null})] {
            assert_eq!(of(success.clone()), Some(Vec::new()), "{success}");
        }
        assert_eq!(of(named(json!("b"))), Some(vec!["b".to_owned()]));
        for failure in [
            json!("no object"),
            json!({"batchItemFailures": "no list"}),
            json!({"batchItemFailures": [{"itemId": "b"}]}),
            named(json!("")),
            named(json!(null)),
            named(json!("unknown")),
        ] {
            assert_eq!(of(failure.clone()), None, "{failure}");
        }
    }
}
