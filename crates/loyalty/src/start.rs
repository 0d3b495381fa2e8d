//! What each function works with, made of its environment and its secrets at cold start.

use crate::{
    clients::{self, LoyaltyClients},
    consume::Consumer,
    policy::flow,
    produce::Producer,
    reconcile::Reconciler,
    refresh::Refresher,
};
use config::{Loyalty, Relay};
use delivery::{Account, Accounts, Pace, Worker};
use function::{ColdStart, Environment, environment::parsed};
use ledger::Ledger;
use queue::Queue;
use salesforce::Http;
use secrets::Secrets;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The stack's settings have no loyalty flow.
#[derive(Debug, thiserror::Error)]
#[error("misconfigured: relay.toml has no section [loyalty]")]
struct NoLoyalty;

/// The flow's settings.
///
/// # Errors
/// When the file has none.
pub fn loyalty(config: &Relay) -> Result<Arc<Loyalty>, ColdStart> {
    config.loyalty.clone().map(Arc::new).ok_or_else(|| ColdStart::Environment(NoLoyalty.into()))
}

/// Everything the producer works with.
///
/// # Errors
/// When configuration, environment or secrets do not allow it to work.
pub async fn producer(environment: Environment) -> Result<Producer, ColdStart> {
    let http = http(&environment)?;
    Producer::of(environment, http).await
}

/// Each store's account, with this process's share of its calls: `callers` may call it at once, this one among them, each for every store
/// that has the account.
fn accounts(config: &Relay, clients: &LoyaltyClients, callers: u32) -> Accounts {
    let stores = clients.all();
    let stores: Vec<_> = stores.iter().map(|(name, client)| (name.as_str(), client.account())).collect();
    let account = |callers| Account::new(Pace::new(config.pace.yotpo_loyalty, callers));
    sharing(&stores, callers).into_iter().map(|(name, callers)| (name.to_owned(), account(callers))).collect()
}

/// Among how many callers a store's account is divided: each calls it for one store after the other, at the pace of each.
fn sharing<'a>(stores: &[(&'a str, &str)], callers: u32) -> Vec<(&'a str, u32)> {
    let of = |guid: &str| stores.iter().fold(0, |sum: u32, (_, other)| sum + u32::from(*other == guid));
    stores.iter().map(|(name, guid)| (*name, callers * of(guid))).collect()
}

/// How many may call a store's account at once: the consumers, the write-backs, and the reconciler.
///
/// # Errors
/// When the environment does not say how many there are of the former.
pub fn callers() -> Result<u32, ColdStart> {
    Ok(parsed::<u32>("CONSUMER_CONCURRENCY")? + parsed::<u32>("WRITEBACK_CONCURRENCY")? + 1)
}

/// Everything the consumer works with.
///
/// # Errors
/// When configuration, environment or secrets do not allow it to work.
pub async fn consumer(environment: Environment) -> Result<Consumer, ColdStart> {
    let (callers, receives) = (callers()?, parsed("MAX_RECEIVE_COUNT")?);
    let hints = parsed::<String>("WRITEBACK_QUEUE_URL")?;
    let http = http(&environment)?;
    Consumer::of(environment, http, callers, receives, hints, rand::random).await
}

/// Everything the write-back works with.
///
/// # Errors
/// When configuration, environment or secrets do not allow it to work.
pub async fn writeback(environment: Environment) -> Result<Refresher, ColdStart> {
    let (callers, receives) = (callers()?, parsed("MAX_RECEIVE_COUNT")?);
    let http = http(&environment)?;
    Refresher::of(environment, http, callers, receives, rand::random).await
}

fn http(environment: &Environment) -> Result<Http, ColdStart> {
    Http::new(environment.config.protocol.call_timeout).map_err(|error| ColdStart::Environment(error.into()))
}

/// Everything the reconciler works with.
///
/// # Errors
/// When configuration, environment or secrets do not allow it to work.
pub async fn reconciler(environment: Environment) -> Result<Reconciler, ColdStart> {
    let (callers, hints) = (callers()?, parsed::<String>("WRITEBACK_QUEUE_URL")?);
    let http = http(&environment)?;
    Reconciler::of(environment, http, callers, hints).await
}

impl Reconciler {
    /// With its secrets, and this HTTP client for the vendors. `callers`: how many may call a store's account at once, all functions
    /// together; `hints`: the URL of the write-back's queue.
    ///
    /// # Errors
    /// When a secret does not allow it to work.
    pub async fn of(environment: Environment, http: Http, callers: u32, hints: String) -> Result<Self, ColdStart> {
        let loyalty = loyalty(&environment.config)?;
        let (salesforce, clients) = vendors(&environment, http, &loyalty).await?;
        let Environment { config, aws, table, queue, dead_letters, now, .. } = environment;
        Ok(Self {
            accounts: accounts(&config, &clients, callers),
            clients,
            ledger: Ledger::new(&aws, table, flow(&loyalty, &config.protocol), now),
            queue: Queue::new(&aws, queue),
            dead_letters: Queue::new(&aws, dead_letters),
            hints: Queue::new(&aws, hints),
            salesforce,
            config,
            loyalty,
        })
    }
}

impl Producer {
    /// With its secret, and this HTTP client for the vendor.
    ///
    /// # Errors
    /// When the settings have no such flow, or the secret does not allow it to work.
    pub async fn of(environment: Environment, http: Http) -> Result<Self, ColdStart> {
        let loyalty = loyalty(&environment.config)?;
        let salesforce = org::client(&environment, http).await?;
        let Environment { config, aws, table, queue, dead_letters, now, .. } = environment;
        Ok(Self {
            salesforce,
            ledger: Ledger::new(&aws, table, flow(&loyalty, &config.protocol), now),
            queue: Queue::new(&aws, queue),
            dead_letters: Queue::new(&aws, dead_letters),
            now,
            config,
            loyalty,
            found: Mutex::default(),
        })
    }
}

impl Consumer {
    /// With its secrets, and this HTTP client for the vendors. `callers`: how many may call a store's account at once, all functions
    /// together; `max_receives`: how often SQS delivers a message; `hints`: the URL of the write-back's queue; `random`: uniform in
    /// `0.0..1.0`.
    ///
    /// # Errors
    /// When a secret does not allow it to work, or the settings have no such flow.
    pub async fn of(
        environment: Environment,
        http: Http,
        callers: u32,
        max_receives: u32,
        hints: String,
        random: fn() -> f64,
    ) -> Result<Self, ColdStart> {
        let loyalty = loyalty(&environment.config)?;
        let (salesforce, clients) = vendors(&environment, http, &loyalty).await?;
        let (config, hints) = (Arc::clone(&environment.config), Queue::new(&environment.aws, hints));
        let worker = worker(environment, &loyalty, &clients, (callers, max_receives), random);
        Ok(Self { config, loyalty, clients, salesforce, worker, hints })
    }
}

impl Refresher {
    /// As [`Consumer::of`]; the hints' queue is its own.
    ///
    /// # Errors
    /// As [`Consumer::of`].
    pub async fn of(
        environment: Environment,
        http: Http,
        callers: u32,
        max_receives: u32,
        random: fn() -> f64,
    ) -> Result<Self, ColdStart> {
        let loyalty = loyalty(&environment.config)?;
        let (salesforce, clients) = vendors(&environment, http, &loyalty).await?;
        let config = Arc::clone(&environment.config);
        let worker = worker(environment, &loyalty, &clients, (callers, max_receives), random);
        Ok(Self { config, loyalty, clients, salesforce, worker })
    }
}

/// The org, and the stores' accounts at Yotpo.
async fn vendors(
    environment: &Environment,
    http: Http,
    loyalty: &Loyalty,
) -> Result<(salesforce::Client, LoyaltyClients), ColdStart> {
    let salesforce = org::client(environment, http.clone()).await?;
    let (secrets, name) = (Secrets::new(&environment.aws), environment.secret("yotpo"));
    Ok((salesforce, clients::load(secrets, name, http, loyalty, environment.now).await?))
}

/// What takes a queue's messages through the delivery protocol.
fn worker(
    environment: Environment,
    loyalty: &Loyalty,
    clients: &LoyaltyClients,
    (callers, max_receives): (u32, u32),
    random: fn() -> f64,
) -> Worker {
    let Environment { config, aws, table, queue, dead_letters, now, .. } = environment;
    Worker {
        ledger: Ledger::new(&aws, table, flow(loyalty, &config.protocol), now),
        queue: Queue::new(&aws, queue),
        dead_letters: Queue::new(&aws, dead_letters),
        accounts: accounts(&config, clients, callers),
        times: config.protocol.clone(),
        looks: None,
        max_receives,
        random,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_of_one_account_share_its_pace() {
        let stores = [("us", "guid-1"), ("ca", "guid-1"), ("jp", "guid-2")];
        assert_eq!(sharing(&stores, 5), [("us", 10), ("ca", 10), ("jp", 5)]);
    }
}
