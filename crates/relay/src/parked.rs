//! `relay parked`: what waits for a person's decision, and the way out of it.

mod list;
mod release;

use crate::{answer, cli::Options, failure::Failure};
use clap::Subcommand;
use ledger::{DeliveryKey, Record};
use reviews::{FLOW, operate::Operator};
use std::process::ExitCode;

/// What can be done with what waits for a person.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What waits, why, and what to do about it
    List(list::Arguments),
    /// Makes orders anew from Salesforce and sends them
    Release(release::Arguments),
}

impl Command {
    pub(crate) async fn run(self, at: &Options) -> ExitCode {
        match self {
            Self::List(arguments) => answer::tell(list::run(at, arguments).await, at),
            Self::Release(arguments) => answer::tell(release::run(at, arguments).await, at),
        }
    }
}

/// What the ledger has as open, the oldest first.
async fn open(operator: &Operator) -> Result<Vec<(DeliveryKey, Record)>, Failure> {
    operator.ledger.open_records(FLOW).await.map_err(|error| Failure::undone("read the ledger", &error))
}

/// Why a delivery is where it is.
fn reason(record: &Record) -> &str {
    record.reason.as_deref().unwrap_or("unknown")
}
