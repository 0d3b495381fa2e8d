//! What each function looks at when it is asked whether it could work, beside its configuration and secrets.

use crate::{
    clients::LoyaltyClients, consume::Consumer, produce::Producer, reconcile::Reconciler, refresh::Refresher,
    source::fields::Fields,
};
use config::{Loyalty, Relay};
use delivery::Worker;
use function::Checked;
use org::{Values, known};
use salesforce::{Client, Error, Schema};

/// A session at Salesforce, and the configured fields in the org with their values.
pub(crate) async fn salesforce(
    checked: &mut Checked,
    client: &Client,
    config: &Relay,
    ours: &Loyalty,
) -> Option<Fields> {
    // Without a session nothing else can be asked, and why is said once.
    checked.note("salesforce token", client.log_in().await)?;
    let schema = client.schema();
    let fields = checked.note("salesforce fields", Fields::find(&schema, config, ours).await)?;
    let name = "salesforce picklists";
    let notes = match values(&schema, config, ours).await {
        Ok(found) => checked.note(name, found.judged()),
        Err(error) => checked.note(name, Err(error)),
    };
    checked.remark(notes.filter(|notes| !notes.is_empty()).map(|notes| notes.join("; ")));
    Some(fields)
}

/// Whether the values of conditions and routes can be meant.
async fn values(schema: &Schema<'_>, config: &Relay, ours: &Loyalty) -> Result<Values, Error> {
    let mut found = Values::default();
    found.of_clauses(schema, "Order", "salesforce.completed", &config.salesforce.completed).await?;
    found.of_clauses(schema, "Order", "loyalty.cancelled", &ours.cancelled).await?;
    for action in ours.actions.values() {
        found.of_clauses(schema, action.object.as_str(), "loyalty.actions", &action.when).await?;
    }
    let routes = || ours.stores.values().flat_map(|market| &market.routes);
    for (path, routed) in [
        (&ours.route_by.store, routes().filter_map(|route| route.store.as_ref()).collect::<Vec<_>>()),
        (&ours.route_by.locale, routes().filter_map(|route| route.locale.as_ref()).collect()),
    ] {
        if let Some(path) = path
            && let Some(field) = known(schema, "Order", path).await?
        {
            for value in routed {
                found.of_value(&field, "loyalty.stores.<name>.routes", value, |a, b| a == b);
            }
        }
    }
    Ok(found)
}

impl Producer {
    /// Looks at everything that a run needs.
    pub async fn check(&self, mut checked: Checked) -> Checked {
        salesforce(&mut checked, &self.salesforce, &self.config, &self.loyalty).await;
        checked.queues(&self.queue, &self.dead_letters).await;
        checked.ledger(&self.ledger).await;
        checked
    }
}

/// Each store's keys at Yotpo.
async fn keys(checked: &mut Checked, clients: &LoyaltyClients) {
    for (store, client) in clients.all() {
        checked.note(&format!("yotpo loyalty keys of {store}"), client.check_keys().await);
    }
}

/// What both of the functions that take a queue's messages need.
async fn worker(mut checked: Checked, clients: &LoyaltyClients, salesforce: &Client, worker: &Worker) -> Checked {
    keys(&mut checked, clients).await;
    checked.note("salesforce token", salesforce.log_in().await);
    checked.queues(&worker.queue, &worker.dead_letters).await;
    checked.ledger(&worker.ledger).await;
    checked
}

impl Consumer {
    /// Whether the consumer could work.
    pub async fn check(&self, checked: Checked) -> Checked {
        let mut checked = worker(checked, &self.clients, &self.salesforce, &self.worker).await;
        checked.note("write-back queue", self.hints.reach().await);
        checked
    }
}

impl Refresher {
    /// Whether the write-back could work.
    pub async fn check(&self, checked: Checked) -> Checked {
        worker(checked, &self.clients, &self.salesforce, &self.worker).await
    }
}

impl Reconciler {
    /// Whether the reconciler could work.
    pub async fn check(&self, mut checked: Checked) -> Checked {
        keys(&mut checked, &self.clients).await;
        salesforce(&mut checked, &self.salesforce, &self.config, &self.loyalty).await;
        checked.queues(&self.queue, &self.dead_letters).await;
        checked.note("write-back queue", self.hints.reach().await);
        checked.ledger(&self.ledger).await;
        checked
    }
}
