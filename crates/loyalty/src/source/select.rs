//! What a run reads: a pass over each kind of record, in the order of their stamps, and how far it has come.
//!
//! Pure: what was read from the ledger and the clock come in as arguments.

use crate::source::{
    fields::{Fields, Original},
    item::Mapping,
};
use chrono::{DateTime, Utc};
use config::{BusinessDay, Loyalty, Relay, StoreName};
use org::{Completed, ORDER, Position};
use salesforce::{BadField, Error, Query, Record, soql};
use serde::{Deserialize, Serialize};

/// Rows of a small page, in which all addresses fit into one query for those who share them; Salesforce takes no smaller number.
pub(crate) const FEW_ROWS: u16 = 200;

/// A kind of record that is read by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Customers, also deleted ones.
    Customers,
    /// Completed orders.
    Orders,
    /// Returns, where the org has them.
    Returns,
    /// Cancelled orders.
    Cancellations,
    /// Lifecycle events, by the number of their settings.
    Actions(usize),
}

impl Source {
    /// Every one that is configured. Orders bring their customers along: a job that touches every customer keeps no order waiting.
    pub(crate) fn all(fields: &Fields) -> Vec<Self> {
        let mut all = vec![Self::Orders];
        all.extend(fields.returns.is_some().then_some(Self::Returns));
        all.extend((!fields.cancelled.is_empty()).then_some(Self::Cancellations));
        all.extend((0..fields.actions.len()).map(Self::Actions));
        all.push(Self::Customers);
        all
    }

    /// What its checkpoint is kept under.
    pub(crate) fn name(&self, fields: &Fields) -> String {
        match self {
            Self::Customers => "customers".to_owned(),
            Self::Actions(at) => format!("actions/{}", fields.actions[*at].word),
            of_day => of_day.of_day().unwrap_or_default().to_owned(),
        }
    }

    /// The name of what a day consists of; none of what has no day.
    pub(crate) fn of_day(&self) -> Option<&'static str> {
        match self {
            Self::Orders => Some("orders"),
            Self::Returns => Some("returns"),
            Self::Cancellations => Some("cancellations"),
            Self::Customers | Self::Actions(_) => None,
        }
    }
}

/// How far the records of a kind are read. A pass has no end but the last record: it asks for whatever was stamped since the one
/// before, without an upper bound, since a nightly job that touches every record would starve them for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pass {
    /// The newest stamp that the passes before have met.
    pub(crate) since: DateTime<Utc>,
    /// The newest that this one has met.
    pub(crate) newest: DateTime<Utc>,
    /// How far it has come; none before its first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Position>,
    /// Pages are small, since larger ones were too much.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) few_rows: bool,
}

impl Pass {
    /// From the instant on at which the flow begins.
    pub(crate) fn from_start(start: DateTime<Utc>) -> Self {
        Self { since: start, newest: start, after: None, few_rows: false }
    }

    /// One that is asked for by something else than stamps.
    pub(crate) fn whole() -> Self {
        Self::from_start(DateTime::UNIX_EPOCH)
    }

    /// Notes that everything up to `last` is dealt with.
    pub(crate) fn handled(&mut self, last: Position) {
        self.newest = self.newest.max(last.stamp);
        self.after = Some(last);
    }

    /// The pass that follows when this one has met the last record; none where it is not `repeated`.
    pub(crate) fn following(self, repeated: bool) -> Option<Self> {
        repeated.then_some(Self { since: self.newest, after: None, ..self })
    }

    /// Asks for less from now on; false if that cannot be, or would not cure `error`.
    pub(crate) fn narrow(&mut self, error: &Error) -> bool {
        matches!(error, Error::TooMuch { .. }) && !std::mem::replace(&mut self.few_rows, true)
    }
}

/// Which records a query is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which<'a> {
    /// Those stamped since the pass before.
    Changed,
    /// Those of orders completed on this day, of one store or of all.
    Day {
        /// The day.
        day: BusinessDay,
        /// The store.
        store: Option<&'a StoreName>,
    },
    /// Those of these orders.
    Of(&'a [String]),
    /// Those with these ids.
    These(&'a [String]),
}

/// How a kind of record is asked for.
struct Shape<'a> {
    object: &'a str,
    list: String,
    /// Which of the object's records are of the kind.
    own: String,
    /// The order of a record, and when that was completed.
    order: Option<&'a Original>,
}

impl Source {
    fn shape<'a>(&self, fields: &'a Fields) -> Shape<'a> {
        let Fields { completed, cancelled, order, customer, returns, actions } = fields;
        match self {
            Self::Customers => {
                let own = format!("{} != null", customer.email);
                Shape { object: customer.object, list: customer.list(), own, order: None }
            }
            Self::Orders => {
                Shape { object: "Order", list: order.list(), own: completed.clone(), order: Some(&order.own) }
            }
            Self::Cancellations => {
                // An order that was never completed was never sent.
                let own = format!("{cancelled} AND {} != null", order.own.completed_at.0);
                Shape { object: "Order", list: order.list(), own, order: Some(&order.own) }
            }
            Self::Returns => match returns {
                Some(returns) => Shape {
                    object: &returns.object,
                    list: returns.list(),
                    own: returns.when.clone(),
                    order: Some(&returns.of),
                },
                // No pass is made where returns are not read.
                None => Shape { object: "Order", list: "Id".to_owned(), own: "Id = null".to_owned(), order: None },
            },
            Self::Actions(at) => {
                let action = &actions[*at];
                Shape { object: &action.object, list: action.list(), own: action.when.clone(), order: None }
            }
        }
    }

    /// Whether its records give back what an order has earned.
    pub(crate) fn gives_back(&self) -> bool {
        matches!(self, Self::Returns | Self::Cancellations)
    }

    /// Whether a row is one of those that are asked for: a day is another one in each store's zone.
    pub(crate) fn is_asked_for(&self, row: &Record, which: Which<'_>, mapping: &Mapping<'_>) -> Result<bool, BadField> {
        let (Which::Day { day, store }, Some(of)) = (which, self.shape(mapping.fields).order) else { return Ok(true) };
        let at = mapping.route(row, &of.routing);
        let zone = at.as_ref().map_or(mapping.config.time_zone, |at| at.zone);
        let is_of_store = store.is_none_or(|store| at.is_some_and(|at| at.name == store));
        Ok(is_of_store && of.day(row, zone)? == Some(day))
    }

    /// The query for the records of the kind that `pass` has not read yet.
    pub(crate) fn query(&self, pass: &Pass, which: Which<'_>, mapping: &Mapping<'_>) -> Query {
        let Mapping { config, ours, fields, .. } = *mapping;
        let Shape { object, list, own, order } = self.shape(fields);
        let mut conditions = vec![if own.is_empty() { own } else { format!("({own})") }];
        match which {
            Which::Changed => {
                conditions.push(format!("SystemModstamp >= {}", soql::datetime(pass.since - ours.overlap)));
                if let (Self::Orders, Some(order)) = (self, order) {
                    let (at, kind) = &order.completed_at;
                    let start = edge(*kind, start(config, ours));
                    conditions.push(format!("({at} >= {start} OR {at} = null)"));
                }
            }
            Which::Day { day, .. } => {
                if let Some(order) = order {
                    let (at, kind) = &order.completed_at;
                    let (from, before) = edges(*kind, day, config, ours);
                    conditions.push(format!("{at} >= {from} AND {at} < {before}"));
                }
            }
            Which::Of(ids) => conditions.push(among(order.map_or("Id", |order| &order.id), ids)),
            Which::These(ids) => conditions.push(among("Id", ids)),
        }
        conditions.extend(pass.after.as_ref().map(Position::beyond));
        conditions.retain(|condition| !condition.is_empty());
        Query {
            rows: (pass.few_rows || *self == Self::Customers).then_some(FEW_ROWS),
            deleted: *self == Self::Customers,
            ..Query::new(format!("SELECT {list} FROM {object} WHERE {} {ORDER}", conditions.join(" AND ")))
        }
    }
}

fn among(path: &str, ids: &[String]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| soql::quote(id)).collect();
    format!("{path} IN ({})", ids.join(", "))
}

/// When the flow begins, in the store where it begins first.
pub(crate) fn start(config: &Relay, ours: &Loyalty) -> (DateTime<Utc>, BusinessDay) {
    let starts = ours.stores.iter().map(|(name, market)| (market.start.window(config.zone(name)).start, market.start));
    starts.min().unwrap_or((ours.market.start.window(config.time_zone).start, ours.market.start))
}

/// An edge as a literal that compares with the field which says when an order was completed.
fn edge(kind: Completed, (at, day): (DateTime<Utc>, BusinessDay)) -> String {
    match kind {
        Completed::DateTime => soql::datetime(at),
        Completed::Date => soql::date(day.date()),
    }
}

/// The edges of a day, in whichever store it begins first and ends last.
fn edges(kind: Completed, day: BusinessDay, config: &Relay, ours: &Loyalty) -> (String, String) {
    let windows =
        ours.stores.keys().map(|name| config.zone(name)).chain([config.time_zone]).map(|zone| day.window(zone));
    let (from, end) = windows.fold((DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC), |(from, end), window| {
        (from.min(window.start), end.max(window.end))
    });
    (edge(kind, (from, day)), edge(kind, (end, day.next())))
}

#[cfg(test)]
#[path = "select_tests.rs"]
mod tests;
