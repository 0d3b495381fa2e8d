//! Orders of a test's own, and what nobody may change who only reads.

use crate::stage::{ACCOUNT, Setting, Stage, dynamodb, sqs};
use chrono::{Days, NaiveTime, Utc};
use sandbox::{Fault, Rule, yotpo};
use serde_json::{Value, json};

/// Young dead letters are left alone; a test has no quarter of an hour.
pub(super) const AT_ONCE: [&str; 2] = ["--older-than", "0s"];

/// A stage with some orders of yesterday: each has its number, its store's routing value, and its buyer's address.
pub(super) async fn stage(orders: &[(&str, &str, &str)], setting: Setting<'_>) -> (Stage, Vec<String>) {
    let stage = Stage::with(setting).await;
    let at = (Utc::now().date_naive() - Days::new(1)).and_time(NaiveTime::MIN).and_utc() + chrono::TimeDelta::hours(9);
    let put = |(number, store, email): &(&str, &str, &str)| {
        let order = json!({
            "OrderNumber": number, "Status": "Completed", "Store__c": store,
            "ActivatedDate": at.to_rfc3339(), "SystemModstamp": at.to_rfc3339(),
            "BillToContact": {"Email": email, "FirstName": "Jane", "LastName": "Doe-Roe"},
            "OrderItems": [{"Product2": {"ProductCode": "P-1", "Name": "Thing"}, "Quantity": 1, "UnitPrice": 5}],
        });
        stage.sandbox.salesforce.put("Order", &order).unwrap()
    };
    let ids = orders.iter().map(put).collect();
    (stage, ids)
}

/// Orders of store `default`, numbered from 0.
pub(super) fn numbered(numbers: &[String]) -> Vec<(&str, &str, &str)> {
    numbers.iter().map(|number| (number.as_str(), "default", "jane@example.com")).collect()
}

/// Yotpo refuses these orders until its faults are cleared.
pub(super) fn refuse(stage: &Stage, numbers: &[&str]) {
    for number in numbers {
        let rule = Rule::always(yotpo::CREATE, Fault::status(400));
        stage.sandbox.add_fault(Rule { subject: Some((*number).to_owned()), ..rule });
    }
}

/// The night, until the queue is quiet.
pub(super) async fn night(stage: &Stage) {
    stage.produce(Utc::now()).await;
    stage.drained().await;
}

/// How often each order was posted and took effect.
pub(super) fn arrived(stage: &Stage, number: &str) -> (u64, u64) {
    stage.sandbox.yotpo.arrival(ACCOUNT, number).map_or((0, 0), |arrival| (arrival.posted, arrival.effects))
}

/// Every item of the ledger.
pub(super) fn ledger(stage: &Stage) -> Vec<Value> {
    let request = json!({"TableName": stage.stack.output("LedgerTable").unwrap()});
    let mut items = dynamodb(stage.emulator.endpoint(), "Scan", &request)["Items"].as_array().unwrap().clone();
    items.sort_by_key(|item| item["k"]["S"].as_str().unwrap_or_default().to_owned());
    items
}

/// A text attribute of an order's record.
pub(super) fn record(stage: &Stage, id: &str, attribute: &str) -> Option<String> {
    let key = json!({"S": format!("reviews/{id}")});
    let items = ledger(stage);
    let item = items.iter().find(|item| item["k"] == key)?;
    item[attribute]["S"].as_str().map(str::to_owned)
}

/// The actions that the ledger has notes of.
pub(super) fn notes(stage: &Stage) -> Vec<String> {
    let text = |item: &Value, name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
    let items = ledger(stage);
    let notes = items.iter().filter(|item| text(item, "k").starts_with("audit/reviews/"));
    notes
        .map(|note| {
            assert!(text(note, "who").starts_with("arn:aws:"), "{note}");
            assert!(!note.to_string().contains('@'), "an address in a note: {note}");
            text(note, "action")
        })
        .collect()
}

/// How many messages the dead-letter queue gives to whoever asks.
pub(super) async fn waiting(stage: &Stage) -> u64 {
    let depth = stage.stack.queue("ReviewsDeadLetterQueueUrl").unwrap().depth().await.unwrap();
    assert_eq!((depth.in_flight, depth.delayed), (0, 0), "something was not given back");
    depth.visible
}

/// Puts a body into one of the queues.
pub(super) fn send(stage: &Stage, queue: &str, body: &str) {
    let url = stage.stack.output(queue).unwrap();
    sqs(stage.emulator.endpoint(), "SendMessage", &json!({"QueueUrl": url, "MessageBody": body}));
}

/// What a command changes: ledger, queues, and what the vendors saw. One that only looks changes none of it.
pub(super) async fn world(stage: &Stage) -> (Vec<Value>, u64, u64, Value) {
    let queue = stage.stack.queue("ReviewsQueueUrl").unwrap().depth().await.unwrap();
    let arrivals = serde_json::to_value(stage.sandbox.yotpo.arrivals()).unwrap();
    (ledger(stage), waiting(stage).await, queue.total(), arrivals)
}
