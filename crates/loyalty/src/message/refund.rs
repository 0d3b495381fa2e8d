//! What is asked for of a return, a cancellation, or a lifecycle event.

use crate::money::MinorAmount;
use chrono::{DateTime, Utc};
use ledger::Revision;
use salesforce::Id;
use serde::{Deserialize, Serialize};

/// A return of a part of an order, or of all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnAsked {
    /// The order.
    pub order: Id,
    /// The return's own id.
    pub refund: String,
    /// What is given back: more than nothing.
    pub amount: MinorAmount,
    /// What the order was worth, where it was completed before the start and Yotpo has it by an import: it counts as accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<MinorAmount>,
}

/// A cancellation: it takes what is left of the order, whatever that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancellationAsked {
    /// The order.
    pub order: Id,
    /// The order's revision at which it was seen cancelled: what is completed again later is another matter than what was late.
    pub seen_at: Revision,
    /// As of a return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<MinorAmount>,
}

/// A lifecycle event of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionAsked {
    /// The word in `[loyalty.actions.<word>]`.
    pub word: String,
    /// The record of the org.
    pub record: Id,
    /// The customer's record, whose delivery comes first.
    pub contact: Id,
    /// The customer's id at Yotpo.
    pub customer_id: String,
    /// The customer's address.
    pub email: String,
    /// When it happened.
    pub at: DateTime<Utc>,
}
