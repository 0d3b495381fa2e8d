//! One message, under a claim: from the ledger's yes to the vendor's, and back into the ledger.

use crate::{
    invocation::Invocation,
    message::Message,
    outcome::{Failure, failure},
    pace::Pace,
    stores::Stores,
};
use chrono::{DateTime, Utc};
use config::{Relay, StoreName};
use ledger::{Backoff, Delivery, DeliveryKey, ErrorClass, Event, Ledger, Millis, Policy, Token, Verdict};
use queue::Queue;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use telemetry::Metric;
use tokio::{sync::MutexGuard, time::Instant};
use yotpo::Reviews;

/// What is to become of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposal {
    /// It has done its work, or lies elsewhere: SQS may delete it.
    Delete,
    /// Back to the queue, visible again after this long.
    Return(Duration),
}

/// What a delivery needs; built once at cold start.
pub struct Deliverer {
    /// The configuration.
    pub config: Arc<Relay>,
    /// The ledger.
    pub ledger: Ledger,
    /// The stores' clients.
    pub stores: Stores,
    /// The flow's queue.
    pub queue: Queue,
    /// Its dead-letter queue.
    pub dead_letters: Queue,
    /// This worker's share of each store's calls.
    pub pace: BTreeMap<StoreName, Pace>,
    /// How often SQS delivers a message before it moves it away itself.
    pub max_receives: u32,
    /// The clock.
    pub now: fn() -> DateTime<Utc>,
    /// Uniform in `0.0..1.0`, for the jitter.
    pub random: fn() -> f64,
}

/// One delivery that is under way.
pub(crate) struct Attempt<'a> {
    pub(crate) delivery: &'a Delivery,
    pub(crate) token: Token,
    pub(crate) number: u32,
    pub(crate) message: &'a queue::Message,
}

impl Deliverer {
    /// Delivers one message.
    pub async fn deliver(&self, received: &queue::Message, invocation: &Invocation) -> Disposal {
        let message = match Message::parse(&received.body) {
            Ok(message) => message,
            Err(unreadable) => return self.bury_unreadable(received, &unreadable.to_string(), invocation).await,
        };
        let trace = received.trace.as_ref().map(queue::TraceHeader::as_str);
        let span = telemetry::delivery(message.delivery.key.as_str(), trace);
        tracing::Instrument::instrument(Box::pin(self.deliver_message(&message, received, invocation)), span).await
    }

    async fn deliver_message(&self, message: &Message, received: &queue::Message, invocation: &Invocation) -> Disposal {
        let delivery = &message.delivery;
        let store = StoreName::try_from(delivery.store.clone()).ok();
        let route = store.as_ref().and_then(|name| Some((name, self.stores.get(name)?, self.pace.get(name)?)));
        let latest = invocation.latest_call(self.config.protocol.call_timeout);
        let held = || route.as_ref().and_then(|(_, _, pace)| pace.held());
        let spared = || {
            held().is_some()
                || latest <= Instant::now()
                || store.as_ref().is_some_and(|name| invocation.has_given_up(name))
        };
        // Where the last invocation was refused, one delivery finds out whether it still is so.
        let _probing = match &store {
            Some(name) if !spared() => self.probe(name, invocation, latest).await,
            _ => None,
        };
        if spared() {
            let wait = self.backoff(received.receives, held());
            return self.back(received, invocation, delivery, wait).await;
        }
        let attempt = match self.claim(delivery, received, invocation).await {
            Ok(attempt) => attempt,
            Err(disposal) => return disposal,
        };
        let Some((name, client, pace)) = route else {
            let error = "the configuration has no store of that name";
            return self.park(&attempt, ErrorClass::Misconfigured, "unknown_store", error, invocation).await;
        };
        if !pace.wait(latest).await {
            return self.spare(&attempt, ErrorClass::RateLimited, pace.held(), invocation).await;
        }
        if invocation.has_given_up(name) {
            return self.spare(&attempt, ErrorClass::Unavailable, None, invocation).await;
        }
        match self.call(name, client, message, invocation).await {
            Ok(()) => {
                invocation.note(name, true);
                self.succeed(&attempt, invocation).await
            }
            Err(failure) => {
                if let Some(wait) = failure.floor() {
                    pace.hold(wait);
                }
                invocation.note(name, !failure.is_outage());
                self.fail(&attempt, failure, invocation).await
            }
        }
    }

    /// The right to be the first to call a store whose account refused our credentials; `None` if it does not, or somebody
    /// has found that out meanwhile, or time is up.
    async fn probe<'a>(
        &self,
        store: &StoreName,
        invocation: &'a Invocation,
        latest: Instant,
    ) -> Option<MutexGuard<'a, ()>> {
        let account = invocation.accounts.get(store).filter(|_| self.stores.is_refused(store))?;
        let right = tokio::time::timeout_at(latest, account.probe.lock()).await.ok()?;
        self.stores.is_refused(store).then_some(right)
    }

    /// Claims the delivery, or says what is to become of the message.
    async fn claim<'a>(
        &self,
        delivery: &'a Delivery,
        message: &'a queue::Message,
        invocation: &Invocation,
    ) -> Result<Attempt<'a>, Disposal> {
        let token = Token::unique();
        let event =
            Event::Claim { delivery: delivery.clone(), token: token.clone(), lease_end: invocation.deadline.into() };
        match self.put(&event).await {
            // Reading back first is for destinations that a repeat would harm.
            Ok(Verdict::Call { attempt: number, .. }) => Ok(Attempt { delivery, token, number, message }),
            Ok(Verdict::Done | Verdict::Superseded | Verdict::Recorded) => {
                tracing::info!("settled before; the message is dropped");
                invocation.count(Metric::AlreadyDelivered, &delivery.store);
                Err(Disposal::Delete)
            }
            // Two effects at one revision contradict each other only where the destination upserts.
            Ok(Verdict::Conflict) => {
                tracing::error!(error_class = %ErrorClass::Conflict, "another effect at this revision; back to the queue");
                Err(Disposal::Return(self.backoff(message.receives, None)))
            }
            Ok(Verdict::Held(until)) => {
                let wait = self.millis().until(until).max(self.config.protocol.held_at_least);
                tracing::info!(wait_seconds = wait.as_secs(), "held by another worker; back to the queue");
                Err(self.back(message, invocation, delivery, wait).await)
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, error_class = %ErrorClass::Internal, "not claimed");
                Err(self.back(message, invocation, delivery, self.backoff(message.receives, None)).await)
            }
        }
    }

    /// The call; a refusal of our credentials reads the secret again once.
    async fn call(
        &self,
        name: &StoreName,
        client: Arc<Reviews>,
        message: &Message,
        invocation: &Invocation,
    ) -> Result<(), Failure> {
        // Yotpo's client may mint a token on its way: whatever it does, there is time left to write down how it ended.
        let room = invocation.room();
        let begun = Instant::now();
        let result = tokio::time::timeout(room, async {
            match client.create_purchase(&message.purchase).await {
                Err(yotpo::Error::Unauthorized) => self.call_renewed(name, &client, message, invocation).await,
                first => first,
            }
        })
        .await;
        invocation.measure(Metric::VendorCallMs, begun.elapsed());
        match result {
            Ok(Ok(())) => {
                self.stores.note(name, false);
                Ok(())
            }
            Ok(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the call failed");
                Err(failure(&error))
            }
            Err(_out_of_time) => {
                tracing::warn!("the call was given up: the invocation is out of time");
                Err(Failure::Again { class: ErrorClass::Uncertain, floor: None, effect: yotpo::Effect::Unknown })
            }
        }
    }

    /// The call again, with what the secret says now, after `refused` was refused. In one invocation the secret is read once,
    /// and one delivery tries what it says before the others do; if that is refused too, nobody calls the store any more.
    async fn call_renewed(
        &self,
        name: &StoreName,
        refused: &Arc<Reviews>,
        message: &Message,
        invocation: &Invocation,
    ) -> Result<(), yotpo::Error> {
        let Some(account) = invocation.accounts.get(name) else { return Err(yotpo::Error::Unauthorized) };
        let mut renewed = account.renewed.lock().await;
        if account.is_refused() {
            return Err(yotpo::Error::Unauthorized);
        }
        let first = !std::mem::replace(&mut *renewed, true);
        let client = if first { self.stores.reload(name, refused).await } else { self.stores.get(name) };
        let _others_wait = first.then_some(renewed);
        let result = match client.filter(|client| !Arc::ptr_eq(client, refused)) {
            Some(client) => client.create_purchase(&message.purchase).await,
            None => Err(yotpo::Error::Unauthorized),
        };
        if matches!(result, Err(yotpo::Error::Unauthorized)) {
            account.refuse();
            self.stores.note(name, true);
        }
        result
    }

    /// What the protocol must know of a delivery's destination.
    pub(crate) fn policy(&self, key: &DeliveryKey) -> &Policy {
        self.ledger.flow().policies.of(key)
    }

    pub(crate) async fn put(&self, event: &Event) -> Result<Verdict, ledger::Error> {
        self.ledger.put(event).await
    }

    pub(crate) fn backoff(&self, attempt: u32, floor: Option<Duration>) -> Duration {
        let protocol = &self.config.protocol;
        let backoff = Backoff { base: protocol.backoff_base, cap: protocol.backoff_cap };
        backoff.delay(attempt, (self.random)(), floor)
    }

    pub(crate) fn millis(&self) -> Millis {
        (self.now)().into()
    }
}
