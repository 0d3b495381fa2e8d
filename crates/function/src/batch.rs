//! A function that a queue's event source mapping starts.

use crate::{
    check::Checked,
    environment::{ColdStart, Environment},
    fault::Fault,
    lambda,
};
use chrono::{DateTime, Utc};
use queue::InvalidBatch;
use std::process::ExitCode;
use telemetry::Metrics;

/// What a batch came to: the answer, and what was counted.
pub type Consumed = Result<(queue::Response, Metrics), InvalidBatch>;

/// Serves batches until the runtime ends: `make` makes what the function works with at cold start, a check event goes to
/// `check`, a batch to `consume`, with the invocation's end.
pub async fn serve<T>(
    name: &'static str,
    flow: &'static str,
    make: impl AsyncFn(Environment) -> Result<T, ColdStart>,
    check: impl AsyncFn(&T, Checked) -> Checked,
    consume: impl AsyncFn(&T, queue::Event, DateTime<Utc>, Metrics) -> Consumed,
) -> ExitCode {
    lambda::serve(name, flow, make, check, async |works: &T, event, context| {
        let batch = serde_json::from_value(event).map_err(|error| Fault::no_batch(&error))?;
        let metrics = Metrics::new(flow, name, &context.request_id);
        let (response, mut metrics) = consume(works, batch, context.deadline().into(), metrics).await?;
        metrics.flush(Utc::now(), std::io::stdout())?;
        Ok(serde_json::to_value(response)?)
    })
    .await
}
