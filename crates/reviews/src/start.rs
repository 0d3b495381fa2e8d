//! What each function works with, made of its environment and its secrets at cold start.

use crate::{FLOW, consume::Consumer, produce::Producer, reconcile::Reconciler, stores};
use config::{Relay, StoreName};
use delivery::{Account, Accounts, Pace, Worker};
use function::{ColdStart, Environment, environment::parsed};
use ledger::{Flow, Ledger, Policies, Policy, Repeat};
use queue::Queue;
use salesforce::Http;
use secrets::Secrets;
use std::collections::BTreeMap;

/// The flow, as the delivery protocol knows it.
pub fn flow(config: &Relay) -> Flow {
    let policy = Policy {
        // Yotpo does not create an order id twice.
        repeat: Repeat::Harmless,
        supersedes: false,
        settle: config.protocol.settle.yotpo_reviews,
        clock_skew: config.protocol.clock_skew,
    };
    Flow { name: FLOW, policies: Policies::all(policy) }
}

/// Everything the producer works with.
///
/// # Errors
/// When configuration, environment or secrets do not allow it to work.
pub async fn producer(environment: Environment) -> Result<Producer, ColdStart> {
    let http = http(&environment)?;
    Producer::of(environment, http).await
}

/// Everything the consumer works with.
///
/// # Errors
/// When configuration, environment or secrets do not allow it to work.
pub async fn consumer(environment: Environment) -> Result<Consumer, ColdStart> {
    let (workers, receives) = (parsed("VENDOR_CONCURRENCY")?, parsed("MAX_RECEIVE_COUNT")?);
    let http = http(&environment)?;
    Consumer::of(environment, http, workers, receives, rand::random).await
}

/// Everything the reconciler works with.
///
/// # Errors
/// When configuration, environment or secrets do not allow it to work.
pub async fn reconciler(environment: Environment) -> Result<Reconciler, ColdStart> {
    let http = http(&environment)?;
    Reconciler::of(environment, http, parsed("VENDOR_CONCURRENCY")?).await
}

fn http(environment: &Environment) -> Result<Http, ColdStart> {
    Http::new(environment.config.protocol.call_timeout).map_err(|error| ColdStart::Environment(error.into()))
}

/// Each store's share of its account's calls: the reconciler is one worker beside the consumers.
fn shares(config: &Relay, consumers: u32) -> BTreeMap<StoreName, Pace> {
    let pace = |name: &StoreName| (name.clone(), Pace::new(config.pace.yotpo_reviews, consumers + 1));
    config.stores.keys().map(pace).collect()
}

impl Producer {
    /// With its secret, and this HTTP client for the vendor.
    ///
    /// # Errors
    /// When the secret does not allow it to work.
    pub async fn of(environment: Environment, http: Http) -> Result<Self, ColdStart> {
        let salesforce = org::client(&environment, http).await?;
        let Environment { config, aws, table, queue, dead_letters, now, .. } = environment;
        Ok(Self {
            salesforce,
            ledger: Ledger::new(&aws, table, flow(&config), now),
            queue: Queue::new(&aws, queue),
            dead_letters: Queue::new(&aws, dead_letters),
            now,
            config,
        })
    }
}

impl Consumer {
    /// With its secret, and this HTTP client for the vendor. `workers`: how many share a vendor account; `max_receives`: how
    /// often SQS delivers a message; `random`: uniform in `0.0..1.0`.
    ///
    /// # Errors
    /// When the secret does not allow it to work.
    pub async fn of(
        environment: Environment,
        http: Http,
        workers: u32,
        max_receives: u32,
        random: fn() -> f64,
    ) -> Result<Self, ColdStart> {
        let secret = environment.secret("yotpo");
        let Environment { config, aws, table, queue, dead_letters, now, .. } = environment;
        let account = |(name, pace): (StoreName, Pace)| (name.to_string(), Account::new(pace));
        let accounts: Accounts = shares(&config, workers).into_iter().map(account).collect();
        let worker = Worker {
            ledger: Ledger::new(&aws, table, flow(&config), now),
            queue: Queue::new(&aws, queue),
            dead_letters: Queue::new(&aws, dead_letters),
            accounts,
            times: config.protocol.clone(),
            looks: None,
            max_receives,
            random,
        };
        Ok(Self { stores: stores::load(Secrets::new(&aws), secret, http, &config, now).await?, worker, config })
    }
}

impl Reconciler {
    /// With both secrets, and this HTTP client for the vendors. `consumers`: how many share a vendor account with it.
    ///
    /// # Errors
    /// When a secret does not allow it to work.
    pub async fn of(environment: Environment, http: Http, consumers: u32) -> Result<Self, ColdStart> {
        let (salesforce, secret) = (org::client(&environment, http.clone()).await?, environment.secret("yotpo"));
        let Environment { config, aws, table, queue, dead_letters, now, .. } = environment;
        Ok(Self {
            salesforce,
            stores: stores::load(Secrets::new(&aws), secret, http, &config, now).await?,
            ledger: Ledger::new(&aws, table, flow(&config), now),
            queue: Queue::new(&aws, queue),
            dead_letters: Queue::new(&aws, dead_letters),
            pace: shares(&config, consumers),
            config,
        })
    }
}
