//! Lambda: the consumer of the reviews flow.

use chrono::Utc;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use reviews::{FLOW, environment};
use std::process::ExitCode;
use telemetry::Metrics;
use tracing::Instrument as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(deliverer) = &environment::started(environment::consumer().await) else { return ExitCode::FAILURE };
    let handler = service_fn(|event: LambdaEvent<queue::Event>| async move {
        let (batch, context) = event.into_parts();
        let span = telemetry::invocation(&context.request_id, context.xray_trace_id.as_deref());
        async {
            let metrics = Metrics::new(FLOW, "reviews-consumer", &context.request_id);
            let (response, mut metrics) = deliverer.consume(batch, context.deadline().into(), metrics).await?;
            metrics.flush(Utc::now(), std::io::stdout())?;
            Ok::<_, Error>(response)
        }
        .instrument(span)
        .await
    });
    environment::ended(Runtime::new(handler).run().await)
}
