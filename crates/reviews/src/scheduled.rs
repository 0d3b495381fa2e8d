//! A function that its schedule starts, on Lambda's runtime: producer and reconciler, which differ in their work alone.

use crate::{
    FLOW,
    check::Checked,
    environment::{self, ColdStart},
    event::{Event, Invoked},
    start::Start,
};
use chrono::Utc;
use config::Relay;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use queue::TraceHeader;
use serde::Serialize;
use serde_json::Value;
use std::process::ExitCode;
use telemetry::Metrics;
use tracing::Instrument as _;

/// Serves invocations until the runtime ends: the clients are made by `make` at cold start, a check event goes to `check`,
/// or is answered from `settings`, any other to `run`. Metrics are written however a run went, and a failure in a log line.
pub async fn serve<T, A: Serialize, E: Into<Error>>(
    name: &'static str,
    make: impl AsyncFn() -> Result<T, ColdStart>,
    settings: impl Fn(&T) -> &Relay,
    check: impl AsyncFn(&T) -> Checked,
    run: impl AsyncFn(&T, Event, &Invoked, &mut Metrics) -> Result<A, E>,
) -> ExitCode {
    let (start, settings, check, run) = (&Start::cold(make).await, &settings, &check, &run);
    let handler = service_fn(|event: LambdaEvent<Value>| async move {
        let (event, context) = event.into_parts();
        let trace = context.xray_trace_id.as_deref();
        let span = telemetry::invocation(&context.request_id, trace);
        async {
            let started = start.get().await;
            if let Some(said) = Checked::answer(&event, &started, settings, check).await {
                return Ok(serde_json::to_value(said)?);
            }
            let invoked = Invoked { deadline: context.deadline().into(), trace: trace.and_then(TraceHeader::parse) };
            let mut metrics = Metrics::new(FLOW, name, &context.request_id);
            let answer = match (started?, Event::parse(event)) {
                (works, Ok(event)) => run(works, event, &invoked, &mut metrics).await.map_err(Into::into),
                (_, Err(bad)) => Err(bad.into()),
            };
            metrics.flush(Utc::now(), std::io::stdout())?;
            let said =
                |error: &Error| tracing::error!(error = error.as_ref() as &dyn std::error::Error, "the run failed");
            Ok::<_, Error>(serde_json::to_value(answer.inspect_err(said)?)?)
        }
        .instrument(span)
        .await
    });
    environment::ended(Runtime::new(handler).run().await)
}
