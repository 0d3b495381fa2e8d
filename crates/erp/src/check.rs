//! What each function looks at when it is asked whether it could work, beside its configuration and secrets.

use crate::{apply::Applier, webhook::Webhook};
use function::Checked;

impl Webhook {
    /// Whether the webhook could work.
    pub async fn check(&self, mut checked: Checked) -> Checked {
        checked.queues(&self.queue, &self.dead_letters).await;
        checked.ledger(&self.ledger).await;
        checked
    }
}

impl Applier {
    /// Whether the worker could work.
    pub async fn check(&self, mut checked: Checked) -> Checked {
        checked.note("netsuite token", self.netsuite.client().log_in().await);
        checked.queues(&self.worker.queue, &self.worker.dead_letters).await;
        checked.ledger(&self.worker.ledger).await;
        checked
    }
}
