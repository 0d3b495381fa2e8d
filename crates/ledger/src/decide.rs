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
    /// Nothing was called: another delivery has to be accepted first. Not an attempt.
    Waiting(DeliveryKey, Millis),
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

/// Why a delivery that seemed settled is to be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repair {
    /// A copy is taken out of the dead-letter queue: over rejected and parked.
    Redrive,
    /// It was accepted, and reading the destination back long afterwards does not show it.
    Missing,
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
    /// The destination was read, and shows the effect of this version.
    Confirm {
        /// What was seen there.
        delivery: Delivery,
    },
    /// A copy is about to be sent again. [`Verdict::Recorded`]: send it (whether the record had to be
    /// reopened, or is open anyway, or will have its claim refused); [`Verdict::Held`]: the limit is
    /// reached, leave it where it is. A copy is left alone until the lease of whoever put it into the
    /// dead-letter queue is over.
    Reopen {
        /// What the copy says of itself; for a missing delivery, what the source says now.
        delivery: Delivery,
        /// Why.
        repair: Repair,
        /// How often a delivery may be reopened.
        limit: u32,
    },
    /// A claim met another effect at its own revision ([`Verdict::Conflict`]); the copy is in the
    /// dead-letter queue, and a person decides.
    Conflict {
        /// What the message says of itself.
        delivery: Delivery,
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
    /// The ledger knows another effect at this very revision, and nothing tells which is newer: to the
    /// dead-letter queue, then [`Event::Conflict`].
    Conflict,
}

/// The write that `event` asks for.
pub fn decide(event: &Event, policy: &Policy, now: Millis) -> Write {
    let (key, condition, mut changes) = match event {
        Event::Claim { delivery, token, lease_end } => {
            let mut changes = version(delivery, State::Claimed);
            changes.extend([Change::Claim(token.clone(), *lease_end), Change::CountAttempt, Change::WaitsFor(None)]);
            (&delivery.key, claimable(delivery, policy, now), changes)
        }
        Event::Finish { key, token, outcome, .. } => {
            let mut changes = finished(outcome, policy, now);
            changes.push(Change::LeaseOver);
            let holder = Condition::All(vec![Condition::StateIn(&[State::Claimed]), Condition::TokenIs(token.clone())]);
            (key, holder, changes)
        }
        Event::Settle { delivery, settled } => {
            let (state, reason, open) = match settled {
                Settled::Skipped(reason) => (State::Skipped, reason, Change::Closed),
                Settled::Rejected(reason) => (State::Rejected, reason, Change::OpenSince(now)),
                Settled::Parked(reason) => (State::Parked, reason, Change::OpenSince(now)),
            };
            let mut changes = version(delivery, state);
            changes.extend([Change::Reason(Some(reason.clone())), open]);
            (&delivery.key, settleable(delivery.revision, state, policy, now), changes)
        }
        Event::Confirm { delivery } => {
            let mut changes = version(delivery, State::Confirmed);
            changes.extend([Change::Reason(None), Change::Closed]);
            (&delivery.key, Condition::Any(vec![Condition::Absent, current(delivery, policy)]), changes)
        }
        Event::Reopen { delivery, repair, limit } => {
            let from: &[State] = match repair {
                Repair::Redrive => &[State::Rejected, State::Parked],
                Repair::Missing => &[State::Accepted],
            };
            let mut changes = version(delivery, State::Pending);
            changes.extend([Change::CountRepair, Change::OpenSince(now)]);
            let condition = Condition::All(vec![
                current(delivery, policy),
                Condition::StateIn(from),
                Condition::RepairsBelow(*limit),
            ]);
            (&delivery.key, condition, changes)
        }
        Event::Conflict { delivery } => {
            let mut changes = vec![Change::KeepVersion];
            changes.extend(version(delivery, State::Parked));
            let reason = ErrorClass::Conflict.as_str().to_owned();
            changes.extend([Change::Reason(Some(reason)), Change::OpenSince(now)]);
            (&delivery.key, conflicting(delivery), changes)
        }
    };
    changes.push(Change::Written(now, now.plus(RECORD_LIFE).0 / 1000));
    Write { key: key.clone(), condition, changes }
}

/// What the answer to `event`'s write means.
pub fn conclude(event: &Event, policy: &Policy, attempt: &Attempt, now: Millis) -> Verdict {
    let record = match attempt {
        Attempt::Applied(before) => {
            let Event::Claim { .. } = event else { return Verdict::Recorded };
            return Verdict::Call {
                attempt: before.as_ref().map_or(0, |r| r.attempts) + 1,
                read_back_first: policy.repeat == Repeat::ReadBack && before.as_ref().is_some_and(may_have_called),
            };
        }
        Attempt::Refused(record) => record,
    };
    let Some(record) = record else {
        // Only the finish of a claim and a repair need a record: it vanished under the holder, and of what
        // a copy speaks nothing is known, so that the copy is sent.
        return if matches!(event, Event::Reopen { .. }) { Verdict::Recorded } else { Verdict::Held(now) };
    };
    match event {
        Event::Claim { delivery, token, .. } => refused_claim(delivery, token, record, policy),
        // Our own write, sent again by the SDK after its answer was lost.
        Event::Finish { token, .. } if record.token.as_ref() == Some(token) && record.state != State::Claimed => {
            Verdict::Recorded
        }
        // A read-back saw the effect before we could say so.
        Event::Finish { revision, .. } if record.state == State::Confirmed && record.revision >= *revision => {
            Verdict::Recorded
        }
        // A claim that lapsed and was taken by somebody else.
        Event::Finish { .. } | Event::Conflict { .. } => Verdict::Held(free_at(record, policy)),
        Event::Settle { delivery, .. } => match record.state {
            _ if record.revision > delivery.revision => Verdict::Superseded,
            State::Claimed | State::Uncertain => Verdict::Held(free_at(record, policy)),
            _ => Verdict::Done,
        },
        Event::Confirm { .. } => Verdict::Superseded,
        Event::Reopen { delivery, repair, .. } => refused_copy(delivery, *repair, record, policy),
    }
}

/// The state and the version that a message brings.
fn version(delivery: &Delivery, state: State) -> Vec<Change> {
    vec![
        Change::State(state),
        Change::Version(delivery.revision, delivery.hash.clone(), delivery.triggered_at),
        Change::Place(delivery.store.clone(), delivery.day.clone()),
    ]
}

/// The message's version is newer than the record's: by revision, or within one by the vendor's trigger time.
fn newer(delivery: &Delivery, policy: &Policy) -> Condition {
    let revision = Condition::RevisionBelow(delivery.revision);
    match delivery.triggered_at {
        Some(at) if policy.supersedes => Condition::Any(vec![
            revision,
            Condition::All(vec![Condition::RevisionIs(delivery.revision), Condition::TriggerBelow(at)]),
        ]),
        _ => revision,
    }
}

/// The message's version is the record's, or newer.
fn current(delivery: &Delivery, policy: &Policy) -> Condition {
    if !policy.supersedes {
        return Condition::RevisionAtMost(delivery.revision);
    }
    let same = Condition::All(vec![Condition::RevisionIs(delivery.revision), Condition::HashIs(delivery.hash.clone())]);
    Condition::Any(vec![newer(delivery, policy), same])
}

/// When a claim succeeds.
fn claimable(delivery: &Delivery, policy: &Policy, now: Millis) -> Condition {
    use Condition::{Absent, All, Any, StateIn};
    let reopened: &[State] = if policy.supersedes {
        &[State::Rejected, State::Parked, State::Accepted, State::Confirmed]
    } else {
        &[State::Rejected, State::Parked]
    };
    let open = Any(vec![
        All(vec![
            current(delivery, policy),
            StateIn(&[State::Pending, State::Skipped, State::Uncertain, State::Claimed]),
        ]),
        All(vec![newer(delivery, policy), StateIn(reopened)]),
    ]);
    let mut free = quiet(policy, now);
    free.push(open);
    Any(vec![Absent, All(free)])
}

/// When a skip, rejection or parking by rule may be recorded: never while a call may still land.
fn settleable(revision: Revision, state: State, policy: &Policy, now: Millis) -> Condition {
    use Condition::{Absent, All, Any, RevisionAtMost, RevisionBelow, StateIn};
    let over: &[State] = if policy.supersedes && state != State::Skipped {
        &[State::Pending, State::Rejected, State::Parked, State::Accepted, State::Confirmed]
    } else {
        &[State::Pending, State::Rejected, State::Parked]
    };
    let mut abandoned = quiet(policy, now);
    abandoned.extend([RevisionBelow(revision), StateIn(&[State::Claimed, State::Uncertain])]);
    Any(vec![
        Absent,
        All(vec![RevisionAtMost(revision), StateIn(&[State::Skipped])]),
        All(vec![RevisionBelow(revision), StateIn(over)]),
        All(abandoned),
    ])
}

/// Nobody is calling, and no call of before can take effect any more.
fn quiet(policy: &Policy, now: Millis) -> Vec<Condition> {
    let lapsed = now.minus(policy.clock_skew).minus(policy.settle);
    vec![Condition::EmbargoOver(now), Condition::LeaseEndedBy(lapsed)]
}

/// When a message is parked for the other effect that the ledger knows at its revision; asked again, it
/// would forget which one that was. A lease and an embargo stay in force.
fn conflicting(delivery: &Delivery) -> Condition {
    Condition::All(vec![Condition::RevisionIs(delivery.revision), Condition::HashIsNot(delivery.hash.clone())])
}

/// The embargo until `at`, by the clock of whoever reads it; none if it is over.
fn embargo(at: Millis, policy: &Policy, now: Millis) -> Change {
    Change::NotBefore((at > now).then(|| at.plus(policy.clock_skew)))
}

fn finished(outcome: &Outcome, policy: &Policy, now: Millis) -> Vec<Change> {
    let open = |state, reason: &str| {
        vec![Change::State(state), Change::Reason(Some(reason.to_owned())), Change::OpenSince(now)]
    };
    let mut changes = match outcome {
        Outcome::Accepted => {
            vec![Change::State(State::Accepted), Change::AcceptedAt(now), Change::Reason(None), Change::Closed]
        }
        Outcome::Pending(class, _) => open(State::Pending, class.as_str()),
        Outcome::Uncertain(_) => open(State::Uncertain, ErrorClass::Uncertain.as_str()),
        Outcome::Rejected(reason) => open(State::Rejected, reason),
        Outcome::Parked(reason) => open(State::Parked, reason),
        Outcome::Waiting(..) => open(State::Pending, "waits_for"),
    };
    changes.push(match outcome {
        Outcome::Accepted | Outcome::Rejected(_) => Change::NotBefore(None),
        Outcome::Pending(_, at) | Outcome::Uncertain(at) | Outcome::Waiting(_, at) => embargo(*at, policy, now),
        // What was tried last may have been a call that nobody answered.
        Outcome::Parked(_) => embargo(now.plus(policy.settle), policy, now),
    });
    if let Outcome::Waiting(on, _) = outcome {
        changes.extend([Change::WaitsFor(Some(on.clone())), Change::UncountAttempt]);
    }
    changes
}

/// Whether a call may have taken effect that the ledger has no yes for.
fn may_have_called(record: &Record) -> bool {
    record.attempts > 0 && !matches!(record.state, State::Accepted | State::Confirmed)
}

/// When lease and embargo of a record are over, by any clock.
fn free_at(record: &Record, policy: &Policy) -> Millis {
    let lapse = record.lease_end.map(|end| policy.lapses_at(end));
    lapse.max(record.not_before).unwrap_or(record.updated_at)
}

/// Whether a message's version is older than the record's.
fn outdated(delivery: &Delivery, record: &Record, policy: &Policy) -> bool {
    let earlier_trigger = record.triggered_at.zip(delivery.triggered_at).is_some_and(|(known, ours)| known > ours);
    record.revision > delivery.revision
        || (policy.supersedes && record.revision == delivery.revision && earlier_trigger)
}

fn refused_claim(delivery: &Delivery, token: &Token, record: &Record, policy: &Policy) -> Verdict {
    if record.token.as_ref() == Some(token) && record.state == State::Claimed {
        // Our own claim, sent again by the SDK after its answer was lost: what it was claimed over is
        // not known any more, so the careful path is taken.
        return Verdict::Call { attempt: record.attempts, read_back_first: policy.repeat == Repeat::ReadBack };
    }
    let accepted = matches!(record.state, State::Accepted | State::Confirmed);
    if outdated(delivery, record, policy) {
        return if accepted { Verdict::Done } else { Verdict::Superseded };
    }
    let closed = accepted || matches!(record.state, State::Rejected | State::Parked);
    let same = record.revision == delivery.revision && (!policy.supersedes || record.hash == delivery.hash);
    let earlier = record.earlier.as_ref().is_some_and(|(r, h)| (*r, h) == (delivery.revision, &delivery.hash));
    if (accepted && !policy.supersedes) || (closed && same) || (policy.supersedes && !same && earlier) {
        return Verdict::Done;
    }
    let rival = record.revision == delivery.revision && !same;
    let later = record.triggered_at.zip(delivery.triggered_at).is_some_and(|(known, ours)| known < ours);
    if rival && !later {
        return Verdict::Conflict;
    }
    Verdict::Held(free_at(record, policy))
}

/// A copy is sent unless its version was reopened often enough.
fn refused_copy(delivery: &Delivery, repair: Repair, record: &Record, policy: &Policy) -> Verdict {
    let same = record.revision == delivery.revision && (!policy.supersedes || record.hash == delivery.hash);
    match (repair, record.state) {
        (Repair::Redrive, State::Rejected | State::Parked) if same => Verdict::Held(free_at(record, policy)),
        (Repair::Missing, State::Accepted) => Verdict::Held(free_at(record, policy)),
        _ => Verdict::Recorded,
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
