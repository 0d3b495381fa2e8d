//! A function that its schedule starts: producer and reconciler, which differ in their work alone.

use crate::{
    FLOW,
    check::Checked,
    environment::ColdStart,
    event::{Event, Invoked},
    fault::Fault,
    lambda,
};
use chrono::Utc;
use config::Relay;
use queue::TraceHeader;
use serde::Serialize;
use std::process::ExitCode;
use telemetry::Metrics;

/// Serves invocations until the runtime ends: the clients are made by `make` at cold start, a check event goes to `check`,
/// or is answered from `settings`, any other to `run`. Metrics are written however a run went.
pub async fn serve<T, A: Serialize, E: Into<Fault>>(
    name: &'static str,
    make: impl AsyncFn() -> Result<T, ColdStart>,
    settings: impl Fn(&T) -> &Relay,
    check: impl AsyncFn(&T) -> Checked,
    run: impl AsyncFn(&T, Event, &Invoked, &mut Metrics) -> Result<A, E>,
) -> ExitCode {
    lambda::serve(make, settings, check, async |works: &T, event, context| {
        let event = Event::parse(event)?;
        let trace = context.xray_trace_id.as_deref().and_then(TraceHeader::parse);
        let invoked = Invoked { deadline: context.deadline().into(), trace };
        let mut metrics = Metrics::new(FLOW, name, &context.request_id);
        let answer = run(works, event, &invoked, &mut metrics).await.map_err(Into::into);
        metrics.flush(Utc::now(), std::io::stdout())?;
        Ok(serde_json::to_value(answer?)?)
    })
    .await
}
