//! The orders of a name, asked of the source where the org does not keep names unique: one query for a page of orders, and
//! the ledger only for names that several orders have.

use super::{Standing, Turn, Twin, turn};
use crate::{
    fields::{Fields, Names},
    item::{BadRow, Order},
    map::order_id,
    message::{key, revision},
    pages::by_id,
    select::{Pass, store_and_day},
};
use chrono::{DateTime, Utc};
use config::{Relay, StoreName};
use delivery::{Fate, Item};
use ledger::{DeliveryKey, Ledger, Record as Known};
use salesforce::{Client, Id, Record as Row};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Names that one query asks for at most, and characters: the URL that it becomes has an end at Salesforce.
/// <https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm>
const NAMES_A_QUERY: usize = 200;
const CHARACTERS_A_QUERY: usize = 4_000;
/// A name of more orders names nothing (`N/A`): none of them is sent, and they are not compared one by one.
const TOO_MANY: usize = 200;

/// Whoever asks for the other orders of a name.
pub(crate) struct Namesakes<'a> {
    pub(crate) config: &'a Relay,
    pub(crate) fields: &'a Fields,
    pub(crate) salesforce: &'a Client,
    pub(crate) ledger: &'a Ledger,
    /// The destination's account of each store; a store that is not in it has one of its own.
    pub(crate) accounts: BTreeMap<StoreName, String>,
    pub(crate) now: DateTime<Utc>,
}

/// An order that is to be sent, and the name that it asks for.
pub(crate) struct Candidate {
    pub(crate) order: Order,
    pub(crate) name: String,
}

impl AsRef<Item> for Candidate {
    fn as_ref(&self) -> &Item {
        &self.order.item
    }
}

impl From<Candidate> for Item {
    fn from(candidate: Candidate) -> Self {
        candidate.order.item
    }
}

/// What becomes of a candidate.
pub(crate) enum Ruling {
    /// It is sent, once these are parked.
    Keeps(Vec<Item>),
    /// It is parked.
    Second,
}

/// The orders of one name.
pub(crate) enum Group {
    /// Few enough to be compared.
    Few(Vec<Namesake>),
    /// More than anybody means to give one name.
    Many,
}

/// One order of a name.
pub(crate) struct Namesake {
    pub(crate) twin: Twin,
    /// The account in which it has the name, or would.
    pub(crate) account: Option<String>,
    /// What it asks for, if it counts as completed and its day is over.
    item: Option<Item>,
}

/// Why source or ledger could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum UnknownNames {
    /// The source failed.
    #[error(transparent)]
    Salesforce(#[from] salesforce::Error),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// A row cannot be read.
    #[error(transparent)]
    Row(#[from] BadRow),
    /// A row lacks what it was asked for.
    #[error("a row of the query cannot be read: {0}")]
    Field(#[from] salesforce::BadField),
}

impl Namesakes<'_> {
    /// What becomes of each of these, in order. The source is asked for nothing where the org keeps names unique.
    pub(crate) async fn rule(&self, candidates: &[Candidate]) -> Result<Vec<Ruling>, UnknownNames> {
        let names = candidates.iter().map(|candidate| candidate.name.as_str()).collect();
        let mut groups = self.of(&names, true).await?;
        let rule = |candidate: &Candidate| match groups.get_mut(&candidate.name) {
            None => Ruling::Keeps(Vec::new()),
            Some(Group::Many) => Ruling::Second,
            Some(Group::Few(all)) => candidate.among(all, &self.account(candidate.order.item.store.as_str())),
        };
        Ok(candidates.iter().map(rule).collect())
    }

    /// The orders of each of these names that several have. `mapped`: with what those ask for that can be sent; else all that
    /// were completed count as to be sent.
    pub(crate) async fn of(
        &self,
        names: &BTreeSet<&str>,
        mapped: bool,
    ) -> Result<HashMap<String, Group>, UnknownNames> {
        let mut found: HashMap<String, Group> = HashMap::new();
        if self.fields.names == Names::Unique {
            return Ok(found);
        }
        for (name, rows) in self.rows(names).await? {
            let group = match rows {
                Some(rows) if rows.len() < 2 => continue,
                Some(rows) if rows.len() <= TOO_MANY => Group::Few(self.group(&rows, mapped).await?),
                _ => Group::Many,
            };
            found.insert(name, group);
        }
        Ok(found)
    }

    /// The rows of each name, completed or not, since one that is not completed any more may have been sent; `None` of a name
    /// that has too many.
    async fn rows(&self, names: &BTreeSet<&str>) -> Result<BTreeMap<String, Option<Vec<Row>>>, UnknownNames> {
        let mut found: BTreeMap<String, Option<Vec<Row>>> = BTreeMap::new();
        let mut open = chunks(names.iter().copied().filter_map(|name| Some((name, self.fields.names.literal(name)?))));
        while let Some(mut chunk) = open.pop() {
            // Two for each name are many; what goes beyond that is asked for in smaller parts, down to one name.
            let limit = TOO_MANY + 2 * chunk.len();
            let literals: Vec<&str> = chunk.iter().map(|(_, literal)| literal.as_str()).collect();
            let query = format!(
                "SELECT {} FROM Order WHERE {} IN ({}) ORDER BY Id LIMIT {limit}",
                self.fields.short_list(),
                self.fields.order_id,
                literals.join(", ")
            );
            let rows = match self.salesforce.query_all(&query).await {
                Ok(rows) if rows.len() < limit => rows,
                // Too much at once, for us or for the source.
                Ok(_) | Err(salesforce::Error::TooMuch { .. }) if chunk.len() > 1 => {
                    let second = chunk.split_off(chunk.len() / 2);
                    open.extend([chunk, second]);
                    continue;
                }
                rows => rows?,
            };
            let too_many = rows.len() == limit;
            for row in rows {
                // SOQL compares without regard to case; nobody else does.
                let name = order_id(&row, self.fields);
                if names.contains(name.as_str()) {
                    found.entry(name).or_insert_with(|| Some(Vec::new())).get_or_insert_default().push(row);
                }
            }
            if let (true, Some((name, _))) = (too_many, chunk.first()) {
                found.insert((*name).to_owned(), None);
            }
        }
        Ok(found)
    }

    async fn group(&self, rows: &[Row], mapped: bool) -> Result<Vec<Namesake>, UnknownNames> {
        let ids = rows.iter().map(Row::id).collect::<Result<Vec<Id>, _>>()?;
        let keys = ids.iter().map(key).collect::<Result<Vec<_>, _>>().map_err(BadRow::from)?;
        let known = self.ledger.read(&keys).await?;
        let (path, kind) = &self.fields.completed_at;
        let mut items = if mapped { self.items(&ids).await? } else { HashMap::new() };
        let one = |((row, id), key): ((&Row, Id), DeliveryKey)| {
            let item = items.remove(&id);
            let sendable = item.as_ref().is_some_and(|item| matches!(item.fate, Fate::Send(_)));
            let known = known.get(&key);
            let revision = item.as_ref().map_or(revision(row)?, |item| item.delivery.revision);
            let standing = Standing::of(known, revision, sendable || !mapped);
            let twin = Twin { id, completed_at: kind.instant(row, path)?, standing };
            Ok(Namesake { account: self.account_of(row, known, standing)?, twin, item })
        };
        rows.iter().zip(ids).zip(keys).map(one).collect()
    }

    /// What those of the orders ask for now that count as completed.
    async fn items(&self, ids: &[Id]) -> Result<HashMap<Id, Item>, UnknownNames> {
        let pass = Pass::of_any_day(self.config, self.now);
        let mut items = HashMap::new();
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        for row in by_id(self.salesforce, &pass, self.fields, &ids).await? {
            if let Some(order) = Order::of(&row, &pass, self.fields, self.config)? {
                items.insert(row.id()?, order.item);
            }
        }
        Ok(items)
    }

    /// Where it was sent, if it was; else where it is routed.
    fn account_of(
        &self,
        row: &Row,
        known: Option<&Known>,
        standing: Standing,
    ) -> Result<Option<String>, salesforce::BadField> {
        if let Some(known) = known.filter(|_| standing.holds()) {
            return Ok(Some(self.account(&known.store)));
        }
        let (store, _) = store_and_day(row, self.fields, self.config)?;
        Ok(store.map(|store| self.account(store.as_str())))
    }

    pub(crate) fn account(&self, store: &str) -> String {
        let known = self.accounts.iter().find(|(name, _)| name.as_str() == store);
        known.map_or(store, |(_, account)| account).to_owned()
    }
}

impl Candidate {
    pub(crate) fn of(order: Order, row: &Row, fields: &Fields) -> Self {
        Self { order, name: order_id(row, fields) }
    }

    fn among(&self, all: &mut [Namesake], account: &str) -> Ruling {
        let of_account = |one: &&Namesake| one.account.as_deref() == Some(account);
        let twins: Vec<Twin> = all.iter().filter(of_account).map(|one| one.twin.clone()).collect();
        let Some(id) = crate::anew::source_id(&self.order.item.delivery.key) else { return Ruling::Second };
        // The name was another one when the source was asked: nobody else has it.
        if !twins.iter().any(|twin| twin.id == id) && twins.is_empty() {
            return Ruling::Keeps(Vec::new());
        }
        match turn(&twins, &id) {
            Turn::Second => Ruling::Second,
            Turn::Keeps(waiting) => {
                let waits = |one: &&mut Namesake| waiting.contains(&&one.twin.id);
                Ruling::Keeps(all.iter_mut().filter(waits).filter_map(|one| one.item.take()).collect())
            }
        }
    }
}

/// Names in parts that fit into a query each.
fn chunks<'a>(names: impl Iterator<Item = (&'a str, String)>) -> Vec<Vec<(&'a str, String)>> {
    let mut chunks: Vec<Vec<(&str, String)>> = Vec::new();
    let mut room = 0;
    for (name, literal) in names {
        // As UTF-8, percent-encoded.
        let length = literal.bytes().map(|byte| if byte.is_ascii_alphanumeric() { 1 } else { 3 }).sum::<usize>() + 6;
        if let Some(chunk) = chunks.last_mut().filter(|chunk| chunk.len() < NAMES_A_QUERY && length <= room) {
            chunk.push((name, literal));
        } else {
            chunks.push(vec![(name, literal)]);
            room = CHARACTERS_A_QUERY;
        }
        room = room.saturating_sub(length);
    }
    chunks
}
