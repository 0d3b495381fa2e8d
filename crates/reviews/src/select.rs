//! Which orders a run is about: the stores and days it will settle, the query, and where each row belongs.
//!
//! Pure: what was read from the ledger and the clock come in as arguments.

use crate::{fields::Fields, named::Named, portion::Portion};
use chrono::{DateTime, Utc};
use config::{BadDay, BusinessDay, Relay, StoreName, Window, Zone};
use org::{Completed, Position};
use salesforce::{Record, soql};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A review can be asked for until so many months after the order.
/// <https://core-api.yotpo.com/v1.0/reference/create-an-order-within-the-yotpo-system-metadata>
const MONTHS: u32 = 6;

/// Orders that [`Pass::query_again`] is asked for at most: their ids have to fit into a URL.
pub(crate) const IDS_A_QUERY: usize = 100;

/// What a run settles for one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Start of the first day that the flow ever settled there; nothing older is sent.
    pub first: DateTime<Utc>,
    /// Where the store's cursor stands.
    pub from: DateTime<Utc>,
    /// End of the last day to settle.
    pub until: DateTime<Utc>,
}

/// A pass over the source: fixed when it begins, kept with its checkpoint, finished before the next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// SHA-256 of the configuration it was planned with.
    pub config: String,
    /// When it was planned.
    pub begun_at: DateTime<Utc>,
    /// What it settles.
    pub spans: BTreeMap<StoreName, Span>,
    /// By hand: exactly this day, selected by completion alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<BusinessDay>,
    /// How far it has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Position>,
    /// How much of it one query asks for.
    #[serde(default, skip_serializing_if = "Portion::is_all")]
    pub portion: Portion,
    /// When its rows are looked at, for a pass that accounts for what its dates leave out: on this day a date to come is one.
    #[serde(skip)]
    pub looked_at: Option<DateTime<Utc>>,
}

/// Where a row belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// To this store's business day.
    Day(StoreName, BusinessDay),
    /// To no store; the day is by the org's time zone.
    Unrouted(BusinessDay),
    /// To this store (or none), but it does not say when it was completed.
    Undated(Option<StoreName>),
    /// To this store (or none), but it says that it will be completed on a day that has not begun.
    Ahead(Option<StoreName>, BusinessDay),
    /// Not to this pass.
    Elsewhere,
}

impl Span {
    /// A day by itself.
    fn of(day: Window) -> Self {
        Self { first: day.start, from: day.start, until: day.end }
    }
}

/// Where a store begins that has no cursor yet: at the start of yesterday.
pub fn first_day(store: &config::Store, now: DateTime<Utc>) -> DateTime<Utc> {
    BusinessDay::of(now, store.time_zone).previous().window(store.time_zone).start
}

impl Pass {
    /// Plans a pass over every store that has a day to settle; `None` if there is none. `cursors` gives each
    /// store's first instant and the end of its last settled day.
    pub fn plan(
        cursors: &BTreeMap<StoreName, (DateTime<Utc>, DateTime<Utc>)>,
        config: &Relay,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let spans: BTreeMap<_, _> = cursors
            .iter()
            .filter_map(|(name, &(first, from))| {
                let zone = config.stores.get(name)?.time_zone;
                let until = BusinessDay::of(now, zone).window(zone).start;
                (from < until).then(|| (name.clone(), Span { first, from, until }))
            })
            .collect();
        (!spans.is_empty()).then(|| Self { looked_at: Some(now), ..Self::over(spans, config, now) })
    }

    /// Plans a run of one day by hand.
    ///
    /// # Errors
    /// When the day is not over, or the store is unknown.
    pub fn of_day(
        day: BusinessDay,
        store: Option<&StoreName>,
        config: &Relay,
        now: DateTime<Utc>,
    ) -> Result<Self, BadDay> {
        let days = config.days_over(day, store, now)?;
        let spans = days.into_iter().map(|(store, window)| (store, Span::of(window))).collect();
        Ok(Self { only: Some(day), ..Self::over(spans, config, now) })
    }

    /// Selects one store's business day by completion alone, as the reconciler looks at it; for `unrouted`, the orders that
    /// fit no store, on that day of the org's time zone.
    ///
    /// # Errors
    /// When the day is not over, or the store is unknown.
    pub fn of_store(day: BusinessDay, store: &StoreName, config: &Relay, now: DateTime<Utc>) -> Result<Self, BadDay> {
        let spans = [(store.clone(), Span::of(config.day_over(day, store, now)?))].into();
        Ok(Self { only: Some(day), ..Self::over(spans, config, now) })
    }

    /// Whatever day an order is of, as long as that day is over: for orders that are asked for one by one.
    pub fn of_any_day(config: &Relay, now: DateTime<Utc>) -> Self {
        let span = |(name, store): (&StoreName, &config::Store)| {
            let until = BusinessDay::of(now, store.time_zone).window(store.time_zone).start;
            let first = DateTime::UNIX_EPOCH;
            (name.clone(), Span { first, from: first, until })
        };
        Self::over(config.stores.iter().map(span).collect(), config, now)
    }

    /// A pass from the beginning, planned now, of the whole at once.
    fn over(spans: BTreeMap<StoreName, Span>, config: &Relay, now: DateTime<Utc>) -> Self {
        let (config, portion) = (config.sha256.clone(), Portion::default());
        Self { config, begun_at: now, spans, only: None, after: None, portion, looked_at: None }
    }

    /// The stores whose orders the pass meets; `unrouted` among them where it meets those of no store.
    pub fn stores(&self, config: &Relay) -> Vec<StoreName> {
        let unrouted = config.salesforce.route_by.is_some() && self.spans.len() == config.stores.len();
        self.spans.keys().cloned().chain(unrouted.then(StoreName::unrouted)).collect()
    }

    /// Whether the pass is about the orders that fit no store.
    pub fn is_unrouted(&self) -> bool {
        self.spans.keys().all(|name| name.as_str() == StoreName::UNROUTED)
    }

    /// The query for orders that a reading of the pass has met; whichever are completed still.
    pub fn query_again<'a>(&self, ids: impl IntoIterator<Item = &'a str>, fields: &Fields) -> String {
        let ids: Vec<String> = ids.into_iter().map(soql::quote).collect();
        format!(
            "SELECT {} FROM Order WHERE ({}) AND Id IN ({}) ORDER BY SystemModstamp, Id",
            self.select_list(fields),
            fields.completed,
            ids.join(", ")
        )
    }

    /// An order of no store is not mapped: its lines are not asked for.
    fn select_list(&self, fields: &Fields) -> String {
        if self.is_unrouted() { fields.short_list() } else { fields.select_list() }
    }

    /// The query, from the checkpoint on, in keyset order. There is no upper bound on `SystemModstamp`: a
    /// nightly job that touches every order would starve them for ever.
    pub fn query(&self, fields: &Fields, config: &Relay) -> String {
        self.query_where("", fields, config)
    }

    /// The same, for these orders alone.
    pub fn query_of(&self, orders: &[Named], fields: &Fields, config: &Relay) -> String {
        let named: Vec<String> = orders.iter().map(|order| order.condition(fields)).collect();
        self.query_where(&format!(" AND ({})", named.join(" OR ")), fields, config)
    }

    /// Asks how many orders the pass is about, and for nothing of them. Where stores have different time zones, it may count
    /// orders of the days around it.
    pub fn count(&self, fields: &Fields, config: &Relay) -> String {
        let routes = match &fields.route_by {
            Some(path) if self.spans.len() < config.stores.len() => {
                let stores = self.spans.keys().filter_map(|name| config.stores.get(name));
                format!(" AND {}", among(path, "IN", stores.flat_map(|store| &store.routes)))
            }
            _ => String::new(),
        };
        let (window, part) = (self.window(fields, config), self.part(fields, config));
        format!("SELECT COUNT() FROM Order WHERE ({}) AND {window}{part}{routes}", fields.completed)
    }

    fn query_where(&self, more: &str, fields: &Fields, config: &Relay) -> String {
        let keyset = self.read_to(fields, config).map_or_else(String::new, |read| format!(" AND {}", read.beyond()));
        let list = if self.portion.is_by_id() { "Id, SystemModstamp".to_owned() } else { self.select_list(fields) };
        format!(
            "SELECT {list} FROM Order WHERE ({}) AND {}{}{more}{keyset} ORDER BY SystemModstamp, Id",
            fields.completed,
            self.window(fields, config),
            self.part(fields, config),
        )
    }

    /// The condition on when an order was completed or changed.
    fn window(&self, fields: &Fields, config: &Relay) -> String {
        let (at, kind) = (&fields.completed_at.0, fields.completed_at.1);
        let edges = Edges { pass: self, kind, config };
        let (from, before) = (edges.earliest(|span| span.from), edges.latest(|span| span.until));
        if self.only.is_some() {
            return format!("({at} >= {from} AND {at} < {before})");
        }
        let (start, since) = (edges.earliest(|span| self.start(span, config)), self.changed_since(config));
        let recent = edges.earliest(|span| span.from - config.reviews.overlap);
        let mut unsettled = format!("{at} = null");
        if let Some(looked_at) = self.looked_at {
            let ahead = edges.earliest_of(|_, zone| BusinessDay::of(looked_at, zone).window(zone).end);
            unsettled = format!("({unsettled} OR {at} >= {ahead})");
        }
        format!(
            "(({at} >= {start} AND {at} < {before} AND ({since} OR {at} >= {recent})) \
             OR ({unsettled} AND {since}))"
        )
    }

    /// Where the pass begins in a store: nothing that was completed before is sent.
    fn start(&self, span: &Span, config: &Relay) -> DateTime<Utc> {
        span.first.max(self.oldest_day(config).window(config.time_zone).start)
    }

    /// The condition that an order has changed since the earliest of the stores' cursors.
    fn changed_since(&self, config: &Relay) -> String {
        let since = self.spans.values().map(|span| span.from).min().unwrap_or(self.begun_at) - config.reviews.overlap;
        format!("SystemModstamp >= {}", soql::datetime(since))
    }

    /// Asks, for each store, how many of its orders count as completed and have changed since the pass before, but were
    /// completed before the pass begins there; and for `unrouted`, how many of no store, in the pass of the first store.
    pub fn count_before_start(&self, fields: &Fields, config: &Relay) -> Vec<(StoreName, String)> {
        if self.looked_at.is_none() {
            return Vec::new();
        }
        let (at, kind) = (&fields.completed_at.0, fields.completed_at.1);
        let (completed, since) = (&fields.completed, self.changed_since(config));
        let count = |name: &StoreName, start: &str, routed: &str| {
            let query = format!("SELECT COUNT() FROM Order WHERE ({completed}) AND {at} < {start} AND {since}{routed}");
            (name.clone(), query)
        };
        let edges = Edges { pass: self, kind, config };
        let mut counts = Vec::new();
        for (name, span) in &self.spans {
            let (Some(store), start) = (config.stores.get(name), edges.literal(name, self.start(span, config))) else {
                continue;
            };
            let routed = fields.route_by.as_ref().map(|path| format!(" AND {}", among(path, "IN", &store.routes)));
            counts.push(count(name, &start, &routed.unwrap_or_default()));
        }
        let first = config.stores.keys().next().is_some_and(|name| self.spans.contains_key(name));
        if let Some(path) = fields.route_by.as_ref().filter(|_| first) {
            let start = edges.earliest(|span| self.start(span, config));
            let routed = among(path, "NOT IN", config.stores.values().flat_map(|store| &store.routes));
            counts.push(count(&StoreName::unrouted(), &start, &format!(" AND ({path} = null OR {routed})")));
        }
        counts
    }

    /// Where `row` belongs.
    ///
    /// # Errors
    /// When the completion field cannot be read.
    pub fn place(&self, row: &Record, fields: &Fields, config: &Relay) -> Result<Place, salesforce::BadField> {
        let (name, day) = store_and_day(row, fields, config)?;
        let store = name.as_ref().and_then(|name| config.stores.get(name));
        let zone = store.map_or(config.time_zone, |store| store.time_zone);
        let Some(day) = day else {
            return Ok(if self.only.is_none() { Place::Undated(name) } else { Place::Elsewhere });
        };
        if self.looked_at.is_some_and(|now| day > BusinessDay::of(now, zone)) {
            // A store that is not settled here has a pass of its own, which meets it too.
            let ours = name.as_ref().is_none_or(|name| self.spans.contains_key(name));
            return Ok(if ours { Place::Ahead(name, day) } else { Place::Elsewhere });
        }
        let end = day.window(zone).end;
        let ours = self.only.is_none_or(|only| only == day)
            && match &name {
                Some(name) => self.spans.get(name).is_some_and(|span| end > span.first && end <= span.until),
                // An order of no store is nobody's when one store is run by hand.
                None if self.only.is_some() => self.is_unrouted() || self.spans.len() == config.stores.len(),
                None => self.spans.values().any(|span| end <= span.until),
            };
        Ok(match name {
            _ if !ours => Place::Elsewhere,
            Some(name) => Place::Day(name, day),
            None => Place::Unrouted(day),
        })
    }

    /// The last day that the pass settles in this store; where it settles none there, the last one that is over.
    pub fn last_day(&self, store: &StoreName, config: &Relay) -> BusinessDay {
        let zone = config.zone(store);
        let until = self.spans.get(store).map_or(self.begun_at, |span| span.until);
        BusinessDay::of(until, zone).previous()
    }

    /// The business days that the pass settles, by store.
    pub fn days(&self, config: &Relay) -> Vec<(StoreName, BusinessDay)> {
        let mut days = Vec::new();
        for (name, span) in &self.spans {
            let Some(store) = config.stores.get(name) else { continue };
            let mut day = BusinessDay::of(span.from, store.time_zone);
            while day.window(store.time_zone).end <= span.until {
                days.push((name.clone(), day));
                day = day.next();
            }
        }
        days
    }

    /// Before this day a review cannot be asked for.
    pub fn oldest_day(&self, config: &Relay) -> BusinessDay {
        BusinessDay::of(self.begun_at, config.time_zone).months_before(MONTHS)
    }
}

/// The store that `row` is routed to, and its business day there, or by the org's time zone; as far as it says.
///
/// # Errors
/// When the completion field cannot be read.
pub fn store_and_day(
    row: &Record,
    fields: &Fields,
    config: &Relay,
) -> Result<(Option<StoreName>, Option<BusinessDay>), salesforce::BadField> {
    let route = fields.route_by.as_ref().and_then(|path| row.text(path));
    let store = config.route(route.as_deref());
    let zone = store.map_or(config.time_zone, |(_, store)| store.time_zone);
    let (path, kind) = &fields.completed_at;
    Ok((store.map(|(name, _)| name.clone()), kind.day(row, path, zone)?))
}

/// Edges of a pass over all its stores, as literals that compare with the completion field: an instant, or
/// the date that it is in the store whose edge it is.
struct Edges<'a> {
    pass: &'a Pass,
    kind: Completed,
    config: &'a Relay,
}

/// A condition on the routing field.
fn among<'a>(path: &str, operator: &str, routes: impl IntoIterator<Item = &'a String>) -> String {
    let values: Vec<String> = routes.into_iter().map(|route| soql::quote(route)).collect();
    format!("{path} {operator} ({})", values.join(", "))
}

impl Edges<'_> {
    fn earliest(&self, of: impl Fn(&Span) -> DateTime<Utc>) -> String {
        self.earliest_of(|span, _| of(span))
    }

    /// The same of what depends on the time zone too.
    fn earliest_of(&self, of: impl Fn(&Span, Zone) -> DateTime<Utc>) -> String {
        match self.kind {
            Completed::DateTime => self.instants(of).map(|(at, _)| at).min().map(soql::datetime),
            Completed::Date => self.instants(of).map(|(at, zone)| date(at, zone)).min().map(soql::date),
        }
        .unwrap_or_default()
    }

    fn latest(&self, of: impl Fn(&Span) -> DateTime<Utc>) -> String {
        let all = self.instants(|span, _| of(span));
        match self.kind {
            Completed::DateTime => all.map(|(at, _)| at).max().map(soql::datetime),
            Completed::Date => all.map(|(at, zone)| date(at, zone)).max().map(soql::date),
        }
        .unwrap_or_default()
    }

    /// One store's edge.
    fn literal(&self, store: &StoreName, at: DateTime<Utc>) -> String {
        match self.kind {
            Completed::DateTime => soql::datetime(at),
            Completed::Date => soql::date(date(at, self.zone(store))),
        }
    }

    fn instants(&self, of: impl Fn(&Span, Zone) -> DateTime<Utc>) -> impl Iterator<Item = (DateTime<Utc>, Zone)> {
        self.pass.spans.iter().map(move |(name, span)| {
            let zone = self.zone(name);
            (of(span, zone), zone)
        })
    }

    fn zone(&self, store: &StoreName) -> Zone {
        self.config.zone(store)
    }
}

fn date(at: DateTime<Utc>, zone: Zone) -> chrono::NaiveDate {
    BusinessDay::of(at, zone).date()
}

#[cfg(test)]
#[path = "select_tests.rs"]
mod tests;
