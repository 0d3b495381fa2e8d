//! `relay preview`: what a run of a day would do.

pub(crate) mod shopify;

use crate::{
    answer::Answer,
    day::{self, Day},
    deployed::Purpose,
    failure::Failure,
    flow::Flow,
    mapped::Mapped,
    options::Options,
    place::Place,
    progress, source,
    text::{few, right, table},
};
use clap::Args;
use config::{BusinessDay, StoreName};
use reviews::{
    named::Named,
    preview::{Foreseen, Preview, Previewed},
    select::Pass,
};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::PathBuf,
};

const EXAMPLES: &str = "\
Examples:
  relay preview                              yesterday's orders: how many, and the first 20
  relay preview --day 2026-11-20 --store acme --limit 100
  relay preview --day 2026-11-20 --order 00000107      one order, with what {destination} would get
  relay preview --json --payloads            all of them, for a script
  relay preview --shopify-order order.json --store acme.myshopify.com      of the erp flow, from a file

It reads {source} and the ledger as a run would, and writes nothing. Payloads hold names and addresses of buyers.

Exit code 1: an order that was named is not among the completed orders of the day.";

const PAYLOADS: &str =
    "Show what {destination} would get of each order: names and addresses of buyers; --order shows it too";

/// Lines of orders that a person wants to see.
const SHOWN: usize = 20;

/// What `relay preview` takes.
#[derive(Debug, Args)]
#[command(after_help = Flow::Reviews.told(EXAMPLES))]
pub(crate) struct Arguments {
    /// The business day, YYYY-MM-DD, or `yesterday`
    #[arg(long, default_value = "yesterday")]
    day: Day,
    /// One store
    #[arg(long, value_parser = day::store)]
    store: Option<StoreName>,
    /// Show so many orders; all are counted. 20 by default, with --json all
    #[arg(long)]
    limit: Option<usize>,
    #[arg(long, value_name = "ID", help = Flow::Reviews.told("This order only, by {source} id or order id; may be given again"))]
    order: Vec<Named>,
    #[arg(long, help = Flow::Reviews.told(PAYLOADS))]
    payloads: bool,
    /// Of the erp flow: what NetSuite would be sent of the order in this file, a webhook's body; --store is the shop's domain
    #[arg(long, value_name = "FILE", conflicts_with_all = ["day", "limit", "order", "payloads"])]
    shopify_order: Option<PathBuf>,
}

/// What is foreseen: a day of reviews, or one order of a file.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Previewing {
    Day(Previews),
    ShopifyOrder(Box<shopify::Mapped>),
}

/// What a run would do.
#[derive(Debug, Serialize)]
pub(crate) struct Previews {
    flow: Flow,
    business_day: BusinessDay,
    counts: Counts,
    orders: Vec<Line>,
    /// Orders that were named and are not of the day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_found: Vec<String>,
}

/// How many orders, by what would become of them.
#[derive(Debug, Default, Serialize)]
struct Counts {
    completed: usize,
    send: usize,
    delivered: usize,
    skip: BTreeMap<String, usize>,
    park: BTreeMap<String, usize>,
    parked: BTreeMap<String, usize>,
    rejected: BTreeMap<String, usize>,
    lines_left_out: usize,
}

/// One order.
#[derive(Debug, Serialize)]
struct Line {
    order_id: String,
    id: String,
    store: StoreName,
    #[serde(flatten)]
    mapped: Mapped,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Previewing, Failure> {
    match &arguments.shopify_order {
        Some(file) => {
            let mapped = shopify::run(options, file, arguments.store.as_ref()).await?;
            Ok(Previewing::ShopifyOrder(Box::new(mapped)))
        }
        None => day(options, arguments).await.map(Previewing::Day),
    }
}

async fn day(options: &Options, arguments: Arguments) -> Result<Previews, Failure> {
    let place = Place::find(options, Purpose::Read).await?;
    let Arguments { day, store, limit, order: only, payloads, .. } = arguments;
    place.known(store.as_ref())?;
    let (config, now) = (&place.config, (place.now)());
    let day = day.of(store.as_ref(), config, now);
    let pass = Pass::of_day(day, store.as_ref(), config, now).map_err(Failure::input)?;
    let limit = limit.unwrap_or(if options.json { usize::MAX } else { SHOWN });
    let payloads = payloads || !only.is_empty();

    let spinner = progress::spinner(format!("reading the orders of {day}"));
    let flow = Flow::Reviews;
    let operator = place.reviews()?;
    let (client, fields) = source::open(&operator).await?;
    let preview =
        Preview { config, fields: &fields, salesforce: &client, ledger: &operator.ledger, now: (place.now)() };
    let mut shown =
        Previews { flow, business_day: day, counts: Counts::default(), orders: Vec::new(), not_found: Vec::new() };
    let mut left: Vec<&Named> = only.iter().collect();
    let read = preview.orders(&pass, &only, |order| {
        left.retain(|named| !named.is(&order.source_id, &order.order_id));
        shown.counts.add(&order);
        spinner.set_message(format!("{} orders of {day} read", shown.counts.completed));
        if shown.orders.len() < limit {
            let mapped = Mapped::of(&order, payloads);
            shown.orders.push(Line { order_id: order.order_id, id: order.source_id, store: order.store, mapped });
        }
    });
    read.await.map_err(|error| Failure::undone("read the orders", &error))?;
    spinner.finish_and_clear();
    shown.not_found = left.into_iter().map(ToString::to_string).collect();
    Ok(shown)
}

impl Counts {
    fn add(&mut self, order: &Previewed) {
        self.completed += 1;
        self.lines_left_out += order.lines_left_out;
        let by_reason = match order.fate {
            Foreseen::Send => return self.send += 1,
            Foreseen::Delivered => return self.delivered += 1,
            Foreseen::Skip => &mut self.skip,
            Foreseen::Park => &mut self.park,
            Foreseen::Parked => &mut self.parked,
            Foreseen::Rejected => &mut self.rejected,
        };
        *by_reason.entry(order.reason.clone().unwrap_or_default()).or_default() += 1;
    }

    /// In words, those that there are.
    fn rows(&self, flow: Flow) -> Vec<(String, usize)> {
        let mut rows = vec![
            ("completed at the source".to_owned(), self.completed),
            ("to be sent".to_owned(), self.send),
            ("delivered already".to_owned(), self.delivered),
        ];
        for (what, by_reason) in [
            ("not to be sent", &self.skip),
            ("to be parked", &self.park),
            ("parked already", &self.parked),
            ("rejected already", &self.rejected),
        ] {
            rows.extend(by_reason.iter().map(|(reason, n)| (format!("{what}: {reason}"), *n)));
        }
        let left_out = format!("lines left out: no product id that {} takes", flow.destination());
        rows.push((left_out, self.lines_left_out));
        rows.retain(|(_, n)| *n > 0);
        rows
    }
}

impl Answer for Previewing {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Day(day) => day.print(to),
            Self::ShopifyOrder(mapped) => mapped.print(to),
        }
    }

    fn is_well(&self) -> bool {
        match self {
            Self::Day(day) => day.is_well(),
            Self::ShopifyOrder(mapped) => mapped.is_well(),
        }
    }
}

impl Answer for Previews {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let Self { flow, business_day: day, counts, orders, not_found } = self;
        writeln!(to, "{day}: a run would send {} of {} orders; nothing was sent", counts.send, counts.completed)?;
        if counts.completed > 0 {
            let mut by_fate = table(["orders", ""]);
            by_fate.add_rows(counts.rows(*flow).into_iter().map(|(what, n)| [what, n.to_string()]));
            right(&mut by_fate, 1);
            writeln!(to, "{by_fate}")?;
        }
        if !orders.is_empty() {
            let mut lines = table(["order", "store", "fate", "reason", "products"]);
            lines.add_rows(orders.iter().map(|Line { order_id, store, mapped, .. }| {
                let (fate, reason) = (mapped.fate.unwrap_or_default(), mapped.reason.clone().unwrap_or_default());
                [order_id.clone(), store.to_string(), fate.to_owned(), reason, few(&mapped.products)]
            }));
            writeln!(to, "{lines}")?;
        }
        if counts.completed > orders.len() {
            writeln!(to, "{} more; --limit shows them", counts.completed - orders.len())?;
        }
        for (order_id, payload) in
            orders.iter().filter_map(|order| Some((&order.order_id, order.mapped.payload.as_ref()?)))
        {
            let payload = serde_json::to_string_pretty(payload)?;
            writeln!(to, "{order_id}: what {} would get, without the token:\n{payload}", flow.destination())?;
        }
        not_found.iter().try_for_each(|name| {
            writeln!(to, "{name}: not among the completed orders of {day}; `relay order {name}` may know")
        })
    }

    fn is_well(&self) -> bool {
        self.not_found.is_empty()
    }
}
