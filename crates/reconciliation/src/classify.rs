//! How a completed order counts, and what is to be done about it. Pure.

use crate::entry::{DayEntry, Known, Reason, Wanted};
use ledger::{Millis, Repair, State};
use std::time::Duration;

/// How an order counts in the certificate: as it was found, but that what is to be sent for a change at the source is
/// pending and not skipped or rejected any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Confirmed,
    Accepted,
    Pending,
    Skipped(Reason),
    Rejected(Reason),
    Parked,
    Uncertain,
    Missing,
}

impl Class {
    /// Whether it is open still what becomes of the order; where the destination shows none (`shown` is false), it is not after the
    /// destination has said yes.
    pub(crate) fn is_open(self, shown: bool) -> bool {
        match self {
            Self::Confirmed | Self::Skipped(_) | Self::Rejected(_) => false,
            Self::Accepted => shown,
            Self::Pending | Self::Parked | Self::Uncertain | Self::Missing => true,
        }
    }
}

/// What is to be done about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Nothing, now or ever.
    Nothing,
    /// What the producer would do: sent, or recorded as skipped or parked.
    Again,
    /// Reopened, then sent.
    Reopen(Repair),
    /// Missing, and changed since so that it is not sent any more: reopened as it was, then recorded as it is.
    Withdraw,
    /// Parked: it is missing and was reopened as often as is allowed, or may not be sent any more though it has not changed.
    GiveUp,
}

/// What the judgement depends on, beside the order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) now: Millis,
    /// When the reading of the destination began that has come to its end; what was accepted long before it and was not
    /// seen is missing. `None` if nothing was read.
    pub(crate) read_at: Option<Millis>,
    /// The destination shows such records at all.
    pub(crate) shown: bool,
    /// How long after acceptance a delivery may stay unseen.
    pub(crate) missing_after: Duration,
    /// The longest back-off: what was not touched for longer has no message that is waiting for its time.
    pub(crate) patience: Duration,
    /// How often a delivery is reopened.
    pub(crate) repair_limit: u32,
    /// No message is waiting to be received, so that what has no record has no message either.
    pub(crate) idle: bool,
    /// The producer has settled the day: what has no record was lost, not left alone.
    pub(crate) settled: bool,
    /// Why a delivery is parked whose attempts were used up.
    pub(crate) exhausted: Reason,
}

impl Rules {
    /// `supersedes`: the destination takes a newer version over one that it has.
    pub(crate) fn judge(&self, entry: &DayEntry, supersedes: bool) -> (Class, Remedy) {
        let Some(known) = &entry.known else {
            let lost = self.settled && !entry.seen;
            return match entry.wanted {
                Wanted::Sent => (Class::Pending, again(lost && self.idle)),
                Wanted::Skipped(_) | Wanted::Parked(_) => (Class::Pending, again(lost)),
            };
        };
        let newer = entry.revision > known.revision;
        // Nobody has sent what the source asks for now over what the destination has.
        let stale = supersedes && (newer || (entry.revision == known.revision && known.differs));
        if stale && matches!(known.state, State::Accepted | State::Confirmed) {
            match entry.wanted {
                Wanted::Sent => return (Class::Pending, again(self.idle)),
                Wanted::Parked(_) => return (Class::Parked, Remedy::Again),
                // What took effect once is not undone by a rule that says it need not have.
                Wanted::Skipped(_) => {}
            }
        }
        let overdue = known.since.plus(self.patience) <= self.now && self.idle && !entry.seen;
        match known.state {
            State::Confirmed => (Class::Confirmed, Remedy::Nothing),
            State::Accepted => self.accepted(entry, known),
            State::Pending | State::Claimed => (Class::Pending, again(overdue)),
            State::Uncertain => (Class::Uncertain, again(overdue)),
            State::Skipped => match entry.wanted {
                Wanted::Sent => (Class::Pending, again(self.idle)),
                Wanted::Skipped(reason) => (Class::Skipped(reason), again(reason != known.reason)),
                Wanted::Parked(_) => (Class::Skipped(known.reason), again(newer)),
            },
            State::Rejected | State::Parked if newer => self.changed(entry.wanted),
            State::Rejected => (Class::Rejected(known.reason), Remedy::Nothing),
            State::Parked if known.reason == self.exhausted && known.repairs < self.repair_limit => {
                let sent = entry.wanted == Wanted::Sent && (self.read_at.is_some() || !self.shown);
                (Class::Parked, if sent { Remedy::Reopen(Repair::Redrive) } else { Remedy::Nothing })
            }
            State::Parked => (Class::Parked, Remedy::Nothing),
        }
    }

    fn accepted(&self, entry: &DayEntry, known: &Known) -> (Class, Remedy) {
        let old = self.read_at.is_some_and(|at| known.since.plus(self.missing_after) <= at);
        // What was delivered under another store is in that store's account, and stays there.
        if entry.seen || known.elsewhere || !old {
            return (Class::Accepted, Remedy::Nothing);
        }
        let remedy = match entry.wanted {
            _ if known.repairs >= self.repair_limit => Remedy::GiveUp,
            Wanted::Sent => Remedy::Reopen(Repair::Missing),
            Wanted::Skipped(_) | Wanted::Parked(_) if entry.revision > known.revision => Remedy::Withdraw,
            Wanted::Skipped(_) | Wanted::Parked(_) => Remedy::GiveUp,
        };
        (Class::Missing, remedy)
    }

    /// The order has changed since it was rejected or parked.
    fn changed(&self, wanted: Wanted) -> (Class, Remedy) {
        match wanted {
            Wanted::Sent => (Class::Pending, again(self.idle)),
            Wanted::Skipped(reason) => (Class::Skipped(reason), Remedy::Again),
            Wanted::Parked(_) => (Class::Parked, Remedy::Again),
        }
    }
}

fn again(yes: bool) -> Remedy {
    if yes { Remedy::Again } else { Remedy::Nothing }
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
