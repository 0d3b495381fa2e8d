//! What there is outside of a command: to see that one that only reads leaves all of it as it was.

use crate::stage::{Stage, dynamodb};
use sandbox::{Endpoint, yotpo};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The ledger's items, the queues' depths, what arrived at Yotpo, and how often each call of Yotpo's was made.
#[derive(Debug, PartialEq)]
pub(super) struct Outside {
    ledger: BTreeMap<String, Value>,
    depths: [u64; 2],
    arrivals: Vec<sandbox::Arrival>,
    posts: u64,
}

impl Outside {
    pub(super) async fn of(stage: &Stage) -> Self {
        let mut depths = [0; 2];
        for (depth, name) in depths.iter_mut().zip(["ReviewsQueueUrl", "ReviewsDeadLetterQueueUrl"]) {
            *depth = stage.stack.queue(name).unwrap().depth().await.unwrap().visible;
        }
        Self {
            ledger: ledger(stage),
            depths,
            arrivals: stage.sandbox.yotpo.arrivals(),
            posts: calls(stage, yotpo::CREATE),
        }
    }

    /// Whether the ledger and the queues are the same, whatever the vendors were told.
    pub(super) fn is_same_here(&self, other: &Self) -> bool {
        // Whatever changes something leaves a note.
        let deliveries = |all: &BTreeMap<String, Value>| -> BTreeMap<String, Value> {
            all.iter().filter(|(key, _)| !key.starts_with("audit/")).map(|(k, v)| (k.clone(), v.clone())).collect()
        };
        (deliveries(&self.ledger), self.depths) == (deliveries(&other.ledger), other.depths)
    }
}

/// Every item of the ledger, by its key.
pub(super) fn ledger(stage: &Stage) -> BTreeMap<String, Value> {
    let mut items = BTreeMap::new();
    let mut from = Value::Null;
    loop {
        let mut request = json!({"TableName": stage.stack.output("LedgerTable").unwrap(), "ConsistentRead": true});
        if !from.is_null() {
            request["ExclusiveStartKey"] = from;
        }
        let mut page = dynamodb(stage.emulator.endpoint(), "Scan", &request);
        for item in page["Items"].as_array().unwrap() {
            items.insert(item["k"]["S"].as_str().unwrap().to_owned(), item.clone());
        }
        from = page["LastEvaluatedKey"].take();
        if from.is_null() {
            return items;
        }
    }
}

/// How often a vendor's call was made.
pub(super) fn calls(stage: &Stage, endpoint: Endpoint) -> u64 {
    stage.sandbox.report().counters.get(&endpoint).map_or(0, |counters| counters.calls)
}
