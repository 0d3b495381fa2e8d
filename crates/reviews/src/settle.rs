//! How a delivery ended, written down in the right order: dead-letter queue, ledger, then the message.

use crate::{
    deliver::{Attempt, Deliverer, Disposal},
    invocation::Invocation,
    outcome::Failure,
};
use ledger::{Delivery, ErrorClass, Event, Outcome, Verdict};
use queue::Entry;
use std::time::Duration;
use telemetry::Metric;

impl Deliverer {
    pub(crate) async fn succeed(&self, attempt: &Attempt<'_>, invocation: &Invocation) -> Disposal {
        if self.finish(attempt, Outcome::Accepted).await != Some(Verdict::Recorded) {
            // It took effect and we could not say so: the next holder repeats it, which is harmless here.
            let wait = self.backoff(attempt.number, None);
            return self.back(attempt.message, invocation, attempt.delivery, wait).await;
        }
        tracing::info!(attempt = attempt.number, "delivered");
        invocation.count(Metric::Delivered, &attempt.delivery.store);
        if let Some(latency) = attempt.message.sent_at.and_then(|at| ((self.now)() - at).to_std().ok()) {
            invocation.measure(Metric::DeliveryLatencyMs, latency);
        }
        Disposal::Delete
    }

    pub(crate) async fn fail(&self, attempt: &Attempt<'_>, failure: Failure, invocation: &Invocation) -> Disposal {
        match failure {
            Failure::Rejected(error) => {
                if !self.bury(attempt, ErrorClass::BadRecord, &error, invocation).await {
                    return self.release(attempt, ErrorClass::Internal, Duration::ZERO, None, invocation).await;
                }
                self.closed(attempt, Outcome::Rejected(error), Metric::Rejected, invocation).await
            }
            Failure::Again { class, .. } if attempt.message.receives >= self.max_receives => {
                let error = format!("the last of {} receives failed: {class}", self.max_receives);
                self.park(attempt, ErrorClass::Exhausted, ErrorClass::Exhausted.as_str(), &error, invocation).await
            }
            Failure::Again { class, floor, effect } => {
                let settle = if effect == yotpo::Effect::Unknown {
                    self.policy(&attempt.delivery.key).settle
                } else {
                    Duration::ZERO
                };
                self.release(attempt, class, settle, floor, invocation).await
            }
        }
    }

    /// Back to pending without a call, and the message back to the queue. `floor`: how long the vendor asks to be left alone.
    pub(crate) async fn spare(
        &self,
        attempt: &Attempt<'_>,
        class: ErrorClass,
        floor: Option<Duration>,
        invocation: &Invocation,
    ) -> Disposal {
        self.finish(attempt, Outcome::Pending(class, self.millis())).await;
        if class == ErrorClass::RateLimited {
            invocation.count(Metric::RateLimited, &attempt.delivery.store);
        }
        let wait = self.backoff(attempt.number.max(attempt.message.receives), floor);
        self.back(attempt.message, invocation, attempt.delivery, wait).await
    }

    /// Back to pending, and the message back to the queue. `settle`: how long the call may still take effect;
    /// `floor`: how long the vendor asks to be left alone.
    pub(crate) async fn release(
        &self,
        attempt: &Attempt<'_>,
        class: ErrorClass,
        settle: Duration,
        floor: Option<Duration>,
        invocation: &Invocation,
    ) -> Disposal {
        // No other copy is to call sooner either.
        let wait = settle.max(floor.unwrap_or_default());
        self.finish(attempt, Outcome::Pending(class, self.millis().plus(wait))).await;
        let store = &attempt.delivery.store;
        invocation.count(Metric::Retried, store);
        if class == ErrorClass::RateLimited {
            invocation.count(Metric::RateLimited, store);
        }
        // Whoever receives it next may have a clock that is behind ours.
        let floor = floor.map(|floor| floor + self.policy(&attempt.delivery.key).clock_skew);
        let delay = self.backoff(attempt.number.max(attempt.message.receives), floor).max(settle);
        tracing::info!(error_class = %class, attempt = attempt.number, retry_in_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), "to be tried again");
        Disposal::Return(delay)
    }

    /// To the dead-letter queue, for a person to decide. `reason` is what the ledger keeps.
    pub(crate) async fn park(
        &self,
        attempt: &Attempt<'_>,
        class: ErrorClass,
        reason: &str,
        error: &str,
        invocation: &Invocation,
    ) -> Disposal {
        if !self.bury(attempt, class, error, invocation).await {
            return self.release(attempt, ErrorClass::Internal, Duration::ZERO, None, invocation).await;
        }
        self.closed(attempt, Outcome::Parked(reason.to_owned()), Metric::Parked, invocation).await
    }

    /// The end of a delivery whose copy is in the dead-letter queue. Until the ledger knows it, the message stays: a second
    /// copy there is harmless.
    async fn closed(
        &self,
        attempt: &Attempt<'_>,
        outcome: Outcome,
        metric: Metric,
        invocation: &Invocation,
    ) -> Disposal {
        if self.finish(attempt, outcome).await != Some(Verdict::Recorded) {
            let wait = self.backoff(attempt.number, None);
            return self.back(attempt.message, invocation, attempt.delivery, wait).await;
        }
        invocation.count(metric, &attempt.delivery.store);
        Disposal::Delete
    }

    /// A copy goes to the dead-letter queue before the ledger says so: a crash in between repeats harmlessly.
    async fn bury(&self, attempt: &Attempt<'_>, class: ErrorClass, error: &str, invocation: &Invocation) -> bool {
        let attributes = vec![
            ("error_class", class.as_str().to_owned()),
            ("delivery_key", attempt.delivery.key.to_string()),
            ("error", error.to_owned()),
        ];
        let copy = Entry::letter(attempt.message.body.clone(), attributes, attempt.message.trace.clone());
        let sent = self.dead_letters.send_one(copy, invocation.patience()).await;
        match &sent {
            Ok(()) => tracing::error!(error_class = %class, error, "to the dead-letter queue"),
            Err(lost) => {
                tracing::error!(error = lost as &dyn std::error::Error, "the dead-letter queue did not take it");
            }
        }
        sent.is_ok()
    }

    pub(crate) async fn bury_unreadable(
        &self,
        received: &queue::Message,
        error: &str,
        invocation: &Invocation,
    ) -> Disposal {
        let attributes = vec![("error_class", ErrorClass::BadRecord.as_str().to_owned()), ("error", error.to_owned())];
        let copy = Entry::letter(received.body.clone(), attributes, received.trace.clone());
        match self.dead_letters.send_one(copy, invocation.patience()).await {
            Ok(()) => {
                tracing::error!(message_id = received.id, error_class = %ErrorClass::BadRecord, error, "to the dead-letter queue, as it came");
                Disposal::Delete
            }
            Err(lost) => {
                tracing::error!(
                    message_id = received.id,
                    error = &lost as &dyn std::error::Error,
                    "the dead-letter queue did not take it"
                );
                Disposal::Return(self.backoff(received.receives, None))
            }
        }
    }

    /// Back to the queue without a call. On the last receive before SQS would move the message away, a fresh
    /// copy takes its place.
    pub(crate) async fn back(
        &self,
        received: &queue::Message,
        invocation: &Invocation,
        delivery: &Delivery,
        wait: Duration,
    ) -> Disposal {
        invocation.count(Metric::Retried, &delivery.store);
        if received.receives < self.max_receives {
            return Disposal::Return(wait);
        }
        let copy = Entry::new(received.body.clone()).traced(received.trace.clone());
        match self.queue.send_one(copy, invocation.patience()).await {
            Ok(()) => Disposal::Delete,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a fresh copy could not be sent");
                Disposal::Return(wait)
            }
        }
    }

    async fn finish(&self, attempt: &Attempt<'_>, outcome: Outcome) -> Option<Verdict> {
        let delivery = attempt.delivery;
        let event = Event::Finish {
            key: delivery.key.clone(),
            revision: delivery.revision,
            token: attempt.token.clone(),
            outcome,
        };
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
}
