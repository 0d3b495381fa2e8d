//! What a command that only reads leaves as it was.

use crate::stage::{Stage, dynamodb};
use serde_json::{Value, json};

/// Everything that a command could have changed: the ledger's items, how much is in the queues, what arrived at Yotpo.
#[derive(Debug, PartialEq)]
pub(crate) struct Everything {
    items: Vec<Value>,
    messages: Vec<u64>,
    arrivals: usize,
}

/// As it is now.
pub(crate) async fn everything(stage: &Stage) -> Everything {
    let table = stage.stack.output("LedgerTable").unwrap();
    let scan = dynamodb(stage.emulator.endpoint(), "Scan", &json!({"TableName": table}));
    let mut items = scan["Items"].as_array().unwrap().clone();
    items.sort_by_key(|item| item["k"]["S"].as_str().unwrap().to_owned());
    let mut messages = Vec::new();
    for queue in ["ReviewsQueueUrl", "ReviewsDeadLetterQueueUrl"] {
        let depth = stage.stack.queue(queue).unwrap().depth().await.unwrap();
        messages.extend([depth.visible, depth.in_flight, depth.delayed]);
    }
    Everything { items, messages, arrivals: stage.sandbox.arrivals().len() }
}
