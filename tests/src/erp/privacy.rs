//! Nobody's name, address, e-mail or telephone number is printed, written to the ledger, or attached to a dead letter, though NetSuite's
//! errors quote them.

use super::stage::Stage;
use crate::stage::{dynamodb, sqs};
use sandbox::shopify::{Delivery, Mischief};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What tells of a person, by the fields that webhooks have it in.
const PERSONAL: [&str; 11] = [
    "email",
    "contact_email",
    "phone",
    "first_name",
    "last_name",
    "address1",
    "address2",
    "company",
    "latitude",
    "longitude",
    "note",
];

/// All of it in the webhooks, as far as it is long enough to tell it from anything else.
fn personal(plan: &[Delivery]) -> BTreeSet<String> {
    fn collect(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(text) if PERSONAL.contains(&name.as_str()) && text.chars().count() > 3 => {
                            into.insert(text.clone());
                        }
                        other => collect(other, into),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| collect(value, into)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for sent in plan {
        collect(&serde_json::from_str(&sent.body).unwrap(), &mut found);
    }
    found
}

/// The dead letters' attributes, each letter's as one text.
fn attributes(stage: &Stage) -> Vec<String> {
    let (endpoint, url) = (stage.emulator.endpoint(), stage.stack.output("ErpDeadLetterQueueUrl").unwrap());
    let mut all = Vec::new();
    loop {
        let request = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 120, "MessageAttributeNames": ["All"]});
        let answer = sqs(endpoint, "ReceiveMessage", &request);
        match answer["Messages"].as_array().filter(|messages| !messages.is_empty()) {
            Some(messages) => all.extend(messages.iter().map(|message| message["MessageAttributes"].to_string())),
            None => return all,
        }
    }
}

/// Every item of the ledger, as text.
fn ledger(stage: &Stage) -> Vec<String> {
    let table = stage.stack.output("LedgerTable").unwrap();
    let scanned = dynamodb(stage.emulator.endpoint(), "Scan", &json!({"TableName": table, "ConsistentRead": true}));
    assert_eq!(scanned["LastEvaluatedKey"], Value::Null, "more than a page");
    scanned["Items"].as_array().unwrap().iter().map(Value::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_vendors_say_of_a_person_is_not_repeated_anywhere() {
    let stage = Stage::set().await;
    let plan = stage.orders(12, &Mischief { duplicates: 0.1, tampered: 0.1, ..Mischief::default() });
    let personal = personal(&plan);
    assert!(personal.iter().any(|text| text.contains('@')) && personal.len() > 20, "{personal:?}");
    // Scripts of the account quote whom they refuse: in orders, in customers, in words that are known and in others.
    let everything = personal.iter().cloned().collect::<Vec<_>>().join(", ");
    let words = [
        format!("Error: {everything} is not allowed here"),
        format!("Invalid Field Value {everything} for the following field: {everything}"),
        format!("Please enter value(s) for: {everything}"),
        format!("Record has been changed: {everything}"),
    ];
    let truths = stage.sandbox.shopify.truths();
    for (truth, words) in truths.iter().zip(words.iter().cycle()).step_by(2) {
        stage.sandbox.netsuite.refuse(&format!("shopify_order_{}", truth.id), Some(words));
    }
    let customers: BTreeSet<String> = plan
        .iter()
        .filter_map(|sent| serde_json::from_str::<Value>(&sent.body).unwrap()["customer"]["id"].as_u64())
        .map(|id| format!("shopify_customer_{id}"))
        .collect();
    for (customer, words) in customers.iter().zip(words.iter().cycle()).step_by(3) {
        stage.sandbox.netsuite.refuse(customer, Some(words));
    }
    stage.send(plan).await;
    // What was said of a record that changes is tried again for ever.
    stage.sandbox.netsuite.set(|settings| settings.call_ms = 0);
    let begun = std::time::Instant::now();
    let letters = stage.stack.queue("ErpDeadLetterQueueUrl").unwrap();
    while letters.depth().await.unwrap().total() < 3 || begun.elapsed().as_secs() < 8 {
        assert!(begun.elapsed().as_secs() < 120, "nothing was refused\n{}", stage.last_lines());
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    for truth in &truths {
        stage.sandbox.netsuite.refuse(&format!("shopify_order_{}", truth.id), None);
    }
    for customer in &customers {
        stage.sandbox.netsuite.refuse(customer, None);
    }
    stage.drained().await;

    let printed: Vec<String> = stage.emulator.log_lines().unwrap().into_iter().map(|line| line.text).collect();
    let (attached, written) = (attributes(&stage), ledger(&stage));
    assert!(attached.len() >= 3 && written.len() > 12 && printed.len() > 50);
    for (where_, texts) in [("a log line", printed), ("a dead letter's attributes", attached), ("the ledger", written)]
    {
        for text in texts {
            let found = personal.iter().find(|personal| text.contains(personal.as_str()));
            assert!(found.is_none(), "{found:?} in {where_}: {text}");
        }
    }
}
