//! The consumer: each message's purchase is posted to Yotpo, under a claim.

use crate::{message::Message, outcome::undelivered, stores::Stores};
use chrono::{DateTime, Utc};
use config::{Relay, StoreName};
use delivery::{Claim, Undelivered, Worker};
use function::batch::Consumed;
use ledger::ErrorClass;
use std::sync::Arc;
use telemetry::Metrics;

/// Deliveries under way at once in one invocation.
const AT_ONCE: usize = 10;

/// What the consumer works with; built once at cold start.
pub struct Consumer {
    /// The configuration.
    pub config: Arc<Relay>,
    /// The stores' clients.
    pub stores: Stores,
    /// Claims, and writes down what became of them.
    pub worker: Worker,
}

impl Consumer {
    /// Handles a batch until `deadline`; the answer names the messages that are to come back.
    ///
    /// # Errors
    /// When the event is not an SQS batch; the whole of it goes back.
    pub async fn consume(&self, event: queue::Event, deadline: DateTime<Utc>, metrics: Metrics) -> Consumed {
        let deliver = async |message: &Message, claim: &Claim<'_>| self.deliver(message, claim).await;
        self.worker.consume(event, deadline, metrics, AT_ONCE, deliver).await
    }

    /// Posts one purchase.
    async fn deliver(&self, message: &Message, claim: &Claim<'_>) -> Result<(), Undelivered> {
        let store = StoreName::try_from(message.delivery.store.clone()).map_err(|_| unknown_store())?;
        let client = self.stores.get(&store).ok_or_else(unknown_store)?;
        claim.turn().await?;
        let posted = claim
            .call(
                client,
                async |refused| self.stores.reload(&store, refused).await,
                || self.stores.get(&store),
                |error| matches!(error, yotpo::Error::Unauthorized),
                async |client| client.create_purchase(&message.payload.purchase).await,
            )
            .await;
        posted.map_err(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "the call failed");
            undelivered(&error)
        })
    }
}

fn unknown_store() -> Undelivered {
    let error = "the configuration has no store of that name".to_owned();
    Undelivered::Parked { class: ErrorClass::Misconfigured, reason: "unknown_store", error }
}
