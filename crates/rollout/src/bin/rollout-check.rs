//! Lambda: `CodeDeploy`'s hook before traffic moves to a new version.

use lambda_runtime::{Diagnostic, Error, LambdaEvent, Runtime, service_fn};
use rollout::{Hook, Rollout};
use serde_json::Value;
use std::{process::ExitCode, time::SystemTime};
use tracing::Instrument as _;

/// Why an invocation failed: its name, Lambda's `errorType`, and a sentence.
#[derive(Debug)]
struct Fault(&'static str, String);

impl From<Fault> for Diagnostic {
    fn from(Fault(name, error_message): Fault) -> Self {
        Self { error_type: name.to_owned(), error_message }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let ended = run().await;
    let say = |error: &Error| tracing::error!(error = error.as_ref() as &dyn std::error::Error, "the runtime ended");
    ended.inspect_err(say).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

async fn run() -> Result<(), Error> {
    telemetry::init("rollout-check", std::env::var("LOG_LEVEL").as_deref().unwrap_or("info"))?;
    // Without targets it still has CodeDeploy to tell that the check failed.
    let targets = std::env::var("TARGETS").unwrap_or_default();
    let rollout = &Rollout::new(&aws::function_config().await?, &targets);
    let handler = service_fn(|event: LambdaEvent<Value>| async move {
        let (event, context) = event.into_parts();
        let span = telemetry::invocation(&context.request_id, context.xray_trace_id.as_deref());
        let remaining = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        let said = async {
            let hook: Hook = serde_json::from_value(event).map_err(|error| Fault("BadEvent", error.to_string()))?;
            let told = rollout.run(&hook, remaining).await;
            told.map_err(|error| Fault("Unavailable", error.in_full()))
        };
        let say = |fault: &Fault| tracing::error!(error_type = fault.0, error = fault.1, "not told");
        async { said.await.inspect_err(say) }.instrument(span).await
    });
    Runtime::new(handler).run().await
}
