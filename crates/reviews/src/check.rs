//! What each function looks at when it is asked whether it could work, beside its configuration and secret.

use crate::{
    consume::Consumer, fields::Fields, picklists, produce::Producer, reconcile::Reconciler, sample, stores::Stores,
    twins,
};
use chrono::{DateTime, Utc};
use config::Relay;
use function::Checked;
use futures_util::future::join_all;

/// A token for each store, asked of Yotpo.
pub async fn yotpo_tokens(checked: &mut Checked, stores: &Stores, config: &Relay) {
    let names: Vec<_> = config.stores.keys().collect();
    let clients: Vec<_> = names.iter().filter_map(|name| stores.get(name)).collect();
    let tokens = join_all(clients.iter().map(|client| client.log_in())).await;
    for (name, token) in names.iter().zip(tokens) {
        checked.note(&format!("yotpo token, store {name}"), token);
    }
}

/// A session at Salesforce, the configured fields in the org with their values, and a sample order mapped by them; the
/// fields, if they are there.
pub async fn salesforce(
    checked: &mut Checked,
    client: &salesforce::Client,
    config: &Relay,
    now: DateTime<Utc>,
) -> Option<Fields> {
    // Without a session nothing else can be asked, and why is said once.
    checked.note("salesforce token", client.log_in().await)?;
    let schema = client.schema();
    let fields = checked.note("salesforce fields", Fields::find(&schema, config).await)?;
    self::picklists(checked, &schema, config).await;
    let order_ids = twins::check::look(client, &fields, config, now).await;
    let note = checked.note("salesforce order ids", order_ids);
    checked.remark(note.flatten());
    checked.note("mapping", sample::is_mapped(&fields, config, now));
    Some(fields)
}

async fn picklists(checked: &mut Checked, schema: &salesforce::Schema<'_>, config: &Relay) {
    let name = "salesforce picklists";
    let notes = match picklists::look(schema, config).await {
        Ok(found) => checked.note(name, found.judged()),
        Err(error) => checked.note(name, Err(error)),
    };
    checked.remark(notes.filter(|notes| !notes.is_empty()).map(|notes| notes.join("; ")));
}

impl Producer {
    /// Looks at everything that a run needs.
    pub async fn check(&self, mut checked: Checked) -> Checked {
        salesforce(&mut checked, &self.salesforce, &self.config, (self.now)()).await;
        checked.queues(&self.queue, &self.dead_letters).await;
        checked.ledger(&self.ledger).await;
        checked
    }
}

impl Reconciler {
    /// Looks at everything that a look at a day needs.
    pub async fn check(&self, mut checked: Checked) -> Checked {
        salesforce(&mut checked, &self.salesforce, &self.config, self.ledger.now()).await;
        yotpo_tokens(&mut checked, &self.stores, &self.config).await;
        checked.queues(&self.queue, &self.dead_letters).await;
        checked.ledger(&self.ledger).await;
        checked
    }
}

impl Consumer {
    /// Looks at everything that a delivery needs.
    pub async fn check(&self, mut checked: Checked) -> Checked {
        yotpo_tokens(&mut checked, &self.stores, &self.config).await;
        checked.queues(&self.worker.queue, &self.worker.dead_letters).await;
        checked.ledger(&self.worker.ledger).await;
        checked.note("mapping", sample::is_read_back(&self.config));
        checked
    }
}
