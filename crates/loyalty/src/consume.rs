//! The consumer: each message is brought to Yotpo Loyalty under a claim. A kind of delivery has a file: [`crate::customer`],
//! [`crate::order`], [`crate::refund`], [`crate::action`].

use crate::{
    clients::LoyaltyClients,
    hint,
    message::{Message, Payload},
    outcome::{internal, parked, undelivered},
};
use chrono::{DateTime, Utc};
use config::{Loyalty, Relay, StoreName};
use delivery::{Claim, Hooks, Reading, Undelivered, Worker};
use function::batch::Consumed;
use ledger::ErrorClass;
use queue::{Entry, Queue, body};
use std::{sync::Arc, time::Duration};
use telemetry::Metrics;
use tokio::time::Instant;
use yotpo::loyalty::Client;

/// Deliveries under way at once in one invocation.
const AT_ONCE: usize = 10;
/// An account that asks for a rest of no more than this is waited for; a longer one goes back to the queue.
const SHORT_REST: Duration = Duration::from_secs(3);
/// How long SQS is asked to take a hint, which can do without.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// What the consumer works with; built once at cold start.
pub struct Consumer {
    /// The configuration.
    pub config: Arc<Relay>,
    /// Its part that is the flow's.
    pub loyalty: Arc<Loyalty>,
    /// The stores' clients.
    pub clients: LoyaltyClients,
    /// Where an address is read that may have changed since the message was made.
    pub salesforce: salesforce::Client,
    /// Claims, and writes down what became of them.
    pub worker: Worker,
    /// The write-back's queue: what was sent here changes points there.
    pub hints: Queue,
}

impl Consumer {
    /// Handles a batch until `deadline`; the answer names the messages that are to come back.
    ///
    /// # Errors
    /// When the event is not an SQS batch; the whole of it goes back.
    pub async fn consume(&self, event: queue::Event, deadline: DateTime<Utc>, metrics: Metrics) -> Consumed {
        let hooks = Hooks {
            skip: |message: &Message| skip(&message.payload),
            // Orders and refunds cannot be read at Yotpo, customers are simply sent again, and an action is looked for under its claim.
            read_back: async |_: &Message, _: Reading| Ok(false),
            // A record of the org has one effect at one revision, unless the settings have changed: a person decides.
            reread: async |_: &Message, _: Reading| Ok(None),
        };
        let deliver = async |message: &Message, claim: &Claim<'_>| self.deliver(message, claim).await;
        self.worker.consume_with(event, deadline, metrics, AT_ONCE, &hooks, deliver).await
    }

    async fn deliver(&self, message: &Message, claim: &Claim<'_>) -> Result<(), Undelivered> {
        let customer = match &message.payload {
            Payload::Customer(asked) => {
                self.customer(asked, claim).await?;
                Some(asked.customer_id.clone())
            }
            Payload::Order(asked) => {
                self.order(asked, claim).await?;
                asked.customer.as_ref().map(|customer| customer.asked.customer_id.clone())
            }
            Payload::Action(asked) => {
                self.action(asked, claim).await?;
                Some(asked.customer_id.clone())
            }
            Payload::Return(asked) => self.a_return(asked, claim).await?,
            Payload::Cancellation(asked) => self.cancellation(asked, claim).await?,
        };
        if let Some(customer) = customer.filter(|_| !claim.is_unchanged()) {
            self.read_back_later(&customer, claim).await;
        }
        Ok(())
    }

    /// Has the customer read back when Yotpo has had time to count what it was told. Before the delivery is written down as accepted: who
    /// dies in between delivers again, and asks again. Where SQS does not take it, the delivery is done all the same.
    async fn read_back_later(&self, customer: &str, claim: &Claim<'_>) {
        if Instant::now() >= claim.latest {
            return;
        }
        let asked = async {
            let message = hint::state(&store_of(claim)?, self.worker.ledger.now(), customer);
            let body = made(message).and_then(|message| made(body::json(&message)))?;
            let entry = Entry::new(body).traced(claim.trace.clone()).later(self.loyalty.refresh_after);
            made(self.hints.send_one(entry, PATIENCE).await)
        };
        if !matches!(tokio::time::timeout(PATIENCE, asked).await, Ok(Ok(()))) {
            tracing::warn!("the customer is read back when Yotpo tells of them, and not for this");
        }
    }

    /// Makes a call to the account of the claim's store, in its turn.
    pub(crate) async fn call<T>(
        &self,
        claim: &Claim<'_>,
        call: impl AsyncFn(&Client) -> Result<T, yotpo::Error>,
    ) -> Result<T, Undelivered> {
        let store = store_of(claim)?;
        let client = self.clients.get(&store).ok_or_else(unknown_store)?;
        if let Some(rest) = client.rests() {
            self.rest(&store, rest).await;
        }
        claim.turn().await?;
        let called = claim.call(
            client,
            async |refused| self.clients.reload(&store, refused).await,
            || self.clients.get(&store),
            |error| matches!(error, yotpo::Error::Unauthorized),
            call,
        );
        called.await.map_err(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "the call failed");
            undelivered(&error)
        })
    }

    /// The account has said that its second, or its minute, is used up.
    async fn rest(&self, store: &StoreName, rest: Duration) {
        if rest <= SHORT_REST {
            tokio::time::sleep(rest).await;
        } else if let Some(account) = self.worker.accounts.get(store.as_str()) {
            account.pace.hold(rest);
        }
    }
}

/// By the message alone: what is worth nothing earns nothing.
fn skip(payload: &Payload) -> Option<String> {
    let units = match payload {
        Payload::Order(asked) => asked.amount.units,
        Payload::Return(asked) => asked.amount.units,
        Payload::Customer(_) | Payload::Cancellation(_) | Payload::Action(_) => return None,
    };
    (units <= 0).then(|| "zero_amount".to_owned())
}

/// The store whose account is called: the claim's, and no other.
pub(crate) fn store_of(claim: &Claim<'_>) -> Result<StoreName, Undelivered> {
    StoreName::try_from(claim.delivery.store.clone()).map_err(|_| unknown_store())
}

pub(crate) fn unknown_store() -> Undelivered {
    parked(ErrorClass::Misconfigured, "unknown_store", "no store of that name takes part in the loyalty flow")
}

/// For what never fails in practice: a key or a hash.
pub(crate) fn made<T, E: std::error::Error + 'static>(result: Result<T, E>) -> Result<T, Undelivered> {
    result.map_err(|error| internal(&error))
}
