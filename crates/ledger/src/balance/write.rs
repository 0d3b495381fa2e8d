//! A conditional write of a balance as data, run in memory; [`super::translated`] puts it to DynamoDB.

use super::{Balance, BalancePart, CANCELLATION};
use crate::key::Revision;
use std::collections::{BTreeMap, BTreeSet};

/// What must hold of the item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BalanceCondition {
    /// There is none.
    Absent,
    /// It is in this currency.
    CurrencyIs(String),
    /// Its order was not seen cancelled.
    NotCancelled,
    /// So much is left, or more.
    RestAtLeast(i64),
    /// This refund has taken nothing.
    HasNoPart(String),
    /// Fewer refunds have a part than this.
    FewerRefundsThan(usize),
    /// Nobody has written since it was seen.
    VersionIs(i64),
}

/// What changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BalanceChange {
    /// It begins: all is left.
    Open {
        /// The store.
        store: String,
        /// The currency.
        currency: String,
        /// The order's amount.
        amount: i64,
        /// Whose points it changes.
        customer: Option<String>,
    },
    /// It begins with nothing, and is cancelled.
    Close {
        /// The store.
        store: String,
        /// The order's revision.
        seen_at: Revision,
    },
    /// A refund has its part.
    Take {
        /// Which.
        refund: String,
        /// Its part.
        part: BalancePart,
    },
    /// The cancellation has what is left.
    Cancel {
        /// The order's revision.
        seen_at: Revision,
        /// What was left.
        taken: i64,
    },
    /// A refund may take what is left.
    Release {
        /// Which.
        refund: String,
    },
    /// A refund has its part no longer.
    GiveBack {
        /// Which.
        refund: String,
        /// The part.
        part: BalancePart,
    },
}

/// One conditional write of one balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceWrite {
    /// All of them must hold.
    pub conditions: Vec<BalanceCondition>,
    /// What changes then.
    pub change: BalanceChange,
}

impl BalanceWrite {
    /// Runs it against a balance in memory, as the table would; whether its conditions held.
    pub fn run(&self, balance: &mut Option<Balance>) -> bool {
        let holds = self.conditions.iter().all(|condition| holds(condition, balance.as_ref()));
        if holds {
            apply(&self.change, balance);
        }
        holds
    }
}

fn holds(condition: &BalanceCondition, balance: Option<&Balance>) -> bool {
    let of = |test: &dyn Fn(&Balance) -> bool| balance.is_some_and(test);
    match condition {
        BalanceCondition::Absent => balance.is_none(),
        BalanceCondition::CurrencyIs(currency) => of(&|it| it.currency == *currency),
        BalanceCondition::NotCancelled => balance.is_none_or(|it| it.cancelled_at.is_none()),
        BalanceCondition::RestAtLeast(least) => of(&|it| *least <= it.rest),
        BalanceCondition::HasNoPart(refund) => balance.is_none_or(|it| !it.parts.contains_key(refund)),
        BalanceCondition::FewerRefundsThan(most) => of(&|it| it.parts.len() < *most),
        BalanceCondition::VersionIs(version) => of(&|it| it.version == *version),
    }
}

/// The item with which it begins, where it does.
pub(super) fn begun(change: &BalanceChange) -> Option<Balance> {
    let (store, currency, amount, customer, cancelled_at) = match change {
        BalanceChange::Open { store, currency, amount, customer } => {
            (store, currency.as_str(), *amount, customer.clone(), None)
        }
        // Nobody knows in which currency it would have been.
        BalanceChange::Close { store, seen_at } => (store, "", 0, None, Some(*seen_at)),
        _ => return None,
    };
    let part = cancelled_at.map(|_| (CANCELLATION.to_owned(), BalancePart { asked: 0, taken: 0 }));
    Some(Balance {
        store: store.clone(),
        currency: currency.to_owned(),
        customer,
        amount,
        rest: amount,
        parts: BTreeMap::from_iter(part),
        released: BTreeSet::new(),
        cancelled_at,
        version: 1,
    })
}

fn apply(change: &BalanceChange, balance: &mut Option<Balance>) {
    if let Some(begun) = begun(change) {
        *balance = Some(begun);
        return;
    }
    let Some(balance) = balance else { return };
    balance.version += 1;
    match change {
        BalanceChange::Open { .. } | BalanceChange::Close { .. } => {}
        BalanceChange::Take { refund, part } => {
            balance.rest -= part.taken;
            balance.parts.insert(refund.clone(), *part);
        }
        BalanceChange::Cancel { seen_at, taken } => {
            balance.rest -= taken;
            balance.parts.insert(CANCELLATION.to_owned(), BalancePart { asked: *taken, taken: *taken });
            balance.cancelled_at = Some(*seen_at);
        }
        BalanceChange::Release { refund } => {
            balance.released.insert(refund.clone());
        }
        BalanceChange::GiveBack { refund, part } => {
            balance.rest += part.taken;
            balance.parts.remove(refund);
            if refund == CANCELLATION {
                balance.cancelled_at = None;
            }
        }
    }
}
