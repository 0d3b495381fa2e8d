//! What each function works with, made of its environment and its secrets at cold start.

use crate::{policy::flow, produce::Producer};
use config::{Loyalty, Relay};
use function::{ColdStart, Environment};
use ledger::Ledger;
use queue::Queue;
use salesforce::Http;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The stack's settings have no loyalty flow.
#[derive(Debug, thiserror::Error)]
#[error("misconfigured: relay.toml has no section [loyalty]")]
struct NoLoyalty;

fn loyalty(config: &Relay) -> Result<Arc<Loyalty>, ColdStart> {
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

fn http(environment: &Environment) -> Result<Http, ColdStart> {
    Http::new(environment.config.protocol.call_timeout).map_err(|error| ColdStart::Environment(error.into()))
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
