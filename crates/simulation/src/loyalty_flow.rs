//! The loyalty flow's functions, as the schedule or a queue starts them.

use crate::{
    CONSUMERS, HINTS,
    functions::{LOYALTY_CONSUMER, LOYALTY_PRODUCER, LOYALTY_RECONCILER},
    lambda::{Ended, Lambda, Process},
    mapping,
};
use delivery::report::Answer;
use function::{Environment, Event, Invoked};
use loyalty::{consume::Consumer, produce::Producer, reconcile::Reconciler};
use reconciliation::Certificate;
use rest::Client;
use telemetry::Metrics;

/// A producer after its cold start.
pub(crate) async fn producer(lambda: &Lambda, machine: usize) -> Option<Process<Producer>> {
    let make = async |environment: Environment, http: Client| Producer::of(environment, http).await;
    lambda.start(LOYALTY_PRODUCER, machine, make).await
}

/// One run of a producer; nothing, if it fails or is killed.
pub(crate) async fn produce(lambda: &Lambda, process: &Process<Producer>, event: Event) -> Option<Answer> {
    let run = async |producer: &Producer, invoked: &Invoked, metrics: &mut Metrics| {
        Box::pin(producer.run(event, invoked, metrics)).await
    };
    let Ended { answer, .. } = lambda.invoke(process, LOYALTY_PRODUCER.timeout, run).await?;
    Some(answer)
}

async fn consumer(lambda: &Lambda, machine: usize) -> Option<Process<Consumer>> {
    let receives = lambda.scenario.max_receives;
    let make = async |environment: Environment, http: Client| {
        // Boxed: it is large.
        Box::pin(Consumer::of(environment, http, CONSUMERS, receives, HINTS.to_owned(), fastrand::f64)).await
    };
    lambda.start(LOYALTY_CONSUMER, machine, make).await
}

/// A poller of the queue, with consumers on its machine.
pub(crate) async fn work(lambda: Lambda, machine: usize) {
    let batch = async |process: &Process<Consumer>, event: queue::Event| {
        let run = async |consumer: &Consumer, invoked: &Invoked, metrics: &mut Metrics| {
            let counting = std::mem::replace(metrics, Metrics::new("", "", ""));
            let (response, counted) = Box::pin(consumer.consume(event, invoked.deadline, counting)).await?;
            *metrics = counted;
            Ok::<_, queue::InvalidBatch>(response)
        };
        lambda.invoke(process, LOYALTY_CONSUMER.timeout, run).await.map(|ended| ended.answer)
    };
    let start = async || consumer(&lambda, machine).await;
    mapping::poll(&lambda, LOYALTY_CONSUMER, start, batch).await;
}

/// One run of the reconciler; its certificates, none if it fails or is killed, and the metrics that it wrote, a line each.
pub(crate) async fn reconcile(lambda: &Lambda, machine: usize, event: Event) -> (Vec<Certificate>, String) {
    let make = async |environment: Environment, http: Client| {
        // Boxed: it is large.
        Box::pin(Reconciler::of(environment, http, CONSUMERS, HINTS.to_owned())).await
    };
    let Some(process) = lambda.start(LOYALTY_RECONCILER, machine, make).await else { return Default::default() };
    let run = async |reconciler: &Reconciler, invoked: &Invoked, metrics: &mut Metrics| {
        Box::pin(reconciler.run(event, invoked, metrics)).await
    };
    match lambda.invoke(&process, LOYALTY_RECONCILER.timeout, run).await {
        Some(Ended { answer, metrics }) => (answer.certificates, metrics),
        None => Default::default(),
    }
}
