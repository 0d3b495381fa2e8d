//! A few customers of a day, compared: what the org says of them with what Yotpo says, which is mended, and what they have spent with
//! what the ledger knows of it, which is said.

use super::{Failed, Reconciler, spend::Spending};
use crate::{
    back::standing::Standing,
    hint, keys,
    reconcile::written,
    source::{
        item::BadRow,
        publish::{Sender, Unsent},
        select::{Pass, Source, Which},
        twins::People,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use config::StoreName;
use ledger::State;
use queue::{Entry, PATIENCE, body};
use reconciliation::{Balances, Entries, Reconciliation, Task, fingerprint};
use salesforce::{Id, Record};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use telemetry::{Metric, Metrics};
use tokio::time::Instant;
use yotpo::loyalty::{Client, CustomerDetails, CustomerQuery};

/// How long a reading waits for its turn at the account, at most: what the account asks for longer than that ends the sample.
const TURN: Duration = Duration::from_secs(10);

/// Compares customers of a store's day.
pub(super) struct Sampling<'a> {
    pub(super) reconciler: &'a Reconciler,
    pub(super) sender: &'a Sender<'a>,
    pub(super) task: &'a Task,
    pub(super) day: &'a Reconciliation<'a>,
}

/// The ids of so many of the orders that Yotpo has, others on each date: who is compared cannot be foreseen, and is the same for all
/// runs of a night.
fn chosen(entries: &Entries, date: &str, most: usize) -> Vec<String> {
    let accepted = (0..entries.all().len()).filter(|place| {
        let state = entries.all()[*place].known().map(|known| known.state);
        matches!(state, Some(State::Accepted | State::Confirmed))
    });
    let drawn = accepted.map(|place| (fingerprint(&format!("{date} {}", entries.key_of(place))), place));
    let mut drawn: Vec<(u128, usize)> = drawn.collect();
    if drawn.len() > most {
        drawn.select_nth_unstable(most);
        drawn.truncate(most);
    }
    drawn.into_iter().map(|(_, place)| entries.id_of(place)).collect()
}

impl Sampling<'_> {
    /// Compares, until time is up or the account cannot be read.
    pub(super) async fn compare(&self, entries: &Entries, metrics: &mut Metrics) -> Result<Balances, Failed> {
        let Self { reconciler, task, day, .. } = self;
        let most = usize::try_from(reconciler.loyalty.sample).unwrap_or_default();
        let ids = chosen(entries, &reconciler.ledger.now().date_naive().to_string(), most);
        let mut balances = Balances::default();
        if task.store.as_str() == StoreName::UNROUTED || ids.is_empty() {
            return Ok(balances);
        }
        let customers = self.customers(&ids).await?;
        let written = written::Written { reconciler, store: &task.store };
        let kept = written.of(&customers).await?;
        let spending = Spending { reconciler, sender: self.sender, store: &task.store };
        let spent = spending.of(&customers.keys().cloned().collect::<Vec<_>>()).await?;
        let fields = &reconciler.loyalty.write_back;
        for (contact, customer) in &customers {
            if day.out_of_time() {
                break;
            }
            let read_at = reconciler.ledger.now();
            let Some(details) = self.reading(customer, metrics).await else { break };
            balances.sampled += 1;
            let Some(details) = details else {
                balances.differ += 1;
                self.say(customer, "an order of a customer was accepted whom Yotpo does not know");
                continue;
            };
            let values = Standing::of(customer, &details, reconciler.config.zone(&task.store)).values(fields, read_at);
            let otherwise = written::is_otherwise(&values, kept.get(contact), fields.last_sync.as_str());
            let misspent = spent.get(contact).is_some_and(|spent| spent.differs(&details));
            if otherwise {
                self.say(customer, "the org says something else of a customer than Yotpo; it is read and written anew");
                self.hint(customer, read_at).await?;
            }
            if misspent {
                self.say(customer, "Yotpo says that a customer has spent something else than the ledger knows of");
            }
            balances.differ += usize::from(otherwise || misspent);
        }
        Ok(balances)
    }

    /// The customers of these orders, by their records, with the ids by which Yotpo knows them.
    pub(super) async fn customers(&self, ids: &[String]) -> Result<BTreeMap<Id, String>, Failed> {
        let Sender { mapping, salesforce, .. } = self.sender;
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rows = salesforce.all(&Source::Orders.query(&Pass::whole(), Which::These(ids), mapping)).await?;
        self.customers_of(&rows).await
    }

    /// The same of orders that were read.
    pub(super) async fn customers_of(&self, rows: &[Record]) -> Result<BTreeMap<Id, String>, Failed> {
        let Sender { mapping, salesforce, .. } = self.sender;
        let contacts = rows.iter().filter_map(|row| mapping.customer_of(row)).collect();
        let people = People { salesforce, mapping: *mapping };
        let people = people.of(contacts).await.map_err(Unsent::from)?;
        let known = people.into_iter().filter_map(|(id, person)| {
            let asked = person.asked.ok().filter(|asked| asked.gone.is_none())?;
            Some((id, asked.customer_id))
        });
        Ok(known.collect())
    }

    /// What Yotpo shows of a customer, in our turn; a refusal of our credentials reads the secret again once. `None` outside: the
    /// account cannot be read now; inside: Yotpo knows no such customer.
    async fn reading(&self, customer: &str, metrics: &mut Metrics) -> Option<Option<CustomerDetails>> {
        let store = &self.task.store;
        let client = self.reconciler.clients.get(store)?;
        if let Some(rest) = client.rests() {
            self.reconciler.accounts.get(store.as_str())?.pace.hold(rest);
        }
        if !self.reconciler.accounts.get(store.as_str())?.pace.wait(Instant::now() + TURN).await {
            return None;
        }
        let begun = Instant::now();
        let mut read = client.customer(CustomerQuery::Id(customer), false).await;
        if matches!(read, Err(yotpo::Error::Unauthorized))
            && let Some(renewed) = self.renewed(&client).await
        {
            read = renewed.customer(CustomerQuery::Id(customer), false).await;
        }
        metrics.measure(Metric::VendorCallMs, (begun.elapsed().as_secs_f64() * 1000.0).round());
        let failed = |error: yotpo::Error| {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, store = store.as_str(), "customers cannot be read; a later run compares others");
        };
        read.map_err(failed).ok()
    }

    async fn renewed(&self, refused: &Arc<Client>) -> Option<Arc<Client>> {
        self.reconciler.clients.reload(&self.task.store, refused).await
    }

    /// The write-back reads the customer and writes what it finds, whatever it has written before.
    async fn hint(&self, customer: &str, at: DateTime<Utc>) -> Result<(), Failed> {
        // What is written is as new as this reading: a millisecond later than one that the write-back may have made meanwhile.
        let message = hint::differs(&self.task.store, at + TimeDelta::milliseconds(1), customer);
        let message = message.map_err(BadRow::from)?;
        let entry = Entry::new(body::json(&message).map_err(BadRow::from)?).traced(self.day.invoked.trace.clone());
        Ok(self.reconciler.hints.send_one(entry, PATIENCE).await?)
    }

    fn say(&self, customer: &str, what: &str) {
        let key = keys::state(&self.task.store, customer).ok();
        let delivery_key = key.as_ref().map(tracing::field::display);
        tracing::warn!(delivery_key, store = %self.task.store, business_day = %self.task.day, "{what}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use delivery::{Fate, Item};
    use ledger::{Delivery, DeliveryKey, EffectHash, Record, Revision};
    use std::collections::BTreeSet;

    fn entries(orders: usize, state: State) -> Entries {
        let mut entries = Entries::default();
        for n in 0..orders {
            let delivery = Delivery {
                key: DeliveryKey::try_from(format!("loyalty/default/order/801{n:015}")).unwrap(),
                revision: Revision(1),
                hash: EffectHash::of(b""),
                store: "default".to_owned(),
                day: None,
                triggered_at: None,
            };
            let record = Record::new(&delivery, state);
            let day = "2026-11-20".parse().unwrap();
            let item = Item { delivery, store: StoreName::unrouted(), day, fate: Fate::Skip("zero_amount") };
            entries.add(&item, &n.to_string(), Some(&record));
        }
        entries
    }

    #[test]
    fn a_sample_is_small_of_what_was_accepted_and_another_one_each_date() {
        let accepted = entries(500, State::Accepted);
        let of = |date: &str, most: usize| chosen(&accepted, date, most).into_iter().collect::<BTreeSet<_>>();
        assert_eq!((of("2026-11-21", 20).len(), of("2026-11-21", 0).len(), of("2026-11-21", 900).len()), (20, 0, 500));
        assert_eq!(of("2026-11-21", 20), of("2026-11-21", 20));
        assert_ne!(of("2026-11-21", 20), of("2026-11-22", 20));
        assert!(of("2026-11-21", 20).iter().all(|id| id.starts_with("801")));
        for state in [State::Pending, State::Skipped, State::Parked, State::Uncertain] {
            assert_eq!(chosen(&entries(3, state), "2026-11-21", 20), Vec::<String>::new(), "{state:?}");
        }
    }
}
