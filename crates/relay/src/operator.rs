//! What a command works with of a flow: its ledger and queues, so that what is done by hand is what the functions would do.

use crate::failure::Failure;
use chrono::{DateTime, Utc};
use config::{BusinessDay, StoreName};
use delivery::Redrive;
use function::Environment;
use ledger::{Flow, Ledger, Millis};
use queue::Queue;
use reconciliation::Certificate;
use secrets::Secrets;
use serde::de::DeserializeOwned;
use shopify::{Credentials, ShopDomain};

/// A flow's ledger and queues, and whose secrets are read when a command needs them.
pub(crate) struct Operator {
    pub(crate) ledger: Ledger,
    /// One of the flow's queues.
    pub(crate) queue: Queue,
    /// Its dead-letter queue.
    pub(crate) dead_letters: Queue,
    /// The clock.
    pub(crate) now: fn() -> DateTime<Utc>,
    secrets: Secrets,
    stack: String,
}

impl Operator {
    pub(crate) fn of(environment: &Environment, flow: Flow) -> Self {
        let Environment { aws, stack, table, queue, dead_letters, now, .. } = environment;
        Self {
            ledger: Ledger::new(aws, table.clone(), flow, *now),
            queue: Queue::new(aws, queue.clone()),
            dead_letters: Queue::new(aws, dead_letters.clone()),
            now: *now,
            secrets: Secrets::new(aws),
            stack: stack.clone(),
        }
    }

    /// What a vendor's secret says.
    pub(crate) async fn secret<T: DeserializeOwned>(&self, vendor: &str) -> Result<T, secrets::Error> {
        self.secrets.get(&format!("{}/{vendor}", self.stack)).await
    }

    /// The shops, which Shopify's secret names; each is a store of the ledger.
    pub(crate) async fn shops(&self) -> Result<Vec<StoreName>, Failure> {
        let credentials: Result<Credentials, _> = self.secret("shopify").await;
        let credentials = credentials.map_err(|error| Failure::undone("read which shops there are", &error))?;
        let name = |shop: &ShopDomain| StoreName::try_from(shop.to_string()).map_err(Failure::because);
        credentials.shops.keys().map(name).collect()
    }

    /// The last certificate of a store's business day; `None` too where an older version wrote another form.
    pub(crate) async fn certificate(
        &self,
        store: &StoreName,
        day: BusinessDay,
    ) -> Result<Option<Certificate>, ledger::Error> {
        let kept = self.ledger.certificate(store.as_str(), &day.to_string()).await?;
        Ok(kept.and_then(|kept| serde_json::from_str(&kept.certificate).ok()))
    }

    /// What puts copies of the dead-letter queue back.
    pub(crate) fn redrive(&self) -> Redrive<'_> {
        Redrive { ledger: &self.ledger, queue: &self.queue }
    }

    /// Now, as the ledger writes it.
    pub(crate) fn millis(&self) -> Millis {
        (self.now)().into()
    }
}
