//! What was changed by hand, by whom and when.

use crate::{failure::Failure, flow::Flow, operator::Operator};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// So far back.
const WEEK: Duration = Duration::from_hours(7 * 24);

/// A note that a command left.
#[derive(Debug, Serialize)]
pub(crate) struct ByHand {
    flow: Flow,
    pub(super) at: DateTime<Utc>,
    /// The caller's ARN.
    pub(super) who: String,
    /// The command, and whether it began or ended.
    pub(super) action: String,
    /// What was selected, how it ended.
    pub(super) detail: Value,
}

pub(super) async fn of(flow: Flow, operator: &Operator) -> Result<Vec<ByHand>, Failure> {
    let notes = operator.ledger.notes(operator.millis().minus(WEEK)).await;
    let notes = notes.map_err(|error| Failure::undone("read the ledger's notes", &error))?;
    let by_hand = notes.into_iter().map(|note| ByHand {
        flow,
        at: note.at.into(),
        who: note.who,
        action: note.action,
        detail: serde_json::from_str(&note.detail).unwrap_or_default(),
    });
    Ok(by_hand.collect())
}
