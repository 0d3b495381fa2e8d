//! What a function is told by its environment, and the clients made of it once at cold start.

use crate::{FLOW, deliver::Deliverer, pace::Pace, produce::Producer, stores::Stores};
use chrono::Utc;
use config::Relay;
use ledger::{Ledger, Policy, Repeat};
use queue::Queue;
use secrets::Secrets;
use std::{fmt::Display, process::ExitCode, str::FromStr, sync::Arc};

/// A failure at cold start; the sentence says what to mend.
pub type ColdStart = Box<dyn std::error::Error + Send + Sync>;

/// An environment variable that is missing or unusable.
#[derive(Debug, thiserror::Error)]
#[error("misconfigured: environment variable `{name}` {problem}")]
struct BadVariable {
    name: &'static str,
    problem: String,
}

fn variable(name: &'static str) -> Result<String, BadVariable> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        _ => Err(BadVariable { name, problem: "is not set".to_owned() }),
    }
}

fn parsed<T: FromStr<Err: Display>>(name: &'static str) -> Result<T, BadVariable> {
    let value = variable(name)?;
    value.parse().map_err(|error| BadVariable { name, problem: format!("is {value:?}: {error}") })
}

/// Sets up logging and loads the configuration: the first log line names its digest.
fn begin(function: &str) -> Result<Arc<Relay>, ColdStart> {
    telemetry::init(function, std::env::var("LOG_LEVEL").as_deref().unwrap_or("info"))?;
    let config = Relay::load(variable("RELAY_CONFIG")?)?;
    tracing::info!(flow = FLOW, config_sha256 = config.sha256, "cold start");
    Ok(Arc::new(config))
}

fn policy(config: &Relay) -> Policy {
    Policy {
        // Yotpo does not create an order id twice.
        repeat: Repeat::Harmless,
        supersedes: false,
        settle: config.protocol.settle.yotpo_reviews,
        clock_skew: config.protocol.clock_skew,
    }
}

/// What a function works with, or the log line that says why it cannot start: the runtime's own words would not be JSON.
pub fn started<T>(cold_start: Result<T, ColdStart>) -> Option<T> {
    let say = |error: &ColdStart| {
        let error_class = ledger::ErrorClass::Misconfigured;
        tracing::error!(%error_class, error = error.as_ref() as &dyn std::error::Error, "cold start failed");
    };
    cold_start.inspect_err(say).ok()
}

/// How the process ends when the runtime does.
pub fn ended(runtime: Result<(), ColdStart>) -> ExitCode {
    match runtime {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = error.as_ref() as &dyn std::error::Error, "the runtime ended");
            ExitCode::FAILURE
        }
    }
}

/// Everything the producer works with.
///
/// # Errors
/// When configuration, environment or secrets do not allow it to work.
pub async fn producer() -> Result<Producer, ColdStart> {
    let config = begin("reviews-producer")?;
    let aws = aws::sdk_config().await?;
    let secret = format!("{}/salesforce", variable("STACK_NAME")?);
    let credentials: salesforce::Credentials = Secrets::new(&aws).get(&secret).await?;
    let http = salesforce::Http::new(config.protocol.call_timeout)?;
    let order = &config.salesforce;
    Ok(Producer {
        salesforce: salesforce::Client::new(http, credentials, &order.api_version, order.quota_share, Utc::now),
        ledger: Ledger::new(&aws, variable("LEDGER_TABLE")?),
        policy: policy(&config),
        queue: Queue::new(&aws, variable("QUEUE_URL")?),
        dead_letters: Queue::new(&aws, variable("DEAD_LETTER_QUEUE_URL")?),
        now: Utc::now,
        config,
    })
}

/// Everything the consumer works with.
///
/// # Errors
/// When configuration, environment or secrets do not allow it to work.
pub async fn consumer() -> Result<Deliverer, ColdStart> {
    let config = begin("reviews-consumer")?;
    let aws = aws::sdk_config().await?;
    let http = yotpo::Http::new(config.protocol.call_timeout)?;
    let secret = format!("{}/yotpo", variable("STACK_NAME")?);
    let workers = parsed("VENDOR_CONCURRENCY")?;
    let pace = |name: &config::StoreName| (name.clone(), Pace::new(config.pace.yotpo_reviews, workers));
    Ok(Deliverer {
        stores: Stores::load(Secrets::new(&aws), secret, http, &config, Utc::now).await?,
        ledger: Ledger::new(&aws, variable("LEDGER_TABLE")?),
        policy: policy(&config),
        queue: Queue::new(&aws, variable("QUEUE_URL")?),
        dead_letters: Queue::new(&aws, variable("DEAD_LETTER_QUEUE_URL")?),
        pace: config.stores.keys().map(pace).collect(),
        max_receives: parsed("MAX_RECEIVE_COUNT")?,
        now: Utc::now,
        random: rand::random,
        config,
    })
}
