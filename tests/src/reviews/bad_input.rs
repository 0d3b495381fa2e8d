//! What is wrong says so, by name, within one attempt.

use crate::stage::{Setting, Stage, sqs};
use sandbox::Outcome;
use serde_json::{Value, json};

async fn refusal(stage: &Stage, function: &str, event: Value) -> String {
    let answer = stage.stack.invoke(function, &event).await.unwrap();
    assert!(answer.error.is_some(), "it was to fail: {answer:?}");
    answer.payload.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_garbage_message_ends_in_the_dead_letter_queue_as_it_came() {
    let stage = Stage::set().await;
    let url = stage.stack.output("ReviewsQueueUrl").unwrap();
    for body in ["garbage", "{\"key\":\"reviews/x\"}", "{}"] {
        sqs(stage.emulator.endpoint(), "SendMessage", &json!({"QueueUrl": url, "MessageBody": body}));
    }
    stage.drained().await;
    let mut letters = stage.dead_letters();
    letters.sort_by(|a, b| b.body.cmp(&a.body));
    let seen: Vec<_> = letters.iter().map(|l| (l.body.as_str(), l.error_class.as_str())).collect();
    assert_eq!(seen, [("{}", "bad_record"), ("{\"key\":\"reviews/x\"}", "bad_record"), ("garbage", "bad_record")]);
    assert!(letters[2].error.contains("it is not JSON"), "{letters:?}");
    assert!(letters[0].error.contains("a field is missing"), "{letters:?}");
    assert_eq!(stage.logged("dead-letter queue, as it came").len(), 3, "within one attempt each");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_that_yotpo_refuses_ends_there_within_one_attempt() {
    let stage = Stage::set().await;
    let manifest = stage.sandbox.seed_day(&Stage::yesterday(30)).unwrap();
    stage.produce(chrono::Utc::now()).await;
    stage.drained().await;
    let letters = stage.dead_letters();
    let refused: Vec<_> = letters.iter().filter(|l| l.error.contains("Yotpo refused it: HTTP 400")).collect();
    let expected: Vec<_> = manifest.expected.iter().filter(|e| e.outcome == Outcome::Rejected).collect();
    assert_eq!(refused.len(), expected.len());
    for order in expected {
        let arrival = stage.sandbox.yotpo.arrival(&order.app_key, &order.order_id).unwrap();
        assert_eq!((arrival.posted, arrival.refused), (1, 1));
    }
    stage.assert_logs(&manifest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_nobody_filled_is_named_with_the_command_that_mends_it() {
    let stage = Stage::set().await;
    let event = json!({"scheduled_at": chrono::Utc::now()});
    stage.stack.put_secret_text("salesforce", "{}").unwrap();
    let refused = refusal(&stage, "ReviewsProducerFunction", event.clone()).await;
    assert!(refused.contains("order-relay/salesforce") || !stage.logged("cold start failed").is_empty(), "{refused}");
    let line = &stage.logged("cold start failed")[0];
    let error = line["error"].as_str().unwrap();
    assert!(error.contains("order-relay/salesforce") && error.contains("put-secret-value"), "{error}");
    assert_eq!(line["error_class"], "misconfigured");

    for (content, expected) in [
        ("not json", "JSON"),
        (r#"{"login_url":"https://acme.my.salesforce.com","client_id":"a"}"#, "client_secret"),
        (
            r#"{"login_url":"http://acme.my.salesforce.com","client_id":"a","client_secret":"topsecret"}"#,
            "acme.my.salesforce.com",
        ),
        (
            r#"{"login_url":"https://acme.my.salesforce.com","client_id":"a","client_secret":"topsecret","extra":1}"#,
            "extra",
        ),
    ] {
        stage.stack.put_secret_text("salesforce", content).unwrap();
        refusal(&stage, "ReviewsProducerFunction", event.clone()).await;
        let lines = stage.logged("cold start failed");
        let error = lines.iter().map(|l| l["error"].as_str().unwrap()).find(|e| e.contains(expected));
        let error = error.unwrap_or_else(|| panic!("{expected} is not named: {lines:?}"));
        assert!(error.contains("misconfigured") && !error.contains("topsecret"), "{error}");
    }
    stage.assert_logs(&sandbox::Manifest {
        window: (chrono::Utc::now(), chrono::Utc::now()),
        expected: vec![],
        refused: vec![],
        personal: sandbox::Personal::default(),
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_credentials_is_named_at_cold_start() {
    let stage = Stage::set().await;
    stage.stack.put_secret("yotpo", &stage.sandbox.yotpo.secret(&[("other", "key")])).unwrap();
    let refused = refusal(&stage, "ReviewsConsumerFunction", json!({"Records": []})).await;
    let error = stage.logged("cold start failed")[0]["error"].as_str().unwrap().to_owned();
    assert!(error.contains("order-relay/yotpo") && error.contains("stores.default"), "{error}\n{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_event_is_refused_by_name() {
    let stage = Stage::set().await;
    for (event, named) in [
        (json!({}), "neither `scheduled_at` nor `business_day`"),
        (json!({"business_day": "2026-13-01"}), "`business_day` is"),
        (json!({"business_day": chrono::Utc::now().date_naive().to_string()}), "is not over yet"),
        (json!({"business_day": "2026-11-01", "store": "nowhere"}), "which the configuration does not have"),
        (json!({"scheduled": "now"}), "unknown field `scheduled`"),
    ] {
        let refused = refusal(&stage, "ReviewsProducerFunction", event).await;
        assert!(refused.contains(named), "{named}: {refused}");
    }
    let refused = refusal(&stage, "ReviewsConsumerFunction", json!({"no": "batch"})).await;
    assert!(refused.contains("Records"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_the_org_lacks_is_named_with_its_key_before_anything_is_read() {
    for (setting, named) in [
        (
            ("salesforce", "order_id", "\"Shop_Order__c\""),
            "`salesforce.order_id` is \"Shop_Order__c\", but Order has no field `Shop_Order__c`",
        ),
        (("salesforce", "completed_at", "\"Completed_Formula__c\""), "a formula"),
        (("salesforce.line", "product_id", "\"Product2.Code__c\""), "`salesforce.line.product_id`"),
    ] {
        let stage = Stage::with(Setting { settings: &[setting], ..Setting::default() }).await;
        let refused = refusal(&stage, "ReviewsProducerFunction", json!({"scheduled_at": chrono::Utc::now()})).await;
        assert!(refused.replace("\\\"", "\"").contains(named), "{refused}");
        assert!(stage.sandbox.yotpo.arrivals().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_fails_the_cold_start() {
    let stage = Stage::set().await;
    let good = std::fs::read_to_string(stage.relay_toml()).unwrap();
    for (from, to, named) in [
        ("overlap = \"30m\"", "overlap = \"-30m\"", "reviews.overlap"),
        ("time_zone = \"Etc/UTC\"", "time_zone = \"Mars/Olympus\"", "time_zone"),
        ("platform = \"general\"", "platfrom = \"general\"", "platfrom"),
    ] {
        // Other flows have keys of the same name further down.
        std::fs::write(stage.relay_toml(), good.replacen(from, to, 1)).unwrap();
        stage.kill("reviews-producer");
        refusal(&stage, "ReviewsProducerFunction", json!({"scheduled_at": chrono::Utc::now()})).await;
        let lines = stage.logged("cold start failed");
        let error = lines.iter().map(|l| l["error"].as_str().unwrap()).find(|e| e.contains(named));
        assert!(error.is_some_and(|e| e.contains("misconfigured") && e.contains("relay.toml")), "{named}: {lines:?}");
    }
}
