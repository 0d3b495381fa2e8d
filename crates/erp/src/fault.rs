//! What kind of failure each of the reconciler's is.

use crate::reconcile::Failed;
use delivery::Unpublished;
use function::{Fault, Kind};

impl From<Failed> for Fault {
    fn from(error: Failed) -> Self {
        let kind = match &error {
            Failed::Day(_) => Kind::BadEvent,
            Failed::Ledger(error) | Failed::Unpublished(Unpublished::Ledger(error)) => error.into(),
            Failed::Step(error) => error.into(),
            Failed::Shopify(_)
            | Failed::Queue(_)
            | Failed::Unpublished(Unpublished::DeadLetters(_) | Unpublished::Queue { .. }) => Kind::Unavailable,
            Failed::Nameless | Failed::Key(_) | Failed::Unpublished(Unpublished::Letter(_)) => Kind::Internal,
            Failed::OutOfTime => Kind::OutOfTime,
        };
        Self::of(kind, &error)
    }
}
