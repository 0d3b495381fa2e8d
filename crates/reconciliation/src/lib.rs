//! A business day proven: its records at the source, in the ledger and at the destination, and its certificate.
//!
//! Steps that a flow's own recipe calls, in this order: which days are [due](due) (`Reconciliation::tasks`); what the source has of
//! one ([`source`]), as [`entries`](Entries); what the destination shows, which is confirmed ([`reading`]); how each record counts and
//! what is to be done about it ([`classify`]); what is missing or lost sent again ([`repair`]); the [`certificate`], kept and said
//! ([`day`]); all days of a run (`days`). What became of many days is [`history`]. Everything may be done twice, by two runs at a time or one
//! after the other.

mod certificate;
pub mod classify;
mod day;
mod days;
pub mod due;
mod entry;
pub mod history;
mod quiet;
mod reading;
mod repair;
mod source;
mod task;
mod totals;

pub use certificate::{Balances, Certificate, Compared, Destination, SourceCount, Tally};
pub use day::{Judged, Looked};
pub use days::Answer;
pub use entry::{DayEntry, Entries, Known, fingerprint};
pub use reading::{NoAnswer, PageAsked, ROWS, Read, Seen, Shown, read_from};
pub use source::Part;
pub use task::{StoreDay, Task};
pub use totals::{Differing, Totals, Worth};

use chrono::{DateTime, Utc};
use config::{Relay, StoreName, Zone};
use function::Invoked;
use ledger::{Ledger, Millis};
use queue::Queue;
use std::collections::BTreeMap;

/// What a look at a day works with, beside the flow's own clients.
#[derive(Clone, Copy)]
pub struct Reconciliation<'a> {
    /// The configuration.
    pub config: &'a Relay,
    /// The stores in its care, with the zones of their business days.
    pub stores: &'a BTreeMap<StoreName, Zone>,
    /// The flow's ledger.
    pub ledger: &'a Ledger,
    /// Its queue.
    pub queue: &'a Queue,
    /// The invocation.
    pub invoked: &'a Invoked,
}

/// Why a step failed. What is confirmed and sent stays so; the next run goes on.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// A queue could not be used.
    #[error(transparent)]
    Queue(#[from] queue::Unavailable),
    /// A checkpoint, certificate or copy cannot be written as JSON.
    #[error("a checkpoint, certificate or copy cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<&Failed> for function::Kind {
    fn from(error: &Failed) -> Self {
        match error {
            Failed::Ledger(error) => error.into(),
            Failed::Queue(_) => Self::Unavailable,
            Failed::Json(_) => Self::Internal,
        }
    }
}

impl Reconciliation<'_> {
    /// Whether the invocation has so little left that a step is not begun any more.
    pub fn out_of_time(&self) -> bool {
        let stop_before = chrono::TimeDelta::from_std(self.config.protocol.producer_stop_before).unwrap_or_default();
        self.invoked.deadline - self.now() < stop_before
    }

    /// The zone of a store's business days; the org's, of the records that fit no store.
    fn zone(&self, store: &StoreName) -> Zone {
        self.stores.get(store).copied().unwrap_or(self.config.time_zone)
    }

    fn now(&self) -> DateTime<Utc> {
        self.ledger.now()
    }

    fn millis(&self) -> Millis {
        self.now().into()
    }
}
