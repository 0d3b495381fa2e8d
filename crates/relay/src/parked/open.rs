//! What the ledger has as open.

use crate::{failure::Failure, operator::Operator};
use ledger::{DeliveryKey, Record};

/// All of it, the oldest first.
pub(super) async fn open(operator: &Operator) -> Result<Vec<(DeliveryKey, Record)>, Failure> {
    operator.ledger.open_records().await.map_err(|error| Failure::undone("read the ledger", &error))
}

/// Why a delivery is where it is.
pub(super) fn reason(record: &Record) -> &str {
    record.reason.as_deref().unwrap_or("unknown")
}
