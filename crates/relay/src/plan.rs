//! `relay plan`: what other settings would change.

use crate::{
    answer::Answer,
    day,
    failure::Failure,
    flow::Flow,
    options::Options,
    place::{self, Place, Stack},
    progress, source,
    text::{BAD, GOOD, right, table},
};
use clap::Args;
use config::{BusinessDay, StoreName};
use reviews::{
    preview::{Preview, Previewed},
    select::Pass,
};
use serde::Serialize;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{self, Write},
};
use toml::Table;

const EXAMPLES: &str = "\
Examples:
  relay settings >new.toml               the deployed ones, to be changed
  relay plan --config new.toml           which keys differ, and what becomes of the last 7 days' orders by them
  relay plan --config new.toml --days 28 --store acme

It reads {source} by either settings and compares what each makes of an order, whatever was sent before; nothing is sent or written. \
Orders are those of the reviews flow; of the others the keys are shown.

Exit code 1: an order would not be sent any more, or goes to another store.";

/// Lines of orders that a person wants to see.
const SHOWN: usize = 8;

/// What `relay plan` takes.
#[derive(Debug, Args)]
#[command(after_help = Flow::Reviews.told(EXAMPLES))]
pub(crate) struct Arguments {
    /// So many business days, the last that is over and those before it
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=90))]
    days: u16,
    /// One store, of both settings
    #[arg(long, value_parser = day::store)]
    store: Option<StoreName>,
}

/// What would change.
#[derive(Debug, Serialize)]
pub(crate) struct Plan {
    keys: Vec<Differing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    orders: Option<Orders>,
}

/// A key of the settings that says something else.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Differing {
    /// As in `salesforce.completed_at`.
    key: String,
    /// None: it was not there.
    deployed: Option<String>,
    /// None: it is not there any more.
    new: Option<String>,
}

/// What becomes of the orders of some days.
#[derive(Debug, Serialize)]
struct Orders {
    from: BusinessDay,
    to: BusinessDay,
    completed: usize,
    unchanged: usize,
    changes: BTreeMap<Change, usize>,
    changed: Vec<Changed>,
}

/// One order that the new settings see otherwise.
#[derive(Debug, Serialize)]
struct Changed {
    order_id: String,
    id: String,
    change: Change,
    deployed: Option<String>,
    new: Option<String>,
}

/// How an order would fare otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Change {
    /// It would be sent, and is not by what is deployed.
    Sent,
    /// It would not be sent any more.
    NotSent,
    /// It goes to another store.
    OtherStore,
    /// The destination would be sent something else of it.
    OtherPayload,
    /// It counts for another day.
    OtherDay,
    /// It is not sent, for another reason.
    OtherReason,
}

/// What settings make of an order.
#[derive(Clone, Debug, PartialEq)]
struct Made {
    order_id: String,
    store: StoreName,
    day: BusinessDay,
    /// What would be sent, or why nothing is.
    payload: Result<Value, String>,
}

type ById = BTreeMap<String, Made>;

pub(crate) async fn run(options: &Options, arguments: &Arguments) -> Result<Plan, Failure> {
    if options.config.is_none() {
        return Err(Failure::input("`relay plan` compares settings with the deployed ones")
            .hint("name yours with --config; `relay settings` prints what is deployed"));
    }
    let aws = place::sdk().await?;
    let stack = || Stack::find(&options.stack, aws.clone());
    let deployed_text = stack().await?.settings_file().await?;
    let (new_config, new_text) = place::settings(options, &stack().await?).await?;
    let keys = differing(&table_of(&deployed_text)?, &table_of(&new_text)?);
    let deployed = Place::with(options, stack().await?, place::parse(&deployed_text, place::OF_THE_STACK)?)?;
    let new = Place::with(options, stack().await?, new_config)?;
    if keys.is_empty() || !deployed.flows.contains(&Flow::Reviews) {
        return Ok(Plan { keys, orders: None });
    }
    let now = (deployed.now)();
    let store = arguments.store.as_ref();
    let last = day::Day::Yesterday.of(store, &deployed.config, now);
    let days: Vec<BusinessDay> =
        std::iter::successors(Some(last), |day| Some(day.previous())).take(arguments.days.into()).collect();
    let spinner = progress::spinner("reading orders by either settings");
    let (before, after) = (orders(&deployed, &days, store).await?, orders(&new, &days, store).await?);
    spinner.finish_and_clear();
    let from = days.last().copied().unwrap_or(last);
    Ok(Plan { keys, orders: Some(compared(from, last, &before, &after)) })
}

/// The text as TOML has it; it was read as settings before.
fn table_of(text: &str) -> Result<Table, Failure> {
    text.parse().map_err(|error: toml::de::Error| Failure::undone("read the settings", &error))
}

/// The keys whose values differ, in the order of their names.
fn differing(deployed: &Table, new: &Table) -> Vec<Differing> {
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    leaves("", deployed, &mut before);
    leaves("", new, &mut after);
    let names = before.keys().chain(after.keys()).collect::<std::collections::BTreeSet<_>>();
    let key = |name: &String| Differing {
        key: name.clone(),
        deployed: before.get(name).cloned(),
        new: after.get(name).cloned(),
    };
    names.into_iter().map(key).filter(|key| key.deployed != key.new).collect()
}

fn leaves(prefix: &str, table: &Table, into: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(table) => leaves(&key, table, into),
            value => {
                into.insert(key, serde_json::to_string(value).unwrap_or_default());
            }
        }
    }
}

/// What a place's settings make of the orders of these days. A store that they do not have has none.
async fn orders(place: &Place, days: &[BusinessDay], store: Option<&StoreName>) -> Result<ById, Failure> {
    let mut made = ById::new();
    if store.is_some_and(|store| !place.config.stores.contains_key(store)) {
        return Ok(made);
    }
    let (config, now) = (&place.config, (place.now)());
    let operator = place.reviews()?;
    let (client, fields) = source::open(&operator).await?;
    let preview = Preview { config, fields: &fields, salesforce: &client, ledger: &operator.ledger, now };
    for day in days {
        let pass = Pass::of_day(*day, store, config, now).map_err(Failure::input)?;
        let read = preview.orders(&pass, &[], |order| {
            made.insert(order.source_id.clone(), order.into());
        });
        read.await.map_err(|error| Failure::undone("read the orders", &error))?;
    }
    Ok(made)
}

fn compared(from: BusinessDay, to: BusinessDay, before: &ById, after: &ById) -> Orders {
    let ids: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let mut orders =
        Orders { from, to, completed: ids.len(), unchanged: 0, changes: BTreeMap::new(), changed: Vec::new() };
    for id in ids {
        let (was, is) = (before.get(id), after.get(id));
        let Some(change) = Change::between(was, is) else {
            orders.unchanged += 1;
            continue;
        };
        *orders.changes.entry(change).or_default() += 1;
        let order_id = is.or(was).map(|made| made.order_id.clone()).unwrap_or_default();
        let said = |made: Option<&Made>| made.map(|made| made.said(change));
        orders.changed.push(Changed { order_id, id: id.clone(), change, deployed: said(was), new: said(is) });
    }
    // What is worst for a buyer first.
    orders.changed.sort_by_key(|changed| changed.change.rank());
    orders
}

impl Change {
    fn between(was: Option<&Made>, is: Option<&Made>) -> Option<Self> {
        let sends = |made: Option<&Made>| made.is_some_and(|made| made.payload.is_ok());
        match (sends(was), sends(is)) {
            (false, true) => return Some(Self::Sent),
            (true, false) => return Some(Self::NotSent),
            _ => {}
        }
        match (was, is) {
            (Some(was), Some(is)) if was.store != is.store => Some(Self::OtherStore),
            (Some(was), Some(is)) if was.payload != is.payload => {
                Some(if is.payload.is_ok() { Self::OtherPayload } else { Self::OtherReason })
            }
            (Some(was), Some(is)) => (was.day != is.day).then_some(Self::OtherDay),
            (None, None) => None,
            // It is not sent by either, and one of them does not even count it.
            _ => Some(Self::OtherReason),
        }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::NotSent => 0,
            Self::OtherStore => 1,
            Self::Sent => 2,
            Self::OtherPayload => 3,
            Self::OtherDay => 4,
            Self::OtherReason => 5,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "would be sent, and is not now",
            Self::NotSent => "would not be sent any more",
            Self::OtherStore => "would go to another store",
            Self::OtherPayload => "would be sent otherwise",
            Self::OtherDay => "would count for another day",
            Self::OtherReason => "not sent, for another reason",
        }
    }
}

impl Made {
    /// In a word, as far as it tells of the change; never the buyer's data.
    fn said(&self, change: Change) -> String {
        match (change, &self.payload) {
            (Change::OtherStore, _) => self.store.to_string(),
            (Change::OtherDay, _) => self.day.to_string(),
            (Change::OtherPayload, Ok(_)) => "sent".to_owned(),
            (_, Ok(_)) => format!("sent to {}", self.store),
            (_, Err(reason)) => reason.clone(),
        }
    }
}

impl From<Previewed> for Made {
    fn from(order: Previewed) -> Self {
        let Previewed { order_id, store, business_day: day, reason, purchase, .. } = order;
        let sent = purchase.and_then(|purchase| serde_json::to_value(purchase.as_sent()).ok());
        Self { order_id, store, day, payload: sent.ok_or_else(|| reason.unwrap_or_default()) }
    }
}

impl Answer for Plan {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        if self.keys.is_empty() {
            return writeln!(to, "{GOOD}✓{GOOD:#} these settings say what the deployed ones say");
        }
        let mut keys = table(["key", "deployed", "new"]);
        for Differing { key, deployed, new } in &self.keys {
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
            keys.add_row([key.clone(), shown(deployed), shown(new)]);
        }
        writeln!(to, "{keys}")?;
        let Some(orders) = &self.orders else { return Ok(()) };
        let Orders { from, to: last, completed, unchanged, changes, changed } = orders;
        writeln!(to, "{from} to {last}: {completed} completed orders, {unchanged} of them as before")?;
        if changes.is_empty() {
            return Ok(());
        }
        let mut counts = table(["orders", ""]);
        right(&mut counts, 1);
        for (change, n) in changes {
            counts.add_row([change.as_str().to_owned(), n.to_string()]);
        }
        writeln!(to, "{counts}")?;
        let mut rows = table(["order", "what", "deployed", "new"]);
        for Changed { order_id, change, deployed, new, .. } in changed.iter().take(SHOWN) {
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "not completed".to_owned());
            rows.add_row([order_id.clone(), change.as_str().to_owned(), shown(deployed), shown(new)]);
        }
        writeln!(to, "{rows}")?;
        let more = changed.len().saturating_sub(SHOWN);
        if more > 0 {
            writeln!(to, "{more} more; --json has them all")?;
        }
        if !self.is_well() {
            writeln!(to, "{BAD}✗{BAD:#} orders would not be sent any more, or go to another store: is that meant?")?;
        }
        Ok(())
    }

    fn is_well(&self) -> bool {
        let lost = |orders: &Orders| {
            orders.changes.contains_key(&Change::NotSent) || orders.changes.contains_key(&Change::OtherStore)
        };
        !self.orders.as_ref().is_some_and(lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn made(store: &str, day: &str, payload: Result<Value, &str>) -> Made {
        let store = StoreName::try_from(store.to_owned()).unwrap();
        Made { order_id: "7".into(), store, day: day.parse().unwrap(), payload: payload.map_err(str::to_owned) }
    }

    #[test]
    fn each_change_of_an_order_is_named_and_the_same_is_none() {
        let sent = made("default", "2026-11-20", Ok(json!({"email": "a@example.com"})));
        let mapped = made("default", "2026-11-20", Ok(json!({"email": "b@example.com"})));
        let (skipped, other) =
            (made("default", "2026-11-20", Err("no_email")), made("default", "2026-11-20", Err("test_order")));
        for (was, is, change) in [
            (Some(&sent), Some(&sent), None),
            (None, None, None),
            (Some(&skipped), Some(&skipped), None),
            (Some(&skipped), Some(&sent), Some(Change::Sent)),
            (None, Some(&sent), Some(Change::Sent)),
            (Some(&sent), Some(&skipped), Some(Change::NotSent)),
            (Some(&sent), None, Some(Change::NotSent)),
            (
                Some(&sent),
                Some(&made("eu", "2026-11-20", sent.payload.clone().map_err(|_| ""))),
                Some(Change::OtherStore),
            ),
            (Some(&sent), Some(&mapped), Some(Change::OtherPayload)),
            (Some(&sent), Some(&Made { day: "2026-11-21".parse().unwrap(), ..sent.clone() }), Some(Change::OtherDay)),
            (Some(&skipped), Some(&other), Some(Change::OtherReason)),
            (Some(&skipped), None, Some(Change::OtherReason)),
        ] {
            assert_eq!(Change::between(was, is), change, "{was:?} {is:?}");
            let said: Vec<_> =
                change.iter().flat_map(|change| [was, is].into_iter().flatten().map(|m| m.said(*change))).collect();
            assert!(!said.iter().any(|text| text.contains('@')), "{said:?}");
        }
    }

    #[test]
    fn a_key_that_differs_is_named_with_both_its_values() {
        let table = |text: &str| text.parse::<Table>().unwrap();
        let deployed = table("a = 1\n[s]\nb = \"x\"\nc = [1, 2]\n[s.t]\nd = true");
        let new = table("a = 1\n[s]\nb = \"y\"\nc = [1, 2]\n[s.u]\ne = 3");
        let key = |key: &str, deployed: Option<&str>, new: Option<&str>| Differing {
            key: key.into(),
            deployed: deployed.map(Into::into),
            new: new.map(Into::into),
        };
        let expected =
            [key("s.b", Some("\"x\""), Some("\"y\"")), key("s.t.d", Some("true"), None), key("s.u.e", None, Some("3"))];
        assert_eq!(differing(&deployed, &new), expected);
        assert_eq!(differing(&new, &new), []);
    }
}
