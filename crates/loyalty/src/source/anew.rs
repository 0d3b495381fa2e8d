//! Records asked for one by one and made anew from the source, as it and the settings are now: what waits for a person was parked
//! without its payload, and may ask for something else by now.

use crate::{
    keys::{CANCEL, kind},
    source::{
        fields::Fields,
        item::{Mapped, Mapping},
        publish::{Sender, Unsent},
        select::{Pass, Source, Which},
    },
};
use chrono::{DateTime, Utc};
use config::{Loyalty, Relay};
use delivery::{Anew, Publisher};
use ledger::DeliveryKey;
use org::Unfit;
use salesforce::Client;
use std::collections::HashMap;

/// Records that are asked for at once by their ids.
const IDS_A_QUERY: usize = 200;

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
        for source in Source::all(&self.fields) {
            let wanted: HashMap<String, &DeliveryKey> =
                keys.iter().filter(|key| self.is_of(key, &source)).map(|key| (record_id(key), *key)).collect();
            let ids: Vec<String> = wanted.keys().cloned().collect();
            for ids in ids.chunks(IDS_A_QUERY) {
                let query = source.query(&Pass::whole(), Which::These(ids), &mapping);
                let rows = self.salesforce.all(&query).await?;
                for mapped in sender.mapped(&source, &rows).await? {
                    let (Mapped::Item(item) | Mapped::IfKnown(item)) = mapped else { continue };
                    if let Some(key) = wanted.get(&record_id(&item.delivery.key)) {
                        found.insert((*key).clone(), item.into());
                    }
                }
            }
        }
        Ok(found)
    }

    /// Whether a delivery is made of this kind of record.
    fn is_of(&self, key: &DeliveryKey, source: &Source) -> bool {
        let last = key.as_str().rsplit('/').next().unwrap_or_default();
        match source {
            Source::Customers => key.kind() == Some(kind::CUSTOMER),
            Source::Orders => key.kind() == Some(kind::ORDER),
            Source::Cancellations => key.kind() == Some(kind::REFUND) && last == CANCEL,
            Source::Returns => key.kind() == Some(kind::REFUND) && last != CANCEL,
            Source::Actions(at) => key.kind() == Some(kind::ACTION) && last == self.fields.actions[*at].word,
        }
    }
}

/// The id of the record that a delivery is made of: that of a return stands behind its order's.
fn record_id(key: &DeliveryKey) -> String {
    let mut segments = key.as_str().split('/').skip(3);
    let (first, second) = (segments.next(), segments.next());
    let is_return = key.kind() == Some(kind::REFUND) && second != Some(CANCEL);
    second.filter(|_| is_return).or(first).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_made_of_the_record_that_its_key_names() {
        for (key, id) in [
            ("loyalty/default/customer/003000000000001AAA", "003000000000001AAA"),
            ("loyalty/default/order/801000000000001AAA", "801000000000001AAA"),
            ("loyalty/eu/refund/801000000000001AAA/cancel", "801000000000001AAA"),
            ("loyalty/eu/refund/801000000000001AAA/801000000000009AAA", "801000000000009AAA"),
            ("loyalty/eu/action/500000000000001AAA/birthdaygiftone", "500000000000001AAA"),
        ] {
            assert_eq!(record_id(&DeliveryKey::try_from(key.to_owned()).unwrap()), id, "{key}");
        }
    }
}
