//! The delivery protocol: which conditional write an event asks for.
//!
//! Pure: no I/O, no clock, no randomness. The shell, the model and the simulation run these two functions.
//! [`decide`] is called without having read anything; the database's answer, which always carries the
//! record as it was, goes to [`conclude`].

use crate::{
    class::ErrorClass,
    key::{Delivery, DeliveryKey, Revision, Token},
    millis::Millis,
    record::State,
    write::{Change, Condition, Write},
};
pub use crate::{
    conclude::conclude,
    event::{Event, Outcome, Policy, Repair, Repeat, Settled, Verdict},
};
use std::time::Duration;

/// How long a record lives after its last write: longer than the dead-letter queue's retention, the
/// look-back and the longest replay together (a test over the template asserts it).
pub const RECORD_LIFE: Duration = Duration::from_hours(400 * 24);

/// Why a delivery is parked that was accepted again and again and never arrived.
pub const MISSING: &str = "missing";

/// Why a delivery is pending, or parked, that needs another one to be accepted first.
pub const WAITS_FOR: &str = "waits_for";

/// What the reason of a rejection begins with that a person decided.
pub const DISMISSED: &str = "dismissed: ";

/// The write that `event` asks for.
pub fn decide(event: &Event, policy: &Policy, now: Millis) -> Write {
    let (key, condition, mut changes) = match event {
        Event::Claim { delivery, token, lease_end } => {
            (&delivery.key, claimable(delivery, policy, now), claimed(delivery, token, *lease_end, policy))
        }
        Event::Ensure { delivery, needed_by, token, lease_end } => {
            (&delivery.key, ensurable(delivery, needed_by, policy, now), claimed(delivery, token, *lease_end, policy))
        }
        Event::Finish { key, token, outcome, applied, .. } => {
            let mut changes = finished(outcome, policy, now);
            changes.push(Change::LeaseOver);
            if policy.supersedes && applied.is_some() {
                changes.push(Change::Applied(applied.clone()));
            }
            let holder = Condition::All(vec![Condition::StateIn(&[State::Claimed]), Condition::TokenIs(token.clone())]);
            (key, holder, changes)
        }
        Event::Settle { delivery, settled } => {
            let (state, reason, open) = match settled {
                Settled::Skipped(reason) => (State::Skipped, reason.clone(), Change::Closed),
                Settled::Rejected(reason) => (State::Rejected, reason.clone(), Change::OpenSince(now)),
                Settled::Parked(reason) | Settled::GaveWay(reason) => {
                    (State::Parked, reason.clone(), Change::OpenSince(now))
                }
                Settled::Dismissed(reason) => (State::Rejected, format!("{DISMISSED}{reason}"), Change::OpenSince(now)),
            };
            let condition = match settled {
                Settled::Dismissed(_) => dismissable(delivery, policy),
                Settled::GaveWay(_) => untried(delivery, policy),
                Settled::Skipped(_) if policy.supersedes => skippable(delivery.revision),
                _ => settleable(delivery.revision, policy, now),
            };
            let mut changes = version(delivery, state);
            changes.extend([Change::Reason(Some(reason)), open]);
            (&delivery.key, condition, changes)
        }
        Event::Confirm { delivery } => {
            let mut changes = version(delivery, State::Confirmed);
            changes.extend([Change::Reason(None), Change::Closed]);
            if policy.supersedes {
                changes.extend([Change::Applied(Some(delivery.hash.clone())), Change::AcceptedAt(Some(now))]);
            }
            (&delivery.key, Condition::Any(vec![Condition::Absent, current(delivery, policy)]), changes)
        }
        Event::Reopen { delivery, repair, limit } => {
            let from: &[State] = match repair {
                Repair::Redrive => &[State::Rejected, State::Parked],
                Repair::Missing => &[State::Accepted],
            };
            let mut changes = version(delivery, State::Pending);
            // What it waits for, and whoever looks after it, has time again.
            changes.extend([Change::CountRepair, Change::OpenAnew(now)]);
            if policy.supersedes && *repair == Repair::Missing {
                changes.extend([Change::Applied(None), Change::AcceptedAt(None)]);
            }
            let condition = Condition::All(vec![
                current(delivery, policy),
                Condition::StateIn(from),
                Condition::RepairsBelow(*limit),
            ]);
            (&delivery.key, condition, changes)
        }
        Event::GiveUp { delivery, reason } => {
            let mut changes = version(delivery, State::Parked);
            changes.extend([Change::Reason(Some(reason.clone())), Change::OpenSince(now)]);
            let accepted = Condition::StateIn(&[State::Accepted]);
            (&delivery.key, Condition::All(vec![current(delivery, policy), accepted]), changes)
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

/// A claim takes what is known of the destination out of the record, and its holder puts it back: if nobody hears of the holder
/// again, it is not known any more.
fn claimed(delivery: &Delivery, token: &Token, lease_end: Millis, policy: &Policy) -> Vec<Change> {
    let mut changes = version(delivery, State::Claimed);
    changes.extend([Change::Claim(token.clone(), lease_end), Change::CountAttempt, Change::WaitsFor(None)]);
    if policy.supersedes {
        changes.push(Change::Applied(None));
    }
    changes
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

/// When a claim for another delivery's sake succeeds: never over what was accepted once.
fn ensurable(delivery: &Delivery, needed_by: &DeliveryKey, policy: &Policy, now: Millis) -> Condition {
    use Condition::{Absent, All, Any, StateIn, Unaccepted, WaitsForIs};
    let open = Any(vec![
        All(vec![current(delivery, policy), StateIn(&[State::Pending, State::Uncertain, State::Claimed])]),
        All(vec![newer(delivery, policy), StateIn(&[State::Rejected, State::Parked])]),
        // Its copy is the other one's.
        All(vec![current(delivery, policy), StateIn(&[State::Parked]), WaitsForIs(needed_by.clone())]),
        // Nothing is there of it, so that no version is older.
        StateIn(&[State::Skipped]),
    ]);
    let mut free = quiet(policy, now);
    free.extend([Unaccepted, open]);
    Any(vec![Absent, All(free)])
}

/// When a skip by rule may be recorded where the destination upserts: only of what cannot be there.
fn skippable(revision: Revision) -> Condition {
    use Condition::{Absent, All, Any, RevisionAtMost, RevisionBelow, StateIn, Unaccepted, Untried};
    Any(vec![
        Absent,
        All(vec![RevisionAtMost(revision), StateIn(&[State::Skipped])]),
        All(vec![
            RevisionBelow(revision),
            StateIn(&[State::Pending, State::Rejected, State::Parked]),
            Untried,
            Unaccepted,
        ]),
    ])
}

/// When a skip, rejection or parking by rule may be recorded: never while a call may still land.
fn settleable(revision: Revision, policy: &Policy, now: Millis) -> Condition {
    use Condition::{Absent, All, Any, RevisionAtMost, RevisionBelow, StateIn};
    let over: &[State] = if policy.supersedes {
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

/// When a person's decision may be recorded that a version is not sent: it waits, or was never heard of.
fn dismissable(delivery: &Delivery, policy: &Policy) -> Condition {
    let waits = Condition::StateIn(&[State::Pending, State::Skipped, State::Rejected, State::Parked]);
    Condition::Any(vec![Condition::Absent, Condition::All(vec![current(delivery, policy), waits])])
}

/// When a delivery may give way to another: it waits, or was never heard of, and was never tried.
fn untried(delivery: &Delivery, policy: &Policy) -> Condition {
    let waits = Condition::StateIn(&[State::Pending, State::Skipped, State::Rejected, State::Parked]);
    let untried = Condition::All(vec![current(delivery, policy), waits, Condition::Untried]);
    Condition::Any(vec![Condition::Absent, untried])
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
            vec![Change::State(State::Accepted), Change::AcceptedAt(Some(now)), Change::Reason(None), Change::Closed]
        }
        Outcome::Pending(class, _) => open(State::Pending, class.as_str()),
        Outcome::Uncertain(_) => open(State::Uncertain, ErrorClass::Uncertain.as_str()),
        Outcome::Rejected(reason) => open(State::Rejected, reason),
        Outcome::Parked(reason) => open(State::Parked, reason),
        Outcome::Waiting(..) => open(State::Pending, WAITS_FOR),
        Outcome::Blocked(_) => open(State::Parked, WAITS_FOR),
        Outcome::Skipped(reason) => {
            vec![Change::State(State::Skipped), Change::Reason(Some(reason.clone())), Change::Closed]
        }
    };
    changes.push(match outcome {
        Outcome::Accepted | Outcome::Rejected(_) | Outcome::Skipped(_) | Outcome::Blocked(_) => Change::NotBefore(None),
        Outcome::Pending(_, at) | Outcome::Uncertain(at) | Outcome::Waiting(_, at) => embargo(*at, policy, now),
        // What was tried last may have been a call that nobody answered.
        Outcome::Parked(_) => embargo(now.plus(policy.settle), policy, now),
    });
    if let Outcome::Waiting(on, _) | Outcome::Blocked(on) = outcome {
        changes.push(Change::WaitsFor(Some(on.clone())));
    }
    if matches!(outcome, Outcome::Waiting(..) | Outcome::Blocked(_) | Outcome::Skipped(_)) {
        changes.push(Change::UncountAttempt);
    }
    changes
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
