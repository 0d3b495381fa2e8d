//! `relay probe netsuite`: a customer and two orders, made, changed and taken away again, and calls at the same time.

mod burst;
mod found;
mod made;
mod trial;

use super::finding::{self, Finding};
use crate::{
    answer::Answer,
    audit::{Action, noted},
    deployed::Purpose,
    failure::Failure,
    flow::Flow,
    options::Options,
    place::Place,
    progress,
    text::{BAD, GOOD, WARN},
};
use clap::Args;
use delivery::Undelivered;
use erp::items::Items;
use made::{Made, Record};
use netsuite::{Client, Credentials, RecordId};
use serde::Serialize;
use serde_json::json;
use std::{
    collections::BTreeSet,
    io::{self, Write},
    time::Duration,
};
use tokio::time::Instant;
use trial::Trial;

const EXAMPLES: &str = "\
Examples:
  relay probe netsuite --item SHIRT-M                       what would be made
  relay probe netsuite --item SHIRT-M --yes
  relay probe netsuite --item SHIRT-M --yes --at-once 20 --json

For a sandbox account, or a developer's: what NetSuite's documentation leaves open and the settings assume. A customer, two orders and \
a fulfilment are made and deleted again; what the role may not delete is named. The worker is kept from calling meanwhile: all of \
netsuite.slots are taken. Queues and deliveries are not touched; the ledger gets a note of who did it.

Exit code 1: an assumption does not hold, it was not found out, or something was left in the account.";

/// How long a place of the account is waited for, and how long the calls in it may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// What `relay probe netsuite` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// An item that the warehouse ships and has, by its name: to see what a shipped line lets change
    #[arg(long, value_name = "SKU")]
    item: Option<String>,
    /// Calls that are made at the same time
    #[arg(long, default_value_t = 12, value_name = "N", value_parser = clap::value_parser!(u8).range(2..=60))]
    at_once: u8,
    /// Also where the account is no sandbox: orders are made in the books
    #[arg(long)]
    production: bool,
    /// Make them
    #[arg(long)]
    yes: bool,
}

/// What was, or would be, made, and what that showed.
#[derive(Debug, Serialize)]
pub(crate) struct Probed {
    account: String,
    /// Whether anything was made.
    sent: bool,
    /// What the external ids begin with.
    name: String,
    findings: Vec<Finding>,
    deleted: Vec<Record>,
    /// What is there still.
    left: Vec<Record>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_left: Option<String>,
    #[serde(skip)]
    ships: Option<String>,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Probed, Failure> {
    let Arguments { item, at_once, production, yes } = arguments;
    let place = Place::find(options, Purpose::with(yes)).await?;
    let erp = place.config.erp.as_ref().filter(|_| place.flows.contains(&Flow::Erp));
    let erp = erp.ok_or_else(|| Failure::input("this is about the erp flow, which the stack does not have"))?;
    let operator = place.operator(Flow::Erp)?;
    let credentials: Result<Credentials, _> = operator.secret("netsuite").await;
    let credentials = credentials.map_err(|error| Failure::undone("use NetSuite's secret", &error))?;
    let account = credentials.account_id.clone();
    if !account.is_for_trying() && !production {
        let what = format!("account {account} is no sandbox: orders would be made in its books");
        return Err(Failure::input(what).hint("use a sandbox's secret, or --production"));
    }
    let mut nonce = uuid::Uuid::new_v4().simple().to_string();
    nonce.truncate(12);
    let name = format!("relay-probe-{nonce}");
    let (findings, deleted, left) = (Vec::new(), Vec::new(), Vec::new());
    let mut probed =
        Probed { account: account.to_string(), sent: yes, name, findings, deleted, left, why_left: None, ships: item };
    if !yes {
        return Ok(probed);
    }
    let http = netsuite::Http::new(place.config.netsuite.call_timeout);
    let http = http.map_err(|error| Failure::undone("set up HTTP", &error))?;
    let other = Client::new(http, credentials, place.now, rand::random);
    let (netsuite, config) = (place.netsuite().await?, &place.config);
    let detail = json!({"account": probed.account, "name": probed.name});
    place
        .context
        .so_far("records were made in the account", "look there for external ids that begin with relay-probe-");
    let work = Box::pin(async {
        let mut slots = Vec::new();
        for _ in 0..config.netsuite.slots {
            slots.push(netsuite.slot(Instant::now() + PATIENCE).await.map_err(|error| no_slot(&error))?);
        }
        let first = slots.first().ok_or_else(|| Failure::because("netsuite.slots is 0"))?;
        let items = Items::new(place.now);
        let charge = erp.charges.shipping.as_ref().or(erp.charges.discount.as_ref());
        let charge = charge.ok_or_else(|| Failure::because("erp.charges names no item for shipping or discounts"))?;
        let charge = found_item(&items, charge, first).await?;
        let ships = match &probed.ships {
            Some(name) => Some(found_item(&items, name, first).await?),
            None => None,
        };
        let (client, spinner) = (netsuite.client(), progress::spinner(""));
        let made = Made::new(&client);
        let trial = Trial {
            client: &client,
            other: &other,
            made: &made,
            config,
            shop: &erp.shop,
            name: &probed.name,
            charge: &charge,
            ships: ships.as_ref(),
            at_once: at_once.into(),
            spinner: &spinner,
        };
        let found = trial.records().await;
        let concurrency = if found.is_ok() { trial.concurrency().await } else { Vec::new() };
        spinner.set_message("deleting what was made");
        let (deleted, left, why) = made.take_away().await;
        spinner.finish_and_clear();
        for slot in slots {
            slot.end().await;
        }
        match found {
            Ok(found) => Ok((found.into_iter().chain(concurrency).collect::<Vec<_>>(), deleted, left, why)),
            Err(failure) if left.is_empty() => Err(failure.hint("what was made was deleted again")),
            Err(failure) => Err(failure.hint(format!("left in the account: {}", told(&left)))),
        }
    });
    let action = Action { name: "probe netsuite", detail };
    let numbers =
        |(found, _, left, _): &(Vec<Finding>, Vec<Record>, Vec<Record>, _)| json!({"findings": found, "left": left});
    let (findings, deleted, left, why) = noted(&place, &operator.ledger, action, work, numbers).await?;
    probed.why_left = why.map(|error: netsuite::Error| error.to_string());
    (probed.findings, probed.deleted, probed.left) = (findings, deleted, left);
    Ok(probed)
}

/// The item of this name.
async fn found_item(items: &Items, name: &str, netsuite: &erp::account::Slotted<'_>) -> Result<RecordId, Failure> {
    let found = items.find(&BTreeSet::from([name.to_owned()]), netsuite).await;
    let found = found
        .map_err(|_| Failure::because("NetSuite could not be asked for its items").hint("`relay check` says why"))?;
    found.get(name).cloned().ok_or_else(|| Failure::input(format!("the account has no item `{name}`, or several")))
}

fn no_slot(_: &Undelivered) -> Failure {
    Failure::because("the account is called by others: not all of netsuite.slots were free in two minutes")
        .hint("try again when the queue is empty")
}

fn told(records: &[Record]) -> String {
    let each: Vec<String> = records.iter().map(|Record { record_type, id }| format!("{record_type} {id}")).collect();
    each.join(", ")
}

impl Answer for Probed {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let Self { account, name, .. } = self;
        if !self.sent {
            writeln!(
                to,
                "Would make in account {account}: a customer {name}, orders {name}-1 and {name}-2 for it, an item each"
            )?;
            match &self.ships {
                Some(item) => writeln!(to, "  and a fulfilment of one {item}; all of it is deleted again.")?,
                None => writeln!(to, "  all of it is deleted again. Without --item shipped lines are not tried.")?,
            }
            return writeln!(to, "{WARN}nothing was changed; add --yes{WARN:#}");
        }
        writeln!(to, "Tried out in account {account}, under {name}:")?;
        finding::print(&self.findings, to)?;
        if self.left.is_empty() {
            writeln!(to, "deleted again: {}", told(&self.deleted))?;
        } else {
            let why = self.why_left.as_deref().unwrap_or("NetSuite does not say why");
            writeln!(to, "{BAD}left in the account: {}{BAD:#} ({why})", told(&self.left))?;
        }
        if self.is_well() {
            writeln!(to, "{GOOD}what is assumed holds{GOOD:#}")?;
        }
        Ok(())
    }

    fn is_well(&self) -> bool {
        finding::all_hold(&self.findings) && self.left.is_empty()
    }
}
