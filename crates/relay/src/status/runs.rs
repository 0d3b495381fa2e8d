//! The last run of producer and reconciler, by schedule and by hand.

use crate::{failure::Failure, flow::Flow, operator::Operator};
use chrono::{DateTime, Utc};
use function::ran;
use futures_util::future::try_join_all;
use ledger::By;
use serde::Serialize;

/// The last run of a function that was started so.
#[derive(Debug, Serialize)]
pub(crate) struct Run {
    pub(super) flow: Flow,
    pub(super) function: &'static str,
    /// `schedule` or `hand`.
    pub(super) by: &'static str,
    /// When it ended.
    pub(super) at: DateTime<Utc>,
    /// `settled`, `complete`, `failed` and the like.
    pub(super) ended: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

impl Run {
    pub(super) fn has_failed(&self) -> bool {
        self.ended == ran::FAILED
    }
}

pub(super) async fn last(flow: Flow, operator: &Operator) -> Result<Vec<Run>, Failure> {
    let wanted = flow.by_day().flat_map(|function| By::ALL.map(|by| (function.name, by)));
    let found = wanted.map(async |(function, by)| {
        let ran = operator.ledger.last_run(function, by).await?;
        Ok::<_, ledger::Error>(ran.map(|ran| Run {
            flow,
            function,
            by: by.as_str(),
            at: ran.at.into(),
            ended: ran.ended,
            error: ran.error,
        }))
    });
    let found = try_join_all(found).await.map_err(|error| Failure::undone("read the ledger", &error))?;
    Ok(found.into_iter().flatten().collect())
}
