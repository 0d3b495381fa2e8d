//! The client against the simulated account, which signs and checks in code of its own.

#![expect(clippy::unwrap_used, reason = "it is a test")]

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use netsuite::{Client, Creation, Credentials, Error, Http, RecordId, RecordKey, RefusalReason, suiteql::literal};
use sandbox::{Fault, Moment, Rule, Sandbox, netsuite as account};
use serde::Deserialize;
use serde_json::{Value, json};

const ORDER: &str = "shopify_order_1";

async fn sandbox() -> Sandbox {
    Sandbox::start(1, "127.0.0.1:0".parse().unwrap()).await.unwrap()
}

fn client(secret: Value) -> Client {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let credentials: Credentials = serde_json::from_value(secret).unwrap();
    let number = || NUMBER.fetch_add(1, Relaxed);
    Client::new(Http::new(Duration::from_secs(20)).unwrap(), credentials, chrono::Utc::now, number)
}

fn order(sandbox: &Sandbox) -> Value {
    let buyer = json!({
        "externalId": "shopify_customer_1", "isPerson": true, "firstName": "Ottoline", "lastName": "Otis",
        "email": "ottoline@example.com", "subsidiary": {"id": "1"},
    });
    let entity = sandbox.netsuite.put("customer", &buyer).unwrap().to_string();
    let item = sandbox.netsuite.items()[0].id.to_string();
    let line = json!({"item": {"id": item}, "quantity": 2, "price": {"id": "-1"}, "rate": 10.5, "custcol_order_relay_line": "1"});
    json!({"externalId": ORDER, "entity": {"id": entity}, "memo": "O'Neil", "item": {"items": [line]}})
}

#[derive(Deserialize)]
struct Found {
    id: RecordId,
    memo: String,
}

/// Everything that the flow calls, once.
async fn works(sandbox: &Sandbox, client: &Client) {
    let order = order(sandbox);
    let Creation::Created(id) = client.create("salesOrder", &order).await.unwrap() else { panic!("it was there") };
    assert_eq!(client.create("salesOrder", &order).await.unwrap(), Creation::AlreadyExists);
    let key = RecordKey::External(ORDER);
    let read = client.get("salesOrder", key, true).await.unwrap().unwrap();
    assert_eq!(read["item"]["items"][0]["custcol_order_relay_line"], "1");
    assert_eq!(client.get("salesOrder", RecordKey::External("none"), true).await.unwrap(), None);
    client.patch("salesOrder", RecordKey::Internal(&id), &json!({"memo": "O''Neil"}), None).await.unwrap();
    let query = format!("SELECT id, memo FROM transaction WHERE externalid = {}", literal(ORDER).unwrap());
    let found: Vec<Found> = client.suiteql(&query).await.unwrap();
    assert_eq!((found[0].id.as_str(), found[0].memo.as_str()), (id.as_str(), "O''Neil"));
    let stamp = format!("r=1;e={0};l={0}", "0".repeat(32));
    let body = json!({"type": "salesOrder", "externalId": ORDER, "stamp": stamp, "fields": {"memo": "new"}});
    let answer: Value = client.restlet("customscript_order_relay", "customdeploy_order_relay", &body).await.unwrap();
    assert_eq!((&answer["id"], &answer["already"]), (&json!(id), &json!(false)));
    let refused = client.restlet::<Value>("customscript_order_relay", "customdeploy_2", &body).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { reason: RefusalReason::SetUp, .. }), "{refused:?}");
    assert_eq!(sandbox.netsuite.transaction(ORDER).unwrap().id.to_string(), id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn by_certificate_on_an_elliptic_curve() {
    let sandbox = sandbox().await;
    works(&sandbox, &client(sandbox.netsuite.secret())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_certificate_with_rsa() {
    let sandbox = sandbox().await;
    works(&sandbox, &client(sandbox.netsuite.rsa_secret())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_tokens() {
    let sandbox = sandbox().await;
    works(&sandbox, &client(sandbox.netsuite.token_based_secret())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_certificate_is_a_refused_login() {
    let sandbox = sandbox().await;
    let client = client(sandbox.netsuite.secret());
    client.log_in().await.unwrap();
    sandbox.netsuite.revoke();
    let refused = client.get("salesOrder", RecordKey::External(ORDER), false).await.unwrap_err();
    assert!(matches!(refused, Error::Unauthorized { .. }), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_cut_off_after_it_took_effect_may_have_landed() {
    let sandbox = sandbox().await;
    let client = client(sandbox.netsuite.secret());
    let order = order(&sandbox);
    sandbox.add_fault(Rule { next: Some(1), ..Rule::always(account::CREATE, Fault::Cut { moment: Moment::After }) });
    let cut = client.create("salesOrder", &order).await.unwrap_err();
    assert!(cut.may_land(), "{cut:?}");
    assert_eq!(client.create("salesOrder", &order).await.unwrap(), Creation::AlreadyExists);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_of_the_account_is_not_quoted() {
    let sandbox = sandbox().await;
    let client = client(sandbox.netsuite.secret());
    let order = order(&sandbox);
    sandbox.netsuite.refuse(ORDER, Some("Ottoline Otis (ottoline@example.com) is on credit hold."));
    let refused = client.create("salesOrder", &order).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { reason: RefusalReason::Content, .. }), "{refused:?}");
    assert!(!format!("{refused} {refused:?}").contains("Ott"), "{refused:?}");
    sandbox.netsuite.refuse(ORDER, None);
    client.create("salesOrder", &order).await.unwrap();
    sandbox.netsuite.lock(ORDER, true).unwrap();
    let locked = client.get("salesOrder", RecordKey::External(ORDER), true).await.unwrap_err();
    assert!(matches!(locked, Error::Refused { reason: RefusalReason::Locked, .. }), "{locked:?}");
}
