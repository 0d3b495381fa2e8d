//! The loyalty flow's functions, as the schedule starts them.

use crate::{
    functions::LOYALTY_PRODUCER,
    lambda::{Ended, Lambda, Process},
};
use delivery::report::Answer;
use function::{Environment, Event, Invoked};
use loyalty::produce::Producer;
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
