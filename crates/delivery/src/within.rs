//! A delivery inside a delivery: an order's customer, who has to be there first.

use crate::{Claim, Undelivered, Worker, claim::Unclaimed, invocation::MARGIN};
use ledger::{Delivery, ErrorClass, Event, Outcome, Repeat, Verdict};
use telemetry::Metric;
use tracing::Instrument as _;

impl Worker {
    /// Ensures that `delivery` is there, which `outer` needs: claimed, called and settled by itself, never a message. One that was
    /// accepted at any version costs a refused write, and no call. `read_back` is asked while a call for it that nobody answered may
    /// still land, as [`crate::Hooks::read_back`] is.
    ///
    /// # Errors
    /// What becomes of `outer`: it waits where somebody else is at `delivery` or a person has to look at it (by which it is parked
    /// at once), and is spared where the call failed.
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
        let event = |token| Event::Ensure { delivery: delivery.clone(), token, lease_end: invocation.deadline.into() };
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
        self.settle_within(&claim, result).await
    }

    /// Writes down how it ended, and says what becomes of the delivery that needs it.
    async fn settle_within(&self, claim: &Claim<'_>, result: Result<(), Undelivered>) -> Result<(), Undelivered> {
        let key = &claim.delivery.key;
        let now = self.millis();
        let (outcome, metric) = match result {
            Ok(()) => (Outcome::Accepted, if claim.is_unchanged() { Metric::Unchanged } else { Metric::Delivered }),
            Err(Undelivered::Failed { class, may_land, floor }) => {
                self.retry_later(claim, class, may_land, floor).await;
                if may_land && self.policy(key).repeat == Repeat::ReadBack {
                    return Err(Undelivered::WaitsShortly(key.clone()));
                }
                return Err(Undelivered::Spared { class, floor });
            }
            Err(Undelivered::Spared { class, floor }) => {
                self.finish(claim, Outcome::Pending(class, now)).await;
                return Err(Undelivered::Spared { class, floor });
            }
            Err(Undelivered::Waits(on) | Undelivered::WaitsShortly(on)) => {
                self.finish(claim, Outcome::Waiting(on, now)).await;
                return Err(Undelivered::WaitsShortly(key.clone()));
            }
            Err(Undelivered::Skipped(reason)) => (Outcome::Skipped(reason), Metric::OrdersSkipped),
            Err(Undelivered::Rejected(error)) => {
                tracing::error!(error_class = %ErrorClass::BadRecord, error, "refused for good");
                (Outcome::Rejected(error), Metric::Rejected)
            }
            Err(Undelivered::Parked { class, reason, error }) => {
                tracing::error!(error_class = %class, error, reason, "parked, and what needs it with it");
                (Outcome::Parked(reason.to_owned()), Metric::Parked)
            }
        };
        let accepted = outcome == Outcome::Accepted;
        if self.finish(claim, outcome).await != Some(Verdict::Recorded) {
            return Err(spared());
        }
        claim.invocation.count(metric, &claim.delivery.store);
        if accepted {
            tracing::info!(attempt = claim.attempt, "delivered");
            return Ok(());
        }
        // Whatever the ledger says of it now, the delivery that needs it shares.
        Err(Undelivered::WaitsShortly(key.clone()))
    }
}

/// Nothing was called for the delivery that needs it.
fn spared() -> Undelivered {
    Undelivered::Spared { class: ErrorClass::Internal, floor: None }
}
