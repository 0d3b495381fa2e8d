//! A conditional write as data: what must hold of the record, and what changes.
//!
//! The same value is run against a [`Record`] in memory by the model ([`Write::run`]) and translated for
//! DynamoDB by [`crate::expression`]; a test on the emulator holds the two together.

use crate::{
    key::{DeliveryKey, EffectHash, Revision, Token},
    millis::Millis,
    record::{Record, State},
};

/// What must hold of the record for a write to happen. As in DynamoDB, a comparison with an attribute
/// that is not there is false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Every one of them.
    All(Vec<Condition>),
    /// At least one of them.
    Any(Vec<Condition>),
    /// There is no record.
    Absent,
    /// The record is in one of these states.
    StateIn(&'static [State]),
    /// The record's revision is older.
    RevisionBelow(Revision),
    /// The record's revision is not newer.
    RevisionAtMost(Revision),
    /// The record has this revision.
    RevisionIs(Revision),
    /// The record's effect is this one.
    HashIs(EffectHash),
    /// The record's effect is another one.
    HashIsNot(EffectHash),
    /// The record's version was triggered before this instant.
    TriggerBelow(Millis),
    /// The record was reopened less often than this.
    RepairsBelow(u32),
    /// The record was never claimed for a call.
    Untried,
    /// It was never accepted, at any version.
    Unaccepted,
    /// The record has no embargo, or it has passed by this instant.
    EmbargoOver(Millis),
    /// Nobody has a lease, or it ended at or before this instant.
    LeaseEndedBy(Millis),
    /// The last claim is this one.
    TokenIs(Token),
    /// It waits for this delivery.
    WaitsForIs(DeliveryKey),
}

impl Condition {
    /// Whether it holds of `record`.
    pub fn holds(&self, record: Option<&Record>) -> bool {
        let of = |test: &dyn Fn(&Record) -> bool| record.is_some_and(test);
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(record)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(record)),
            Self::Absent => record.is_none(),
            Self::StateIn(states) => of(&|r| states.contains(&r.state)),
            Self::RevisionBelow(revision) => of(&|r| r.revision < *revision),
            Self::RevisionAtMost(revision) => of(&|r| r.revision <= *revision),
            Self::RevisionIs(revision) => of(&|r| r.revision == *revision),
            Self::HashIs(hash) => of(&|r| r.hash == *hash),
            Self::HashIsNot(hash) => of(&|r| r.hash != *hash),
            Self::TriggerBelow(at) => of(&|r| r.triggered_at.is_some_and(|known| known < *at)),
            Self::RepairsBelow(limit) => of(&|r| r.repairs < *limit),
            Self::Untried => of(&|r| r.attempts == 0),
            Self::Unaccepted => of(&|r| r.accepted_at.is_none()),
            Self::EmbargoOver(now) => of(&|r| r.not_before.is_none_or(|at| at <= *now)),
            Self::LeaseEndedBy(at) => of(&|r| r.lease_end.is_none_or(|end| end <= *at)),
            Self::TokenIs(token) => of(&|r| r.token.as_ref() == Some(token)),
            Self::WaitsForIs(on) => of(&|r| r.waits_for.as_ref() == Some(on)),
        }
    }
}

/// One change to the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The new state.
    State(State),
    /// The version the record now speaks of, its effect, and when the vendor says it was triggered.
    Version(Revision, EffectHash, Option<Millis>),
    /// The version of before is remembered beside the new one; only where there is a record.
    KeepVersion,
    /// Where it belongs: store and business day.
    Place(String, Option<String>),
    /// A claim: token and end of the lease.
    Claim(Token, Millis),
    /// The holder is done: no lease any more.
    LeaseOver,
    /// One more attempt.
    CountAttempt,
    /// The claim was no attempt; only where one was counted.
    UncountAttempt,
    /// Reopened once more.
    CountRepair,
    /// The delivery that has to be accepted first; `None`: none.
    WaitsFor(Option<DeliveryKey>),
    /// No claim before this instant; `None` lifts the embargo.
    NotBefore(Option<Millis>),
    /// Why; `None` forgets it.
    Reason(Option<String>),
    /// When the vendor accepted it; `None`: it is not there.
    AcceptedAt(Option<Millis>),
    /// The effect that the destination has; `None`: nobody knows.
    Applied(Option<EffectHash>),
    /// Something is wrong since this instant, if nothing was before (flow for the index).
    OpenSince(Millis),
    /// What was wrong is to be tried again: it counts from this instant.
    OpenAnew(Millis),
    /// Nothing is wrong any more.
    Closed,
    /// When this write happens, and the second at which the record's life ends.
    Written(Millis, i64),
}

/// One conditional write of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Which record.
    pub key: DeliveryKey,
    /// What must hold.
    pub condition: Condition,
    /// What changes; [`Change::State`], [`Change::Version`], [`Change::Place`] and [`Change::Written`] make
    /// a record whole where there was none.
    pub changes: Vec<Change>,
}

/// What became of a write, with the record as it was before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It was applied over this.
    Applied(Option<Record>),
    /// Its condition did not hold of this.
    Refused(Option<Record>),
}

impl Write {
    /// Runs the write against a record in memory, as the table would.
    pub fn run(&self, record: &mut Option<Record>) -> Attempt {
        let before = record.clone();
        if !self.condition.holds(before.as_ref()) {
            return Attempt::Refused(before);
        }
        let mut after = record.take().unwrap_or_else(Record::blank);
        for change in &self.changes {
            apply(&mut after, change);
        }
        *record = Some(after);
        Attempt::Applied(before)
    }
}

fn apply(record: &mut Record, change: &Change) {
    match change.clone() {
        Change::State(state) => record.state = state,
        Change::Version(revision, hash, triggered_at) => {
            (record.revision, record.hash, record.triggered_at) = (revision, hash, triggered_at);
        }
        Change::KeepVersion => record.earlier = Some((record.revision, record.hash.clone())),
        Change::Place(store, day) => {
            record.store = store;
            if day.is_some() {
                record.day = day;
            }
        }
        Change::Claim(token, lease_end) => {
            (record.token, record.lease_end) = (Some(token), Some(lease_end));
        }
        Change::LeaseOver => record.lease_end = None,
        Change::CountAttempt => record.attempts += 1,
        Change::UncountAttempt => record.attempts -= 1,
        Change::CountRepair => record.repairs += 1,
        Change::WaitsFor(on) => record.waits_for = on,
        Change::NotBefore(at) => record.not_before = at,
        Change::Reason(reason) => record.reason = reason,
        Change::AcceptedAt(at) => record.accepted_at = at,
        Change::Applied(effect) => record.applied = effect,
        Change::OpenSince(at) => record.open_since = record.open_since.or(Some(at)),
        Change::OpenAnew(at) => record.open_since = Some(at),
        Change::Closed => record.open_since = None,
        Change::Written(at, expires_at) => {
            (record.updated_at, record.expires_at) = (at, expires_at);
        }
    }
}
