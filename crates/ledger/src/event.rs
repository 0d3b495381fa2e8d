//! What happens to a delivery, what the protocol must know of its destination, and what it answers.

use crate::{
    class::ErrorClass,
    key::{Delivery, DeliveryKey, EffectHash, Revision, Token},
    millis::Millis,
};
use std::time::Duration;

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

    /// Whether the holder of this attempt, from 1, may end it as skipped: what an earlier one did is either seen by reading back,
    /// or no more than an older version. Elsewhere the ledger would say "never sent" of what may be there.
    pub fn may_skip(&self, attempt: u32) -> bool {
        self.supersedes || self.repeat == Repeat::ReadBack || attempt == 1
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
    /// Nothing was called: another delivery has to be accepted first, which waits for a person. This one does too.
    Blocked(DeliveryKey),
    /// Nothing was called: it turns out that nothing is to be sent, for this reason.
    Skipped(String),
    /// Refused for good.
    Rejected(String),
    /// Needs a person's decision.
    Parked(String),
}

/// What is settled without a call: by rule, where the message would be made, or by a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Never sent, for this reason. Where the destination upserts: not over what was tried, see [`Verdict::Tried`].
    Skipped(String),
    /// Cannot be sent: the record itself is at fault.
    Rejected(String),
    /// Needs a person's decision.
    Parked(String),
    /// A person has decided that this version is not sent, for this reason: rejected, also over what waits at this very
    /// revision, never over what was sent or may be on its way. A newer version of the source record is sent again, as it
    /// is after every rejection.
    Dismissed(String),
    /// It gives way to another delivery that asks the destination for the same name: parked, also over what waits at this
    /// very revision, and never over what was tried. [`Verdict::Recorded`]: no call was made for it, and none will be for
    /// this version, so that the name is free.
    GaveWay(String),
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
    /// A claim for another delivery's sake, which needs this one to be there, at whatever version: what was accepted once is
    /// [`Verdict::Done`], and what was skipped is claimed whatever its version. What was parked with the other one
    /// ([`Outcome::Blocked`]) is tried again with it.
    Ensure {
        /// What is delivered if it is not there.
        delivery: Delivery,
        /// The delivery that needs it.
        needed_by: DeliveryKey,
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
        /// The effect that the destination has now; `None` if the holder does not know. Kept only where the destination upserts.
        applied: Option<EffectHash>,
    },
    /// The producer records what will not be sent, or a person does.
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
    /// It is missing, and was reopened as often as is allowed, or the source does not want it sent any more, or what the
    /// destination shows is another delivery's; a copy is in the dead-letter queue, and a person decides.
    GiveUp {
        /// What the copy says of itself.
        delivery: Delivery,
        /// Why it is parked.
        reason: String,
    },
    /// A claim met another effect at its own revision ([`Verdict::Conflict`]); the copy is in the
    /// dead-letter queue, and a person decides.
    Conflict {
        /// What the message says of itself.
        delivery: Delivery,
    },
}

impl Event {
    /// The delivery that it happens to.
    pub fn key(&self) -> &DeliveryKey {
        match self {
            Self::Finish { key, .. } => key,
            Self::Claim { delivery, .. }
            | Self::Ensure { delivery, .. }
            | Self::Settle { delivery, .. }
            | Self::Confirm { delivery }
            | Self::Reopen { delivery, .. }
            | Self::GiveUp { delivery, .. }
            | Self::Conflict { delivery } => &delivery.key,
        }
    }
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
        /// Whether the last claim ended without an answer, or without a word. Not so where it was known to have had no effect; but an
        /// earlier one may have had.
        unanswered: bool,
        /// Since when something is wrong with the delivery.
        open_since: Option<Millis>,
        /// The effect that the destination has, where it upserts: a version that asks for the same one needs no call. `None` if
        /// there is none, or nobody knows.
        applied: Option<EffectHash>,
    },
    /// The write is in the ledger.
    Recorded,
    /// This revision, or a newer one, is settled: nothing is left to do.
    Done,
    /// The ledger knows a newer revision: this message is out of date.
    Superseded,
    /// Somebody else has the claim, or a call may still land: not before this instant.
    Held(Millis),
    /// Nobody is at it, and a call that nobody answered may still land: not before this instant. Until then the destination may be
    /// read, and what is seen there confirmed.
    Settling(Millis),
    /// Not skipped: it was sent, or may have been, and only a claim's holder can say what is there. Whoever is told so sends the
    /// message, or claims.
    Tried,
    /// The ledger knows another effect at this very revision, and nothing tells which is newer: to the
    /// dead-letter queue, then [`Event::Conflict`].
    Conflict,
}
