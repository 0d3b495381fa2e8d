//! A claim that is held: leave to call, until its lease is over.

use crate::{Account, Invocation, Undelivered};
use ledger::{Delivery, EffectHash, ErrorClass, Millis, Token};
use queue::TraceHeader;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use telemetry::Metric;
use tokio::time::Instant;

/// Leave to make a delivery's call.
pub struct Claim<'a> {
    /// What is delivered.
    pub delivery: &'a Delivery,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// An earlier call may have taken effect where a repeat would harm: the destination is read before the call.
    pub read_back_first: bool,
    /// Nobody knows how the last claim ended. Where it is not so, an earlier call may still have taken effect: only a flow that leaves
    /// all to a person, before anything else, when nothing can be read back may go by this alone.
    pub unanswered: bool,
    /// The effect that the destination has, where it upserts, by the last yes or reading; `None` if there is none, or a call has
    /// been made since that nobody answered.
    pub applied: Option<EffectHash>,
    /// A call was made whose part is not known: `applied` is not true any more.
    pub(crate) forgotten: AtomicBool,
    /// No attempt has made a call.
    pub(crate) untouched: AtomicBool,
    /// Until when the call may begin, so that its outcome can still be written down.
    pub latest: Instant,
    /// The trace that the message belongs to, and whatever follows from it.
    pub trace: Option<TraceHeader>,
    /// Since when something is wrong with the delivery.
    pub(crate) open_since: Option<Millis>,
    pub(crate) token: Token,
    pub(crate) account: Option<&'a Account>,
    pub(crate) invocation: &'a Invocation,
}

impl Claim<'_> {
    /// The destination has what this version asks for: the flow makes no call, and says that it succeeded.
    pub fn is_unchanged(&self) -> bool {
        self.applied.as_ref() == Some(&self.delivery.hash)
    }

    /// Logs and counts that it is done; `unchanged`: without a call.
    pub(crate) fn tell_done(&self, unchanged: bool) {
        if unchanged {
            tracing::info!("the destination has it already; no call");
            self.invocation.count(Metric::Unchanged, &self.delivery.store);
        } else {
            tracing::info!(attempt = self.attempt, "delivered");
            self.invocation.count(Metric::Delivered, &self.delivery.store);
        }
    }

    /// To be said by a flow that gives up after a part of its calls took effect: what the destination has is neither what it had
    /// nor what this version asks for.
    pub fn forget_applied(&self) {
        self.forgotten.store(true, Ordering::Relaxed);
    }

    /// To be said by a flow whose own books show that no attempt has made a call, before it answers with a skip, or
    /// that it waits for a delivery which may turn out to be skipped.
    pub fn note_untouched(&self) {
        self.untouched.store(true, Ordering::Relaxed);
    }

    /// The effect that the destination has when the delivery ends in failure.
    pub(crate) fn still_applied(&self) -> Option<EffectHash> {
        if self.forgotten.load(Ordering::Relaxed) { None } else { self.applied.clone() }
    }

    /// Counts or measures something of the delivery, in the metric's unit.
    pub fn put(&self, metric: Metric, value: f64) {
        self.invocation.put(metric, &self.delivery.store, value);
    }

    /// Waits for the account's next turn: to be asked for before each call to it.
    ///
    /// # Errors
    /// [`Undelivered::Spared`] when there is none in time, or the account is to be left alone.
    pub async fn turn(&self) -> Result<(), Undelivered> {
        if let Some(account) = self.account
            && !account.pace.wait(self.latest).await
        {
            return Err(Undelivered::Spared { class: ErrorClass::RateLimited, floor: account.pace.held() });
        }
        if self.invocation.has_given_up(&self.delivery.store) {
            return Err(Undelivered::Spared { class: ErrorClass::Unavailable, floor: None });
        }
        Ok(())
    }

    /// Makes a call, which is measured, with `client`: what the secret said when it was last read. If our credentials are refused
    /// (`is_refusal`), the secret is read again (`renew`), once an invocation, and one delivery tries what it says before the others
    /// do (`current`); if that is refused too, nobody calls the store any more.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn call<C, T, E>(
        &self,
        client: Arc<C>,
        renew: impl AsyncFnOnce(&Arc<C>) -> Option<Arc<C>>,
        current: impl FnOnce() -> Option<Arc<C>>,
        is_refusal: impl Fn(&E) -> bool,
        call: impl AsyncFn(&C) -> Result<T, E>,
    ) -> Result<T, E> {
        let begun = Instant::now();
        let result = match call(&client).await {
            Err(error) if is_refusal(&error) => {
                let renewed = self.renewed(&client, renew, current).await;
                let Renewed { client, others } = renewed;
                let again = match client {
                    Some(client) => call(&client).await,
                    None => Err(error),
                };
                if again.as_ref().is_err_and(is_refusal) {
                    self.refused();
                }
                drop(others);
                again
            }
            first => first,
        };
        self.invocation.measure(Metric::VendorCallMs, begun.elapsed());
        if let (Ok(_), Some(account)) = (&result, self.account) {
            account.note_refused(false);
        }
        result
    }

    /// What to call with after `refused` was refused; nothing if the secret says the same, or it is known that what it says is
    /// refused too.
    async fn renewed<C>(
        &self,
        refused: &Arc<C>,
        renew: impl AsyncFnOnce(&Arc<C>) -> Option<Arc<C>>,
        current: impl FnOnce() -> Option<Arc<C>>,
    ) -> Renewed<'_, C> {
        let Some(store) = self.invocation.store(&self.delivery.store) else {
            return Renewed { client: None, others: None };
        };
        let mut renewed = store.renewed.lock().await;
        if store.refused.load(Ordering::Relaxed) {
            return Renewed { client: None, others: None };
        }
        let first = !std::mem::replace(&mut *renewed, true);
        let client = if first { renew(refused).await } else { current() };
        Renewed { client: client.filter(|client| !Arc::ptr_eq(client, refused)), others: first.then_some(renewed) }
    }

    /// Tells the other deliveries of the account how the call ended.
    pub(crate) fn note(&self, result: &Result<(), Undelivered>) {
        let reached = match result {
            Ok(()) | Err(Undelivered::Rejected(_)) => true,
            Err(Undelivered::Failed { class, floor, .. }) => {
                if let (Some(wait), Some(account)) = (floor, self.account) {
                    account.pace.hold(*wait);
                }
                !matches!(class, ErrorClass::Unavailable | ErrorClass::Uncertain)
            }
            Err(_) => return,
        };
        self.invocation.note(&self.delivery.store, reached);
    }

    /// The store's account refuses our credentials, also those that were read anew.
    fn refused(&self) {
        if let Some(store) = self.invocation.store(&self.delivery.store) {
            store.refused.store(true, Ordering::Relaxed);
        }
        if let Some(account) = self.account {
            account.note_refused(true);
        }
    }
}

/// What a secret says now; the other deliveries of the store wait until it is tried.
struct Renewed<'a, C> {
    client: Option<Arc<C>>,
    others: Option<tokio::sync::MutexGuard<'a, bool>>,
}

/// Why there is no claim.
pub(crate) enum Unclaimed {
    /// This version, or a newer one, is settled.
    Done,
    /// Another effect is known at its revision.
    Conflict,
    /// Somebody else is at it: not before this instant.
    Held(Millis),
    /// A call that nobody answered may still land: not before this instant, but the destination may be read.
    Settling(Millis),
    /// The ledger cannot be used.
    Unasked,
}
