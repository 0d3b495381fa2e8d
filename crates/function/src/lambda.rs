//! A function on Lambda's runtime: what it works with is made at cold start, a check event is answered, any other is worked on,
//! and a failure has a name and one line in the log.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use crate::{
    check::{self, Checked, SettingsFile},
    environment::{self, ColdStart, Environment},
    fault::Fault,
    start::Start,
};
use config::Relay;
use futures_util::FutureExt as _;
use lambda_runtime::{Context, LambdaEvent, Runtime, service_fn};
use serde_json::Value;
use std::{panic::AssertUnwindSafe, process::ExitCode, sync::Arc};
use tracing::Instrument as _;

/// Serves invocations until the runtime ends: what the function works with is made by `make`, a check event is answered with
/// what `check` adds to what the start has shown, any other goes to `work`.
pub(crate) async fn serve<T>(
    name: &'static str,
    flow: &'static str,
    make: impl AsyncFn(Environment) -> Result<T, ColdStart>,
    check: impl AsyncFn(&T, Checked) -> Checked,
    work: impl AsyncFn(&T, Value, &Context) -> Result<Value, Fault>,
) -> ExitCode {
    let make = async || {
        let environment = Environment::of(name, flow).await?;
        Ok::<(Arc<Relay>, T), ColdStart>((Arc::clone(&environment.config), Box::pin(make(environment)).await?))
    };
    let (start, check, work) = (&Start::cold(make).await, &check, &work);
    let handler = service_fn(|event: LambdaEvent<Value>| async move {
        let (event, context) = event.into_parts();
        let span = telemetry::invocation(&context.request_id, context.xray_trace_id.as_deref());
        // Boxed: it is tens of kilobytes, and moved about.
        said(Box::pin(async {
            let asked = check::Asked::of(&event);
            if asked == Some(check::Asked::File) {
                return Ok(serde_json::to_value(SettingsFile { file: environment::settings_file()? })?);
            }
            let started = start.get().await;
            if let Some(asked) = asked {
                return Ok(serde_json::to_value(match (&started, asked) {
                    (Err(error), _) => Checked::not_started(error),
                    (Ok((config, _)), check::Asked::Settings | check::Asked::File) => Checked::started(config),
                    (Ok((config, works)), check::Asked::All) => Box::pin(check(works, Checked::started(config))).await,
                })?);
            }
            // Boxed, as the start: nested as deep as they are, the compiler gives up on their layout.
            Box::pin(work(&started?.1, event, &context)).await
        }))
        .instrument(span)
        .await
    });
    environment::ended(Box::pin(Runtime::new(handler).run()).await)
}

/// The work's answer. A failure is said in a line of ours, a panic by the hook that writes it as one: what the runtime would
/// print of either is no event of ours, and may quote data.
async fn said(work: impl Future<Output = Result<Value, Fault>>) -> Result<Value, Fault> {
    let answer = AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(Fault::panicked()));
    answer.map_err(|mut fault| {
        fault.say();
        fault
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Kind;

    #[tokio::test]
    async fn a_panic_is_a_failure_like_any_other_and_quotes_nothing() {
        let fault = said(async { panic!("jane@example.com") }).await.unwrap_err();
        assert_eq!((fault.kind, fault.message.contains("jane")), (Kind::Internal, false));
    }
}
