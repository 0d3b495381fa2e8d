//! Lambda: the consumer of the reviews flow.

use chrono::Utc;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use reviews::{FLOW, check::Checked, deliver::Deliverer, environment, start::Start};
use serde_json::Value;
use std::process::ExitCode;
use telemetry::Metrics;
use tracing::Instrument as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let start = &Start::cold(environment::consumer).await;
    let handler = service_fn(|event: LambdaEvent<Value>| async move {
        let (event, context) = event.into_parts();
        let span = telemetry::invocation(&context.request_id, context.xray_trace_id.as_deref());
        async {
            let started = start.get().await;
            if let Some(said) = Checked::answer(&event, &started, |works| &works.config, Deliverer::check).await {
                return Ok(serde_json::to_value(said)?);
            }
            let metrics = Metrics::new(FLOW, "reviews-consumer", &context.request_id);
            let batch = serde_json::from_value(event)?;
            let (response, mut metrics) = started?.consume(batch, context.deadline().into(), metrics).await?;
            metrics.flush(Utc::now(), std::io::stdout())?;
            Ok::<_, Error>(serde_json::to_value(response)?)
        }
        .instrument(span)
        .await
    });
    environment::ended(Runtime::new(handler).run().await)
}
