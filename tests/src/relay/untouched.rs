//! What must be as it was when a command only reads.

use crate::stage::{Stage, dynamodb};
use serde_json::{Value, json};

/// Every item of the ledger, how many messages wait, and how often each vendor was called to change something.
#[derive(Debug, PartialEq)]
pub(crate) struct Everything {
    items: Vec<Value>,
    queued: u64,
    posted: u64,
}

impl Everything {
    /// Whether the ledger and the queues are the same, whatever the vendors were told.
    pub(crate) fn same_here(&self, other: &Self) -> bool {
        (&self.items, self.queued) == (&other.items, other.queued)
    }
}

pub(crate) async fn everything(stage: &Stage) -> Everything {
    let table = stage.stack.output("LedgerTable").unwrap();
    let answer = dynamodb(stage.emulator.endpoint(), "Scan", &json!({"TableName": table, "ConsistentRead": true}));
    let mut items = answer["Items"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
    items.sort_by_key(|item| item["k"].to_string());
    let mut queued = 0;
    for queue in ["ReviewsQueueUrl", "ReviewsDeadLetterQueueUrl"] {
        queued += stage.stack.queue(queue).unwrap().depth().await.unwrap().total();
    }
    let posted = stage.sandbox.arrivals().iter().map(|arrival| arrival.posted).sum();
    Everything { items, queued, posted }
}
