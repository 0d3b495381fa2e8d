//! `relay parked list`.

use super::open::{open, reason};
use crate::{
    answer::Answer,
    day,
    deployed::Purpose,
    failure::Failure,
    flow::Flow,
    options::Options,
    place::Place,
    reasons::what_to_do,
    text::{DIM, millis, table, tick, whole},
};
use clap::Args;
use config::StoreName;
use ledger::{DeliveryKey, Record, State};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

const EXAMPLES: &str = "\
Examples:
  relay parked list
  relay parked list --rejected --store acme

Exit code 1: something waits.";

/// What `relay parked list` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// What was refused for good instead: it waits for nobody, and is sent when the order changes
    #[arg(long)]
    rejected: bool,
    /// Only of this store; `unrouted` for the orders that fit none
    #[arg(long, value_parser = day::store)]
    store: Option<StoreName>,
}

/// What waits, the oldest first.
#[derive(Debug, Serialize)]
pub(crate) struct Waiting {
    #[serde(skip)]
    rejected: bool,
    deliveries: Vec<Delivery>,
}

/// One that waits.
#[derive(Debug, Serialize)]
struct Delivery {
    flow: Flow,
    key: DeliveryKey,
    state: &'static str,
    reason: String,
    store: String,
    business_day: Option<String>,
    /// Since when something is wrong with it.
    since: Option<String>,
    attempts: u32,
    /// How often it was sent again.
    repairs: u32,
    what_to_do: &'static str,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Waiting, Failure> {
    let place = Place::find(options, Purpose::Read).await?;
    let Arguments { rejected, store } = arguments;
    let state = if rejected { State::Rejected } else { State::Parked };
    let of_store = |record: &Record| store.as_ref().is_none_or(|store| record.store == store.as_str());
    let mut deliveries = Vec::new();
    for flow in &place.flows {
        let open = open(&place.operator(*flow)?).await?.into_iter();
        let waiting = open.filter(|(_, record)| record.state == state && of_store(record));
        deliveries.extend(waiting.map(|(key, record)| Delivery::of(*flow, key, &record)));
    }
    Ok(Waiting { rejected, deliveries })
}

impl Delivery {
    fn of(flow: Flow, key: DeliveryKey, record: &Record) -> Self {
        Self {
            flow,
            key,
            state: record.state.as_str(),
            reason: reason(record).to_owned(),
            store: record.store.clone(),
            business_day: record.day.clone(),
            since: record.open_since.map(millis),
            attempts: record.attempts,
            repairs: record.repairs,
            what_to_do: what_to_do(flow, reason(record)),
        }
    }
}

impl Answer for Waiting {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let what = if self.rejected { "were refused for good" } else { "wait for a person" };
        writeln!(to, "{} orders that {what}: {}", tick(self.is_well()), self.deliveries.len())?;
        let mut by_reason: BTreeMap<&str, Vec<&Delivery>> = BTreeMap::new();
        for delivery in &self.deliveries {
            by_reason.entry(&delivery.reason).or_default().push(delivery);
        }
        for (reason, deliveries) in by_reason {
            writeln!(to, "{reason}: {DIM}{}{DIM:#}", deliveries[0].what_to_do)?;
            let mut rows = table(["order", "store", "day", "since", "tries"]);
            rows.add_rows(deliveries.iter().map(|one| {
                let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
                let tries = match one.repairs {
                    0 => one.attempts.to_string(),
                    again => format!("{}, sent again {again}", one.attempts),
                };
                [one.key.id().to_owned(), one.store.clone(), text(&one.business_day), text(&one.since), tries]
            }));
            for column in [0, 2, 3] {
                whole(&mut rows, column);
            }
            writeln!(to, "{rows}")?;
        }
        Ok(())
    }

    fn is_well(&self) -> bool {
        self.deliveries.is_empty()
    }
}
