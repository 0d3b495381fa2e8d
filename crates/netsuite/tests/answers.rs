//! Whatever NetSuite answers, the client says what it makes of it: it does not panic, and repeats nothing of a person. More of it by
//! `PROPTEST_CASES=100000`.

#![expect(clippy::unwrap_used, reason = "it is a test")]

use std::time::Duration;

use chrono::{DateTime, TimeZone as _, Utc};
use netsuite::{Client, Credentials, Error, GovernanceLimits, Http, RecordId, RecordKey};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Stands wherever a text may stand; nothing else of ours has it.
const PERSON: &str = "Ottoline Otis, 1 Elm St";

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 8, 0, 0).unwrap()
}

/// Answers as Oracle's pages have them, and one of a proxy: status, `Location`, body.
fn documented() -> Vec<(u16, Value)> {
    let error = |status: u16, code: &str, detail: &str| {
        let details = json!([{"detail": detail, "o:errorCode": code, "o:errorPath": "item.items[0].item"}]);
        (
            status,
            json!({"type": "https://www.w3.org/Protocols", "title": "x", "status": status, "o:errorDetails": details}),
        )
    };
    vec![
        (200, json!({"id": "647", "item": {"items": [{"line": 1, "quantity": 2, "rate": 10.5}]}, "memo": PERSON})),
        (200, json!({"items": [{"id": "1", "externalid": "shopify_order_1"}], "hasMore": false, "count": 1})),
        (
            200,
            json!({"accountConcurrencyLimit": 5, "accountUnallocatedConcurrencyLimit": 4, "integrationLimitType": "accountLimit"}),
        ),
        (200, json!({"id": "1", "stamp": "r=1;e=0;l=0", "already": false})),
        (200, json!({"error": {"code": "USER_ERROR", "message": PERSON}})),
        (204, Value::Null),
        error(400, "USER_ERROR", &format!("Error while accessing resource: {PERSON}")),
        error(400, "INVALID_CONTENT", &format!("Invalid Field Value {PERSON} for the following field: entity")),
        error(400, "USER_ERROR", "Error while accessing resource: This record already exists"),
        error(401, "INVALID_LOGIN", "Invalid login attempt."),
        error(404, "NONEXISTENT_ID", "Record does not exist."),
        error(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked."),
        error(500, "UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: abc"),
        (503, json!(PERSON)),
    ]
}

fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!(PERSON)),
        Just(json!([])),
        Just(json!([null])),
        Just(json!({})),
        Just(json!([{"detail": PERSON, "o:errorCode": PERSON, "o:errorPath": PERSON}])),
    ]
}

/// The pointers of every place in a document.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| places(value, &format!("{at}/{key}"), found)),
        Value::Array(items) => {
            (0..).zip(items).for_each(|(n, value): (usize, _)| places(value, &format!("{at}/{n}"), found));
        }
        _ => {}
    }
}

/// What comes back: a documented answer with some of it replaced, or cut short.
fn answer() -> impl Strategy<Value = (u16, Option<String>, Vec<u8>)> {
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), anything()), 0..4);
    let status = prop_oneof![Just(None), proptest::option::of(100..600_u16)];
    let location = proptest::option::of(prop_oneof![Just("https://x/salesOrder/647".to_owned()), "[ -~]{0,40}"]);
    let documented = prop::sample::select(documented());
    (documented, changes, status, location, any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |((known, mut body), changes, status, location, cut, whole)| {
            for (index, value) in changes {
                let mut found = Vec::new();
                places(&body, "", &mut found);
                let place: &String = index.get(&found);
                *body.pointer_mut(place).unwrap() = value;
            }
            let mut bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
            if !whole && !bytes.is_empty() {
                bytes.truncate(cut.index(bytes.len()));
            }
            (status.unwrap_or(known).max(200), location, bytes)
        },
    )
}

/// By tokens: every call is signed, and none is needed for a login.
fn client(status: u16, location: Option<String>, body: Vec<u8>) -> Client {
    let exchange = move |_: http::Request<bytes::Bytes>| -> rest::Exchange {
        let mut response = http::Response::new(bytes::Bytes::from(body.clone()));
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        if let Some(Ok(location)) = location.as_deref().map(http::HeaderValue::from_str) {
            response.headers_mut().insert("location", location);
        }
        Box::pin(async move { Ok(response) })
    };
    let credentials: Credentials = serde_json::from_value(json!({
        "account_id": "123456_SB1", "consumer_key": "ck", "consumer_secret": "cs", "token_id": "tk", "token_secret": "ts",
    }))
    .unwrap();
    Client::new(Http::in_process(Duration::from_secs(1), exchange), credentials, now, || 7)
}

/// Each call there is, once; what failed, in words.
async fn all_calls(client: &Client) -> Vec<String> {
    let (key, id, body): (_, RecordId, _) = (RecordKey::External("shopify_order_1"), "647".parse().unwrap(), json!({}));
    let said = |error: Option<Error>| error.map(|error| format!("{error} {error:?}"));
    let all = [
        said(client.create("salesOrder", &body).await.err()),
        said(client.get("salesOrder", key, true).await.err()),
        said(client.patch("salesOrder", key, &body, Some("item")).await.err()),
        said(client.upsert("customer", "shopify_customer_1", &body).await.err()),
        said(client.delete("salesOrder", &id).await.err()),
        said(client.transform("salesOrder", &id, "itemFulfillment", &body).await.err()),
        said(client.suiteql::<Value>("SELECT id FROM item").await.err()),
        said(client.restlet::<Value>("1", "1", &body).await.err()),
        said(client.governance_limits().await.map(|limits: GovernanceLimits| limits).err()),
        said(client.metadata("salesOrder").await.err()),
        said(client.log_in().await.err()),
    ];
    all.into_iter().flatten().collect()
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic_or_is_repeated((status, location, body) in answer()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let said = runtime.block_on(all_calls(&client(status, location, body)));
        let quoted = said.iter().find(|said| said.contains("Ottoline") || said.contains("Elm St"));
        prop_assert!(quoted.is_none(), "{:?}", quoted);
    }

    #[test]
    fn no_secret_makes_it_panic_or_is_repeated(
        which in any::<bool>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), anything()), 0..3),
    ) {
        let mut secret = if which {
            json!({"account_id": "123456", "consumer_key": "hunter2", "consumer_secret": "hunter2", "token_id": "t", "token_secret": "hunter2"})
        } else {
            json!({"account_id": "123456", "client_id": "c", "certificate_id": "k", "private_key_pem": "hunter2"})
        };
        for (index, value) in changes {
            let mut found = Vec::new();
            places(&secret, "", &mut found);
            let place: &String = index.get(&found);
            *secret.pointer_mut(place).unwrap() = value;
        }
        if let Err(error) = serde_json::from_value::<Credentials>(secret) {
            let said = format!("{error} {error:?}");
            prop_assert!(!said.contains("hunter2"), "{}", said);
        }
    }
}
