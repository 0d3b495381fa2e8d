//! What a function is told by its environment.

use chrono::{DateTime, Utc};
use config::Relay;
use std::{fmt::Display, process::ExitCode, str::FromStr, sync::Arc};

/// Any error, with its causes.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A function cannot start; the sentence says what to mend.
#[derive(Debug, thiserror::Error)]
pub enum ColdStart {
    /// The configuration cannot be used.
    #[error(transparent)]
    Configuration(#[from] config::Error),
    /// A secret is missing, not filled or does not fit the configuration.
    #[error(transparent)]
    Secret(BoxError),
    /// A system that is asked at the start does not answer now.
    #[error(transparent)]
    Unavailable(BoxError),
    /// The process cannot be set up as it was started.
    #[error(transparent)]
    Environment(BoxError),
}

/// An environment variable that is missing or unusable.
#[derive(Debug, thiserror::Error)]
#[error("misconfigured: environment variable `{name}` {problem}")]
struct BadVariable {
    name: &'static str,
    problem: String,
}

impl From<secrets::Error> for ColdStart {
    fn from(error: secrets::Error) -> Self {
        let now = matches!(error, secrets::Error::Unavailable { .. });
        if now { Self::Unavailable(error.into()) } else { Self::Secret(error.into()) }
    }
}

impl From<BadVariable> for ColdStart {
    fn from(error: BadVariable) -> Self {
        Self::Environment(error.into())
    }
}

fn variable(name: &'static str) -> Result<String, BadVariable> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        _ => Err(BadVariable { name, problem: "is not set".to_owned() }),
    }
}

/// The value of an environment variable.
///
/// # Errors
/// When it is not set, or not of this type.
pub fn parsed<T: FromStr<Err: Display>>(name: &'static str) -> Result<T, ColdStart> {
    let value = variable(name)?;
    Ok(value.parse().map_err(|error| BadVariable { name, problem: format!("is {value:?}: {error}") })?)
}

/// What a function stands in: its configuration, the SDK's, and the names of what it uses.
pub struct Environment {
    /// The configuration.
    pub config: Arc<Relay>,
    /// The SDK's configuration.
    pub aws: aws_config::SdkConfig,
    /// The stack's name: the secrets' prefix.
    pub stack: String,
    /// The ledger's table.
    pub table: String,
    /// The URL of the flow's queue.
    pub queue: String,
    /// The URL of its dead-letter queue.
    pub dead_letters: String,
    /// The clock.
    pub now: fn() -> DateTime<Utc>,
}

impl Environment {
    /// As the process was started: sets up logging and loads the configuration, whose digest the first log line names.
    pub(crate) async fn of(function: &str, flow: &str) -> Result<Self, ColdStart> {
        let level = std::env::var("LOG_LEVEL");
        telemetry::init(function, level.as_deref().unwrap_or("info"))
            .map_err(|error| ColdStart::Environment(error.into()))?;
        let config = Relay::load(variable("RELAY_CONFIG")?)?;
        tracing::info!(flow, config_sha256 = config.sha256, "cold start");
        Ok(Self {
            config: Arc::new(config),
            aws: aws::function_config().await.map_err(ColdStart::Environment)?,
            stack: variable("STACK_NAME")?,
            table: variable("LEDGER_TABLE")?,
            queue: variable("QUEUE_URL")?,
            dead_letters: variable("DEAD_LETTER_QUEUE_URL")?,
            now: Utc::now,
        })
    }

    /// What the secret of this name is called in the stack.
    pub fn secret(&self, name: &str) -> String {
        format!("{}/{name}", self.stack)
    }
}

/// The text of the configuration, read again: it is handed out seldom, and kept by nobody.
pub(crate) fn settings_file() -> Result<String, ColdStart> {
    let origin = variable("RELAY_CONFIG")?;
    let text = std::fs::read_to_string(&origin);
    Ok(text.map_err(|source| config::Error::Unreadable { origin, source })?)
}

/// How the process ends when the runtime does.
pub(crate) fn ended(runtime: Result<(), BoxError>) -> ExitCode {
    match runtime {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = error.as_ref() as &dyn std::error::Error, "the runtime ended");
            ExitCode::FAILURE
        }
    }
}
