//! `relay status`: how everything stands, and what wants attention.

mod attention;
mod backlog;
mod notes;
mod print;
mod runs;

use crate::{deployed::Purpose, failure::Failure, machinery, options::Options, part::Part, place::Place, progress};
use attention::Attention;
use backlog::{Backlog, Quotas};
use chrono::{DateTime, Utc};
use clap::Args;
use notes::ByHand;
use reviews::standing::Standing;
use runs::Run;
use serde::Serialize;

const EXAMPLES: &str = "\
Examples:
  relay status                           every morning
  relay status --json | jq .attention

It writes nothing. If Salesforce does not answer, its line says so and the rest is shown.

Exit code 1: something wants attention; each such line says which command goes on from there.";

/// What `relay status` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {}

/// How everything stands.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    /// Nothing wants attention.
    ok: bool,
    at: DateTime<Utc>,
    /// What a person should look at.
    attention: Vec<Attention>,
    /// The last run of each function, by schedule and by hand; those that there were.
    runs: Vec<Run>,
    stores: Vec<Standing>,
    backlog: Backlog,
    quotas: Quotas,
    /// What makes all of it work without anybody.
    machinery: Vec<Part>,
    /// What was changed by hand in the last week, the latest last.
    by_hand: Vec<ByHand>,
}

pub(crate) async fn run(options: &Options, _: &Arguments) -> Result<Status, Failure> {
    let place = Place::find(options, Purpose::Read).await?;
    let operator = place.operator()?;
    let spinner = progress::spinner("reading the ledger and the queues");
    // Boxed: everything at once is large.
    let (runs, stores, backlog, quotas, machinery, by_hand) = Box::pin(async {
        tokio::join!(
            runs::last(&operator),
            operator.standings(),
            backlog::of(&operator),
            backlog::quotas(&operator),
            machinery::look(&place),
            notes::of(&operator)
        )
    })
    .await;
    spinner.finish_and_clear();
    let (runs, backlog, by_hand) = (runs?, backlog?, by_hand?);
    let stores = stores.map_err(|error| Failure::undone("read the ledger", &error))?;
    let machinery = machinery.judged();
    let at = (place.now)();
    let attention = attention::of(&runs, &stores, &backlog, &machinery, at);
    Ok(Status { ok: attention.is_empty(), at, attention, runs, stores, backlog, quotas, machinery, by_hand })
}
