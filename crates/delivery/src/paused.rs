//! What is paused goes back to the queue as if it had never been received.

use crate::{Invocation, Worker, worker::Disposal};
use ledger::Delivery;
use queue::Received;
use std::time::Duration;

/// So long what is paused is left alone: SQS's longest delay, and as late it is after the pause.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html>
const PAUSED: Duration = Duration::from_mins(15);

impl Worker {
    /// What is to become of a message whose store is paused, or of which nobody knows that it is not. A fresh copy takes the place
    /// of what is paused: it has no receives, none of which is an attempt then, and SQS's retention begins anew with it, so that a
    /// pause may last as long as it has to.
    pub(crate) async fn held_back(
        &self,
        delivery: &Delivery,
        received: &Received,
        invocation: &Invocation,
    ) -> Option<Disposal> {
        let Some(pauses) = invocation.pauses() else {
            return Some(self.back(received, invocation, delivery, self.backoff(received.receives, None)).await);
        };
        pauses.of(&delivery.store)?;
        let copy = received.afresh().later(PAUSED);
        let sent = self.queue.send_one(copy, invocation.patience()).await;
        Some(sent.map_or_else(
            |error| {
                tracing::warn!(error = &error as &dyn std::error::Error, "paused; a fresh copy could not be sent");
                Disposal::Return(PAUSED)
            },
            |()| Disposal::Delete,
        ))
    }
}
