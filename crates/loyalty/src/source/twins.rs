//! Customers of a page, with those who share their address and those who were merged into them: one query a page.

use crate::source::{
    customers::{address, asked, customer_id},
    item::{BadRow, Mapping, revision},
    person::Person,
};
use config::StoreName;
use org::ORDER;
use salesforce::{Client, Error, Id, Query, Record, soql};
use std::collections::{BTreeSet, HashMap};

/// Characters of a query's lists at the most: Salesforce takes no request line above 16 KB, and a quote is three characters there.
const LONGEST: usize = 10_000;

/// What prevents a look at the source.
#[derive(Debug, thiserror::Error)]
pub enum Unlooked {
    /// The source failed.
    #[error(transparent)]
    Salesforce(#[from] Error),
    /// A row cannot be read.
    #[error(transparent)]
    Row(#[from] BadRow),
}

/// Looks customers up.
#[derive(Clone, Copy)]
pub(crate) struct People<'a> {
    pub(crate) salesforce: &'a Client,
    pub(crate) mapping: Mapping<'a>,
}

impl People<'_> {
    /// The customers of orders, or of lifecycle events, by the ids of their records; also deleted ones.
    pub(crate) async fn of(&self, ids: BTreeSet<Id>) -> Result<HashMap<Id, Person>, Unlooked> {
        let fields = &self.mapping.fields.customer;
        let mut rows = Vec::with_capacity(ids.len());
        for some in parts(ids.iter().map(|id| soql::quote(id.as_str())), String::len) {
            let soql =
                format!("SELECT {} FROM {} WHERE Id IN ({}) {ORDER}", fields.list(), fields.object, some.join(", "));
            rows.extend(self.all(soql).await?);
        }
        self.in_rows(&rows).await
    }

    /// The customers in these rows.
    pub(crate) async fn in_rows(&self, rows: &[Record]) -> Result<HashMap<Id, Person>, Unlooked> {
        let mut people = HashMap::with_capacity(rows.len());
        for row in rows {
            let asked = asked(row, &self.mapping.fields.customer).map_err(BadRow::from)?;
            let (id, revision) = (row.id().map_err(BadRow::from)?, revision(row).map_err(BadRow::from)?);
            people.insert(id, Person { store: self.store_of(row), ..Person::alone(revision, asked) });
        }
        self.add_others(&mut people).await?;
        Ok(people)
    }

    /// Adds who shares an address with them, or was merged into them.
    async fn add_others(&self, people: &mut HashMap<Id, Person>) -> Result<(), Unlooked> {
        let fields = &self.mapping.fields.customer;
        let mut by_address: HashMap<String, Vec<Id>> = HashMap::new();
        for (id, person) in people.iter() {
            if let Ok(asked) = &person.asked
                && asked.gone.is_none()
            {
                by_address.entry(asked.email.clone()).or_default().push(id.clone());
            }
        }
        let of = |(email, ids): (&String, &Vec<Id>)| {
            (soql::quote(email), ids.iter().map(|id| soql::quote(id.as_str())).collect::<Vec<_>>().join(", "))
        };
        let wanted: Vec<(String, String)> = by_address.iter().map(of).collect();
        for some in parts(wanted, |(email, ids)| email.len() + ids.len()) {
            let (emails, ids): (Vec<_>, Vec<_>) = some.into_iter().unzip();
            let (list, object, email) = (fields.short_list(), fields.object, &fields.email);
            let soql = format!(
                "SELECT {list} FROM {object} WHERE ({email} IN ({}) AND IsDeleted = false) OR MasterRecordId IN ({}) ORDER BY Id",
                emails.join(", "),
                ids.join(", ")
            );
            for row in self.all(soql).await? {
                self.note(&row, &by_address, people)?;
            }
        }
        Ok(())
    }

    fn note(
        &self,
        row: &Record,
        by_address: &HashMap<String, Vec<Id>>,
        people: &mut HashMap<Id, Person>,
    ) -> Result<(), BadRow> {
        let fields = &self.mapping.fields.customer;
        let (id, name) = (row.id()?, customer_id(row, fields)?);
        if row.text("IsDeleted").as_deref() == Some("true") {
            let master = row.text("MasterRecordId").and_then(|master| Id::parse(&master).ok());
            if let Some(Ok(asked)) = master.and_then(|master| Some(&mut people.get_mut(&master)?.asked)) {
                asked.absorbed.push(name);
            }
            return Ok(());
        }
        let Ok(address) = address(row.text(&fields.email).as_deref()) else { return Ok(()) };
        let store = self.store_of(row);
        for other in by_address.get(&address).into_iter().flatten().filter(|other| **other != id) {
            if let Some(person) = people.get_mut(other) {
                person.twins.push((store.clone(), name.clone()));
            }
        }
        Ok(())
    }

    fn store_of(&self, row: &Record) -> Option<StoreName> {
        self.mapping.route(row, &self.mapping.fields.customer.routing).map(|at| at.name.clone())
    }

    async fn all(&self, soql: String) -> Result<Vec<Record>, Error> {
        self.salesforce.all(&Query { deleted: true, ..Query::new(soql) }).await
    }
}

/// In parts that fit into a query, by what each adds to it.
fn parts<T>(items: impl IntoIterator<Item = T>, length: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let (mut parts, mut room): (Vec<Vec<T>>, usize) = (Vec::new(), 0);
    for item in items {
        let length = length(&item) + 2;
        if let Some(part) = parts.last_mut().filter(|_| length <= room) {
            part.push(item);
        } else {
            parts.push(vec![item]);
            room = LONGEST;
        }
        room = room.saturating_sub(length);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_part_fits_and_nothing_is_lost(lengths in prop::collection::vec(1_usize..4_000, 0..40)) {
            let parts = parts(lengths.clone(), |length| *length);
            prop_assert_eq!(parts.concat(), lengths);
            for part in parts {
                prop_assert!(part.iter().map(|length| length + 2).sum::<usize>() <= LONGEST);
            }
        }
    }
}
