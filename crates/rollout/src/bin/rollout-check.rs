//! Lambda: `CodeDeploy`'s hook before traffic moves to a new version.

use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use rollout::{Hook, Rollout};
use std::process::ExitCode;
use std::time::SystemTime;
use tracing::Instrument as _;

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
    let rollout = &Rollout::new(&aws::sdk_config().await?, &targets);
    let handler = service_fn(|event: LambdaEvent<Hook>| async move {
        let (hook, context) = event.into_parts();
        let span = telemetry::invocation(&context.request_id, context.xray_trace_id.as_deref());
        let remaining = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        let say = |error: &rollout::Untold| tracing::error!(error = error as &dyn std::error::Error, "not told");
        let report = rollout.run(&hook, remaining).instrument(span).await.inspect_err(say)?;
        Ok::<_, Error>(report)
    });
    Runtime::new(handler).run().await
}
