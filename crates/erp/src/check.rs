//! What each function looks at when it is asked whether it could work, beside its configuration and secrets.

use crate::{apply::Applier, reconcile::Reconciler, webhook::Webhook};
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

impl Reconciler {
    /// Whether the reconciler could work.
    pub async fn check(&self, mut checked: Checked) -> Checked {
        checked.note("netsuite token", self.netsuite.client().log_in().await);
        for shop in self.admins.shops() {
            let name = format!("orders of {shop}");
            if let Some(client) = self.admins.of(&shop) {
                checked.note(&name, client.scopes().await);
            } else {
                checked.note(&name, Ok::<_, shopify::admin::Error>(()));
                checked.remark(Some("the secret gives no access: no day of this shop is certified".to_owned()));
            }
        }
        checked.queues(&self.queue, &self.dead_letters).await;
        checked.ledger(&self.ledger).await;
        checked
    }
}
