//! Calls at once that an account allows to all who call it: each takes one of its places in the ledger before its first call.

use crate::{Claim, Undelivered};
use ledger::{ErrorClass, Ledger, Millis, Slot, Token};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A place is looked for again after about this long.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// An account's places, as the callers of one process take them.
#[derive(Clone, Debug)]
pub struct Slots {
    /// Where they are kept.
    pub ledger: Ledger,
    /// The account.
    pub account: String,
    /// How many it has.
    pub of: u32,
    /// How long a call that nobody answered keeps its place: it may still run.
    pub unanswered_hold: Duration,
    /// How far two of our clocks may be apart.
    pub clock_skew: Duration,
    /// Uniform in `0.0..1.0`.
    pub random: fn() -> f64,
}

/// No place was free in time, or the ledger cannot be used: nothing was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the account had no place for another call in time")]
pub struct NoSlot(ErrorClass);

impl From<NoSlot> for Undelivered {
    fn from(NoSlot(class): NoSlot) -> Self {
        Self::Spared { class, floor: None }
    }
}

impl Slots {
    /// Calls on one of the places, waiting for it until the claim's last instant to call. A call that nobody answered keeps it for
    /// a while; so does one whose caller dies.
    ///
    /// # Errors
    /// [`Undelivered::Spared`] when there is none in time, or those of the call.
    pub async fn with<T>(
        &self,
        claim: &Claim<'_>,
        call: impl AsyncFnOnce() -> Result<T, Undelivered>,
    ) -> Result<T, Undelivered> {
        let slot = self.take(claim.invocation.deadline.into(), claim.latest).await?;
        let result = call().await;
        let unanswered = matches!(result, Err(Undelivered::Failed { may_land: true, .. }));
        self.give_back(&slot, !unanswered).await;
        result
    }

    /// Takes a place for calls that end at `ends`, waiting for it until `latest`.
    ///
    /// # Errors
    /// When there is none in time, or the ledger cannot be used.
    pub async fn take(&self, ends: Millis, latest: Instant) -> Result<Slot, NoSlot> {
        let (token, until) = (Token::unique(), self.hold_until(ends));
        loop {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number below `of`")]
            let first = (f64::from(self.of) * (self.random)()) as u32;
            match self.ledger.take_slot(&self.account, self.of, first, &token, until).await {
                Ok(Some(slot)) => return Ok(slot),
                Ok(None) => {}
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, error_class = %ErrorClass::Internal, "no place could be asked for");
                    return Err(NoSlot(ErrorClass::Internal));
                }
            }
            let wait = BETWEEN_LOOKS.mul_f64(0.5 + (self.random)());
            if Instant::now() + wait >= latest {
                tracing::info!(account = self.account, places = self.of, "all of the account's places are taken");
                return Err(NoSlot(ErrorClass::RateLimited));
            }
            sleep(wait).await;
        }
    }

    /// Gives a place back after its last call, or holds it a while if that one was not answered. Whoever cannot say so has it until
    /// its end.
    pub async fn give_back(&self, slot: &Slot, answered: bool) {
        let written = if answered {
            self.ledger.give_back_slot(slot).await
        } else {
            self.ledger.hold_slot(slot, self.hold_until(self.ledger.now().into())).await
        };
        if let Err(error) = written {
            tracing::warn!(error = &error as &dyn std::error::Error, "a place is not given back before its end");
        }
    }

    /// Until when a call that ends at `ends` unanswered keeps its place, by anybody's clock.
    fn hold_until(&self, ends: Millis) -> Millis {
        ends.plus(self.unanswered_hold).plus(self.clock_skew)
    }
}
