//! A delivery inside a delivery: an order's customer, who has to be there first.

use crate::{Claim, Undelivered, Worker, claim::Unclaimed, invocation::MARGIN};
use ledger::{Delivery, DeliveryKey, ErrorClass, Event, Outcome, Repeat, Verdict, decide::WAITS_FOR};
use telemetry::Metric;
use tracing::Instrument as _;

impl Worker {
    /// Ensures that `delivery` is there, which `outer` needs: claimed, called and settled by itself, never a message. One that was
    /// accepted at any version costs a refused write, and no call. `read_back` is asked while a call for it that nobody answered may
    /// still land, as [`crate::Hooks::read_back`] is.
    ///
    /// # Errors
    /// What becomes of `outer`: it waits where somebody else is at `delivery` (and is parked at once where that one is), is spared
    /// where the call failed, and is parked where a person has to look: its copy is then that of both, and sends both again.
    pub async fn within(
        &self,
        outer: &Claim<'_>,
        delivery: &Delivery,
        read_back: impl AsyncFnOnce() -> Result<bool, Undelivered>,
        call: impl AsyncFnOnce(&Claim<'_>) -> Result<(), Undelivered>,
    ) -> Result<(), Undelivered> {
        let span = telemetry::delivery(delivery.key.as_str(), None);
        Box::pin(self.ensure(outer, delivery, read_back, call)).instrument(span).await
    }

    async fn ensure(
        &self,
        outer: &Claim<'_>,
        delivery: &Delivery,
        read_back: impl AsyncFnOnce() -> Result<bool, Undelivered>,
        call: impl AsyncFnOnce(&Claim<'_>) -> Result<(), Undelivered>,
    ) -> Result<(), Undelivered> {
        let invocation = outer.invocation;
        let waits = || Err(Undelivered::WaitsShortly(delivery.key.clone()));
        let event = |token| Event::Ensure {
            delivery: delivery.clone(),
            needed_by: outer.delivery.key.clone(),
            token,
            lease_end: invocation.deadline.into(),
        };
        let claim = match self.claim(delivery, invocation, outer.latest, event).await {
            Ok(claim) => claim,
            Err(Unclaimed::Done) => return Ok(()),
            Err(Unclaimed::Settling(_)) => {
                return if self.look(delivery, invocation, read_back()).await { Ok(()) } else { waits() };
            }
            Err(Unclaimed::Held(_) | Unclaimed::Conflict) => return waits(),
            Err(Unclaimed::Unasked) => return Err(spared()),
        };
        // The outer delivery's time ends a little later, so that this one can be settled.
        let room = invocation.room().saturating_sub(MARGIN);
        let result = tokio::time::timeout(room, call(&claim)).await.unwrap_or_else(|_out_of_time| {
            tracing::warn!("the call was given up: the invocation is out of time");
            Err(Undelivered::Failed { class: ErrorClass::Uncertain, may_land: true, floor: None })
        });
        claim.note(&result);
        self.settle_within(&claim, &outer.delivery.key, result).await
    }

    /// Writes down how it ended, and says what becomes of the delivery that needs it.
    async fn settle_within(
        &self,
        claim: &Claim<'_>,
        needed_by: &DeliveryKey,
        result: Result<(), Undelivered>,
    ) -> Result<(), Undelivered> {
        let key = &claim.delivery.key;
        let now = self.millis();
        let parked = |class, reason, error| {
            let error = format!("{key}: {error}");
            (Outcome::Blocked(needed_by.clone()), None, Err(Undelivered::Parked { class, reason, error }))
        };
        let waits = || Err(Undelivered::WaitsShortly(key.clone()));
        let (outcome, metric, answer) = match result {
            Ok(()) if claim.is_unchanged() => (Outcome::Accepted, Some(Metric::Unchanged), Ok(())),
            Ok(()) => (Outcome::Accepted, Some(Metric::Delivered), Ok(())),
            Err(Undelivered::Failed { class, may_land, floor }) => {
                self.retry_later(claim, class, may_land, floor).await;
                let uncertain = may_land && self.policy(key).repeat == Repeat::ReadBack;
                return if uncertain { waits() } else { Err(Undelivered::Spared { class, floor }) };
            }
            Err(Undelivered::Spared { class, floor }) => {
                (Outcome::Pending(class, now), None, Err(Undelivered::Spared { class, floor }))
            }
            Err(Undelivered::Waits(on) | Undelivered::WaitsShortly(on)) => (Outcome::Waiting(on, now), None, waits()),
            // What needs it is not sent either.
            Err(Undelivered::Skipped(reason)) => {
                (Outcome::Skipped(reason.clone()), Some(Metric::OrdersSkipped), Err(Undelivered::Skipped(reason)))
            }
            Err(Undelivered::Rejected(error)) => parked(ErrorClass::BadRecord, WAITS_FOR, error),
            Err(Undelivered::Parked { class, reason, error }) => parked(class, reason, error),
        };
        if self.finish(claim, outcome).await != Some(Verdict::Recorded) {
            return Err(spared());
        }
        if let Some(metric) = metric {
            claim.invocation.count(metric, &claim.delivery.store);
        }
        if answer.is_ok() {
            tracing::info!(attempt = claim.attempt, "delivered");
        }
        answer
    }
}

/// Nothing was called for the delivery that needs it.
fn spared() -> Undelivered {
    Undelivered::Spared { class: ErrorClass::Internal, floor: None }
}
