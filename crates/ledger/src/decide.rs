//! The delivery protocol: which conditional write an event asks for, and what the answer means.
//!
//! Pure: no I/O, no clock, no randomness. The shell, the model and the simulation run these two functions.
//! [`decide`] is called without having read anything; the database's answer, which always carries the
//! record as it was, goes to [`conclude`].

use crate::{
    class::ErrorClass,
    key::{Delivery, DeliveryKey, Revision, Token},
    record::{Millis, Record, State},
    write::{Attempt, Change, Condition, Write},
};
use std::time::Duration;

/// How long a record lives after its last write: longer than the dead-letter queue's retention, the
/// look-back and the longest replay together (a test over the template asserts it).
pub const RECORD_LIFE: Duration = Duration::from_hours(400 * 24);

/// Whether a call whose outcome is unknown may simply be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// The destination ignores a repeated key, or upserts by it.
    Harmless,
    /// It would take effect twice: the destination must be read before the next call.
    ReadBack,
}

/// What the protocol must know of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// Whether a call of unknown outcome may be repeated.
    pub repeat: Repeat,
    /// Whether a newer revision takes effect over an accepted one (upsert), or never (create only).
    pub supersedes: bool,
    /// How long a call that was given up on may still take effect.
    pub settle: Duration,
    /// The bound on the difference of two machines' clocks.
    pub clock_skew: Duration,
}

impl Policy {
    /// When a lease that ends at `lease_end` may be claimed over: skew and settle time later.
    pub fn lapses_at(&self, lease_end: Millis) -> Millis {
        lease_end.plus(self.clock_skew).plus(self.settle)
    }
}

/// How a claim ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The vendor said yes.
    Accepted,
    /// Certainly without effect, or harmless to repeat: try again, not before this instant.
    Pending(ErrorClass, Millis),
    /// Perhaps with effect, and not safe to repeat: read back first, not before this instant.
    Uncertain(Millis),
    /// Refused for good.
    Rejected(String),
    /// Needs a person's decision.
    Parked(String),
}

/// What is settled without a call, by rule, where the message would be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Never sent, for this reason.
    Skipped(String),
    /// Cannot be sent: the record itself is at fault.
    Rejected(String),
    /// Needs a person's decision.
    Parked(String),
}

/// Something that happens to a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A worker takes a message, until the end of its lease.
    Claim {
        /// What the message says of itself.
        delivery: Delivery,
        /// The claim's own token.
        token: Token,
        /// The invocation's deadline.
        lease_end: Millis,
    },
    /// The holder of a claim says how it ended.
    Finish {
        /// Which delivery.
        key: DeliveryKey,
        /// The revision that was claimed.
        revision: Revision,
        /// The claim's token.
        token: Token,
        /// How it ended.
        outcome: Outcome,
    },
    /// The producer records what will not be sent.
    Settle {
        /// Which delivery, at which revision.
        delivery: Delivery,
        /// Why not.
        settled: Settled,
    },
}

/// What the database's answer means for whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The claim is held: make the call. `attempt` counts from 1. With `read_back_first`, an earlier call
    /// may have taken effect: read the destination before calling.
    Call {
        /// Which attempt this is.
        attempt: u32,
        /// Whether the destination must be read before the call.
        read_back_first: bool,
    },
    /// The write is in the ledger.
    Recorded,
    /// This revision, or a newer one, is settled: nothing is left to do.
    Done,
    /// The ledger knows a newer revision: this message is out of date.
    Superseded,
    /// Somebody else has the claim, or a call may still land: not before this instant.
    Held(Millis),
}

/// The write that `event` asks for.
pub fn decide(event: &Event, policy: &Policy, now: Millis) -> Write {
    let written = Change::Written(now, now.plus(RECORD_LIFE).0 / 1000);
    match event {
        Event::Claim { delivery, token, lease_end } => Write {
            key: delivery.key.clone(),
            condition: claimable(delivery.revision, policy, now),
            changes: vec![
                Change::State(State::Claimed),
                Change::Version(delivery.revision, delivery.hash.clone()),
                Change::Place(delivery.store.clone(), delivery.day.clone()),
                Change::Claim(token.clone(), *lease_end),
                Change::CountAttempt,
                written,
            ],
        },
        Event::Finish { key, token, outcome, .. } => {
            let mut changes = finished(outcome, now);
            changes.push(written);
            Write {
                key: key.clone(),
                condition: Condition::All(vec![
                    Condition::StateIn(&[State::Claimed]),
                    Condition::TokenIs(token.clone()),
                ]),
                changes,
            }
        }
        Event::Settle { delivery, settled } => {
            let (state, reason, open) = match settled {
                Settled::Skipped(reason) => (State::Skipped, reason, Change::Closed),
                Settled::Rejected(reason) => (State::Rejected, reason, Change::OpenSince(now)),
                Settled::Parked(reason) => (State::Parked, reason, Change::OpenSince(now)),
            };
            Write {
                key: delivery.key.clone(),
                condition: settleable(delivery.revision, now),
                changes: vec![
                    Change::State(state),
                    Change::Version(delivery.revision, delivery.hash.clone()),
                    Change::Place(delivery.store.clone(), delivery.day.clone()),
                    Change::Reason(Some(reason.clone())),
                    open,
                    written,
                ],
            }
        }
    }
}

/// What the answer to `event`'s write means.
pub fn conclude(event: &Event, policy: &Policy, attempt: &Attempt, now: Millis) -> Verdict {
    match (event, attempt) {
        (Event::Claim { .. }, Attempt::Applied(before)) => Verdict::Call {
            attempt: before.as_ref().map_or(0, |r| r.attempts) + 1,
            read_back_first: policy.repeat == Repeat::ReadBack
                && before.as_ref().is_some_and(|r| matches!(r.state, State::Claimed | State::Uncertain)),
        },
        (Event::Claim { delivery, token, .. }, Attempt::Refused(Some(record))) => {
            refused_claim(delivery, token, record, policy)
        }
        (Event::Finish { token, .. }, Attempt::Refused(Some(record)))
            if record.token.as_ref() == Some(token) && record.state != State::Claimed =>
        {
            // Our own write, sent again by the SDK after its answer was lost.
            Verdict::Recorded
        }
        (Event::Finish { revision, .. }, Attempt::Refused(Some(record)))
            if record.state == State::Confirmed && record.revision >= *revision =>
        {
            // A read-back saw the effect before we could say so.
            Verdict::Recorded
        }
        (Event::Settle { delivery, .. }, Attempt::Refused(Some(record))) => {
            if record.revision > delivery.revision {
                Verdict::Superseded
            } else {
                Verdict::Done
            }
        }
        (Event::Finish { .. } | Event::Settle { .. }, Attempt::Applied(_)) => Verdict::Recorded,
        // A claim that lapsed and was taken by somebody else (or a record that vanished under us).
        (_, Attempt::Refused(record)) => {
            Verdict::Held(record.as_ref().and_then(|r| r.lease_end).map_or(now, |end| policy.lapses_at(end)))
        }
    }
}

/// When a claim at `revision` succeeds.
fn claimable(revision: Revision, policy: &Policy, now: Millis) -> Condition {
    use Condition::{Absent, All, Any, EmbargoOver, ExpiredAt, LeaseEndedBy, RevisionAtMost, RevisionBelow, StateIn};
    let lapsed = now.minus(policy.clock_skew).minus(policy.settle);
    let reopened: &[State] = if policy.supersedes {
        &[State::Rejected, State::Parked, State::Accepted, State::Confirmed]
    } else {
        &[State::Rejected, State::Parked]
    };
    let open = Any(vec![
        All(vec![RevisionAtMost(revision), StateIn(&[State::Pending, State::Skipped, State::Uncertain])]),
        All(vec![RevisionAtMost(revision), StateIn(&[State::Claimed]), LeaseEndedBy(lapsed)]),
        All(vec![RevisionBelow(revision), StateIn(reopened)]),
    ]);
    Any(vec![Absent, ExpiredAt(now.0 / 1000), All(vec![EmbargoOver(now), open])])
}

/// When a skip, rejection or parking by rule may be recorded: never over what may have taken effect.
fn settleable(revision: Revision, now: Millis) -> Condition {
    use Condition::{Absent, All, Any, ExpiredAt, RevisionAtMost, RevisionBelow, StateIn};
    Any(vec![
        Absent,
        ExpiredAt(now.0 / 1000),
        All(vec![RevisionAtMost(revision), StateIn(&[State::Skipped])]),
        All(vec![RevisionBelow(revision), StateIn(&[State::Pending, State::Rejected, State::Parked])]),
    ])
}

fn finished(outcome: &Outcome, now: Millis) -> Vec<Change> {
    match outcome {
        Outcome::Accepted => vec![
            Change::State(State::Accepted),
            Change::AcceptedAt(now),
            Change::Reason(None),
            Change::NotBefore(None),
            Change::Closed,
        ],
        Outcome::Pending(class, not_before) => vec![
            Change::State(State::Pending),
            Change::Reason(Some(class.as_str().to_owned())),
            Change::NotBefore(Some(*not_before)),
            Change::OpenSince(now),
        ],
        Outcome::Uncertain(not_before) => vec![
            Change::State(State::Uncertain),
            Change::Reason(Some(ErrorClass::Uncertain.as_str().to_owned())),
            Change::NotBefore(Some(*not_before)),
            Change::OpenSince(now),
        ],
        Outcome::Rejected(reason) => {
            vec![Change::State(State::Rejected), Change::Reason(Some(reason.clone())), Change::OpenSince(now)]
        }
        Outcome::Parked(reason) => {
            vec![Change::State(State::Parked), Change::Reason(Some(reason.clone())), Change::OpenSince(now)]
        }
    }
}

fn refused_claim(delivery: &Delivery, token: &Token, record: &Record, policy: &Policy) -> Verdict {
    if record.token.as_ref() == Some(token) && record.state == State::Claimed {
        // Our own claim, sent again by the SDK after its answer was lost: what it was claimed over is
        // not known any more, so the careful path is taken.
        return Verdict::Call { attempt: record.attempts, read_back_first: policy.repeat == Repeat::ReadBack };
    }
    let settled = matches!(record.state, State::Accepted | State::Confirmed);
    if record.revision > delivery.revision {
        return if settled { Verdict::Done } else { Verdict::Superseded };
    }
    match record.state {
        State::Accepted | State::Confirmed if !policy.supersedes => Verdict::Done,
        State::Accepted | State::Confirmed | State::Rejected | State::Parked
            if record.revision == delivery.revision =>
        {
            Verdict::Done
        }
        State::Claimed => Verdict::Held(record.lease_end.map_or(record.updated_at, |end| policy.lapses_at(end))),
        _ => Verdict::Held(record.not_before.unwrap_or(record.updated_at)),
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
