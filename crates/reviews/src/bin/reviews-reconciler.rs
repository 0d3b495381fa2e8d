//! Lambda: the reconciler of the reviews flow.

use chrono::Utc;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use queue::TraceHeader;
use reviews::{
    FLOW,
    check::{Checked, is_check},
    environment,
    event::Event,
    produce::Invoked,
    reconcile::Reconciler,
    start::Start,
};
use serde_json::Value;
use std::process::ExitCode;
use telemetry::Metrics;
use tracing::Instrument as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let start = &Start::cold(environment::reconciler).await;
    let handler = service_fn(|event: LambdaEvent<Value>| async move {
        let (event, context) = event.into_parts();
        let trace = context.xray_trace_id.as_deref();
        let span = telemetry::invocation(&context.request_id, trace);
        async {
            let started = start.get().await;
            if is_check(&event) {
                return Ok(serde_json::to_value(Checked::of(started, Reconciler::check).await)?);
            }
            let invoked = Invoked { deadline: context.deadline().into(), trace: trace.and_then(TraceHeader::parse) };
            let mut metrics = Metrics::new(FLOW, "reviews-reconciler", &context.request_id);
            let run = match (started?, Event::parse(event)) {
                (reconciler, Ok(event)) => reconciler.run(event, &invoked, &mut metrics).await.map_err(Error::from),
                (_, Err(bad)) => Err(bad.into()),
            };
            metrics.flush(Utc::now(), std::io::stdout())?;
            let said =
                |error: &Error| tracing::error!(error = error.as_ref() as &dyn std::error::Error, "the run failed");
            Ok::<_, Error>(serde_json::to_value(run.inspect_err(said)?)?)
        }
        .instrument(span)
        .await
    });
    environment::ended(Runtime::new(handler).run().await)
}
