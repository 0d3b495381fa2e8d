//! `relay check`.

use super::{assert_refused, outside::Outside, relay, relay_json, relay_with, transcript::shown};
use crate::stage::{ACCOUNT, Stage};
use sandbox::{Fault, Rule, salesforce, yotpo};
use serde_json::{Value, json};
use std::fs;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

const PRODUCER: &str = "order-relay-reviews-producer";
const CONSUMER: &str = "order-relay-reviews-consumer";
const RECONCILER: &str = "order-relay-reviews-reconciler";

/// The crosses of an answer: group and name.
fn crosses(answer: &Value) -> Vec<(&str, &str)> {
    let text = |value: &'static str| move |check: &'_ Value| check[value].as_str().map(str::to_owned);
    let checks = answer["checks"].as_array().unwrap();
    let wrong = checks.iter().filter(|check| check["ok"] == false);
    assert_eq!(answer["ok"] == true, wrong.clone().next().is_none(), "{answer}");
    wrong
        .map(|check| {
            assert!(text("error")(check).is_some(), "{check} does not say what is wrong");
            (check["group"].as_str().unwrap(), check["name"].as_str().unwrap())
        })
        .collect()
}

fn find<'a>(answer: &'a Value, group: &str, name: &str) -> &'a Value {
    let mut checks = answer["checks"].as_array().unwrap().iter();
    checks.find(|check| check["group"] == group && check["name"] == name).unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_stack_is_all_ticks_and_nothing_is_written() {
    let stage = Stage::set().await;
    let manifest = stage.sandbox.seed_day(&Stage::yesterday(30)).unwrap();
    stage.produce(chrono::Utc::now()).await;
    stage.drained().await;
    let before = Outside::of(&stage).await;
    let answer = relay_json(&stage, 0, &["check"]);
    assert_eq!(crosses(&answer), []);
    let mut groups: Vec<_> =
        answer["checks"].as_array().unwrap().iter().map(|c| c["group"].as_str().unwrap()).collect();
    groups.dedup();
    let vendors = ["Salesforce", "Yotpo"];
    let expected = [&["caller", "settings", "secrets", PRODUCER, CONSUMER, RECONCILER][..], &vendors, &["machinery"]];
    assert_eq!(groups, expected.concat());
    let untried = find(&answer, "caller", "sqs:ReceiveMessage, sqs:SendMessage");
    assert_eq!(untried["ok"], Value::Null, "what cannot be tried is not ticked");
    let tick = json!({"group": "caller", "name": "dynamodb:UpdateItem", "ok": true});
    assert_eq!(*find(&answer, "caller", "dynamodb:UpdateItem"), tick);
    assert!(!answer.to_string().contains("sandbox-default-secret"), "a secret is shown");
    let well = |name| find(&answer, "Salesforce", name)["note"].as_str().unwrap();
    assert!(well("orders visible").contains(" completed orders of the last 28 days are visible"), "{answer}");
    assert!(well("salesforce.completed_at").contains("ActivatedDate is within a day of the last change"), "{answer}");
    assert_eq!(Outside::of(&stage).await, before);
    // Their status changes now, as the org's history tells, and the configured date is long past.
    for order in manifest.expected.iter().filter(|order| order.kind == "Ordinary").take(6) {
        let activated = chrono::Utc::now() - chrono::TimeDelta::days(9);
        stage
            .sandbox
            .salesforce
            .patch("Order", &order.order_id, &json!({"ActivatedDate": activated.to_rfc3339()}))
            .unwrap();
        let status = json!({"OrderId": order.id, "Field": "Status", "NewValue": "Completed"});
        stage.sandbox.salesforce.put("OrderHistory", &status).unwrap();
    }
    let ran = relay(&stage, &["check"]);
    for said in
        ["in 0 of 6 orders only", "nearer is Completed_On__c (6 of 6)", "→ an order is sent when the day of this date"]
    {
        assert!(ran.code == 0 && ran.out.contains(said), "it does not say {said}: {ran:?}");
    }
    for wrong in [&["check", "--stack", "nothing"][..], &["check", "--store", "default"]] {
        assert_refused(&stage, wrong, if wrong[1] == "--stack" { "there is no stack `nothing`" } else { "--store" });
    }
}

/// Switches the queue's mapping on or off.
fn take_messages(stage: &Stage, enabled: bool) {
    let mappings = format!("{}/2015-03-31/event-source-mappings", stage.emulator.endpoint());
    let credential =
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0";
    let listed = ureq::get(&mappings).header("Authorization", credential).call().unwrap().body_mut().read_to_string();
    let listed: Value = serde_json::from_str(&listed.unwrap()).unwrap();
    let one = format!("{mappings}/{}", listed["EventSourceMappings"][0]["UUID"].as_str().unwrap());
    let change = json!({"Enabled": enabled}).to_string();
    ureq::put(&one).header("Authorization", credential).send(change).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_broken_is_its_cross() {
    let stage = Stage::set().await;
    // Functions that have started keep their secrets until a vendor refuses them.
    let empty = relay(&stage, &["check"]);
    assert!(empty.code == 0 && empty.out.contains("? orders visible: not one order is visible"), "{empty:?}");
    stage.sandbox.seed_day(&Stage::yesterday(30)).unwrap();
    let checked = |arguments: &[&str]| relay_json(&stage, 1, &[&["check"], arguments].concat());
    let yotpo = |stores: &[(&str, &str)]| stage.sandbox.yotpo.secret(stores);

    stage.stack.put_secret_text("yotpo", "{}").unwrap();
    let answer = checked(&[]);
    assert_eq!(crosses(&answer), [("secrets", "order-relay/yotpo"), ("Yotpo", "yotpo tokens")]);
    let mended = find(&answer, "secrets", "order-relay/yotpo")["error"].as_str().unwrap();
    assert!(mended.contains("put-secret-value --secret-id order-relay/yotpo"), "{mended}");

    stage.stack.put_secret("yotpo", &yotpo(&[("other", ACCOUNT)])).unwrap();
    let answer = checked(&[]);
    assert_eq!(crosses(&answer), [("secrets", "yotpo store default"), ("Yotpo", "yotpo tokens")]);
    assert_eq!(find(&answer, "secrets", "yotpo store other")["note"], "in the secret and not in the settings");

    let mut wrong = yotpo(&[("default", ACCOUNT)]);
    wrong["stores"]["default"]["secret_key"] = "topsecret".into();
    wrong["expires_on"] = (chrono::Utc::now().date_naive() + chrono::TimeDelta::days(3)).to_string().into();
    stage.stack.put_secret("yotpo", &wrong).unwrap();
    let answer = checked(&[]);
    let expected = [("secrets", "order-relay/yotpo expires"), ("Yotpo", "yotpo token, store default")];
    assert_eq!(crosses(&answer), expected);
    let ran = shown(&stage, "check", "relay check");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(!answer.to_string().contains("topsecret") && !ran.out.contains("topsecret"), "{answer}");
    stage.stack.put_secret("yotpo", &yotpo(&[("default", ACCOUNT)])).unwrap();

    stage.sandbox.salesforce.remove_field("Order", "Is_Test__c").unwrap();
    let answer = checked(&[]);
    let fields = [PRODUCER, RECONCILER, "Salesforce"].map(|group| (group, "salesforce fields"));
    assert_eq!(crosses(&answer), fields);
    assert!(find(&answer, PRODUCER, "salesforce fields")["error"].as_str().unwrap().contains("`reviews.test_order`"));
    stage.sandbox.salesforce.add_field("Order", "Is_Test__c", "boolean").unwrap();

    stage.sandbox.add_fault(Rule::outage(salesforce::TOKEN, None));
    let tokens = [PRODUCER, RECONCILER, "Salesforce"].map(|group| (group, "salesforce token"));
    assert_eq!(crosses(&checked(&[])), tokens);
    stage.sandbox.clear_faults();
    stage.sandbox.add_fault(Rule::always(yotpo::TOKEN, Fault::status(503)));
    let tokens = [CONSUMER, RECONCILER, "Yotpo"].map(|group| (group, "yotpo token, store default"));
    assert_eq!(crosses(&checked(&[])), tokens);
    stage.sandbox.clear_faults();
    // Whatever is switched off is a cross, and wants attention.
    take_messages(&stage, false);
    let answer = checked(&[]);
    let mapping = format!("queue's mapping to {CONSUMER}");
    assert_eq!(crosses(&answer), [("machinery", mapping.as_str())]);
    let mended = find(&answer, "machinery", &mapping)["hint"].as_str().unwrap();
    assert!(mended.contains("update-event-source-mapping --uuid"), "{mended}");
    let status = relay_json(&stage, 1, &["status"]);
    assert!(status["attention"][0]["what"].as_str().unwrap().contains("no order is delivered"), "{status}");
    take_messages(&stage, true);
    assert_eq!(relay(&stage, &["check"]).code, 0, "all of it is mended");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_wrong_are_told_from_those_that_differ() {
    let stage = Stage::set().await;
    let shipped = fs::read_to_string(stage.relay_toml()).unwrap();
    let at = |name: &str, text: &str| {
        let path = stage.directory().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let misspelt = at("misspelt.toml", &shipped.replace(r#"is = ["Completed"]"#, r#"is = ["Compleated"]"#));
    let answer = relay_json(&stage, 1, &["check", "--config", &misspelt]);
    let deployed = ("settings", "deployed");
    assert_eq!(crosses(&answer), [deployed, deployed, deployed, ("Salesforce", "salesforce picklists")]);
    let error = find(&answer, "Salesforce", "salesforce picklists")["error"].as_str().unwrap();
    for named in ["`salesforce.completed`", "\"Compleated\"", "expected \"Completed\""] {
        assert!(error.contains(named), "{error} does not name {named}");
    }
    let by_type = shipped.replace(r#"route_by = "Store__c""#, r#"route_by = "Type""#);
    let by_type = at("by_type.toml", &by_type.replace(r#"routes = ["default"]"#, r#"routes = ["Web"]"#));
    let answer = relay_json(&stage, 1, &["check", "--config", &by_type]);
    assert_eq!(crosses(&answer), [deployed; 3]);
    let note = find(&answer, "Salesforce", "salesforce picklists")["note"].as_str().unwrap();
    assert!(note.contains("\"Retail\", \"Test\"") && note.contains("parked"), "{note}");

    let broken = at("broken.toml", "time_zone = 1");
    let answer = relay_json(&stage, 1, &["check", "--config", &broken]);
    assert_eq!(crosses(&answer), [("settings", "file")]);
    let ran = relay(&stage, &["check", "--config", &broken]);
    assert!(ran.out.contains("✗ settings") && ran.out.contains("✓ caller"), "{ran:?}");
}

/// The emulator lets everybody do everything: what AWS says to somebody who may not is said here.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_caller_may_not_do_is_named() {
    let stage = Stage::set().await;
    let refusing = async |body: &str| {
        let server = MockServer::start().await;
        let refusal = ResponseTemplate::new(403).set_body_raw(body.to_owned(), "application/x-amz-json-1.0");
        Mock::given(any()).respond_with(refusal).mount(&server).await;
        server
    };
    let server = refusing(r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"no"}"#).await;
    let checked = |service: &str, server: &MockServer| {
        let ran = relay_with(&stage, &[(&format!("AWS_ENDPOINT_URL_{service}"), &server.uri())], &["check", "--json"]);
        assert_eq!(ran.code, 1, "{ran:?}");
        ran.json()
    };
    let answer = checked("SQS", &server);
    let actions = ["sqs:GetQueueAttributes", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"];
    assert_eq!(crosses(&answer), actions.map(|name| ("caller", name)));
    let denied = find(&answer, "caller", "sqs:DeleteMessage");
    assert!(denied["error"].as_str().unwrap().contains("AccessDenied"), "{denied}");
    assert!(denied["hint"].as_str().unwrap().contains("infra/operator.yaml"), "{denied}");
    let dynamodb =
        crosses(&checked("DYNAMODB", &server)).into_iter().map(|(_, name)| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(dynamodb, ["GetItem", "BatchGetItem", "Query", "UpdateItem"].map(|action| format!("dynamodb:{action}")));
    let server =
        refusing("<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>").await;
    let answer = checked("CLOUDFORMATION", &server);
    assert_eq!(crosses(&answer), [("caller", "cloudformation:DescribeStacks")], "the rest cannot be found");
}
