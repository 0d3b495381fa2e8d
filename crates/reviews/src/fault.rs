//! What kind of failure each of the flow's is.

use crate::{produce, publish::Unsent, reconcile, twins::UnknownNames};
use delivery::Unpublished;
use function::{Fault, Kind};
use org::kind;

impl From<produce::Failed> for Fault {
    fn from(error: produce::Failed) -> Self {
        use produce::Failed;
        let kind = match &error {
            Failed::Day(_) => Kind::BadEvent,
            Failed::Unfit(unfit) => unfit.into(),
            Failed::Salesforce(error) => kind(error),
            Failed::Ledger(error) => error.into(),
            Failed::Unsent(error) => of_page(error),
            Failed::OutOfTime => Kind::OutOfTime,
            Failed::Row(_) | Failed::Checkpoint(_) => Kind::Internal,
        };
        Self::of(kind, &error)
    }
}

impl From<reconcile::Failed> for Fault {
    fn from(error: reconcile::Failed) -> Self {
        use reconcile::Failed;
        let kind = match &error {
            Failed::Day(_) => Kind::BadEvent,
            Failed::Unfit(unfit) => unfit.into(),
            Failed::Salesforce(error) => kind(error),
            Failed::Ledger(error) => error.into(),
            Failed::Unsent(error) => of_page(error),
            Failed::Names(error) => of_names(error),
            Failed::Step(error) => error.into(),
            Failed::OutOfTime => Kind::OutOfTime,
            Failed::Row(_) => Kind::Internal,
        };
        Self::of(kind, &error)
    }
}

fn of_page(error: &Unsent) -> Kind {
    match error {
        Unsent::Unpublished(error) => of_publishing(error),
        Unsent::Ledger(error) => error.into(),
        Unsent::Names(error) => of_names(error),
        Unsent::Row(_) => Kind::Internal,
    }
}

fn of_publishing(error: &Unpublished) -> Kind {
    match error {
        Unpublished::Ledger(error) => error.into(),
        Unpublished::DeadLetters(_) | Unpublished::Queue { .. } => Kind::Unavailable,
        Unpublished::Letter(_) => Kind::Internal,
    }
}

fn of_names(error: &UnknownNames) -> Kind {
    match error {
        UnknownNames::Salesforce(error) => kind(error),
        UnknownNames::Ledger(error) => error.into(),
        UnknownNames::Row(_) | UnknownNames::Field(_) => Kind::Internal,
    }
}
