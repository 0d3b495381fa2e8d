//! What each function works with, made of its environment and its secrets at cold start.

use crate::{
    FLOW,
    account::NetSuiteAccount,
    admins::Admins,
    apply::Applier,
    items::{Currencies, Items},
    reconcile::Reconciler,
    shops::Shops,
    webhook::Webhook,
};
use config::{Erp, Protocol, Relay};
use delivery::Accounts;
use function::{ColdStart, Environment, environment::parsed};
use ledger::{Backoff, Flow, Ledger, Policies, Policy, Repeat};
use netsuite::Http;
use queue::Queue;
use secrets::Secrets;
use std::sync::Arc;

/// What the ledger must know of NetSuite.
pub fn flow(config: &Relay) -> Flow {
    let policy = |repeat, supersedes| Policy {
        repeat,
        supersedes,
        settle: config.protocol.settle.netsuite,
        clock_skew: config.protocol.clock_skew,
    };
    // A customer could be upserted again by its external id; read back, an order need not wait until a lost answer has settled.
    let policies = Policies::all(policy(Repeat::ReadBack, true)).but("refund", policy(Repeat::ReadBack, false));
    Flow { name: FLOW, policies }
}

/// The stack's settings have no erp flow.
#[derive(Debug, thiserror::Error)]
#[error("misconfigured: relay.toml has no section [erp]")]
struct NoErp;

/// The flow's rules.
fn erp(config: &Relay) -> Result<Arc<Erp>, ColdStart> {
    config.erp.clone().map(Arc::new).ok_or_else(|| ColdStart::Environment(NoErp.into()))
}

/// The webhook, from its environment.
///
/// # Errors
/// When the secret cannot be used.
pub async fn webhook(environment: Environment) -> Result<Webhook, ColdStart> {
    let (secrets, name) = (Secrets::new(&environment.aws), environment.secret("shopify"));
    let Environment { config, aws, table, queue, dead_letters, now, .. } = environment;
    Ok(Webhook {
        erp: erp(&config)?,
        shops: Shops::load(secrets, name, now).await?,
        ledger: Ledger::new(&aws, table, flow(&config), now),
        queue: Queue::new(&aws, queue),
        dead_letters: Queue::new(&aws, dead_letters),
        config,
    })
}

/// The worker, from its environment.
///
/// # Errors
/// When a secret cannot be used.
pub async fn worker(environment: Environment) -> Result<Applier, ColdStart> {
    let receives = parsed("MAX_RECEIVE_COUNT")?;
    let http = Http::new(environment.config.netsuite.call_timeout);
    let http = http.map_err(|error| ColdStart::Environment(error.into()))?;
    Applier::of(environment, http, receives, rand::random).await
}

/// The reconciler, from its environment.
///
/// # Errors
/// When a secret cannot be used.
pub async fn reconciler(environment: Environment) -> Result<Reconciler, ColdStart> {
    let http = Http::new(environment.config.netsuite.call_timeout);
    Reconciler::of(environment, http.map_err(|error| ColdStart::Environment(error.into()))?, rand::random).await
}

/// What worker and reconciler call, and where an account's slots are kept.
struct Vendors {
    ledger: Ledger,
    netsuite: NetSuiteAccount,
    admins: Admins,
}

impl Vendors {
    async fn of(environment: &Environment, http: Http, random: fn() -> f64) -> Result<Self, ColdStart> {
        let Environment { config, aws, table, now, .. } = environment;
        let (secrets, ledger) = (Secrets::new(aws), Ledger::new(aws, table, flow(config), *now));
        let [netsuite, shopify] = ["netsuite", "shopify"].map(|name| environment.secret(name));
        let account =
            NetSuiteAccount::load(secrets.clone(), netsuite, http.clone(), config, ledger.clone(), *now, random);
        let netsuite = account.await?;
        let admins = Admins::load(secrets, shopify, http, config.shopify.clone(), *now).await?;
        Ok(Self { ledger, netsuite, admins })
    }
}

impl Reconciler {
    /// From its environment, with this HTTP client for the vendors: `random` is uniform in `0.0..1.0`, for the jitter.
    ///
    /// # Errors
    /// When a secret cannot be used.
    pub async fn of(environment: Environment, http: Http, random: fn() -> f64) -> Result<Self, ColdStart> {
        let erp = erp(&environment.config)?;
        let Vendors { ledger, netsuite, admins } = Vendors::of(&environment, http, random).await?;
        let Environment { config, aws, queue, dead_letters, now, .. } = environment;
        Ok(Self {
            erp,
            netsuite,
            items: Items::new(now),
            admins,
            ledger,
            queue: Queue::new(&aws, queue),
            dead_letters: Queue::new(&aws, dead_letters),
            config,
        })
    }
}

impl Applier {
    /// From its environment: `random` is uniform in `0.0..1.0`, for the jitter.
    ///
    /// # Errors
    /// When a secret cannot be used.
    pub async fn of(
        environment: Environment,
        http: Http,
        max_receives: u32,
        random: fn() -> f64,
    ) -> Result<Self, ColdStart> {
        let erp = erp(&environment.config)?;
        let Vendors { ledger, netsuite, admins } = Vendors::of(&environment, http, random).await?;
        let Environment { config, aws, queue, dead_letters, now, .. } = environment;
        Ok(Self {
            erp,
            netsuite,
            items: Items::new(now),
            currencies: Currencies::new(config.netsuite.currencies.clone()),
            admins,
            worker: delivery::Worker {
                ledger,
                queue: Queue::new(&aws, queue),
                dead_letters: Queue::new(&aws, dead_letters),
                accounts: Accounts::new(),
                times: Protocol { call_timeout: config.netsuite.call_timeout, ..config.protocol.clone() },
                looks: Some(Backoff { base: config.netsuite.first_look, cap: config.netsuite.longest_look }),
                max_receives,
                random,
            },
        })
    }
}
