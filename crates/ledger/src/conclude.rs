//! What the database's answer to a write means for whoever asked: the second half of the protocol.

use crate::{
    event::{Event, Policy, Repair, Repeat, Settled, Verdict},
    key::{Delivery, Revision, Token},
    millis::Millis,
    record::{Record, State},
    write::Attempt,
};

/// What the answer to `event`'s write means.
pub fn conclude(event: &Event, policy: &Policy, attempt: &Attempt, now: Millis) -> Verdict {
    let record = match attempt {
        Attempt::Applied(before) => {
            let (Event::Claim { .. } | Event::Ensure { .. }) = event else { return Verdict::Recorded };
            return Verdict::Call {
                attempt: before.as_ref().map_or(0, |r| r.attempts) + 1,
                read_back_first: policy.repeat == Repeat::ReadBack && before.as_ref().is_some_and(may_have_called),
                unanswered: before.as_ref().is_some_and(is_unanswered),
                open_since: before.as_ref().and_then(|record| record.open_since),
                applied: before.as_ref().and_then(|record| record.applied.clone()),
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
        Event::Claim { token, .. } | Event::Ensure { token, .. }
            if record.token.as_ref() == Some(token) && record.state == State::Claimed =>
        {
            // Our own claim, sent again by the SDK after its answer was lost: what it was claimed over is
            // not known any more, so the careful path is taken.
            let (attempt, open_since) = (record.attempts, record.open_since);
            let read_back_first = policy.repeat == Repeat::ReadBack;
            Verdict::Call { attempt, read_back_first, unanswered: true, open_since, applied: None }
        }
        Event::Claim { delivery, .. } => refused_claim(delivery, record, policy, now),
        Event::Ensure { .. } if is_accepted(record) || record.accepted_at.is_some() => Verdict::Done,
        Event::Ensure { delivery, .. } => held(delivery, record, policy, now),
        // Our own write, sent again by the SDK after its answer was lost.
        Event::Finish { token, revision, .. } if finished_by(token, *revision, record) => Verdict::Recorded,
        // A read-back saw the effect before we could say so.
        Event::Finish { revision, .. } if record.state == State::Confirmed && record.revision >= *revision => {
            Verdict::Recorded
        }
        // A claim that lapsed and was taken by somebody else.
        Event::Finish { .. } | Event::Conflict { .. } => Verdict::Held(free_at(record, policy)),
        Event::Settle { delivery, settled } => match record.state {
            _ if record.revision > delivery.revision => Verdict::Superseded,
            _ if policy.supersedes && matches!(settled, Settled::Skipped(_)) => {
                let ended = is_accepted(record) || matches!(record.state, State::Rejected | State::Parked);
                if ended && is_same(delivery, record, policy) { Verdict::Done } else { Verdict::Tried }
            }
            State::Claimed | State::Uncertain => Verdict::Held(free_at(record, policy)),
            _ => Verdict::Done,
        },
        // It is not missing any more: confirmed, under way again, or parked by somebody else.
        Event::Confirm { .. } | Event::GiveUp { .. } => Verdict::Superseded,
        Event::Reopen { delivery, repair, .. } => refused_copy(delivery, *repair, record, policy),
    }
}

/// Whether a call may have taken effect that the ledger has no yes for.
fn may_have_called(record: &Record) -> bool {
    record.attempts > 0 && !is_accepted(record)
}

/// Whether nobody knows how the last claim ended.
fn is_unanswered(record: &Record) -> bool {
    matches!(record.state, State::Claimed | State::Uncertain)
}

fn is_accepted(record: &Record) -> bool {
    matches!(record.state, State::Accepted | State::Confirmed)
}

/// Whether a message asks for what the record speaks of.
fn is_same(delivery: &Delivery, record: &Record, policy: &Policy) -> bool {
    record.revision == delivery.revision && (!policy.supersedes || record.hash == delivery.hash)
}

/// Whether the record says how this claim ended; it does not if another version was settled over the claim.
fn finished_by(token: &Token, revision: Revision, record: &Record) -> bool {
    record.token.as_ref() == Some(token) && record.state != State::Claimed && record.revision == revision
}

/// When lease and embargo of a record are over, by any clock.
fn free_at(record: &Record, policy: &Policy) -> Millis {
    let lapse = record.lease_end.map(|end| policy.lapses_at(end));
    lapse.max(record.not_before).unwrap_or(record.updated_at)
}

/// Refused for now: by a lease or an embargo.
fn held(delivery: &Delivery, record: &Record, policy: &Policy, now: Millis) -> Verdict {
    let free = free_at(record, policy);
    let lease_over = record.lease_end.is_none_or(|end| end.plus(policy.clock_skew) <= now);
    if lease_over && is_unanswered(record) && free > now && is_same(delivery, record, policy) {
        return Verdict::Settling(free);
    }
    Verdict::Held(free)
}

/// Whether a message's version is older than the record's.
fn outdated(delivery: &Delivery, record: &Record, policy: &Policy) -> bool {
    let earlier_trigger = record.triggered_at.zip(delivery.triggered_at).is_some_and(|(known, ours)| known > ours);
    record.revision > delivery.revision
        || (policy.supersedes && record.revision == delivery.revision && earlier_trigger)
}

fn refused_claim(delivery: &Delivery, record: &Record, policy: &Policy, now: Millis) -> Verdict {
    let accepted = is_accepted(record);
    if outdated(delivery, record, policy) {
        return if accepted { Verdict::Done } else { Verdict::Superseded };
    }
    let closed = accepted || matches!(record.state, State::Rejected | State::Parked);
    let same = is_same(delivery, record, policy);
    let earlier = record.earlier.as_ref().is_some_and(|(r, h)| (*r, h) == (delivery.revision, &delivery.hash));
    if (accepted && !policy.supersedes) || (closed && same) || (policy.supersedes && !same && earlier) {
        return Verdict::Done;
    }
    let rival = record.revision == delivery.revision && !same;
    let later = record.triggered_at.zip(delivery.triggered_at).is_some_and(|(known, ours)| known < ours);
    if rival && !later {
        return Verdict::Conflict;
    }
    held(delivery, record, policy, now)
}

/// A copy is sent unless its version was reopened often enough.
fn refused_copy(delivery: &Delivery, repair: Repair, record: &Record, policy: &Policy) -> Verdict {
    let same = is_same(delivery, record, policy);
    match (repair, record.state) {
        (Repair::Redrive, State::Rejected | State::Parked) if same => Verdict::Held(free_at(record, policy)),
        (Repair::Missing, State::Accepted) => Verdict::Held(free_at(record, policy)),
        _ => Verdict::Recorded,
    }
}
