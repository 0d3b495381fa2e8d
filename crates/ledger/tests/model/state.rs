//! The world: records, queue, dead-letter queue, consumers, destination. Two states count as one when
//! nothing that happens later can tell them apart; [`World`]'s `Hash` says what that means.

use crate::{drain::is_dismissed, scenario::TICK};
use ledger::{EffectHash, Millis, Record, Token};
use std::hash::{Hash, Hasher};

/// How a consumer's work on a message ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Accepted,
    Pending(Millis),
    Uncertain(Millis),
    Rejected,
    Parked,
    Waiting,
    Blocked,
    Skipped,
    Conflict,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Worker {
    Idle,
    /// The answer to its claim was lost; the SDK asks again, with the same token and time.
    Claiming {
        version: usize,
        token: Token,
        asked_at: Millis,
        deadline: Millis,
    },
    /// It has the claim until its deadline (true time), and may have to read before it calls; `first`: nobody claimed it before;
    /// `applied`: the effect that it knows to be there.
    Holding {
        version: usize,
        token: Token,
        deadline: Millis,
        read: bool,
        first: bool,
        applied: Option<EffectHash>,
    },
    /// Its call is on the way, or has taken effect.
    Calling {
        version: usize,
        token: Token,
        deadline: Millis,
        applied: Option<EffectHash>,
    },
    /// It knows how it ended; `written`: the ledger knows too, but the answer was lost.
    Ending {
        version: usize,
        token: Token,
        end: End,
        written: bool,
        applied: Option<EffectHash>,
    },
}

impl Worker {
    pub(crate) fn version(&self) -> Option<usize> {
        match self {
            Self::Idle => None,
            Self::Claiming { version, .. }
            | Self::Holding { version, .. }
            | Self::Calling { version, .. }
            | Self::Ending { version, .. } => Some(*version),
        }
    }

    fn token(&self) -> Option<&Token> {
        match self {
            Self::Idle => None,
            Self::Claiming { token, .. }
            | Self::Holding { token, .. }
            | Self::Calling { token, .. }
            | Self::Ending { token, .. } => Some(token),
        }
    }
}

/// A call that may still take effect, before `until`; whose it is, while somebody waits for the answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Request {
    pub version: usize,
    pub until: Millis,
    pub caller: Option<usize>,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a thing that has happened, in any combination")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct World {
    pub now: Millis,
    pub records: Vec<Option<Record>>,
    /// Copies of each version, visible or returned.
    pub queue: [u8; 3],
    pub dead_letters: [u8; 3],
    pub workers: [Worker; 2],
    /// What took effect, in order; a version that an upsert repeats is not repeated here.
    pub applied: Vec<usize>,
    pub requests: Vec<Request>,
    /// The producer's choice at each step so far.
    pub produced: Vec<usize>,
    pub faults_left: u8,
    /// A copy outlived its queue.
    pub vanished: bool,
    /// A record outlived its life, and is gone.
    pub expired: bool,
    /// Somebody took a copy out of the dead-letter queue, by decision.
    pub redriven: bool,
    /// The reconciler has put a copy of this version, which is missing, into the dead-letter queue, and not said so yet.
    pub giving_up: Option<usize>,
    /// Up to this version nothing of it is sent any more, for another delivery has its name.
    pub name_given_away: Option<usize>,
    /// A holder was told something other than what the ledger holds.
    pub misled: bool,
    /// The ledger took back an accepted version, other than for a newer one or because it is missing.
    pub taken_back: bool,
    /// A holder said how it ended, and its lease is still in force.
    pub lease_kept: bool,
    /// Delivery 1 took effect before delivery 0 did.
    pub unordered: bool,
    pub tokens: u32,
}

impl World {
    pub(crate) fn copies(&self, version: usize) -> usize {
        let held = self.workers.iter().filter(|w| w.version() == Some(version)).count();
        usize::from(self.queue[version]) + held
    }

    fn relative(&self, at: Millis) -> i64 {
        (at.0 - self.now.0).max(-4 * i64::try_from(TICK.as_millis()).unwrap_or(i64::MAX))
    }
}

impl Hash for World {
    /// Times are compared with the clock only, so their distance to it counts, and no more than a few
    /// instants back; tokens are compared with those of consumers at work; when something was written, and
    /// until when the table keeps it, decides nothing.
    fn hash<H: Hasher>(&self, state: &mut H) {
        for record in &self.records {
            record.is_some().hash(state);
            let Some(r) = record else { continue };
            (r.state, r.revision, &r.hash, r.triggered_at, &r.earlier).hash(state);
            (r.attempts.min(2), r.repairs, r.waits_for.is_some(), r.open_since.is_some(), is_dismissed(r)).hash(state);
            (r.accepted_at.is_some(), &r.applied).hash(state);
            let holder = self.workers.iter().position(|w| w.token().is_some() && w.token() == r.token.as_ref());
            (holder, r.lease_end.map(|at| self.relative(at))).hash(state);
            r.not_before.filter(|at| *at > self.now).map(|at| self.relative(at)).hash(state);
        }
        for worker in &self.workers {
            std::mem::discriminant(worker).hash(state);
            worker.version().hash(state);
            match worker {
                Worker::Idle => {}
                Worker::Claiming { asked_at, deadline, .. } => {
                    (self.relative(*asked_at), self.relative(*deadline)).hash(state);
                }
                Worker::Holding { deadline, read, first, applied, .. } => {
                    (self.relative(*deadline), read, first, applied).hash(state);
                }
                Worker::Calling { deadline, applied, .. } => (self.relative(*deadline), applied).hash(state),
                Worker::Ending { end, written, applied, .. } => {
                    (std::mem::discriminant(end), written, applied).hash(state);
                    if let End::Pending(at) | End::Uncertain(at) = end {
                        self.relative(*at).hash(state);
                    }
                }
            }
        }
        for request in &self.requests {
            (request.version, self.relative(request.until), request.caller).hash(state);
        }
        (&self.queue, &self.dead_letters, &self.applied, &self.produced, self.faults_left).hash(state);
        (self.giving_up, self.name_given_away).hash(state);
        (self.vanished, self.expired, self.redriven, self.misled, self.taken_back, self.lease_kept, self.unordered)
            .hash(state);
    }
}
