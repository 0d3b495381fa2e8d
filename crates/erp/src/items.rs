//! NetSuite's items by SKU, or by the name of a charge, and its currencies: looked up once in ten minutes; what is not there is looked
//! up every time.

use crate::{account::Slotted, map::OrderLine};
use chrono::{DateTime, TimeDelta, Utc};
use config::{Currency, InternalId};
use delivery::Undelivered;
use ledger::ErrorClass;
use netsuite::{RecordId, suiteql::literal};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::OnceCell;

const KEPT: TimeDelta = TimeDelta::minutes(10);

/// Which item each name means.
pub struct Items {
    known: Mutex<HashMap<String, (RecordId, DateTime<Utc>)>>,
    now: fn() -> DateTime<Utc>,
}

#[derive(Deserialize)]
struct Row {
    id: RecordId,
    itemid: String,
    #[serde(default)]
    externalid: Option<String>,
}

impl Items {
    /// None is known.
    pub fn new(now: fn() -> DateTime<Utc>) -> Self {
        Self { known: Mutex::default(), now }
    }

    /// The items of these names, as far as each means one: exactly by item id or external id, else by item id whatever the case.
    /// Inactive items are none.
    ///
    /// # Errors
    /// When NetSuite cannot be asked.
    pub async fn find(
        &self,
        names: &BTreeSet<String>,
        netsuite: &Slotted<'_>,
    ) -> Result<BTreeMap<String, RecordId>, Undelivered> {
        let mut found = self.kept(names);
        let wanted: Vec<&str> = names.iter().map(String::as_str).filter(|name| !found.contains_key(*name)).collect();
        if wanted.is_empty() {
            return Ok(found);
        }
        let rows = ask(netsuite, &wanted).await?;
        for name in wanted {
            if let Some(id) = meant(name, &rows) {
                found.insert(name.to_owned(), id.clone());
                self.lock().insert(name.to_owned(), (id.clone(), (self.now)()));
            }
        }
        Ok(found)
    }

    fn kept(&self, names: &BTreeSet<String>) -> BTreeMap<String, RecordId> {
        let since = (self.now)() - KEPT;
        let mut known = self.lock();
        known.retain(|_, (_, at)| *at > since);
        names.iter().filter_map(|name| Some((name.clone(), known.get(name)?.0.clone()))).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (RecordId, DateTime<Utc>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The items that lines name.
pub fn names(lines: &[OrderLine]) -> BTreeSet<String> {
    lines.iter().map(|line| line.item.clone()).collect()
}

/// NetSuite's currencies by their codes: the settings', else looked up once a process.
pub struct Currencies {
    named: BTreeMap<Currency, InternalId>,
    known: OnceCell<Vec<CurrencyRow>>,
}

#[derive(Deserialize)]
struct CurrencyRow {
    id: RecordId,
    symbol: String,
}

impl Currencies {
    /// Those that the settings name.
    pub fn new(named: BTreeMap<Currency, InternalId>) -> Self {
        Self { named, known: OnceCell::new() }
    }

    /// The currency with this code; none to be named in an account that has this one alone.
    ///
    /// # Errors
    /// When NetSuite cannot be asked, or has no such currency.
    pub async fn find(&self, code: &str, netsuite: &Slotted<'_>) -> Result<Option<RecordId>, Undelivered> {
        let named = Currency::try_from(code.to_owned()).ok().and_then(|code| self.named.get(&code));
        if let Some(id) = named.and_then(|id| id.as_str().parse().ok()) {
            return Ok(Some(id));
        }
        let ask = async || netsuite.query::<CurrencyRow>("SELECT id, symbol FROM currency").await;
        let known = self.known.get_or_try_init(ask).await?;
        match known.iter().find(|row| row.symbol == code) {
            Some(_) if known.len() == 1 => Ok(None),
            Some(row) => Ok(Some(row.id.clone())),
            None => Err(Undelivered::Parked {
                class: ErrorClass::Misconfigured,
                reason: "unknown_currency",
                error: format!("NetSuite has no currency {code}; name it in netsuite.currencies"),
            }),
        }
    }
}

/// All that could be meant, in one query.
async fn ask(netsuite: &Slotted<'_>, names: &[&str]) -> Result<Vec<Row>, Undelivered> {
    let list = |names: Vec<String>| names.join(", ");
    // No item has a name that cannot stand in a query.
    let exact: Vec<String> = names.iter().filter_map(|name| literal(name).ok()).collect();
    let folded: Vec<String> = names.iter().filter_map(|name| literal(&name.to_uppercase()).ok()).collect();
    if exact.is_empty() {
        return Ok(Vec::new());
    }
    let (exact, folded) = (list(exact), list(folded));
    netsuite
        .query(&format!(
            "SELECT id, itemid, externalid FROM item WHERE isinactive = 'F' AND \
             (itemid IN ({exact}) OR externalid IN ({exact}) OR UPPER(itemid) IN ({folded}))"
        ))
        .await
}

/// The one item that the name means.
fn meant<'a>(name: &str, rows: &'a [Row]) -> Option<&'a RecordId> {
    let one = |is_it: &dyn Fn(&Row) -> bool| {
        let ids: BTreeSet<&RecordId> = rows.iter().filter(|row| is_it(row)).map(|row| &row.id).collect();
        let mut ids = ids.into_iter();
        ids.next().filter(|_| ids.next().is_none())
    };
    one(&|row| row.itemid == name)
        .or_else(|| one(&|row| row.externalid.as_deref() == Some(name)))
        .or_else(|| one(&|row| row.itemid.to_uppercase() == name.to_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(of: &[(&str, &str, Option<&str>)]) -> Vec<Row> {
        let row = |(id, itemid, externalid): &(&str, &str, Option<&str>)| Row {
            id: id.parse().unwrap(),
            itemid: (*itemid).to_owned(),
            externalid: externalid.map(str::to_owned),
        };
        of.iter().map(row).collect()
    }

    #[test]
    fn a_name_means_one_item_or_none() {
        let of = |name: &str, list: &[(&str, &str, Option<&str>)]| {
            let rows = rows(list);
            meant(name, &rows).map(|id| id.as_str().to_owned())
        };
        assert_eq!(of("Mug", &[("1", "Mug", None), ("2", "MUG", None)]).as_deref(), Some("1"), "exactly");
        assert_eq!(of("mug", &[("1", "Mug", None)]).as_deref(), Some("1"), "whatever the case");
        assert_eq!(of("mug", &[("1", "Mug", None), ("2", "MUG", None)]), None, "one of two");
        assert_eq!(of("m-1", &[("1", "Mug", Some("m-1"))]).as_deref(), Some("1"), "by external id");
        assert_eq!(
            of("m-1", &[("1", "Mug", Some("m-1")), ("2", "m-1", None)]).as_deref(),
            Some("2"),
            "item ids come first"
        );
        assert_eq!(of("cup", &[("1", "Mug", None)]), None);
    }
}
