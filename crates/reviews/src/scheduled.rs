//! A function that its schedule starts, on Lambda's runtime: producer and reconciler, which differ in their work alone.

use crate::{
    FLOW,
    check::{Checked, is_check},
    environment::{self, ColdStart},
    event::{Event, Invoked},
    start::Start,
};
use chrono::Utc;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use queue::TraceHeader;
use serde::Serialize;
use serde_json::Value;
use std::process::ExitCode;
use telemetry::Metrics;
use tracing::Instrument as _;

/// Serves invocations until the runtime ends: the clients are made by `make` at cold start, a check event goes to `check`,
/// any other to `run`. Metrics are written however a run went, and a failure in a log line.
pub async fn serve<T, A: Serialize, E: Into<Error>>(
    name: &'static str,
    make: impl AsyncFn() -> Result<T, ColdStart>,
    check: impl AsyncFn(&T) -> Checked,
    run: impl AsyncFn(&T, Event, &Invoked, &mut Metrics) -> Result<A, E>,
) -> ExitCode {
    let (start, check, run) = (&Start::cold(make).await, &check, &run);
    let handler = service_fn(|event: LambdaEvent<Value>| async move {
        let (event, context) = event.into_parts();
        let trace = context.xray_trace_id.as_deref();
        let span = telemetry::invocation(&context.request_id, trace);
        async {
            let started = start.get().await;
            if is_check(&event) {
                return Ok(serde_json::to_value(Checked::of(started, check).await)?);
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
