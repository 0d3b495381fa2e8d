//! A delivery's record: what the ledger remembers, in under one kilobyte, without payload or personal data.

use crate::{
    key::{Delivery, DeliveryKey, EffectHash, Revision, Token},
    millis::Millis,
};

/// The states of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Known not to have taken effect (or harmless to repeat), to be tried again.
    Pending,
    /// Somebody is at it until the lease ends.
    Claimed,
    /// The vendor said yes.
    Accepted,
    /// Seen at the destination by reading it back.
    Confirmed,
    /// Never sent, by rule.
    Skipped,
    /// Refused for good.
    Rejected,
    /// Needs a person's decision; a copy is in the dead-letter queue.
    Parked,
    /// A call was made, nobody knows whether it took effect, and repeating it is not safe.
    Uncertain,
}

impl Record {
    /// As a delivery is first written: nothing has happened to it.
    pub fn new(delivery: &Delivery, state: State) -> Self {
        Self {
            state,
            revision: delivery.revision,
            hash: delivery.hash.clone(),
            token: None,
            lease_end: None,
            not_before: None,
            triggered_at: delivery.triggered_at,
            earlier: None,
            attempts: 0,
            repairs: 0,
            waits_for: None,
            reason: None,
            store: delivery.store.clone(),
            day: delivery.day.clone(),
            updated_at: Millis(0),
            accepted_at: None,
            applied: None,
            open_since: None,
            expires_at: 0,
        }
    }

    /// What a first write is applied to.
    pub(crate) fn blank() -> Self {
        Self {
            state: State::Pending,
            revision: Revision(0),
            hash: EffectHash::stored(""),
            token: None,
            lease_end: None,
            not_before: None,
            triggered_at: None,
            earlier: None,
            attempts: 0,
            repairs: 0,
            waits_for: None,
            reason: None,
            store: String::new(),
            day: None,
            updated_at: Millis(0),
            accepted_at: None,
            applied: None,
            open_since: None,
            expires_at: 0,
        }
    }
}

impl State {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Claimed,
        Self::Accepted,
        Self::Confirmed,
        Self::Skipped,
        Self::Rejected,
        Self::Parked,
        Self::Uncertain,
    ];

    /// The state as it stands in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Claimed => "claimed",
            Self::Accepted => "accepted",
            Self::Confirmed => "confirmed",
            Self::Skipped => "skipped",
            Self::Rejected => "rejected",
            Self::Parked => "parked",
            Self::Uncertain => "uncertain",
        }
    }

    /// The state with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What the table holds about one delivery.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// What became of it.
    pub state: State,
    /// The newest revision that was seen.
    pub revision: Revision,
    /// Hash of the effect that revision asks for.
    pub hash: EffectHash,
    /// The token of the last claim, kept after it so that a holder recognises its own write.
    pub token: Option<Token>,
    /// When the lease ends, until its holder has said how it went.
    pub lease_end: Option<Millis>,
    /// No claim before this instant: a call that was given up on may still land until then.
    pub not_before: Option<Millis>,
    /// When the vendor says that this version was triggered: orders two effects of one revision.
    pub triggered_at: Option<Millis>,
    /// The version that this one was found to contradict: another effect at one revision.
    pub earlier: Option<(Revision, EffectHash)>,
    /// How often it was claimed, less the claims that only found it waiting.
    pub attempts: u32,
    /// How often it was reopened.
    pub repairs: u32,
    /// The delivery that has to be accepted first.
    pub waits_for: Option<DeliveryKey>,
    /// Why it is skipped, rejected or parked, or what the last attempt failed with.
    pub reason: Option<String>,
    /// The store it belongs to.
    pub store: String,
    /// The business day it counts for.
    pub day: Option<String>,
    /// When the record was last written.
    pub updated_at: Millis,
    /// When the vendor accepted it; where the destination upserts, also when it was seen there; kept until it
    /// is missing.
    pub accepted_at: Option<Millis>,
    /// The effect that the destination has: what the last yes or reading was for. Only where it upserts; absent while somebody has
    /// a claim, and after a call that nobody answered.
    pub applied: Option<EffectHash>,
    /// Since when something has been wrong with it; absent on an ordinary delivery.
    pub open_since: Option<Millis>,
    /// From this second on the table may delete the record, at any time and days late: nothing that is
    /// decided depends on when.
    pub expires_at: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_name_of_its_own_in_the_table() {
        let names = State::ALL.map(State::as_str);
        let expected = ["pending", "claimed", "accepted", "confirmed", "skipped", "rejected", "parked", "uncertain"];
        assert_eq!(names, expected);
        assert_eq!(names.map(State::parse), State::ALL.map(Some));
        assert_eq!(State::parse("lost"), None);
    }
}
