//! A function that a schedule starts, or a person.

use crate::{
    check::Checked,
    environment::{ColdStart, Environment},
    event::{Event, Invoked},
    fault::Fault,
    lambda,
};
use chrono::Utc;
use queue::TraceHeader;
use serde::Serialize;
use std::process::ExitCode;
use telemetry::Metrics;

/// Serves events until the runtime ends: `make` makes what the function works with at cold start, a check event goes to
/// `check`, any other to `run`. Metrics are written however a run went.
pub async fn serve<T, A: Serialize, E: Into<Fault>>(
    name: &'static str,
    flow: &'static str,
    make: impl AsyncFn(Environment) -> Result<T, ColdStart>,
    check: impl AsyncFn(&T, Checked) -> Checked,
    run: impl AsyncFn(&T, Event, &Invoked, &mut Metrics) -> Result<A, E>,
) -> ExitCode {
    lambda::serve(name, flow, make, check, async |works: &T, event, context| {
        let event = Event::parse(event)?;
        let trace = context.xray_trace_id.as_deref().and_then(TraceHeader::parse);
        let invoked = Invoked { deadline: context.deadline().into(), trace };
        let mut metrics = Metrics::new(flow, name, &context.request_id);
        let answer = run(works, event, &invoked, &mut metrics).await.map_err(Into::into);
        metrics.flush(Utc::now(), std::io::stdout())?;
        Ok(serde_json::to_value(answer?)?)
    })
    .await
}
