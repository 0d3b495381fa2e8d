//! Lambda: the reconciler of the reviews flow.

use chrono::Utc;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use reviews::{FLOW, environment, event::Event};
use serde_json::Value;
use std::process::ExitCode;
use telemetry::Metrics;
use tracing::Instrument as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(reconciler) = &environment::started(environment::reconciler().await) else { return ExitCode::FAILURE };
    let handler = service_fn(|event: LambdaEvent<Value>| async move {
        let (payload, context) = event.into_parts();
        let span = telemetry::invocation(&context.request_id, context.xray_trace_id.as_deref());
        async {
            let mut metrics = Metrics::new(FLOW, "reviews-reconciler", &context.request_id);
            let run = match Event::parse(payload) {
                Ok(event) => reconciler.run(event, context.deadline().into(), &mut metrics).await.map_err(Error::from),
                Err(bad) => Err(bad.into()),
            };
            metrics.flush(Utc::now(), std::io::stdout())?;
            run.inspect_err(|error| tracing::error!(error = error.as_ref() as &dyn std::error::Error, "the run failed"))
        }
        .instrument(span)
        .await
    });
    environment::ended(Runtime::new(handler).run().await)
}
