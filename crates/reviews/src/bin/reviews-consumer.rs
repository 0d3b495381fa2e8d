//! Lambda: the consumer of the reviews flow.

use chrono::Utc;
use lambda_runtime::Context;
use reviews::{FLOW, deliver::Deliverer, environment, fault::Fault, lambda};
use std::process::ExitCode;
use telemetry::Metrics;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let consume = async |deliverer: &Deliverer, event, context: &Context| {
        let batch = serde_json::from_value(event).map_err(|error| Fault::bad_event(&error))?;
        let metrics = Metrics::new(FLOW, "reviews-consumer", &context.request_id);
        let (response, mut metrics) = deliverer.consume(batch, context.deadline().into(), metrics).await?;
        metrics.flush(Utc::now(), std::io::stdout())?;
        Ok(serde_json::to_value(response)?)
    };
    // Boxed: it is tens of kilobytes, and moved about.
    Box::pin(lambda::serve(environment::consumer, |works| &works.config, Deliverer::check, consume)).await
}
