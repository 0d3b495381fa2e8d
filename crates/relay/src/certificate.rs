//! `relay certificate`: what is proven of a business day.

use crate::{
    answer::Answer,
    cli::Options,
    day::{self, Day},
    failure::Failure,
    place::Place,
    producing, progress,
    text::{BAD, GOOD, instant, right, table, tick},
};
use clap::Args;
use config::{BusinessDay, StoreName};
use reviews::{reconcile::Certificate, select::Pass};
use serde::Serialize;
use std::io::{self, Write};

const EXAMPLES: &str = "\
Examples:
  relay certificate                      yesterday's, of every store
  relay certificate 2026-11-20 --store acme
  relay certificate --refresh            look at source and destination now, then show it

Exit code 1: there is none, or one is not complete.";

/// What `relay certificate` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The business day, YYYY-MM-DD, or `yesterday`
    #[arg(default_value = "yesterday")]
    day: Day,
    /// One store; `unrouted` for the orders that fit none
    #[arg(long, value_parser = day::store)]
    store: Option<StoreName>,
    /// Let the reconciler look at the day now: it confirms, sends again what is missing, and issues the certificate anew
    #[arg(long)]
    refresh: bool,
}

/// The certificates of a day.
#[derive(Debug, Serialize)]
pub(crate) struct Proof {
    business_day: BusinessDay,
    certificates: Vec<Certificate>,
    /// Stores that have none for the day.
    without: Vec<StoreName>,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Proof, Failure> {
    let place = Place::find(options).await?;
    let Arguments { day, store, refresh } = arguments;
    let (config, now) = (&place.config, (place.now)());
    let unrouted = StoreName::unrouted();
    place.known(store.as_ref().filter(|store| **store != unrouted))?;
    let day = day.of(store.as_ref(), config, now);
    let mut stores: Vec<StoreName> = match &store {
        Some(store) => vec![store.clone()],
        None => config.stores.keys().cloned().collect(),
    };
    for store in &stores {
        Pass::of_store(day, store, config, now).map_err(Failure::input)?;
    }
    if refresh {
        let spinner = progress::spinner(format!("the reconciler looks at {day}"));
        let looked = place.invoke("ReviewsReconcilerFunction", &producing::event(day, store.as_ref())).await;
        spinner.finish_and_clear();
        looked?;
    }
    let operator = place.operator()?;
    // Where there is nothing that fits no store, nobody wants to hear of it.
    let asked_for = stores.len();
    if store.is_none() {
        stores.push(unrouted);
    }
    let mut found = Proof { business_day: day, certificates: Vec::new(), without: Vec::new() };
    for (index, store) in stores.into_iter().enumerate() {
        let certificate = operator.certificate(&store, day).await;
        match certificate.map_err(|error| Failure::undone("read the certificate", &error))? {
            Some(certificate) if index < asked_for || certificate.source.completed > 0 => {
                found.certificates.push(certificate);
            }
            None if index < asked_for => found.without.push(store),
            _ => {}
        }
    }
    Ok(found)
}

impl Answer for Proof {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        for certificate in &self.certificates {
            print(certificate, to)?;
        }
        for store in &self.without {
            writeln!(
                to,
                "{} store {store}: no certificate of {}; `--refresh` issues one",
                tick(false),
                self.business_day
            )?;
        }
        Ok(())
    }

    fn is_well(&self) -> bool {
        self.without.is_empty() && self.certificates.iter().all(|certificate| certificate.complete)
    }
}

/// One certificate for people.
pub(crate) fn print(certificate: &Certificate, to: &mut dyn Write) -> io::Result<()> {
    let Certificate { store, business_day, issued_at, source, ledger, destination, repaired, .. } = certificate;
    let (style, complete) = if certificate.complete { (GOOD, "complete") } else { (BAD, "not complete") };
    writeln!(
        to,
        "{} {business_day}, store {store}: {style}{complete}{style:#}, issued {}",
        tick(certificate.complete),
        instant(*issued_at)
    )?;
    let mut rows =
        vec![("completed at the source".to_owned(), source.completed), ("confirmed".to_owned(), ledger.confirmed)];
    for (what, by_reason) in [("skipped", &ledger.skipped), ("rejected", &ledger.rejected)] {
        rows.extend(by_reason.iter().map(|(reason, n)| (format!("{what}: {reason}"), *n)));
    }
    let notable = [
        ("accepted, not seen yet", ledger.accepted),
        ("pending", ledger.pending),
        ("parked", ledger.parked),
        ("uncertain", ledger.uncertain),
        ("missing", ledger.missing),
        ("at the destination and not expected", destination.unexpected),
        ("repaired so far", *repaired),
    ];
    rows.extend(notable.into_iter().filter(|(_, n)| *n > 0).map(|(what, n)| (what.to_owned(), n)));
    let mut counts = table(["orders", ""]);
    counts.add_rows(rows.into_iter().map(|(what, n)| [what, n.to_string()]));
    right(&mut counts, 1);
    writeln!(to, "{counts}")
}
