//! How a delivery ended, written down in the right order: dead-letter queue, ledger, then the message.

use crate::{Claim, Invocation, Undelivered, Worker, item::letter, worker::Disposal};
use ledger::{
    Backoff, Delivery, DeliveryKey, EffectHash, ErrorClass, Event, Millis, Outcome, Policy, Repeat, State, Verdict,
    decide::WAITS_FOR,
};
use queue::{Entry, Received};
use std::time::Duration;
use telemetry::Metric;

/// Why a message is a dead letter that nobody can read.
const UNREADABLE: &str = "unreadable";
/// Nobody waits for another delivery for longer: a person decides.
const LONGEST_WAIT: Duration = Duration::from_hours(48);
/// What waits for a delivery that somebody is at looks again so soon, then after as long as it has waited, where the flow does not say
/// otherwise.
const SHORTLY: Backoff = Backoff { base: Duration::from_secs(5), cap: Duration::from_mins(1) };
/// When a call that nobody answered is looked for at the destination, where it can be: after this, then after as long again, until
/// it may be repeated.
const FIRST_LOOK: Duration = Duration::from_secs(30);

impl Worker {
    /// Writes down how a call ended; what is to become of the message.
    pub(crate) async fn settle(
        &self,
        claim: &Claim<'_>,
        received: &Received,
        result: Result<(), Undelivered>,
    ) -> Disposal {
        let invocation = claim.invocation;
        claim.note(&result);
        if let Err(Undelivered::Failed { may_land: true, .. }) = result {
            claim.forget_applied();
        }
        match result {
            Ok(()) => self.succeed(claim, received).await,
            Err(Undelivered::Failed { class, .. }) if received.receives >= self.max_receives => {
                let error = format!("the last of {} receives failed: {class}", self.max_receives);
                self.park(claim, received, ErrorClass::Exhausted, ErrorClass::Exhausted.as_str(), &error).await
            }
            Err(Undelivered::Failed { class, may_land, floor }) => {
                self.release(claim, received, class, may_land, floor).await
            }
            Err(Undelivered::Spared { class, floor }) => self.spare(claim, received, class, floor).await,
            Err(Undelivered::Waits(on)) => self.wait(claim, received, on, false).await,
            Err(Undelivered::WaitsShortly(on)) => self.wait(claim, received, on, true).await,
            Err(Undelivered::Skipped(reason)) => self.skip(claim, received, reason).await,
            Err(Undelivered::Rejected(error)) => {
                let (class, reason) = (ErrorClass::BadRecord, ErrorClass::BadRecord.as_str());
                if !self.dead_letter(claim.delivery, received, (class, reason), &error, invocation).await {
                    return self.release(claim, received, ErrorClass::Internal, false, None).await;
                }
                self.close(claim, received, Outcome::Rejected(error), Metric::Rejected).await
            }
            Err(Undelivered::Parked { class, reason, error }) => {
                self.park(claim, received, class, reason, &error).await
            }
        }
    }

    async fn succeed(&self, claim: &Claim<'_>, received: &Received) -> Disposal {
        if self.finish(claim, Outcome::Accepted).await != Some(Verdict::Recorded) {
            // It took effect and we could not say so: the next holder repeats it where that is harmless, else reads back first.
            let wait = self.backoff(claim.attempt, None);
            return self.back(received, claim.invocation, claim.delivery, wait).await;
        }
        let unchanged = claim.is_unchanged();
        claim.tell_done(unchanged);
        if !unchanged {
            self.measure_latency(claim, received);
        }
        Disposal::Delete
    }

    /// How long it took from the message's sending.
    pub(crate) fn measure_latency(&self, claim: &Claim<'_>, received: &Received) {
        if let Some(latency) = received.sent_at.and_then(|at| (self.ledger.now() - at).to_std().ok()) {
            claim.invocation.measure(Metric::DeliveryLatencyMs, latency);
        }
    }

    /// Back to pending without a call, and the message back to the queue. `floor`: how long the account is to be left alone.
    async fn spare(
        &self,
        claim: &Claim<'_>,
        received: &Received,
        class: ErrorClass,
        floor: Option<Duration>,
    ) -> Disposal {
        self.finish(claim, Outcome::Pending(class, self.millis())).await;
        if class == ErrorClass::RateLimited {
            claim.invocation.count(Metric::RateLimited, &claim.delivery.store);
        }
        let wait = self.backoff(claim.attempt.max(received.receives), floor);
        self.back(received, claim.invocation, claim.delivery, wait).await
    }

    /// To be tried again, and the message back to the queue. `may_land`: the call may still take effect; `floor`: how long the
    /// vendor asks to be left alone.
    async fn release(
        &self,
        claim: &Claim<'_>,
        received: &Received,
        class: ErrorClass,
        may_land: bool,
        floor: Option<Duration>,
    ) -> Disposal {
        let quiet = self.retry_later(claim, class, may_land, floor).await;
        claim.invocation.count(Metric::Retried, &claim.delivery.store);
        let policy = self.policy(&claim.delivery.key);
        let delay = if may_land && policy.repeat == Repeat::ReadBack {
            // Its next receipt reads back, which is allowed while the call may still land.
            FIRST_LOOK.max(floor.unwrap_or_default())
        } else {
            // Whoever receives it next may have a clock that is behind ours.
            let floor = (!quiet.is_zero()).then(|| quiet + policy.clock_skew);
            self.backoff(claim.attempt.max(received.receives), floor)
        };
        let retry_in_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(error_class = %class, attempt = claim.attempt, retry_in_ms, "to be tried again");
        Disposal::Return(delay)
    }

    /// Writes down a failure that is tried again; for how long nobody is to call.
    pub(crate) async fn retry_later(
        &self,
        claim: &Claim<'_>,
        class: ErrorClass,
        may_land: bool,
        floor: Option<Duration>,
    ) -> Duration {
        let (policy, store) = (self.policy(&claim.delivery.key), &claim.delivery.store);
        let quiet = if may_land { policy.settle } else { Duration::ZERO }.max(floor.unwrap_or_default());
        // No other copy is to call sooner either.
        let not_before = self.millis().plus(quiet);
        let uncertain = may_land && policy.repeat == Repeat::ReadBack;
        if may_land {
            claim.forget_applied();
        }
        let outcome = if uncertain { Outcome::Uncertain(not_before) } else { Outcome::Pending(class, not_before) };
        self.finish(claim, outcome).await;
        if uncertain {
            claim.invocation.count(Metric::Uncertain, store);
        }
        if class == ErrorClass::RateLimited {
            claim.invocation.count(Metric::RateLimited, store);
        }
        quiet
    }

    /// Nothing was called, since `on` has to be accepted first: `shortly`, since somebody is at it. What waits for a delivery that waits for a person is parked with
    /// it; what waits for one that is not to be sent is not sent either.
    async fn wait(&self, claim: &Claim<'_>, received: &Received, on: DeliveryKey, shortly: bool) -> Disposal {
        let known = self.ledger.read(std::slice::from_ref(&on)).await.unwrap_or_default().remove(&on);
        let state = known.as_ref().map(|known| known.state);
        // A call for it that nobody answered: each look reads the destination.
        let settles = known.as_ref().filter(|known| known.state == State::Uncertain).and_then(|known| known.not_before);
        if let (Some(State::Skipped), Some(known)) = (state, known) {
            tracing::info!(waits_for = %on, "what it waits for is not sent");
            return self.skip(claim, received, known.reason.unwrap_or_else(|| "unknown".to_owned())).await;
        }
        let now = self.millis();
        let error = match state {
            Some(State::Rejected | State::Parked) => Some(format!("it waits for {on}, which waits for a person")),
            // Under a pause nothing could come that it waits for: the two days begin anew with its end.
            _ if claim
                .open_since
                .max(claim.open_since.and(claim.invocation.resumed(&claim.delivery.store)))
                .is_some_and(|since| since.plus(LONGEST_WAIT) <= now) =>
            {
                Some(format!("it has waited for {on} for two days"))
            }
            _ => None,
        };
        if let Some(error) = error {
            let why = (ErrorClass::Exhausted, WAITS_FOR);
            if !self.dead_letter(claim.delivery, received, why, &error, claim.invocation).await {
                return self.release(claim, received, ErrorClass::Internal, false, None).await;
            }
            return self.close(claim, received, Outcome::Blocked(on), Metric::Parked).await;
        }
        if shortly {
            // As long again as it has waited so far.
            let waited = claim.open_since.map_or(Duration::ZERO, |since| since.until(now));
            let looks = self.looks.unwrap_or(SHORTLY);
            let next = settles.map_or(Duration::ZERO, |until| self.next_look(&on, until));
            let wait = waited.clamp(looks.base, looks.cap).max(next);
            tracing::info!(waits_for = %on, wait_seconds = wait.as_secs(), "another delivery comes first; back to the queue");
            // Nothing was called: any copy may look sooner.
            self.finish(claim, Outcome::Waiting(on, now)).await;
            return self.back(received, claim.invocation, claim.delivery, wait).await;
        }
        let wait = self.times.wait;
        tracing::info!(waits_for = %on, wait_seconds = wait.as_secs(), "another delivery comes first; back to the queue");
        self.finish(claim, Outcome::Waiting(on, now.plus(wait))).await;
        // Whoever receives it next may have a clock that is behind ours.
        let wait = wait + self.policy(&claim.delivery.key).clock_skew;
        self.back(received, claim.invocation, claim.delivery, wait).await
    }

    /// Nothing is to be sent, by rule. Where nothing tells whether an earlier attempt took effect, a person looks.
    async fn skip(&self, claim: &Claim<'_>, received: &Received, reason: String) -> Disposal {
        let untouched = claim.untouched.load(std::sync::atomic::Ordering::Relaxed);
        if !untouched && !self.policy(&claim.delivery.key).may_skip(claim.attempt) {
            let (class, attempt) = (ErrorClass::Uncertain, claim.attempt);
            let error = format!("it is not to be sent ({reason}), and attempt {attempt} cannot tell whether it was");
            return self.park(claim, received, class, class.as_str(), &error).await;
        }
        tracing::info!(reason, "not sent, by rule");
        self.close(claim, received, Outcome::Skipped(reason), Metric::OrdersSkipped).await
    }

    /// To the dead-letter queue, for a person to decide. `reason` is what the ledger keeps.
    async fn park(
        &self,
        claim: &Claim<'_>,
        received: &Received,
        class: ErrorClass,
        reason: &str,
        error: &str,
    ) -> Disposal {
        if !self.dead_letter(claim.delivery, received, (class, reason), error, claim.invocation).await {
            // What was tried last may have been a call that nobody answered.
            return self.release(claim, received, ErrorClass::Internal, true, None).await;
        }
        self.close(claim, received, Outcome::Parked(reason.to_owned()), Metric::Parked).await
    }

    /// The end of a delivery; where a person decides, its copy is in the dead-letter queue. Until the ledger knows it, the message
    /// stays: a second copy there is harmless.
    async fn close(&self, claim: &Claim<'_>, received: &Received, outcome: Outcome, metric: Metric) -> Disposal {
        if self.finish(claim, outcome).await != Some(Verdict::Recorded) {
            let wait = self.backoff(claim.attempt, None);
            return self.back(received, claim.invocation, claim.delivery, wait).await;
        }
        claim.invocation.count(metric, &claim.delivery.store);
        Disposal::Delete
    }

    /// The ledger knows another effect at this very revision, and nothing tells which is newer: `reread` asks the source, and what it says
    /// is sent in the message's place. Where it cannot be asked, a person decides.
    pub(crate) async fn contradict(
        &self,
        delivery: &Delivery,
        received: &Received,
        invocation: &Invocation,
        reread: impl Future<Output = Result<Option<Entry>, Undelivered>>,
    ) -> Disposal {
        match tokio::time::timeout(invocation.room(), reread).await {
            Ok(Ok(None)) => {}
            Ok(Ok(Some(entry))) => return self.replace(delivery, received, invocation, entry).await,
            Ok(Err(Undelivered::Failed { floor, .. } | Undelivered::Spared { floor, .. })) => {
                tracing::info!("the source could not be read; back to the queue");
                return self.back(received, invocation, delivery, self.backoff(received.receives, floor)).await;
            }
            Ok(Err(_)) | Err(_) => {
                tracing::info!("the source could not be read; back to the queue");
                return self.back(received, invocation, delivery, self.backoff(received.receives, None)).await;
            }
        }
        let (class, error) = (ErrorClass::Conflict, "another effect is known at this revision");
        if self.dead_letter(delivery, received, (class, class.as_str()), error, invocation).await {
            match self.ledger.put(&Event::Conflict { delivery: delivery.clone() }).await {
                Ok(Verdict::Recorded) => {
                    invocation.count(Metric::Parked, &delivery.store);
                    return Disposal::Delete;
                }
                Ok(_) => tracing::info!("the ledger knows another version by now; back to the queue"),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, error_class = %ErrorClass::Internal, "the conflict is not recorded");
                }
            }
        }
        self.back(received, invocation, delivery, self.backoff(received.receives, None)).await
    }

    /// Sends what the source says now in place of a message that it goes beyond.
    async fn replace(
        &self,
        delivery: &Delivery,
        received: &Received,
        invocation: &Invocation,
        entry: Entry,
    ) -> Disposal {
        match self.queue.send_one(entry.traced(received.trace.clone()), invocation.patience()).await {
            Ok(()) => {
                tracing::info!(
                    "another effect is known at this revision; the source was read, and what it says is sent"
                );
                Disposal::Delete
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "what the source says could not be sent");
                self.back(received, invocation, delivery, self.backoff(received.receives, None)).await
            }
        }
    }

    /// A copy goes to the dead-letter queue before the ledger says so: a crash in between repeats harmlessly. It says of what class
    /// the trouble is, and the reason in a word.
    async fn dead_letter(
        &self,
        delivery: &Delivery,
        received: &Received,
        (class, reason): (ErrorClass, &str),
        error: &str,
        invocation: &Invocation,
    ) -> bool {
        let copy = letter(delivery, received.body.clone(), (class, reason), error).traced(received.trace.clone());
        let sent = self.dead_letters.send_one(copy, invocation.patience()).await;
        match &sent {
            Ok(()) => tracing::error!(error_class = %class, reason, error, "to the dead-letter queue"),
            Err(lost) => {
                tracing::error!(error = lost as &dyn std::error::Error, "the dead-letter queue did not take it");
            }
        }
        sent.is_ok()
    }

    pub(crate) async fn dead_letter_unreadable(
        &self,
        received: &Received,
        error: &str,
        invocation: &Invocation,
    ) -> Disposal {
        let (message_id, error_class) = (&received.id, ErrorClass::BadRecord);
        let said = [("error_class", error_class.as_str()), ("reason", UNREADABLE), ("error", error)];
        let attributes = said.map(|(name, value)| (name, value.to_owned())).to_vec();
        let copy = Entry::letter(received.body.clone(), attributes, received.trace.clone());
        match self.dead_letters.send_one(copy, invocation.patience()).await {
            Ok(()) => {
                tracing::error!(message_id, %error_class, error, "to the dead-letter queue, as it came");
                Disposal::Delete
            }
            Err(lost) => {
                let error = &lost as &dyn std::error::Error;
                tracing::error!(message_id, error, "the dead-letter queue did not take it");
                Disposal::Return(self.backoff(received.receives, None))
            }
        }
    }

    /// Back to the queue without a call. On the last receive before SQS would move the message away, a fresh copy takes its place,
    /// and is as late.
    pub(crate) async fn back(
        &self,
        received: &Received,
        invocation: &Invocation,
        delivery: &Delivery,
        wait: Duration,
    ) -> Disposal {
        invocation.count(Metric::Retried, &delivery.store);
        if received.receives < self.max_receives {
            return Disposal::Return(wait);
        }
        let copy = received.afresh().later(wait);
        match self.queue.send_one(copy, invocation.patience()).await {
            Ok(()) => Disposal::Delete,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a fresh copy could not be sent");
                Disposal::Return(wait)
            }
        }
    }

    /// When what may have been called is looked for again, which may be called again at `until`.
    pub(crate) fn next_look(&self, key: &DeliveryKey, until: Millis) -> Duration {
        let policy = self.policy(key);
        let left = self.millis().until(until);
        (policy.settle + policy.clock_skew).saturating_sub(left).max(FIRST_LOOK).min(left)
    }

    pub(crate) async fn finish(&self, claim: &Claim<'_>, outcome: Outcome) -> Option<Verdict> {
        let accepted = || Some(claim.delivery.hash.clone());
        let applied = if outcome == Outcome::Accepted { accepted() } else { claim.still_applied() };
        self.finish_with(claim, outcome, applied).await
    }

    /// The same, where the flow says which effect the destination has.
    pub(crate) async fn finish_with(
        &self,
        claim: &Claim<'_>,
        outcome: Outcome,
        applied: Option<EffectHash>,
    ) -> Option<Verdict> {
        let Delivery { key, revision, .. } = claim.delivery;
        let (revision, token) = (*revision, claim.token.clone());
        let event = Event::Finish { key: key.clone(), revision, token, outcome, applied };
        match self.ledger.put(&event).await {
            Ok(verdict) => {
                if verdict != Verdict::Recorded {
                    tracing::warn!("the claim lapsed and somebody else has the delivery");
                }
                Some(verdict)
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, error_class = %ErrorClass::Internal, "the outcome is not recorded");
                None
            }
        }
    }

    pub(crate) fn backoff(&self, attempt: u32, floor: Option<Duration>) -> Duration {
        let backoff = Backoff { base: self.times.backoff_base, cap: self.times.backoff_cap };
        backoff.delay(attempt, (self.random)(), floor)
    }

    pub(crate) fn millis(&self) -> Millis {
        self.ledger.now().into()
    }

    /// What the protocol must know of the delivery's destination.
    pub(crate) fn policy(&self, key: &DeliveryKey) -> &Policy {
        self.ledger.flow().policies.of(key)
    }
}
