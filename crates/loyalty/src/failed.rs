//! How a run of the producer fails.

use crate::source::{item::BadRow, publish::Unsent};
use config::{BadDay, BusinessDay};
use org::Unfit;

/// Why a run failed. What is published and recorded stays; the next run goes on from the checkpoints.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The day cannot be run.
    #[error("bad event: {0}")]
    Day(#[from] BadDay),
    /// The day is of before the start.
    #[error(
        "bad event: `business_day` {day} is before `loyalty.start`, {start}: its orders would earn points and mails anew; expected \
         `history` with it, if that is what is wanted"
    )]
    BeforeStart {
        /// The day.
        day: BusinessDay,
        /// The start, in the store where it is first.
        start: BusinessDay,
    },
    /// The org does not fit the configuration.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The source failed.
    #[error(transparent)]
    Salesforce(#[from] salesforce::Error),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// A page could not be published as a whole.
    #[error(transparent)]
    Unsent(#[from] Unsent),
    /// A row cannot be read.
    #[error(transparent)]
    Row(#[from] BadRow),
    /// The checkpoint could not be written.
    #[error("the checkpoint cannot be written: {0}")]
    Checkpoint(#[from] serde_json::Error),
    /// The invocation is nearly over, and a call has not ended.
    #[error("the run did not end before its time was up; the next run goes on")]
    OutOfTime,
}

impl Failed {
    /// Whether the org's quota is used up as far as it is ours.
    pub(crate) fn is_quota(&self) -> bool {
        let error = match self {
            Self::Salesforce(error)
            | Self::Unfit(Unfit::Salesforce(error))
            | Self::Unsent(Unsent::Salesforce(error)) => Some(error),
            _ => None,
        };
        error.is_some_and(salesforce::Error::is_quota)
    }
}
