//! `relay parked`: what waits for a person's decision, and the way out of it.

mod list;
mod release;

use crate::{answer, cli::Options, failure::Failure};
use clap::Subcommand;
use ledger::{DeliveryKey, ErrorClass, Record, decide::MISSING};
use reviews::{
    FLOW,
    item::{DUPLICATE_ORDER_ID, FUTURE_COMPLETION_DATE, NO_COMPLETION_DATE, UNKNOWN_STORE},
    operate::Operator,
};
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

/// What to do about a reason; for one that is not known here, where to look.
fn what_to_do(reason: &str) -> &'static str {
    match reason {
        UNKNOWN_STORE => "add the order's routing value to a store's `routes`, deploy, then release it",
        NO_COMPLETION_DATE => "fill the date in Salesforce: the change sends it, the next night or by release",
        FUTURE_COMPLETION_DATE => {
            "its date is to come: it is sent when that day is over; or correct the date in Salesforce"
        }
        DUPLICATE_ORDER_ID => {
            "another order has its order id: `relay order` shows both; give one another in Salesforce, then release it, or dismiss one"
        }
        MISSING => "Yotpo said yes and shows nothing: ask Yotpo; release sends it again",
        reason if reason == ErrorClass::Exhausted.as_str() => {
            "every attempt failed: mend the cause; the reconciler sends it again, or release does"
        }
        reason if reason == ErrorClass::Conflict.as_str() => "two effects at one revision: look at the order",
        _ => "mend what the reason names, then `relay dlq redrive`; or correct the order in Salesforce",
    }
}
