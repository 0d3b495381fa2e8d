//! What a function is told by its environment, and the clients made of it once at cold start.

use crate::{FLOW, deliver::Deliverer, pace::Pace, produce::Producer, reconcile::Reconciler, stores::Stores};
use chrono::{DateTime, Utc};
use config::{Relay, StoreName};
use ledger::{Flow, Ledger, Policies, Policy, Repeat};
use queue::Queue;
use secrets::Secrets;
use std::{collections::BTreeMap, fmt::Display, process::ExitCode, str::FromStr, sync::Arc};

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

/// The flow, as the delivery protocol knows it.
pub(crate) fn flow(config: &Relay) -> Flow {
    let policy = Policy {
        // Yotpo does not create an order id twice.
        repeat: Repeat::Harmless,
        supersedes: false,
        settle: config.protocol.settle.yotpo_reviews,
        clock_skew: config.protocol.clock_skew,
    };
    Flow { name: FLOW, policies: Policies::all(policy) }
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

/// What a function stands in: its configuration, its clients' configurations, and the names of what it uses.
pub struct Environment {
    /// The configuration.
    pub config: Arc<Relay>,
    /// The SDK's configuration.
    pub aws: aws_config::SdkConfig,
    /// The HTTP client for the vendor.
    pub http: salesforce::Http,
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

/// Everything the producer works with.
///
/// # Errors
/// When configuration, environment or secrets do not allow it to work.
pub async fn producer() -> Result<Producer, ColdStart> {
    Environment::of("reviews-producer").await?.producer().await
}

/// Everything the consumer works with.
///
/// # Errors
/// When configuration, environment or secrets do not allow it to work.
pub async fn consumer() -> Result<Deliverer, ColdStart> {
    let environment = Environment::of("reviews-consumer").await?;
    let (workers, receives) = (parsed("VENDOR_CONCURRENCY")?, parsed("MAX_RECEIVE_COUNT")?);
    environment.consumer(workers, receives, rand::random).await
}

/// Everything the reconciler works with.
///
/// # Errors
/// When configuration, environment or secrets do not allow it to work.
pub async fn reconciler() -> Result<Reconciler, ColdStart> {
    let environment = Environment::of("reviews-reconciler").await?;
    environment.reconciler(parsed("VENDOR_CONCURRENCY")?).await
}

/// Each store's share of its account's calls: the reconciler is one worker beside the consumers.
fn shares(config: &Relay, consumers: u32) -> BTreeMap<StoreName, Pace> {
    let pace = |name: &StoreName| (name.clone(), Pace::new(config.pace.yotpo_reviews, consumers + 1));
    config.stores.keys().map(pace).collect()
}

/// The source, with its secret, which is read again when a login is refused: it may have been rotated under a warm function.
async fn source(
    aws: &aws_config::SdkConfig,
    stack: &str,
    http: salesforce::Http,
    config: &Relay,
    now: fn() -> DateTime<Utc>,
) -> Result<salesforce::Client, secrets::Error> {
    let (secrets, name) = (Secrets::new(aws), format!("{stack}/salesforce"));
    let credentials = secrets.get(&name).await?;
    let order = &config.salesforce;
    let client = salesforce::Client::new(http, credentials, &order.api_version, order.quota_share, now);
    Ok(client.renewed_by(Box::new(move || {
        let (secrets, name) = (secrets.clone(), name.clone());
        Box::pin(async move {
            tracing::warn!(secret = name, "Salesforce refuses the login; the secret is read again");
            match secrets.get(&name).await {
                Ok(credentials) => Some(credentials),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "the secret cannot be read again");
                    None
                }
            }
        })
    })))
}

impl Environment {
    /// As the process was started.
    async fn of(function: &str) -> Result<Self, ColdStart> {
        let config = begin(function)?;
        Ok(Self {
            aws: aws::sdk_config().await?,
            http: salesforce::Http::new(config.protocol.call_timeout)?,
            stack: variable("STACK_NAME")?,
            table: variable("LEDGER_TABLE")?,
            queue: variable("QUEUE_URL")?,
            dead_letters: variable("DEAD_LETTER_QUEUE_URL")?,
            now: Utc::now,
            config,
        })
    }

    /// The producer's clients, with its secret.
    ///
    /// # Errors
    /// When the secret does not allow it to work.
    pub async fn producer(self) -> Result<Producer, ColdStart> {
        let Self { config, aws, http, stack, table, queue, dead_letters, now } = self;
        Ok(Producer {
            salesforce: source(&aws, &stack, http, &config, now).await?,
            ledger: Ledger::new(&aws, table, flow(&config), now),
            queue: Queue::new(&aws, queue),
            dead_letters: Queue::new(&aws, dead_letters),
            now,
            config,
        })
    }

    /// The consumer's clients, with its secret. `workers`: how many share a vendor account; `max_receives`: how often
    /// SQS delivers a message; `random`: uniform in `0.0..1.0`.
    ///
    /// # Errors
    /// When the secret does not allow it to work.
    pub async fn consumer(self, workers: u32, max_receives: u32, random: fn() -> f64) -> Result<Deliverer, ColdStart> {
        let Self { config, aws, http, stack, table, queue, dead_letters, now } = self;
        Ok(Deliverer {
            stores: Stores::load(Secrets::new(&aws), format!("{stack}/yotpo"), http, &config, now).await?,
            ledger: Ledger::new(&aws, table, flow(&config), now),
            queue: Queue::new(&aws, queue),
            dead_letters: Queue::new(&aws, dead_letters),
            pace: shares(&config, workers),
            max_receives,
            now,
            random,
            config,
        })
    }

    /// The reconciler's clients, with both secrets. `consumers`: how many share a vendor account with it.
    ///
    /// # Errors
    /// When a secret does not allow it to work.
    pub async fn reconciler(self, consumers: u32) -> Result<Reconciler, ColdStart> {
        let Self { config, aws, http, stack, table, queue, dead_letters, now } = self;
        Ok(Reconciler {
            salesforce: source(&aws, &stack, http.clone(), &config, now).await?,
            stores: Stores::load(Secrets::new(&aws), format!("{stack}/yotpo"), http, &config, now).await?,
            ledger: Ledger::new(&aws, table, flow(&config), now),
            queue: Queue::new(&aws, queue),
            dead_letters: Queue::new(&aws, dead_letters),
            pace: shares(&config, consumers),
            now,
            config,
        })
    }
}
