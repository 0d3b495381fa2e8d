//! The check before traffic moves to a new version.
//!
//! `CodeDeploy` calls it as the hook `BeforeAllowTraffic`; it sends each new version `{"check":true}`, to which the functions
//! answer whether they could work, and tells `CodeDeploy` how that went. Whatever happens, `CodeDeploy` is told: it would wait
//! an hour for an answer that does not come.
//! <https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html>

mod answer;

use aws_config::{SdkConfig, timeout::TimeoutConfig};
use aws_sdk_codedeploy::types::LifecycleEventStatus;
use aws_sdk_lambda::primitives::Blob;
use function::fault::chain;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Left at the end of an invocation for telling `CodeDeploy`.
const MARGIN: Duration = Duration::from_secs(10);

/// When a connection to Lambda is given up.
const CONNECT: Duration = Duration::from_millis(3_100);

/// What `CodeDeploy` invokes a hook with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Hook {
    /// The deployment.
    pub deployment_id: String,
    /// The hook's run within it.
    pub lifecycle_event_hook_execution_id: String,
}

/// A check that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedCheck {
    /// The version that was asked.
    pub target: String,
    /// What was looked at.
    pub check: String,
    /// What is wrong, in the version's words.
    pub error: String,
}

/// How a check went, as `CodeDeploy` was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// `Succeeded` or `Failed`.
    pub status: String,
    /// Everything that failed.
    pub failures: Vec<FailedCheck>,
}

/// `CodeDeploy` could not be told.
#[derive(Debug, thiserror::Error)]
#[error("CodeDeploy was not told how the check went")]
pub struct Untold(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Untold {
    /// With its causes, in their own words.
    pub fn in_full(&self) -> String {
        chain(self)
    }
}

/// Asks new versions whether they could work.
pub struct Rollout {
    lambda: aws_sdk_lambda::Client,
    codedeploy: aws_sdk_codedeploy::Client,
    targets: Vec<String>,
}

impl Rollout {
    /// Of the versions in `targets`, ARNs with commas between them.
    pub fn new(config: &SdkConfig, targets: &str) -> Self {
        // A version that starts cold and asks the vendors takes its time: `run` says when it is too long.
        let patient = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .disable_operation_attempt_timeout()
            .disable_read_timeout()
            .build();
        let lambda = aws_sdk_lambda::config::Builder::from(config).timeout_config(patient).build();
        let targets = targets.split(',').map(str::trim).filter(|target| !target.is_empty());
        Self {
            lambda: aws_sdk_lambda::Client::from_conf(lambda),
            codedeploy: aws_sdk_codedeploy::Client::new(config),
            targets: targets.map(str::to_owned).collect(),
        }
    }

    /// Asks every target and tells `CodeDeploy`, within `remaining`, which is what is left of the invocation.
    ///
    /// # Errors
    /// When `CodeDeploy` cannot be told.
    pub async fn run(&self, hook: &Hook, remaining: Duration) -> Result<CheckReport, Untold> {
        let room = remaining.saturating_sub(MARGIN);
        let mut failures: Vec<FailedCheck> =
            futures_util::future::join_all(self.targets.iter().map(|target| self.ask(target, room)))
                .await
                .into_iter()
                .flatten()
                .collect();
        if self.targets.is_empty() {
            failures.push(failure("", "targets", "misconfigured: environment variable `TARGETS` names no version"));
        }
        for FailedCheck { target, check, error } in &failures {
            tracing::error!(version = target, check, error, "check failed");
        }
        let status = if failures.is_empty() { LifecycleEventStatus::Succeeded } else { LifecycleEventStatus::Failed };
        tracing::info!(status = status.as_str(), versions = self.targets.len(), "checked");
        let told = self
            .codedeploy
            .put_lifecycle_event_hook_execution_status()
            .deployment_id(&hook.deployment_id)
            .lifecycle_event_hook_execution_id(&hook.lifecycle_event_hook_execution_id)
            .status(status.clone())
            .send();
        told.await.map_err(|error| Untold(error.into()))?;
        Ok(CheckReport { status: status.as_str().to_owned(), failures })
    }

    /// What is wrong with a version.
    async fn ask(&self, target: &str, room: Duration) -> Vec<FailedCheck> {
        let asked = self.lambda.invoke().function_name(target).payload(Blob::new(r#"{"check":true}"#)).send();
        match tokio::time::timeout(room, asked).await {
            Err(_late) => vec![failure(target, "invocation", "no answer before the check's own time was up")],
            Ok(Err(error)) => vec![failure(target, "invocation", &chain(&error))],
            Ok(Ok(said)) => {
                let payload = said.payload().map(Blob::as_ref).unwrap_or_default();
                answer::failures(target, said.function_error(), payload)
            }
        }
    }
}

fn failure(target: &str, check: &str, error: &str) -> FailedCheck {
    FailedCheck { target: target.to_owned(), check: check.to_owned(), error: error.to_owned() }
}
