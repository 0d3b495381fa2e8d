//! `relay report`: a range of business days as one page that can be read without us.

mod calendar;
mod certificates;
mod file;
mod headline;
mod page;
mod plots;
mod table;
mod words;

use crate::{
    answer::Answer,
    certificate,
    day::{self, Day},
    deployed::Purpose,
    failure::Failure,
    flow::Flow,
    operator::Operator,
    options::Options,
    place::Place,
    progress,
    text::tick,
};
use chrono::{DateTime, Utc};
use clap::Args;
use config::{BusinessDay, Relay, StoreName, Zone};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use ledger::{Days, Ledger, Scanned};
use reconciliation::history::{DayHistory, DayStanding};
use serde::Serialize;
use std::{
    io::{self, Write},
    path::PathBuf,
};

/// Certificates that are read at a time.
const READS: usize = 16;

const EXAMPLES: &str = "\
Examples:
  relay report --from 2026-11-01 --to 2026-11-20 --out november.html
  relay report --from 2026-11-20 --to yesterday --out day.html --store acme --json
  relay report --from 2026-11-20 --to yesterday --out netsuite.html --flow erp

One HTML file without scripts or anything that is loaded from elsewhere. A page is of one flow; where the stack has both, of reviews without --flow. It holds numbers, no orders and no buyers. The whole \
ledger is read once, at about a cent for a million records; nothing is changed.

Exit code 1: the report was written, and a day is not complete, is quiet, or has no certificate.";

/// What `relay report` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The first business day, YYYY-MM-DD, or `yesterday`
    #[arg(long)]
    from: Day,
    /// The last business day, YYYY-MM-DD, or `yesterday`; at most 400 days
    #[arg(long)]
    to: Day,
    /// Where the page goes; what is there is replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// One store; `unrouted` for the orders that fit none
    #[arg(long, value_parser = day::store)]
    store: Option<StoreName>,
}

/// What the report says, and where it is.
#[derive(Debug, Serialize)]
pub(crate) struct Written {
    flow: Flow,
    from: BusinessDay,
    to: BusinessDay,
    store: Option<StoreName>,
    out: PathBuf,
    #[serde(flatten)]
    history: DayHistory,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Written, Failure> {
    let Arguments { from, to, out, store } = arguments;
    if let Some(unfit) = file::unfit(&out) {
        return Err(Failure::input(unfit));
    }
    let place = Place::find(options, Purpose::Read).await?;
    let (config, now) = (&place.config, (place.now)());
    // A page is of one flow.
    let flow = place.flows.first().copied().unwrap_or(Flow::Reviews);
    let mut stores = place.stores(flow).await?;
    let unrouted = flow.has_unrouted().then(StoreName::unrouted);
    if let Some(store) = store.as_ref().filter(|store| Some(*store) != unrouted.as_ref()) {
        if flow != Flow::Erp {
            place.known(Some(store))?;
        } else if !stores.contains(store) {
            let names: Vec<&str> = stores.iter().map(StoreName::as_str).collect();
            let what = format!("`--store` is `{store}`; the secret has: {}", names.join(", "));
            return Err(Failure::input(what));
        }
    }
    if let Some(store) = &store {
        stores = vec![store.clone()];
    }
    let (from, to) = (from.of(store.as_ref(), config, now), to.of(store.as_ref(), config, now));
    let range = |error: &dyn std::fmt::Display| Failure::input(error).hint("the range is from `--from` to `--to`");
    let mut history = DayHistory::of(from, to).map_err(|error| range(&error))?;
    for store in &stores {
        certificate::is_over(flow, to, store, config, now).map_err(|error| range(&error))?;
    }
    let operator = place.operator(flow)?;
    let all = store.is_none().then_some(unrouted).flatten();
    certificates(&mut history, flow, &operator, &stores, all.as_ref(), &place).await?;
    deliveries(&mut history, flow, &operator.ledger, store.as_ref(), (from, to), &place).await?;
    let about = page::About {
        flow,
        stack: &place.stack,
        store: store.as_ref().map(StoreName::as_str),
        config_sha256: &config.sha256,
        made_at: now,
    };
    let doing = format!("write `{}`", out.display());
    file::write(&out, &page::page(&history, &about)).map_err(|error| Failure::undone(&doing, &error))?;
    Ok(Written { flow, from, to, store, out, history })
}

/// The zone of a store's business days.
fn zone(flow: Flow, store: &str, config: &Relay) -> Zone {
    let name = StoreName::try_from(store.to_owned()).ok();
    match (flow, &config.erp) {
        (Flow::Erp, Some(erp)) => name.map_or(erp.shop.time_zone, |name| erp.shop(&name).time_zone),
        _ => name.and_then(|name| config.stores.get(&name)).map_or(config.time_zone, |store| store.time_zone),
    }
}

/// From when on a store is in the flow's care; none: nobody knows.
async fn first(
    flow: Flow,
    operator: &Operator,
    store: &StoreName,
    place: &Place,
) -> Result<Option<DateTime<Utc>>, Failure> {
    if let (Flow::Erp, Some(erp)) = (flow, &place.config.erp) {
        let shop = erp.shop(store);
        return Ok(Some(shop.start.window(shop.time_zone).start));
    }
    let cursor = operator.ledger.cursor(store.as_str()).await;
    let cursor = cursor.map_err(|error| Failure::undone("read the certificates", &error))?;
    Ok(cursor.map(|cursor| cursor.first.into()))
}

/// Adds what was proven of each day in each store, and, of all stores, of the orders that fit none.
async fn certificates(
    history: &mut DayHistory,
    flow: Flow,
    operator: &Operator,
    stores: &[StoreName],
    unrouted: Option<&StoreName>,
    place: &Place,
) -> Result<(), Failure> {
    let undone = |error: ledger::Error| Failure::undone("read the certificates", &error);
    let mut firsts = Vec::new();
    for store in stores {
        firsts.push(first(flow, operator, store, place).await?);
    }
    let days: Vec<BusinessDay> = history.days.iter().map(|day| day.business_day).collect();
    let names = || stores.iter().zip(firsts.iter().copied().map(Some)).chain(unrouted.map(|store| (store, None)));
    let asked: Vec<_> = days.iter().flat_map(|day| names().map(|(store, known)| (*day, store, known))).collect();
    let bar = progress::bar(asked.len() as u64, "certificates");
    let mut kept = stream::iter(asked)
        .map(async |(day, store, known)| Ok((day, store, known, operator.certificate(store, day).await?)))
        .buffered(READS);
    while let Some((day, store, known, certificate)) = kept.try_next().await.map_err(undone)? {
        bar.inc(1);
        match (certificate, known) {
            // Where there is nothing that fits no store, nobody wants to hear of it.
            (Some(certificate), None) if certificate.source.completed == 0 => {}
            (Some(certificate), _) => history.certified(certificate),
            (None, Some(first)) => {
                let begins = day.window(zone(flow, store.as_str(), &place.config)).start;
                history.uncertified(day, first.is_some_and(|first| begins < first));
            }
            (None, None) => {}
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// Adds what the ledger has of each delivery of the days.
async fn deliveries(
    history: &mut DayHistory,
    flow: Flow,
    ledger: &Ledger,
    store: Option<&StoreName>,
    (from, to): (BusinessDay, BusinessDay),
    place: &Place,
) -> Result<(), Failure> {
    let (first, last) = (from.to_string(), to.to_string());
    let days = Days { first: &first, last: &last, store: store.map(StoreName::as_str) };
    let spinner = progress::spinner("reading the ledger");
    let take = |record: Scanned| history.delivery(&record, zone(flow, &record.store, &place.config));
    let seen = |items| spinner.set_message(format!("reading the ledger: {items} items"));
    let scanned = ledger.scan(days, take, seen).await;
    spinner.finish_and_clear();
    scanned.map_err(|error| Failure::undone("read the ledger", &error))
}

impl Answer for Written {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let history = &self.history;
        let days = history.days.len() - history.standing(DayStanding::Before);
        writeln!(
            to,
            "{} {}: {} to {}, {} of {days} days complete",
            tick(self.is_well()),
            self.out.display(),
            self.from,
            self.to,
            history.standing(DayStanding::Complete),
        )?;
        let counts = [
            (history.sum(|day| day.completed), "orders completed"),
            (history.sum(|day| day.confirmed), "delivered"),
            (history.sum(|day| day.accepted), "accepted"),
            (history.sum(|day| day.skipped), "skipped"),
            (history.sum(|day| day.rejected), "refused"),
            (history.sum(|day| day.open), "open"),
        ];
        let counts = counts.into_iter().filter(|(n, _)| *n > 0);
        let counts: Vec<String> = counts.map(|(n, what)| format!("{n} {what}")).collect();
        writeln!(to, "  {}", counts.join(", "))
    }

    fn is_well(&self) -> bool {
        self.history.is_complete()
    }
}
