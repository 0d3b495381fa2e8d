//! What an order has given back, and can still give back: the one thing that several deliveries share.
//!
//! Fixed before the order's first call, and taken from by each refund before its own: so refunds never exceed their order, whichever
//! comes first, and however often. Pure, as the delivery protocol is: [`decide`] says which conditional write an event asks for, by what
//! was last seen of the item, or what is to be said. [`item`] is the shell.

mod decide;
mod item;
mod translated;
mod write;

pub use decide::{BalanceEvent, BalanceVerdict, MOST_REFUNDS, Next, SeenBalance, decide};
pub use write::{BalanceChange, BalanceCondition, BalanceWrite};

use crate::key::Revision;
use std::collections::{BTreeMap, BTreeSet};

/// What stands for a refund's id where a cancellation took what was left.
pub const CANCELLATION: &str = "cancel";

/// An order's balance, in minor units of its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The store that the order was first sent to.
    pub store: String,
    /// The order's currency.
    pub currency: String,
    /// Whose points it changes, by the id at the destination; nobody's: a guest's, or that of an order which was never to be sent.
    pub customer: Option<String>,
    /// What it was worth.
    pub amount: i64,
    /// What is left of it: never below zero, never over the amount.
    pub rest: i64,
    /// What each refund took, by its id.
    pub parts: BTreeMap<String, BalancePart>,
    /// Refunds that a person lets through though they ask for more than is left.
    pub released: BTreeSet<String>,
    /// The order's revision at which it was seen cancelled.
    pub cancelled_at: Option<Revision>,
    /// Grows by one with every write.
    pub version: i64,
}

/// A refund's part of its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalancePart {
    /// What it asked for.
    pub asked: i64,
    /// What it took: no more than that.
    pub taken: i64,
}

impl Balance {
    /// Whether the order was cancelled before anybody had begun to send it: there is nothing to give back, and nothing to send.
    pub fn is_closed(&self) -> bool {
        self.cancelled_at.is_some() && self.currency.is_empty()
    }

    /// What all refunds took together.
    pub fn taken(&self) -> i64 {
        self.parts.values().map(|part| part.taken).sum()
    }

    /// By how much the refunds exceed the order, were this one among them.
    fn excess(&self, asked: i64) -> i64 {
        let all: i64 = self.parts.values().map(|part| part.asked).sum();
        (all + asked).saturating_sub(self.amount)
    }

    /// Amounts that were divided and rounded apart may add up to a unit too much for each refund.
    fn is_rounding(&self, asked: i64) -> bool {
        let refunds = i64::try_from(self.parts.len()).unwrap_or(i64::MAX).saturating_add(1);
        self.excess(asked) <= refunds
    }
}

#[cfg(test)]
mod tests;
