//! `relay pause` and `relay resume`: a flow, or one store of it, calls and sends nothing for now.

use crate::{
    answer::Answer,
    audit::{Action, noted},
    day,
    deployed::Purpose,
    failure::Failure,
    flow::Flow,
    operator::Operator,
    options::Options,
    place::Place,
    text::tick,
};
use chrono::{DateTime, Utc};
use clap::Args;
use config::StoreName;
use serde::Serialize;
use serde_json::json;
use std::io::{self, Write};

pub(crate) const PAUSE: &str = "\
Examples:
  relay pause --flow erp --reason 'wrong prices in NetSuite'
  relay pause --flow loyalty --store default --reason 'the account is being moved'
  relay pause --reason 'stop everything'      every flow of the stack

Functions that are at work end what they have in hand, which takes as long as one run may; none begins anything after that. \
Webhooks are taken in, and wait. What waits is neither given up nor counted as tried, and lasts as long as the pause.";

pub(crate) const RESUME: &str = "\
Examples:
  relay resume --flow erp
  relay resume --flow loyalty --store default

What waits comes within a quarter of an hour; a schedule goes on with its next run.";

/// What `relay pause` takes.
#[derive(Debug, Args)]
#[command(after_help = PAUSE)]
pub(crate) struct Pausing {
    /// One store of the flow
    #[arg(long, value_parser = day::store, requires = "flow")]
    store: Option<StoreName>,
    /// Why: whoever asks later reads it
    #[arg(long, value_name = "WHY")]
    reason: String,
}

/// What `relay resume` takes.
#[derive(Debug, Args)]
#[command(after_help = RESUME)]
pub(crate) struct Resuming {
    /// One store of the flow
    #[arg(long, value_parser = day::store, requires = "flow")]
    store: Option<StoreName>,
}

/// What was paused, or goes on.
#[derive(Debug, Serialize)]
pub(crate) struct Done {
    flows: Vec<Of>,
    paused: bool,
    store: Option<StoreName>,
}

#[derive(Debug, Serialize)]
struct Of {
    flow: Flow,
    /// False where it was so before.
    changed: bool,
}

pub(crate) async fn pause(options: &Options, arguments: Pausing) -> Result<Done, Failure> {
    let Pausing { store, reason } = arguments;
    if reason.trim().is_empty() {
        return Err(Failure::input("`--reason` is empty; whoever finds the pause has to know why"));
    }
    mark(options, store, Some(reason)).await
}

pub(crate) async fn resume(options: &Options, arguments: Resuming) -> Result<Done, Failure> {
    mark(options, arguments.store, None).await
}

async fn mark(options: &Options, store: Option<StoreName>, why: Option<String>) -> Result<Done, Failure> {
    // Whoever has to stop it at once is not kept from it by settings that differ.
    let place = Place::find(options, Purpose::Read).await?;
    let mut flows = Vec::new();
    for flow in place.flows.iter().copied() {
        if let Some(store) = &store {
            let known = place.stores(flow).await?;
            if !known.contains(store) {
                let names: Vec<&str> = known.iter().map(StoreName::as_str).collect();
                return Err(Failure::input(format!("`--store` is `{store}`; there are: {}", names.join(", "))));
            }
        }
        let ledger = place.operator(flow)?.ledger;
        let (name, only) = (if why.is_some() { "pause" } else { "resume" }, store.as_ref().map(StoreName::as_str));
        let action = Action { name, detail: json!({"store": store, "reason": why}) };
        let work = Box::pin(async {
            let marked = match &why {
                Some(why) => ledger.pause(only, &place.who().await?, why).await,
                None => ledger.resume(only).await,
            };
            marked.map_err(|error| Failure::undone("write to the ledger", &error))
        });
        let changed = noted(&place, &ledger, action, work, |changed| json!({ "changed": changed })).await?;
        flows.push(Of { flow, changed });
    }
    Ok(Done { flows, paused: why.is_some(), store })
}

/// A pause that lasts.
#[derive(Debug, Serialize)]
pub(crate) struct Lasting {
    pub(crate) flow: Flow,
    /// The whole flow without it.
    pub(crate) store: Option<String>,
    pub(crate) since: DateTime<Utc>,
    pub(crate) by: String,
    pub(crate) why: String,
}

impl Lasting {
    /// The command that ends it.
    pub(crate) fn resume(&self) -> String {
        let store = self.store.as_ref().map_or_else(String::new, |store| format!(" --store {store}"));
        format!("relay resume --flow {}{store}", self.flow.as_str())
    }
}

/// What is paused of a flow.
pub(crate) async fn lasting(flow: Flow, operator: &Operator) -> Result<Vec<Lasting>, Failure> {
    let pauses = operator.ledger.pauses().await.map_err(|error| Failure::undone("read the ledger", &error))?;
    let of = |(store, pause): (Option<&str>, &ledger::Pause)| Lasting {
        flow,
        store: store.map(str::to_owned),
        since: pause.since.into(),
        by: pause.by.clone(),
        why: pause.why.clone(),
    };
    Ok(pauses.lasting().map(of).collect())
}

/// Refuses what would send or call under a pause of one of these flows: of the flow, or of `store`, or, without one, of any store.
pub(crate) async fn refuse(place: &Place, flows: &[Flow], store: Option<&StoreName>) -> Result<(), Failure> {
    for flow in flows.iter().copied() {
        let lasting = lasting(flow, &place.operator(flow)?).await?;
        let holds = |one: &&Lasting| {
            one.store.as_deref().is_none_or(|paused| store.is_none_or(|store| store.as_str() == paused))
        };
        if let Some(one) = lasting.iter().find(holds) {
            let what = one.store.as_ref().map_or_else(|| "flow".to_owned(), |store| format!("flow's store {store}"));
            let since = one.since.format("%Y-%m-%d %H:%M UTC");
            let said = format!("the {} {what} is paused since {since}: {}", flow.as_str(), one.why);
            return Err(Failure::because(said).hint(format!("`{}` ends the pause", one.resume())));
        }
    }
    Ok(())
}

impl Answer for Done {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let store = self.store.as_ref().map_or_else(String::new, |store| format!(", store {store}"));
        for Of { flow, changed } in &self.flows {
            let said = match (self.paused, changed) {
                (true, true) => "paused; runs that have begun end what they have in hand",
                (true, false) => "was paused before, and stays so for the reason given then",
                (false, true) => "goes on; what waits comes within 15 minutes",
                (false, false) => "was not paused",
            };
            writeln!(to, "{} {}{store}: {said}", tick(true), flow.as_str())?;
        }
        Ok(())
    }
}
