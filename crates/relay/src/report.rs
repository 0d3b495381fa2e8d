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
    day::{self, Day},
    deployed::Purpose,
    failure::Failure,
    flow::Flow,
    options::Options,
    place::Place,
    progress,
    text::tick,
};
use clap::Args;
use config::{BusinessDay, StoreName};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use ledger::{Days, Ledger};
use reviews::{
    history::{History, Standing},
    operate::Operator,
};
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

One HTML file without scripts or anything that is loaded from elsewhere. It holds numbers, no orders and no buyers. The whole \
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
    history: History,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Written, Failure> {
    let Arguments { from, to, out, store } = arguments;
    if let Some(unfit) = file::unfit(&out) {
        return Err(Failure::input(unfit));
    }
    let place = Place::find(options, Purpose::Read).await?;
    let (config, now) = (&place.config, (place.now)());
    let unrouted = StoreName::unrouted();
    place.known(store.as_ref().filter(|store| **store != unrouted))?;
    let (from, to) = (from.of(store.as_ref(), config, now), to.of(store.as_ref(), config, now));
    let stores: Vec<StoreName> = match &store {
        Some(store) => vec![store.clone()],
        None => config.stores.keys().cloned().collect(),
    };
    let mut history = History::of(from, to, &stores, config, now)
        .map_err(|error| Failure::input(error).hint("the range is from `--from` to `--to`"))?;
    let (flow, operator) = (Flow::Reviews, place.reviews()?);
    certificates(&mut history, &operator, &stores, store.is_none(), &place).await?;
    deliveries(&mut history, &operator.ledger, store.as_ref(), (from, to), &place).await?;
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

/// Adds what was proven of each day in each store, and, of `all`, of the orders that fit none.
async fn certificates(
    history: &mut History,
    operator: &Operator,
    stores: &[StoreName],
    all: bool,
    place: &Place,
) -> Result<(), Failure> {
    let undone = |error: ledger::Error| Failure::undone("read the certificates", &error);
    let mut cursors = Vec::new();
    for store in stores {
        cursors.push(operator.ledger.cursor(store.as_str()).await.map_err(undone)?);
    }
    let unrouted = StoreName::unrouted();
    let days: Vec<BusinessDay> = history.days.iter().map(|day| day.business_day).collect();
    let names = || stores.iter().zip(cursors.iter().copied().map(Some)).chain(all.then_some((&unrouted, None)));
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
            (None, Some(cursor)) => history.uncertified(store, day, cursor, &place.config),
            (None, None) => {}
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// Adds what the ledger has of each delivery of the days.
async fn deliveries(
    history: &mut History,
    ledger: &Ledger,
    store: Option<&StoreName>,
    (from, to): (BusinessDay, BusinessDay),
    place: &Place,
) -> Result<(), Failure> {
    let (first, last) = (from.to_string(), to.to_string());
    let days = Days { first: &first, last: &last, store: store.map(StoreName::as_str) };
    let spinner = progress::spinner("reading the ledger");
    let take = |record| history.delivery(&record, &place.config);
    let seen = |items| spinner.set_message(format!("reading the ledger: {items} items"));
    let scanned = ledger.scan(days, take, seen).await;
    spinner.finish_and_clear();
    scanned.map_err(|error| Failure::undone("read the ledger", &error))
}

impl Answer for Written {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let history = &self.history;
        let days = history.days.len() - history.standing(Standing::Before);
        writeln!(
            to,
            "{} {}: {} to {}, {} of {days} days complete",
            tick(self.is_well()),
            self.out.display(),
            self.from,
            self.to,
            history.standing(Standing::Complete),
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
