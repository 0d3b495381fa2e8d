//! What kind of failure each of the flow's is.

use crate::{failed::Failed, reconcile, source::publish::Unsent};
use delivery::Unpublished;
use function::{Fault, Kind};
use org::kind;

impl From<Failed> for Fault {
    fn from(error: Failed) -> Self {
        let kind = match &error {
            Failed::Day(_) | Failed::BeforeStart { .. } => Kind::BadEvent,
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
            Failed::Step(error) => error.into(),
            Failed::Unsent(error) => of_page(error),
            Failed::Queue(_) => Kind::Unavailable,
            Failed::OutOfTime => Kind::OutOfTime,
            Failed::Row(_) => Kind::Internal,
        };
        Self::of(kind, &error)
    }
}

fn of_page(error: &Unsent) -> Kind {
    match error {
        Unsent::Unpublished(Unpublished::Ledger(error)) | Unsent::Ledger(error) => error.into(),
        Unsent::Unpublished(Unpublished::DeadLetters(_) | Unpublished::Queue { .. }) => Kind::Unavailable,
        Unsent::Salesforce(error) => kind(error),
        Unsent::Unpublished(Unpublished::Letter(_)) | Unsent::Row(_) => Kind::Internal,
    }
}
