//! The check event: what a new version is asked before traffic moves to it.

use crate::stage::{Setting, Stage};
use serde_json::{Value, json};

const FUNCTIONS: [&str; 2] = ["ReviewsProducerFunction", "ReviewsConsumerFunction"];

async fn check(stage: &Stage, function: &str) -> Value {
    let answer = stage.stack.invoke(function, &json!({"check": true})).await.unwrap();
    assert_eq!(answer.error, None, "a failed check is an answer, not an error: {answer:?}");
    answer.payload
}

/// The names of what was looked at, and for the failed ones what was said.
fn failures(answer: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let checked = answer["checked"].as_array().unwrap();
    let failed: Vec<_> = checked.iter().filter(|check| check["ok"] == false).collect();
    assert_eq!(answer["ok"] == true, failed.is_empty(), "{answer}");
    failed.iter().map(|check| (text(&check["name"]), text(&check["error"]))).collect()
}

fn names(answer: &Value) -> Vec<&str> {
    answer["checked"].as_array().unwrap().iter().filter_map(|check| check["name"].as_str()).collect()
}

/// Nothing was sent, to the vendor, to a queue or to the dead letters.
async fn assert_nothing_sent(stage: &Stage) {
    assert!(stage.sandbox.yotpo.arrivals().is_empty());
    for queue in ["ReviewsQueueUrl", "ReviewsDeadLetterQueueUrl"] {
        assert_eq!(stage.stack.queue(queue).unwrap().depth().await.unwrap().total(), 0, "{queue}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_can_work_says_so_and_sends_nothing() {
    let stage = Stage::set().await;
    let manifest = stage.sandbox.seed_day(&Stage::yesterday(20)).unwrap();
    let producer = check(&stage, "ReviewsProducerFunction").await;
    assert_eq!(failures(&producer), []);
    assert_eq!(
        names(&producer),
        [
            "configuration",
            "secret",
            "salesforce token",
            "salesforce fields",
            "salesforce picklists",
            "salesforce order ids",
            "mapping",
            "queue",
            "dead-letter queue",
            "ledger"
        ]
    );
    assert_eq!(producer["checked"][0]["sha256"].as_str().map(str::len), Some(64));
    let consumer = check(&stage, "ReviewsConsumerFunction").await;
    assert_eq!(failures(&consumer), []);
    assert_eq!(
        names(&consumer),
        ["configuration", "secret", "yotpo token, store default", "queue", "dead-letter queue", "ledger", "mapping"]
    );
    assert_nothing_sent(&stage).await;
    // The same functions then do their work.
    stage.deliver_all(&manifest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_function_from_starting_is_a_failed_check_until_it_is_mended() {
    let stage = Stage::set().await;
    for secret in ["salesforce", "yotpo"] {
        stage.stack.put_secret_text(secret, "{}").unwrap();
    }
    for (function, secret) in FUNCTIONS.into_iter().zip(["salesforce", "yotpo"]) {
        let answer = check(&stage, function).await;
        let failed = failures(&answer);
        let [(name, error)] = failed.as_slice() else { panic!("{answer}") };
        assert_eq!(name, "secret");
        assert!(error.contains(&format!("put-secret-value --secret-id order-relay/{secret}")), "{error}");
        assert!(!stage.logged("check failed").is_empty());
    }
    // Other events fail as they did, with the same sentence.
    let refused = stage.stack.invoke("ReviewsConsumerFunction", &json!({"Records": []})).await.unwrap();
    assert!(refused.error.is_some() && refused.payload.to_string().contains("put-secret-value"), "{refused:?}");
    assert_nothing_sent(&stage).await;

    // The process that could not start does so at the next invocation.
    stage.stack.put_secret("salesforce", &stage.sandbox.salesforce.secret()).unwrap();
    stage.stack.put_secret("yotpo", &stage.sandbox.yotpo.secret(&[("default", crate::stage::ACCOUNT)])).unwrap();
    for function in FUNCTIONS {
        assert_eq!(failures(&check(&stage, function).await), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_started_function_cannot_use_is_named_without_its_secrets() {
    let nowhere = "http://127.0.0.1:1/nowhere";
    let stage = Stage::with(Setting { environment: &[("AWS_ENDPOINT_URL_SQS", nowhere)], ..Setting::default() }).await;
    let mut wrong = stage.sandbox.salesforce.secret();
    wrong["client_secret"] = "topsecret".into();
    stage.stack.put_secret("salesforce", &wrong).unwrap();
    let mut wrong = stage.sandbox.yotpo.secret(&[("default", crate::stage::ACCOUNT)]);
    wrong["stores"]["default"]["secret_key"] = "topsecret".into();
    stage.stack.put_secret("yotpo", &wrong).unwrap();
    for (function, token) in FUNCTIONS.into_iter().zip(["salesforce token", "yotpo token, store default"]) {
        let answer = check(&stage, function).await;
        let failed: Vec<String> = failures(&answer).into_iter().map(|(name, _)| name).collect();
        assert_eq!(failed, [token, "queue", "dead-letter queue"], "{answer}");
        assert!(!answer.to_string().contains("topsecret"), "{answer}");
    }
    assert!(stage.sandbox.yotpo.arrivals().is_empty());
}

/// A status that no order ever has would select nothing, night after night: such a version gets no work.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_no_picklist_has_fails_the_check() {
    let settings = &[("salesforce", "completed", r#"[{ field = "Status", is = ["Compleated"] }]"#)];
    let stage = Stage::with(Setting { settings, ..Setting::default() }).await;
    let answer = check(&stage, FUNCTIONS[0]).await;
    let failed = failures(&answer);
    let [(name, error)] = failed.as_slice() else { panic!("{answer}") };
    assert_eq!(name, "salesforce picklists");
    assert!(error.contains("\"Compleated\"") && error.contains("expected \"Completed\""), "{error}");
}

/// A message that looks like a check is a message.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_never_taken_for_a_check() {
    let stage = Stage::set().await;
    let url = stage.stack.output("ReviewsQueueUrl").unwrap();
    let message = json!({"QueueUrl": url, "MessageBody": "{\"check\":true}"});
    crate::stage::sqs(stage.emulator.endpoint(), "SendMessage", &message);
    stage.drained().await;
    assert_eq!(stage.dead_letters().len(), 1);
    let both = json!({"check": true, "Records": []});
    let answer = stage.stack.invoke("ReviewsConsumerFunction", &both).await.unwrap();
    assert_eq!((answer.error, answer.payload), (None, json!({"batchItemFailures": []})));
}
