//! Orders that ask the destination for one name. It keeps the first and says yes to the others, so that at most one of them
//! is sent and a person decides about the rest. Pure: [`source`](self::source) finds them.

pub(crate) mod check;
mod source;

pub use source::UnknownNames;
pub(crate) use source::{Candidate, Group, Namesakes, Ruling};

use chrono::{DateTime, Utc};
use ledger::{Millis, Record, Revision, State, decide::DISMISSED};
use salesforce::Id;

/// One of the orders that ask for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Twin {
    pub(crate) id: Id,
    /// By the configured field; `None` if it is empty.
    pub(crate) completed_at: Option<DateTime<Utc>>,
    pub(crate) standing: Standing,
}

/// How an order stands to the name that it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It was seen at the destination.
    Confirmed,
    /// The destination said yes then.
    Accepted(Millis),
    /// A call for it is under way, or is to be made again: the name may be taken by it.
    UnderWay,
    /// A call was made for it once, and nobody knows that it had no effect.
    Tried,
    /// It is to be sent, and no call was made.
    Waits,
    /// The same, but that its version is parked: no message of it is delivered.
    Parked,
    /// It is not to be sent, or cannot be.
    Out,
}

impl Standing {
    /// Of an order whose version at the source is `revision`, and which the source wants sent or not.
    pub(crate) fn of(known: Option<&Record>, revision: Revision, wanted: bool) -> Self {
        let waits = if wanted { Self::Waits } else { Self::Out };
        let Some(known) = known else { return waits };
        let dismissed = known.reason.as_deref().is_some_and(|reason| reason.starts_with(DISMISSED));
        let (tried, current) = (known.attempts > 0, known.revision >= revision);
        match known.state {
            State::Confirmed => Self::Confirmed,
            State::Accepted => Self::Accepted(known.accepted_at.unwrap_or(known.updated_at)),
            State::Claimed | State::Uncertain => Self::UnderWay,
            State::Pending if tried => Self::UnderWay,
            // The destination refused it: it does not have it.
            State::Rejected if !(tried && dismissed) => {
                if current {
                    Self::Out
                } else {
                    waits
                }
            }
            _ if tried => Self::Tried,
            State::Parked if current && wanted => Self::Parked,
            _ => waits,
        }
    }

    /// Whether the name may be taken by it.
    pub(crate) fn holds(self) -> bool {
        matches!(self, Self::Confirmed | Self::Accepted(_) | Self::UnderWay | Self::Tried)
    }

    fn rank(self) -> (u8, Option<Millis>) {
        match self {
            Self::Confirmed => (0, None),
            Self::Accepted(at) => (1, Some(at)),
            Self::UnderWay | Self::Tried => (2, None),
            Self::Waits | Self::Parked | Self::Out => (3, None),
        }
    }
}

/// Whose the name is: whoever has it at the destination, or may have it; else the one that was completed first.
pub(crate) fn keeper(twins: &[Twin]) -> Option<&Twin> {
    let asking = twins.iter().filter(|twin| twin.standing != Standing::Out);
    asking.min_by_key(|twin| (twin.standing.rank(), twin.completed_at.is_none(), twin.completed_at, &twin.id))
}

/// What becomes of one of them that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn<'a> {
    /// It is sent, once these are parked: each of them may have a message already.
    Keeps(Vec<&'a Id>),
    /// It is parked.
    Second,
}

/// What becomes of `id` among `twins`, of which it is one.
pub(crate) fn turn<'a>(twins: &'a [Twin], id: &Id) -> Turn<'a> {
    let own = twins.iter().find(|twin| twin.id == *id).map(|twin| twin.standing);
    if own == Some(Standing::UnderWay) {
        // It may be there already: whether it is, reading back will tell.
        return Turn::Keeps(Vec::new());
    }
    if own.is_none() || keeper(twins).is_none_or(|keeper| keeper.id != *id) {
        return Turn::Second;
    }
    let waiting = twins.iter().filter(|twin| twin.id != *id && twin.standing == Standing::Waits);
    Turn::Keeps(waiting.map(|twin| &twin.id).collect())
}

#[cfg(test)]
#[path = "twins/tests.rs"]
mod tests;
