//! `relay certificate`: what is proven of a business day.

use crate::{
    answer::Answer,
    audit::{Action, noted},
    day::{self, Day},
    deployed::Purpose,
    failure::Failure,
    flow::{Flow, Of},
    look::{Look, NotLookedAt, look},
    operator::Operator,
    options::Options,
    pause,
    place::Place,
    text::{BAD, DIM, GOOD, instant, right, table, tick},
};
use chrono::{DateTime, Utc};
use clap::Args;
use config::{BadDay, BusinessDay, StoreName};
use reconciliation::{Balances, Certificate, Totals};
use reviews::select::Pass;
use serde::Serialize;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

const EXAMPLES: &str = "\
Examples:
  relay certificate                      yesterday's, of every store
  relay certificate 2026-11-20 --store acme
  relay certificate --refresh            look at source and destination now, then show it

With --refresh a certificate is shown only of what was looked at now; where that could not be done it says why, and what the \
last one says.

Exit code 1: there is none, or one is not complete, or quiet. Exit code 3: with --refresh, a store could not be looked at.";

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
    /// With `--refresh`, of the stores that were looked at now.
    certificates: Vec<Of<Certificate>>,
    /// Stores that have none for the day.
    without: Vec<Of<Without>>,
    /// With `--refresh`: the stores that were not looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_looked_at: Vec<Of<Unseen>>,
    #[serde(skip)]
    looked_at_now: bool,
}

/// A store without certificate.
#[derive(Debug, Serialize)]
struct Without {
    store: StoreName,
}

/// A store that could not be looked at now.
#[derive(Debug, Serialize)]
struct Unseen {
    #[serde(flatten)]
    not: NotLookedAt,
    /// What an earlier look came to.
    last: Option<Certificate>,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Proof, Failure> {
    let place = Place::find(options, Purpose::with(arguments.refresh)).await?;
    let Arguments { day, store, refresh } = arguments;
    if refresh {
        pause::refuse(&place, &place.flows, store.as_ref()).await?;
    }
    let (config, now) = (&place.config, (place.now)());
    let unrouted = StoreName::unrouted();
    let day = day.of(store.as_ref(), config, now);
    let mut stores: Vec<(Flow, Vec<StoreName>)> = Vec::new();
    for flow in place.flows.iter().copied() {
        let mut names = place.stores(flow).await?;
        if flow.has_unrouted() {
            names.extend(store.clone().filter(|store| *store == unrouted));
        }
        names.retain(|name| store.as_ref().is_none_or(|store| store == name));
        for name in &names {
            is_over(flow, day, name, config, now).map_err(Failure::input)?;
        }
        stores.push((flow, names));
    }
    if let Some(store) = store.as_ref().filter(|_| stores.iter().all(|(_, names)| names.is_empty())) {
        place.known(Some(store))?;
    }
    let mut found = Proof {
        business_day: day,
        certificates: Vec::new(),
        without: Vec::new(),
        not_looked_at: Vec::new(),
        looked_at_now: refresh,
    };
    for (flow, stores) in stores.into_iter().filter(|(_, names)| !names.is_empty()) {
        let operator = place.operator(flow)?;
        let look =
            if refresh { noted_look(&place, flow, &operator, day, store.as_ref()).await? } else { Look::default() };
        let unrouted = (store.is_none() && flow.has_unrouted()).then_some((&unrouted, false));
        for (store, asked_for) in stores.iter().map(|store| (store, true)).chain(unrouted) {
            let last = operator.certificate(store, day).await;
            let last = last.map_err(|error| Failure::undone("read the certificate", &error))?;
            if let Some(not) = look.not_looked_at.iter().find(|not| not.store == *store) {
                found.not_looked_at.push(Of { flow, of: Unseen { not: not.clone(), last } });
                continue;
            }
            match last {
                // Where there is nothing that fits no store, nobody wants to hear of it.
                Some(last) if asked_for || last.source.completed > 0 => found.certificates.push(Of { flow, of: last }),
                None if asked_for => found.without.push(Of { flow, of: Without { store: store.clone() } }),
                _ => {}
            }
        }
    }
    Ok(found)
}

/// Refuses a day that is not over in the store, or, of reviews, that no pass is for.
pub(crate) fn is_over(
    flow: Flow,
    day: BusinessDay,
    store: &StoreName,
    config: &config::Relay,
    now: DateTime<Utc>,
) -> Result<(), BadDay> {
    match (flow, &config.erp) {
        (Flow::Erp, Some(erp)) if day.window(erp.shop(store).time_zone).end > now => {
            Err(BadDay::NotOver { day, store: store.clone() })
        }
        (Flow::Erp, Some(_)) => Ok(()),
        (Flow::Loyalty, _) => config.day_over(day, store, now).map(drop),
        (Flow::Reviews | Flow::Erp, _) => Pass::of_store(day, store, config, now).map(drop),
    }
}

/// A look confirms, and sends again what is missing: it leaves a note as whatever changes something.
async fn noted_look(
    place: &Place,
    flow: Flow,
    operator: &Operator,
    day: BusinessDay,
    store: Option<&StoreName>,
) -> Result<Look, Failure> {
    let detail = json!({"business_day": day, "store": store});
    let go_on = "`relay certificate` without --refresh shows what it comes to";
    place.context.so_far(format!("the reconciler was started for {day}, and goes on until it ends"), go_on);
    let numbers =
        |look: &Look| json!({"looked_at": look.certificates.len(), "not_looked_at": look.not_looked_at.len()});
    let look = Box::pin(look(place, flow, day, store));
    noted(place, &operator.ledger, Action { name: "certificate --refresh", detail }, look, numbers).await
}

impl Answer for Proof {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        for Of { of: certificate, .. } in &self.certificates {
            print(certificate, self.looked_at_now, to)?;
        }
        for Of { of: Unseen { not, last }, .. } in &self.not_looked_at {
            print_not_looked_at(self.business_day, not, to)?;
            if let Some(last) = last {
                let said = if last.complete { "complete" } else { "not complete" };
                writeln!(to, "  {DIM}the last look found it {said}, issued {}{DIM:#}", instant(last.issued_at))?;
            }
        }
        for Of { of: Without { store }, .. } in &self.without {
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
        self.without.is_empty() && self.certificates.iter().all(|Of { of, .. }| of.complete && !of.quiet)
    }

    fn is_whole(&self) -> bool {
        self.not_looked_at.is_empty()
    }
}

/// A store that could not be looked at, for people.
pub(crate) fn print_not_looked_at(day: BusinessDay, not: &NotLookedAt, to: &mut dyn Write) -> io::Result<()> {
    let NotLookedAt { store, why } = not;
    writeln!(to, "{} {day}, store {store}: {BAD}not looked at{BAD:#}: {why}", tick(false))
}

/// One certificate for people; `now`: the day was looked at for it.
pub(crate) fn print(certificate: &Certificate, now: bool, to: &mut dyn Write) -> io::Result<()> {
    let Certificate { store, business_day, issued_at, source, ledger, destination, repaired, .. } = certificate;
    let (style, complete) = match (certificate.complete, certificate.quiet) {
        (true, false) => (GOOD, "complete"),
        (true, true) => (BAD, "complete, and quiet: hardly an order, or hardly one sent"),
        (false, false) => (BAD, "not complete"),
        (false, true) => (BAD, "not complete, and quiet: hardly an order, or hardly one sent"),
    };
    writeln!(
        to,
        "{} {business_day}, store {store}: {style}{complete}{style:#}, {}issued {}",
        tick(certificate.complete && !certificate.quiet),
        if now { "looked at now, " } else { "" },
        instant(*issued_at)
    )?;
    let mut rows =
        vec![("completed at the source".to_owned(), source.completed), ("confirmed".to_owned(), ledger.confirmed)];
    for (what, by_reason) in [("skipped", &ledger.skipped), ("rejected", &ledger.rejected)] {
        rows.extend(by_reason.iter().map(|(reason, n)| (format!("{what}: {reason}"), *n)));
    }
    let accepted = if destination.is_some() { "accepted, not seen yet" } else { "accepted" };
    let notable = [
        (accepted, ledger.accepted),
        ("pending", ledger.pending),
        ("parked", ledger.parked),
        ("uncertain", ledger.uncertain),
        ("missing", ledger.missing),
        ("at the destination and not expected", destination.as_ref().map_or(0, |there| there.unexpected)),
        ("repaired so far", *repaired),
    ];
    rows.extend(notable.into_iter().filter(|(_, n)| *n > 0).map(|(what, n)| (what.to_owned(), n)));
    let mut counts = table(["orders", ""]);
    counts.add_rows(rows.into_iter().map(|(what, n)| [what, n.to_string()]));
    right(&mut counts, 1);
    writeln!(to, "{counts}")?;
    certificate.balances.as_ref().map_or(Ok(()), |balances| print_balances(balances, to))?;
    certificate.totals.as_ref().map_or(Ok(()), |totals| print_totals(totals, to))
}

/// How a sample of balances compares.
fn print_balances(balances: &Balances, to: &mut dyn Write) -> io::Result<()> {
    match balances.differ {
        0 => writeln!(to, "  balances: {} compared, all alike at both ends", balances.sampled),
        differ => writeln!(to, "  {BAD}balances: {differ} of {} compared differ{BAD:#}", balances.sampled),
    }
}

/// What the orders are worth at both ends.
fn print_totals(totals: &Totals, to: &mut dyn Write) -> io::Result<()> {
    let mut rows = table(["worth", "at the source", "at the destination"]);
    let currencies: BTreeSet<&String> = totals.source.keys().chain(totals.destination.keys()).collect();
    let amount = |of: &BTreeMap<String, String>, currency| of.get(currency).cloned().unwrap_or_else(|| "0".to_owned());
    rows.add_rows(
        currencies.into_iter().map(|currency| {
            [currency.clone(), amount(&totals.source, currency), amount(&totals.destination, currency)]
        }),
    );
    (1..=2).for_each(|column| right(&mut rows, column));
    writeln!(to, "{rows}")?;
    if totals.differs > 0 {
        writeln!(to, "  {BAD}{} orders are worth something else at the destination{BAD:#}", totals.differs)?;
    }
    Ok(())
}
