//! What is done about a delivery without its claim: skipped by rule, or read back while a call may still land.

use crate::{Claim, Invocation, Undelivered, Worker, claim::Unclaimed, worker::Disposal};
use ledger::{Delivery, ErrorClass, Event, Settled, Token, Verdict};
use queue::Received;
use std::sync::atomic::AtomicBool;
use telemetry::Metric;
use tokio::time::Instant;

impl Worker {
    /// Claims a delivery by `event`, which is given the claim's token.
    pub(crate) async fn claim<'a>(
        &'a self,
        delivery: &'a Delivery,
        invocation: &'a Invocation,
        latest: Instant,
        event: impl FnOnce(Token) -> Event,
    ) -> Result<Claim<'a>, Unclaimed> {
        let token = Token::unique();
        match self.ledger.put(&event(token.clone())).await {
            Ok(Verdict::Call { attempt, read_back_first, unanswered, open_since, applied }) => {
                let account = self.accounts.get(&delivery.store);
                let [forgotten, untouched] = [(); 2].map(|()| AtomicBool::new(false));
                Ok(Claim {
                    delivery,
                    attempt,
                    read_back_first,
                    unanswered,
                    applied,
                    forgotten,
                    untouched,
                    latest,
                    trace: None,
                    open_since,
                    token,
                    account,
                    invocation,
                })
            }
            Ok(Verdict::Done | Verdict::Superseded | Verdict::Recorded | Verdict::Tried) => Err(Unclaimed::Done),
            Ok(Verdict::Conflict) => Err(Unclaimed::Conflict),
            Ok(Verdict::Held(until)) => Err(Unclaimed::Held(until)),
            Ok(Verdict::Settling(until)) => Err(Unclaimed::Settling(until)),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, error_class = %ErrorClass::Internal, "not claimed");
                Err(Unclaimed::Unasked)
            }
        }
    }

    /// Records that nothing is to be sent, by rule. `None`: only a claim's holder may say so.
    pub(crate) async fn skip_unclaimed(
        &self,
        delivery: &Delivery,
        received: &Received,
        invocation: &Invocation,
        reason: String,
    ) -> Option<Disposal> {
        let settled = Settled::Skipped(reason.clone());
        match self.ledger.put(&Event::Settle { delivery: delivery.clone(), settled }).await {
            Ok(Verdict::Recorded) => {
                tracing::info!(reason, "not sent, by rule");
                invocation.count(Metric::OrdersSkipped, &delivery.store);
                Some(Disposal::Delete)
            }
            Ok(_) => None,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, error_class = %ErrorClass::Internal, "the skip is not recorded");
                Some(self.back(received, invocation, delivery, self.backoff(received.receives, None)).await)
            }
        }
    }

    /// Reads the destination while a call that nobody answered may still land, and confirms what it shows; whether that was so.
    /// Nothing is called.
    pub(crate) async fn look(
        &self,
        delivery: &Delivery,
        invocation: &Invocation,
        reading: impl Future<Output = Result<bool, Undelivered>>,
    ) -> bool {
        match tokio::time::timeout(invocation.room(), reading).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => {
                tracing::info!("not there yet; no call before it may be repeated");
                return false;
            }
            Ok(Err(_)) | Err(_) => {
                tracing::info!("the destination could not be read");
                return false;
            }
        }
        match self.ledger.put(&Event::Confirm { delivery: delivery.clone() }).await {
            Ok(Verdict::Recorded) => {
                tracing::info!("the call that nobody answered took effect");
                invocation.count(Metric::Confirmed, &delivery.store);
                true
            }
            // A newer version is known: nothing is left to do for this one, which its next receipt finds out.
            Ok(_) => false,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, error_class = %ErrorClass::Internal, "what was seen is not recorded");
                false
            }
        }
    }
}
