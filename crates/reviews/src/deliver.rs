//! One message, under a claim: from the ledger's yes to the vendor's, and back into the ledger.

use crate::{
    message::Message,
    outcome::{Failure, failure},
    pace::Pace,
    stores::Stores,
};
use chrono::{DateTime, Utc};
use config::{Relay, StoreName};
use ledger::{Backoff, Delivery, ErrorClass, Event, Ledger, Millis, Outcome, Policy, Token, Verdict};
use queue::{Entry, Queue};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use telemetry::{Metric, Metrics};
use tokio::time::Instant;
use yotpo::Reviews;

/// Room to write the outcome down after a call that used all its time.
const MARGIN: Duration = Duration::from_secs(2);
/// After so many failures to reach a store in a row, the rest of its batch goes back uncalled.
const GIVE_UP_AFTER: u32 = 3;

/// What a delivery needs; built once at cold start.
pub struct Deliverer {
    /// The configuration.
    pub config: Arc<Relay>,
    /// The ledger.
    pub ledger: Ledger,
    /// The protocol's view of Yotpo Reviews.
    pub policy: Policy,
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

/// What one invocation shares among its deliveries.
pub struct Invocation {
    /// When the invocation ends, by the wall clock: the end of every lease.
    pub deadline: DateTime<Utc>,
    /// The same instant for timers.
    pub timer: Instant,
    /// What is counted.
    pub metrics: Mutex<Metrics>,
    /// Failures in a row to reach each store.
    pub unreachable: BTreeMap<StoreName, AtomicU32>,
}

/// What is to become of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposal {
    /// It has done its work, or lies elsewhere: SQS may delete it.
    Delete,
    /// Back to the queue, visible again after this long.
    Return(Duration),
}

impl Invocation {
    pub(crate) fn count(&self, metric: Metric, store: &str) {
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).count(metric, Some(store), 1);
    }

    fn measure(&self, metric: Metric, duration: Duration) {
        let ms = duration.as_secs_f64() * 1000.0;
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).measure(metric, ms);
    }

    fn remaining(&self) -> Duration {
        self.timer.saturating_duration_since(Instant::now())
    }
}

/// One delivery that is under way.
struct Attempt<'a> {
    delivery: &'a Delivery,
    token: Token,
    number: u32,
    message: &'a queue::Message,
}

impl Deliverer {
    /// Delivers one message.
    pub async fn deliver(&self, received: &queue::Message, invocation: &Invocation) -> Disposal {
        let message = match Message::parse(&received.body) {
            Ok(message) => message,
            Err(unreadable) => return self.bury_unreadable(received, &unreadable.to_string()).await,
        };
        let span = telemetry::delivery(message.delivery.key.as_str());
        tracing::Instrument::instrument(Box::pin(self.deliver_message(&message, received, invocation)), span).await
    }

    async fn deliver_message(&self, message: &Message, received: &queue::Message, invocation: &Invocation) -> Disposal {
        let delivery = &message.delivery;
        let store = StoreName::try_from(delivery.store.clone()).ok();
        let route = store.as_ref().and_then(|name| Some((name, self.stores.get(name)?, self.pace.get(name)?)));
        let given_up = store.as_ref().and_then(|name| invocation.unreachable.get(name)).is_some_and(|n| n.load(Ordering::Relaxed) >= GIVE_UP_AFTER);
        if given_up || !self.time_for_a_call(invocation) {
            return self.back(received, invocation, delivery, self.backoff(received.receives, None)).await;
        }
        let attempt = match self.claim(delivery, received, invocation).await {
            Ok(attempt) => attempt,
            Err(disposal) => return disposal,
        };
        let Some((name, client, pace)) = route else {
            let reason = format!("{}: the configuration has no store of that name", ErrorClass::Misconfigured);
            return self.park(&attempt, ErrorClass::Misconfigured, "unknown_store", &reason, invocation).await;
        };
        let latest = invocation.timer.checked_sub(self.config.protocol.call_timeout + MARGIN).unwrap_or(invocation.timer);
        if !pace.wait(latest).await {
            let again = Failure::Again { class: ErrorClass::RateLimited, floor: None, effect: yotpo::Effect::None };
            return self.fail(&attempt, again, invocation).await;
        }
        match self.call(name, client, message, invocation).await {
            Ok(()) => self.succeed(&attempt, invocation).await,
            Err(failure) => {
                self.note_reachability(name, &failure, invocation);
                self.fail(&attempt, failure, invocation).await
            }
        }
    }

    /// Claims the delivery, or says what is to become of the message.
    async fn claim<'a>(
        &self,
        delivery: &'a Delivery,
        message: &'a queue::Message,
        invocation: &Invocation,
    ) -> Result<Attempt<'a>, Disposal> {
        let token = Token::unique();
        let event = Event::Claim { delivery: delivery.clone(), token: token.clone(), lease_end: invocation.deadline.into() };
        match self.put(&event).await {
            // Reading back first is for destinations that a repeat would harm.
            Ok(Verdict::Call { attempt: number, .. }) => Ok(Attempt { delivery, token, number, message }),
            Ok(Verdict::Done | Verdict::Superseded | Verdict::Recorded) => {
                tracing::info!("settled before; the message is dropped");
                invocation.count(Metric::AlreadyDelivered, &delivery.store);
                Err(Disposal::Delete)
            }
            Ok(Verdict::Held(until)) => {
                let wait = self.millis().until(until).max(self.config.protocol.held_at_least);
                tracing::info!(wait_seconds = wait.as_secs(), "held by another worker; back to the queue");
                Err(self.back(message, invocation, delivery, wait).await)
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, error_class = %ErrorClass::Internal, "not claimed");
                Err(Disposal::Return(self.backoff(message.receives, None)))
            }
        }
    }

    /// The call; a refusal of our credentials reads the secret again once.
    async fn call(&self, name: &StoreName, client: Arc<Reviews>, message: &Message, invocation: &Invocation) -> Result<(), Failure> {
        // Yotpo's client may mint a token on its way: whatever it does, there is time left to write down how it ended.
        let room = invocation.remaining().saturating_sub(MARGIN);
        let begun = Instant::now();
        let result = tokio::time::timeout(room, async {
            let first = client.create_purchase(&message.purchase).await;
            if matches!(first, Err(yotpo::Error::Unauthorized))
                && let Some(renewed) = self.stores.reload(name, &client).await
            {
                return renewed.create_purchase(&message.purchase).await;
            }
            first
        })
        .await;
        invocation.measure(Metric::VendorCallMs, begun.elapsed());
        match result {
            Ok(Ok(())) => Ok(()),
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

    async fn succeed(&self, attempt: &Attempt<'_>, invocation: &Invocation) -> Disposal {
        let store = &attempt.delivery.store;
        if let Some(reached) = StoreName::try_from(store.clone()).ok().and_then(|name| invocation.unreachable.get(&name)) {
            reached.store(0, Ordering::Relaxed);
        }
        match self.finish(attempt, Outcome::Accepted).await {
            Some(Verdict::Recorded) => {
                tracing::info!(attempt = attempt.number, "delivered");
                invocation.count(Metric::Delivered, store);
                if let Some(latency) = attempt.message.sent_at.and_then(|at| ((self.now)() - at).to_std().ok()) {
                    invocation.measure(Metric::DeliveryLatencyMs, latency);
                }
                Disposal::Delete
            }
            // It took effect and we could not say so: the next holder repeats it, which is harmless here.
            _ => Disposal::Return(self.backoff(attempt.number, None)),
        }
    }

    async fn fail(&self, attempt: &Attempt<'_>, failure: Failure, invocation: &Invocation) -> Disposal {
        let store = &attempt.delivery.store;
        match failure {
            Failure::Rejected(reason) => {
                if !self.bury(attempt, ErrorClass::BadRecord, &reason).await {
                    return self.release(attempt, ErrorClass::Internal, None, yotpo::Effect::None, invocation).await;
                }
                self.finish(attempt, Outcome::Rejected(reason)).await;
                invocation.count(Metric::Rejected, store);
                Disposal::Delete
            }
            Failure::Again { class, .. } if attempt.message.receives >= self.max_receives => {
                self.park(attempt, ErrorClass::Exhausted, "exhausted", &format!("{}: last {class}", ErrorClass::Exhausted), invocation).await
            }
            Failure::Again { class, floor, effect } => {
                if class == ErrorClass::RateLimited {
                    invocation.count(Metric::RateLimited, store);
                }
                self.release(attempt, class, floor, effect, invocation).await
            }
        }
    }

    /// Back to pending, and the message back to the queue.
    async fn release(
        &self,
        attempt: &Attempt<'_>,
        class: ErrorClass,
        floor: Option<Duration>,
        effect: yotpo::Effect,
        invocation: &Invocation,
    ) -> Disposal {
        let settle = if effect == yotpo::Effect::Unknown { self.policy.settle } else { Duration::ZERO };
        self.finish(attempt, Outcome::Pending(class, self.millis().plus(settle))).await;
        invocation.count(Metric::Retried, &attempt.delivery.store);
        let delay = self.backoff(attempt.number.max(attempt.message.receives), floor).max(settle);
        tracing::info!(error_class = %class, attempt = attempt.number, retry_in_ms = delay.as_millis(), "to be tried again");
        Disposal::Return(delay)
    }

    async fn park(&self, attempt: &Attempt<'_>, class: ErrorClass, reason: &str, error: &str, invocation: &Invocation) -> Disposal {
        if !self.bury(attempt, class, error).await {
            return self.release(attempt, ErrorClass::Internal, None, yotpo::Effect::None, invocation).await;
        }
        self.finish(attempt, Outcome::Parked(reason.to_owned())).await;
        invocation.count(Metric::Parked, &attempt.delivery.store);
        Disposal::Delete
    }

    /// A copy goes to the dead-letter queue before the ledger says so: a crash in between repeats harmlessly.
    async fn bury(&self, attempt: &Attempt<'_>, class: ErrorClass, error: &str) -> bool {
        let attributes = vec![
            ("error_class", class.as_str().to_owned()),
            ("error", error.to_owned()),
            ("delivery_key", attempt.delivery.key.to_string()),
        ];
        let sent = self.dead_letters.send_one(Entry { body: attempt.message.body.clone(), attributes }).await;
        match &sent {
            Ok(()) => tracing::error!(error_class = %class, error, "to the dead-letter queue"),
            Err(lost) => tracing::error!(error = lost as &dyn std::error::Error, "the dead-letter queue did not take it"),
        }
        sent.is_ok()
    }

    async fn bury_unreadable(&self, received: &queue::Message, error: &str) -> Disposal {
        let attributes = vec![("error_class", ErrorClass::BadRecord.as_str().to_owned()), ("error", error.to_owned())];
        match self.dead_letters.send_one(Entry { body: received.body.clone(), attributes }).await {
            Ok(()) => {
                tracing::error!(message_id = received.id, error_class = %ErrorClass::BadRecord, error, "to the dead-letter queue, as it came");
                Disposal::Delete
            }
            Err(lost) => {
                tracing::error!(message_id = received.id, error = &lost as &dyn std::error::Error, "the dead-letter queue did not take it");
                Disposal::Return(self.backoff(received.receives, None))
            }
        }
    }

    /// Back to the queue without a call. On the last receive before SQS would move the message away, a fresh
    /// copy takes its place.
    async fn back(&self, received: &queue::Message, invocation: &Invocation, delivery: &Delivery, wait: Duration) -> Disposal {
        invocation.count(Metric::Retried, &delivery.store);
        if received.receives < self.max_receives {
            return Disposal::Return(wait);
        }
        match self.queue.send_one(Entry::new(received.body.clone())).await {
            Ok(()) => Disposal::Delete,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a fresh copy could not be sent");
                Disposal::Return(wait)
            }
        }
    }

    async fn finish(&self, attempt: &Attempt<'_>, outcome: Outcome) -> Option<Verdict> {
        let delivery = attempt.delivery;
        let event = Event::Finish { key: delivery.key.clone(), revision: delivery.revision, token: attempt.token.clone(), outcome };
        match self.put(&event).await {
            Ok(verdict) => {
                if verdict != Verdict::Recorded {
                    tracing::warn!("the claim lapsed and somebody else has the delivery");
                }
                Some(verdict)
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, error_class = %ErrorClass::Internal, "the outcome is not recorded");
                None
            }
        }
    }

    async fn put(&self, event: &Event) -> Result<Verdict, ledger::Error> {
        self.ledger.put(event, &self.policy, self.millis()).await
    }

    fn note_reachability(&self, name: &StoreName, failure: &Failure, invocation: &Invocation) {
        let Some(count) = invocation.unreachable.get(name) else { return };
        match failure {
            Failure::Again { class: ErrorClass::Unavailable | ErrorClass::Uncertain, .. } => {
                count.fetch_add(1, Ordering::Relaxed);
            }
            _ => count.store(0, Ordering::Relaxed),
        }
    }

    fn time_for_a_call(&self, invocation: &Invocation) -> bool {
        invocation.remaining() > self.config.protocol.call_timeout + MARGIN
    }

    fn backoff(&self, attempt: u32, floor: Option<Duration>) -> Duration {
        let protocol = &self.config.protocol;
        let backoff = Backoff { base: protocol.backoff_base, cap: protocol.backoff_cap };
        backoff.delay(attempt, (self.random)(), floor)
    }

    fn millis(&self) -> Millis {
        (self.now)().into()
    }
}
