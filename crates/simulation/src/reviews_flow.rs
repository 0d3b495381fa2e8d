//! The reviews flow's functions, as the schedule, a queue or a person starts them.

use crate::{
    CONSUMERS, clock,
    functions::{REVIEWS_CONSUMER, REVIEWS_PRODUCER, REVIEWS_RECONCILER},
    lambda::{Ended, Lambda, Process},
    mapping,
};
use chrono::TimeDelta;
use function::{Environment, Event, Invoked};
use reconciliation::Certificate;
use rest::Client;
use reviews::{consume::Consumer, produce::Producer, reconcile::Reconciler};
use telemetry::Metrics;

/// A reconciler stops when a minute is left, and clocks differ.
const HURRIED: TimeDelta = TimeDelta::seconds(50);

async fn producer(lambda: &Lambda, machine: usize) -> Option<Process<Producer>> {
    let make = async |environment: Environment, http: Client| Producer::of(environment, http).await;
    lambda.start(REVIEWS_PRODUCER, machine, make).await
}

async fn consumer(lambda: &Lambda, machine: usize) -> Option<Process<Consumer>> {
    let receives = lambda.scenario.max_receives;
    let make = async |environment: Environment, http: Client| {
        Consumer::of(environment, http, CONSUMERS, receives, fastrand::f64).await
    };
    lambda.start(REVIEWS_CONSUMER, machine, make).await
}

async fn reconciler(lambda: &Lambda, machine: usize) -> Option<Process<Reconciler>> {
    let make = async |environment: Environment, http: Client| {
        // Boxed: it is large.
        Box::pin(Reconciler::of(environment, http, CONSUMERS)).await
    };
    lambda.start(REVIEWS_RECONCILER, machine, make).await
}

/// One run of the producer; whether it said that everything is settled.
pub(crate) async fn produce(lambda: Lambda, machine: usize, event: Event) -> bool {
    let Some(process) = producer(&lambda, machine).await else { return false };
    let run = async |producer: &Producer, invoked: &Invoked, metrics: &mut Metrics| {
        Box::pin(producer.run(event, invoked, metrics)).await
    };
    let Some(Ended { answer, .. }) = lambda.invoke(&process, REVIEWS_PRODUCER.timeout, run).await else { return false };
    let outside = answer.runs.iter().flat_map(|run| run.counts.outside.values());
    let mut world = lambda.sim.lock();
    world.outside += outside.sum::<usize>();
    world.say(&format!("{:?} settled {}", process.caller, answer.settled));
    answer.settled
}

/// A poller of the queue, with consumers on its machine.
pub(crate) async fn consume(lambda: Lambda, machine: usize) {
    let batch = async |process: &Process<Consumer>, event: queue::Event| {
        let run = async |consumer: &Consumer, invoked: &Invoked, metrics: &mut Metrics| {
            let counting = std::mem::replace(metrics, Metrics::new("", "", ""));
            let (response, counted) = Box::pin(consumer.consume(event, invoked.deadline, counting)).await?;
            *metrics = counted;
            Ok::<_, queue::InvalidBatch>(response)
        };
        lambda.invoke(process, REVIEWS_CONSUMER.timeout, run).await.map(|ended| ended.answer)
    };
    let start = async || consumer(&lambda, machine).await;
    mapping::poll(&lambda, REVIEWS_CONSUMER, start, batch).await;
}

/// One run of the reconciler; its certificates, and the metrics that it wrote, a line each.
pub(crate) async fn reconcile(lambda: Lambda, machine: usize, event: Event) -> (Vec<Certificate>, String) {
    let Some(process) = reconciler(&lambda, machine).await else { return Default::default() };
    let timeout = if lambda.scenario.hurried { HURRIED } else { REVIEWS_RECONCILER.timeout };
    let run = async |reconciler: &Reconciler, invoked: &Invoked, metrics: &mut Metrics| {
        Box::pin(reconciler.run(event, invoked, metrics)).await
    };
    let Some(Ended { answer, metrics }) = lambda.invoke(&process, timeout, run).await else {
        return Default::default();
    };
    lambda.sim.lock().say(&format!("{:?} certifies {} days", process.caller, answer.certificates.len()));
    (answer.certificates, metrics)
}

/// What the schedule says now.
pub(crate) fn scheduled() -> Event {
    Event::Scheduled { at: clock::now() }
}

/// A check event for each function, on processes of its own; what they find wrong.
pub(crate) async fn check(lambda: &Lambda, machine: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(process) = producer(lambda, machine).await {
        let check = async |producer: &Producer, started| Box::pin(producer.check(started)).await;
        wrong.extend(lambda.check(&process, check).await);
    }
    if let Some(process) = consumer(lambda, machine).await {
        let check = async |consumer: &Consumer, started| Box::pin(consumer.check(started)).await;
        wrong.extend(lambda.check(&process, check).await);
    }
    if let Some(process) = reconciler(lambda, machine).await {
        let check = async |reconciler: &Reconciler, started| Box::pin(reconciler.check(started)).await;
        wrong.extend(lambda.check(&process, check).await);
    }
    wrong
}
