//! Records asked for one by one and made anew from the source, as it and the settings are now: what waits for a person was parked
//! without its payload, and may ask for something else by now.

use crate::{
    keys::{CANCEL, is_unrouted, kind, record_of},
    source::{
        fields::Fields,
        item::{BadRow, Hold, Mapped, Mapping},
        publish::{IDS_A_QUERY, Sender, Unsent},
        select::{Pass, Source, Which},
    },
};
use chrono::{DateTime, Utc};
use config::{BusinessDay, Loyalty, Relay, StoreName};
use delivery::{Anew, Fate, Publisher, Report};
use ledger::{Delivery, DeliveryKey, Event, Record, Settled, State};
use org::Unfit;
use salesforce::Client;
use std::collections::{BTreeSet, HashMap};

/// Why the source could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum Unasked {
    /// The org does not fit the configuration.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The source or the ledger failed, or a row cannot be read.
    #[error(transparent)]
    Unsent(#[from] Unsent),
    /// The source failed.
    #[error(transparent)]
    Salesforce(#[from] salesforce::Error),
}

/// The source, to be asked for single records.
pub struct Records<'a> {
    fields: Fields,
    salesforce: &'a Client,
    config: &'a Relay,
    loyalty: &'a Loyalty,
    now: DateTime<Utc>,
}

impl<'a> Records<'a> {
    /// Finds the configured fields in the org.
    ///
    /// # Errors
    /// When it cannot be asked, or does not fit the configuration.
    pub async fn of(
        salesforce: &'a Client,
        config: &'a Relay,
        loyalty: &'a Loyalty,
        now: DateTime<Utc>,
    ) -> Result<Self, Unasked> {
        let fields = Fields::find(&salesforce.schema(), config, loyalty).await?;
        Ok(Self { fields, salesforce, config, loyalty, now })
    }

    /// What each of these deliveries asks for now. One that was parked since it fitted no store comes back under the store that it
    /// fits by now, with a key of its own.
    ///
    /// # Errors
    /// When source or ledger fail.
    pub async fn ask(
        &self,
        keys: &[&DeliveryKey],
        publisher: Publisher<'_>,
    ) -> Result<HashMap<DeliveryKey, Anew>, Unasked> {
        // A person who asks for an order of before the start knows that it is one.
        let mapping =
            Mapping { config: self.config, ours: self.loyalty, fields: &self.fields, now: self.now, history: true };
        let sender = Sender { mapping, salesforce: self.salesforce, publisher };
        let mut found: HashMap<DeliveryKey, Anew> = keys.iter().map(|key| ((*key).clone(), Anew::Gone)).collect();
        for (key, mapped) in sender.anew(keys).await? {
            if let Mapped::Item(item) | Mapped::IfKnown(item) = mapped {
                found.insert(key, item.into());
            }
        }
        Ok(found)
    }

    /// How many orders of one store, or of all, were completed on a day.
    ///
    /// # Errors
    /// When the source fails.
    pub async fn orders_of(&self, day: BusinessDay, store: Option<&StoreName>) -> Result<usize, Unasked> {
        let mapping =
            Mapping { config: self.config, ours: self.loyalty, fields: &self.fields, now: self.now, history: true };
        let which = Which::Day { day, store };
        let mut orders = 0;
        for row in self.salesforce.all(&Source::Orders.query(&Pass::whole(), which, &mapping)).await? {
            let asked_for = Source::Orders.is_asked_for(&row, which, &mapping);
            orders += usize::from(asked_for.map_err(|error| Unsent::from(BadRow::from(error)))?);
        }
        Ok(orders)
    }
}

impl Sender<'_> {
    /// What these deliveries ask for now, those that the source still has. One that fitted no store comes with the key that it has
    /// in the store which it fits by now.
    pub(crate) async fn anew(&self, keys: &[&DeliveryKey]) -> Result<Vec<(DeliveryKey, Mapped)>, Unsent> {
        let (fields, mut found) = (self.mapping.fields, Vec::with_capacity(keys.len()));
        for source in Source::all(fields) {
            let wanted: Vec<&DeliveryKey> = keys.iter().copied().filter(|key| source.is_of(key, fields)).collect();
            let ids: BTreeSet<String> = wanted.iter().map(|key| record_of(key).to_owned()).collect();
            let ids: Vec<String> = ids.into_iter().collect();
            for ids in ids.chunks(IDS_A_QUERY) {
                let query = source.query(&Pass::whole(), Which::These(ids), &self.mapping);
                let rows = self.salesforce.all(&query).await?;
                for mapped in self.mapped(&source, &rows).await? {
                    let Some(made) = mapped.item().map(|item| item.delivery.key.clone()) else { continue };
                    let is = |key: &&&DeliveryKey| {
                        **key == &made || (is_unrouted(key) && record_of(key) == record_of(&made))
                    };
                    if let Some(key) = wanted.iter().find(is) {
                        found.push(((*key).clone(), mapped));
                    }
                }
            }
        }
        Ok(found)
    }

    /// Sends what was parked when it was met, and need not be any more: what fits a store by the settings of now, if they are other
    /// ones, whose delivery of then is rejected, so that no person has to; and what was completed on a day that has come. How many
    /// there were.
    pub(crate) async fn released(&self, other_settings: bool, report: &mut Report) -> Result<usize, Unsent> {
        let ledger = self.publisher.ledger;
        let mut parked = ledger.open_records().await?;
        parked.retain(|(key, record)| {
            let is = |hold: Hold| record.state == State::Parked && record.reason.as_deref() == Some(hold.as_str());
            let is_routed_anew = || other_settings && is_unrouted(key) && is(Hold::UnknownStore);
            is_routed_anew() || (is(Hold::FutureCompletionDate) && self.has_come(record))
        });
        let known: HashMap<DeliveryKey, Record> = parked.into_iter().collect();
        let keys: Vec<&DeliveryKey> = known.keys().collect();
        let mut released = 0;
        for (key, mapped) in self.anew(&keys).await? {
            let Some((record, item)) = known.get(&key).zip(mapped.item()) else { continue };
            let is_routed = is_unrouted(&key) && !is_unrouted(&item.delivery.key);
            let is_due = !is_unrouted(&key) && !matches!(item.fate, Fate::Park(..));
            if !is_routed && !is_due {
                continue;
            }
            self.publish(vec![mapped], report).await?;
            if is_routed {
                let Record { revision, hash, store, day, .. } = record.clone();
                let delivery = Delivery { key, revision, hash, store, day, triggered_at: None };
                let settled = Settled::Dismissed("it fits a store by now".to_owned());
                ledger.put(&Event::Settle { delivery, settled }).await?;
            }
            released += 1;
        }
        Ok(released)
    }

    /// Whether an order's day has begun in its store.
    fn has_come(&self, record: &Record) -> bool {
        let (mapping, day) = (&self.mapping, record.day.as_ref().and_then(|day| day.parse::<BusinessDay>().ok()));
        let store = StoreName::try_from(record.store.clone()).ok();
        let zone = store.map_or(mapping.config.time_zone, |store| mapping.config.zone(&store));
        day.is_some_and(|day| day <= BusinessDay::of(mapping.now, zone))
    }
}

impl Source {
    /// Whether a delivery is made of this kind of record.
    fn is_of(&self, key: &DeliveryKey, fields: &Fields) -> bool {
        let last = key.id().rsplit('/').next().unwrap_or_default();
        match self {
            Self::Customers => key.kind() == Some(kind::CUSTOMER),
            Self::Orders => key.kind() == Some(kind::ORDER),
            Self::Cancellations => key.kind() == Some(kind::REFUND) && last == CANCEL,
            Self::Returns => key.kind() == Some(kind::REFUND) && last != CANCEL,
            Self::Actions(at) => key.kind() == Some(kind::ACTION) && last == fields.actions[*at].word,
        }
    }
}
