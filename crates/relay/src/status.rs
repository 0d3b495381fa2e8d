//! `relay status`: how everything stands, and what wants attention.

mod attention;
mod backlog;
mod notes;
mod print;
mod runs;

use crate::{
    deployed::Purpose,
    failure::Failure,
    flow::{Flow, Of},
    machinery,
    options::Options,
    part::Part,
    pause::{self, Lasting},
    place::Place,
    progress,
};
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
    /// What is paused; without it, nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    paused: Vec<Lasting>,
    /// What a person should look at.
    attention: Vec<Attention>,
    /// The last run of each function, by schedule and by hand; those that there were.
    runs: Vec<Run>,
    /// Of the reviews flow.
    stores: Vec<Of<Standing>>,
    backlog: Backlog,
    /// Of the reviews flow's vendors.
    #[serde(skip_serializing_if = "Option::is_none")]
    quotas: Option<Quotas>,
    /// What makes all of it work without anybody.
    machinery: Vec<Part>,
    /// What was changed by hand in the last week, the latest last.
    by_hand: Vec<ByHand>,
}

pub(crate) async fn run(options: &Options, _: &Arguments) -> Result<Status, Failure> {
    let place = Place::find(options, Purpose::Read).await?;
    let spinner = progress::spinner("reading the ledger and the queues");
    let flows = async {
        let (mut runs, mut stores, mut by_hand, mut paused) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut backlog = Backlog { queues: Vec::new(), deliveries: Vec::new() };
        for flow in place.flows.iter().copied() {
            let operator = place.operator(flow)?;
            let standings = async {
                match flow {
                    Flow::Reviews => place.reviews()?.standings().await.map_err(|error| unread(&error)),
                    // Its days are proven as they come: `relay certificate` has them.
                    Flow::Erp | Flow::Loyalty => Ok(Vec::new()),
                }
            };
            let (last, standings, open, notes, lasting) = tokio::join!(
                runs::last(flow, &operator),
                standings,
                backlog::deliveries(flow, &operator),
                notes::of(flow, &operator),
                pause::lasting(flow, &operator)
            );
            runs.extend(last?);
            stores.extend(standings?.into_iter().map(|of| Of { flow, of }));
            backlog.deliveries.extend(open?);
            by_hand.extend(notes?);
            paused.extend(lasting?);
        }
        for (flow, operator) in place.operators()? {
            backlog.queues.push(backlog::queues(flow, &operator).await?);
        }
        Ok((runs, stores, backlog, by_hand, paused))
    };
    // Boxed: everything at once is large.
    let (flows, quotas, machinery) =
        Box::pin(async { tokio::join!(flows, quotas(&place), machinery::look(&place)) }).await;
    spinner.finish_and_clear();
    let (quotas, (runs, stores, backlog, by_hand, paused)) = (quotas?, flows?);
    let machinery = machinery.judged();
    let at = (place.now)();
    let attention = attention::of(&place.flows, &runs, &stores, &backlog, &machinery, at);
    Ok(Status {
        ok: attention.is_empty() && paused.is_empty(),
        at,
        paused,
        attention,
        runs,
        stores,
        backlog,
        quotas,
        machinery,
        by_hand,
    })
}

fn unread(error: &ledger::Error) -> Failure {
    Failure::undone("read the ledger", error)
}

async fn quotas(place: &Place) -> Result<Option<Quotas>, Failure> {
    if !place.flows.contains(&Flow::Reviews) {
        return Ok(None);
    }
    Ok(Some(backlog::quotas(&place.reviews()?).await))
}
