//! What a person at the command line works with: the flow's own ledger, queues, clients and rules, so that what is done by
//! hand is what the functions would do. A secret is read when a command needs its vendor, not before.

use crate::{
    start::flow,
    stores::{self, Stores},
};
use chrono::{DateTime, Utc};
use config::{BusinessDay, Relay, StoreName};
use function::{ColdStart, Environment, clients::Misconfigured};
use ledger::Ledger;
use queue::Queue;
use reconciliation::Certificate;
use secrets::Secrets;
use std::sync::Arc;

/// What the commands of an operator work with.
pub struct Operator {
    /// The configuration, as the operator has it; `relay check` compares it with what is deployed.
    pub config: Arc<Relay>,
    /// The ledger.
    pub ledger: Ledger,
    /// The flow's queue.
    pub queue: Queue,
    /// Its dead-letter queue.
    pub dead_letters: Queue,
    /// The clock.
    pub now: fn() -> DateTime<Utc>,
    secrets: Secrets,
    http: salesforce::Http,
    stack: String,
}

impl Operator {
    /// An operator's clients, as yet without secrets.
    pub fn of(environment: Environment, http: salesforce::Http) -> Self {
        let Environment { config, aws, stack, table, queue, dead_letters, now } = environment;
        Self {
            ledger: Ledger::new(&aws, table, flow(&config), now),
            queue: Queue::new(&aws, queue),
            dead_letters: Queue::new(&aws, dead_letters),
            secrets: Secrets::new(&aws),
            now,
            http,
            stack,
            config,
        }
    }

    /// The source, by its secret.
    ///
    /// # Errors
    /// When the secret does not allow it.
    pub async fn salesforce(&self) -> Result<salesforce::Client, ColdStart> {
        let credentials = self.salesforce_credentials().await?;
        let order = &self.config.salesforce;
        Ok(salesforce::Client::new(self.http.clone(), credentials, &order.api_version, order.quota_share, self.now))
    }

    /// The stores' accounts at the destination, by their secret.
    ///
    /// # Errors
    /// When the secret does not allow it.
    pub async fn stores(&self) -> Result<Stores, Misconfigured> {
        let name = format!("{}/yotpo", self.stack);
        stores::load(self.secrets.clone(), name, self.http.clone(), &self.config, self.now).await
    }

    /// What the source's secret says.
    ///
    /// # Errors
    /// When it cannot be read, or is not filled as it must be.
    pub async fn salesforce_credentials(&self) -> Result<salesforce::Credentials, secrets::Error> {
        self.secrets.get(&format!("{}/salesforce", self.stack)).await
    }

    /// What the destination's secret says, of stores that the settings do not have too.
    ///
    /// # Errors
    /// When it cannot be read, or is not filled as it must be.
    pub async fn yotpo_credentials(&self) -> Result<yotpo::Credentials, secrets::Error> {
        self.secrets.get(&format!("{}/yotpo", self.stack)).await
    }

    /// The last certificate of a store's business day; `None` too where an older version wrote another form.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn certificate(&self, store: &StoreName, day: BusinessDay) -> Result<Option<Certificate>, ledger::Error> {
        let kept = self.ledger.certificate(store.as_str(), &day.to_string()).await?;
        Ok(kept.and_then(|kept| serde_json::from_str(&kept.certificate).ok()))
    }
}
