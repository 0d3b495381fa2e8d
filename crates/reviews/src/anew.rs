//! Orders asked for one by one and made anew from the source, as it and the settings are now: what waits for a person was
//! parked without its payload, and may be another order by now.

use crate::{
    FLOW,
    fields::Fields,
    item::{BadRow, DUPLICATE_ORDER_ID, Order},
    pages::by_id,
    select::Pass,
    twins::{Candidate, Namesakes, Ruling},
};
use chrono::{DateTime, Utc};
use config::Relay;
use delivery::{Anew, Fate};
use ledger::{DeliveryKey, Ledger};
use org::Unfit;
use salesforce::{Client, Id};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Why the source could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum Unasked {
    /// The org does not fit the configuration.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The source failed.
    #[error(transparent)]
    Salesforce(#[from] salesforce::Error),
    /// A row cannot be read.
    #[error(transparent)]
    Row(#[from] BadRow),
    /// A row has no id.
    #[error("a row of the query cannot be read: {0}")]
    Id(#[from] salesforce::BadField),
    /// It cannot be found out which orders share a name.
    #[error(transparent)]
    Names(#[from] crate::twins::UnknownNames),
}

/// The source, to be asked for single orders.
pub struct Orders {
    salesforce: Client,
    ledger: Ledger,
    fields: Fields,
    config: Arc<Relay>,
    pass: Pass,
}

/// The order's id at the source; `None` if the key is another flow's.
pub fn source_id(key: &DeliveryKey) -> Option<Id> {
    Id::parse(key.as_str().strip_prefix(FLOW)?.strip_prefix('/')?).ok()
}

impl Orders {
    /// Finds the configured fields in the org.
    ///
    /// # Errors
    /// When it cannot be asked, or does not fit the configuration.
    pub async fn of(
        salesforce: Client,
        ledger: Ledger,
        config: &Arc<Relay>,
        now: DateTime<Utc>,
    ) -> Result<Self, Unasked> {
        let schema = salesforce.schema();
        let fields = Fields::find(&schema, config).await?;
        drop(schema);
        Ok(Self { pass: Pass::of_any_day(config, now), config: Arc::clone(config), fields, salesforce, ledger })
    }

    /// What each of these orders asks for now. One whose name another order has is not to be sent, nor one that is first of its
    /// name while another may still have a message: the producer parks that when it meets either.
    ///
    /// # Errors
    /// When source or ledger fail.
    pub async fn ask(&self, ids: &[Id]) -> Result<HashMap<Id, Anew>, Unasked> {
        let mut found: HashMap<Id, Anew> = ids.iter().map(|id| (id.clone(), Anew::Gone)).collect();
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut candidates = Vec::new();
        for row in by_id(&self.salesforce, &self.pass, &self.fields, &ids).await? {
            match Order::of(&row, &self.pass, &self.fields, &self.config)? {
                Some(order) if matches!(order.item.fate, Fate::Send(_)) => {
                    candidates.push(Candidate::of(order, &row, &self.fields));
                }
                order => drop(found.insert(row.id()?, order.map_or(Anew::NotOver, |order| order.item.into()))),
            }
        }
        let rulings = self.namesakes().rule(&candidates).await?;
        for (Candidate { order, .. }, ruling) in candidates.into_iter().zip(rulings) {
            let Some(id) = source_id(&order.item.delivery.key) else { continue };
            let alone = matches!(ruling, Ruling::Keeps(others) if others.is_empty());
            found.insert(id, if alone { order.item.into() } else { Anew::Park(DUPLICATE_ORDER_ID) });
        }
        Ok(found)
    }

    fn namesakes(&self) -> Namesakes<'_> {
        Namesakes {
            config: &self.config,
            fields: &self.fields,
            salesforce: &self.salesforce,
            ledger: &self.ledger,
            accounts: BTreeMap::new(),
            now: self.pass.begun_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_this_flow_names_an_order() {
        let id = |key: &str| source_id(&DeliveryKey::try_from(key.to_owned()).unwrap()).map(|id| id.to_string());
        assert_eq!(id("reviews/801RO000000AbcDYAS").as_deref(), Some("801RO000000AbcDYAS"));
        for other in ["erp/801RO000000AbcDYAS", "reviewsx/801RO000000AbcDYAS", "reviews/x"] {
            assert_eq!(id(other), None, "{other}");
        }
    }
}
