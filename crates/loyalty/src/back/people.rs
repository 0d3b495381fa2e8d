//! Whose records of the org Yotpo's customers are: one look-up for many.

use config::{BuyerObject, Loyalty, Relay, StoreName};
use salesforce::{BadField, Client, Id, Record, soql};
use std::collections::{BTreeMap, BTreeSet};

/// Characters of ids in one query: with quotes, commas and their encoding it stays within what a request line may have.
const LONGEST: usize = 5_000;

/// A Contact, or a person account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// The record.
    pub(crate) id: Id,
    /// The contact that memberships and rewards lead to: of a person account its own.
    pub(crate) contact: Id,
    /// The account that is locked while the record is written.
    pub(crate) account: String,
    /// The store that the record names itself.
    pub(crate) store: Option<StoreName>,
}

/// Why the look-up came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotFound {
    /// Salesforce did not answer it.
    #[error(transparent)]
    Salesforce(#[from] salesforce::Error),
    /// A row is not as it was asked for.
    #[error(transparent)]
    Field(#[from] BadField),
}

/// The settings, as far as they say where people are.
pub(crate) struct People<'a> {
    pub(crate) config: &'a Relay,
    pub(crate) loyalty: &'a Loyalty,
}

impl People<'_> {
    /// The records with these ids of customers; several may claim one id, and none may.
    pub(crate) async fn find(
        &self,
        salesforce: &Client,
        customers: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, Vec<Person>>, NotFound> {
        let mut found: BTreeMap<String, Vec<Person>> = BTreeMap::new();
        for part in parts(customers) {
            for row in salesforce.query_all(&self.query(&part)).await? {
                if let Some((customer, person)) = self.person(&row, &part)? {
                    found.entry(customer).or_default().push(person);
                }
            }
        }
        Ok(found)
    }

    fn query(&self, customers: &[&str]) -> String {
        let (buyer, paths) = (&self.loyalty.customer, &self.config.salesforce.customer_id);
        let routing = [&buyer.route_by.store, &buyer.route_by.locale, &buyer.currency];
        let routing = routing.into_iter().filter_map(|path| path.as_ref());
        let other = self.other_id();
        let asked: BTreeSet<&str> = paths
            .iter()
            .chain(routing)
            .map(config::FieldPath::as_str)
            .chain([other])
            .filter(|path| *path != "Id")
            .collect();
        let fields: Vec<&str> = std::iter::once("Id").chain(asked).collect();
        let any = |ids: &[&str]| ids.iter().map(|id| soql::quote(id)).collect::<Vec<_>>().join(", ");
        let ids: Vec<&str> = customers.iter().copied().filter(|id| Id::parse(id).is_ok()).collect();
        let by_id = (!ids.is_empty()).then(|| format!("Id IN ({})", any(&ids)));
        let by_path = paths.iter().map(|path| format!("{} IN ({})", path.as_str(), any(customers)));
        let conditions: Vec<String> = by_id.into_iter().chain(by_path).collect();
        // An id that is no record's, and no path where it could stand: there is nobody.
        let condition = if conditions.is_empty() { "Id = null".to_owned() } else { conditions.join(" OR ") };
        format!("SELECT {} FROM {} WHERE {condition}", fields.join(", "), buyer.object.as_str())
    }

    /// A row, if it is one of these customers': the first path that is not blank counts, at last its own id.
    fn person(&self, row: &Record, customers: &[&str]) -> Result<Option<(String, Person)>, BadField> {
        let id = row.id()?;
        let paths = self.config.salesforce.customer_id.iter();
        let own = paths.filter_map(|path| row.text(path.as_str())).map(|text| text.trim().to_owned());
        let customer = own.into_iter().find(|text| !text.is_empty()).unwrap_or_else(|| id.as_str().to_owned());
        if !customers.contains(&customer.as_str()) {
            return Ok(None);
        }
        let other = row.text(self.other_id()).and_then(|other| Id::parse(&other).ok()).unwrap_or_else(|| id.clone());
        let (contact, account) = match self.loyalty.customer.object {
            BuyerObject::Contact => (id.clone(), other),
            BuyerObject::Account => (other, id.clone()),
        };
        let (account, store) = (account.as_str().to_owned(), self.store(row));
        Ok(Some((customer, Person { id, contact, account, store })))
    }

    /// The field with the id of what goes with the record: a contact's account, a person account's contact.
    fn other_id(&self) -> &'static str {
        match self.loyalty.customer.object {
            BuyerObject::Contact => "AccountId",
            BuyerObject::Account => "PersonContactId",
        }
    }

    /// The store that the record names; where one takes part it is that.
    fn store(&self, row: &Record) -> Option<StoreName> {
        if self.loyalty.stores.len() == 1 {
            return self.loyalty.stores.keys().next().cloned();
        }
        let buyer = &self.loyalty.customer;
        let text = |path: &Option<config::FieldPath>| row.text(path.as_ref()?.as_str());
        let (store, locale) = (text(&buyer.route_by.store), text(&buyer.route_by.locale));
        let currency = text(&buyer.currency).and_then(|code| config::Currency::try_from(code.into_owned()).ok());
        let routed = self.loyalty.route(store.as_deref(), locale.as_deref(), currency.as_ref());
        routed.map(|(name, _)| name.clone())
    }
}

/// As many as fit one query at a time.
fn parts<'a>(customers: &BTreeSet<&'a str>) -> Vec<Vec<&'a str>> {
    let mut parts: Vec<Vec<&str>> = Vec::new();
    let mut length = 0;
    for customer in customers {
        length += customer.len();
        match parts.last_mut() {
            Some(part) if length <= LONGEST => part.push(*customer),
            _ => {
                length = customer.len();
                parts.push(vec![*customer]);
            }
        }
    }
    parts
}

#[cfg(test)]
#[path = "people_tests.rs"]
mod tests;
