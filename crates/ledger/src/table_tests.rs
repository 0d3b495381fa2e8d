use super::*;
use crate::{Policies, Policy, Repeat};
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::{body::SdkBody, retry::RetryConfig};
use serde_json::{Value, json};
use std::{
    fmt,
    sync::{Arc, Mutex},
};
use tokio::time::Instant;

const TABLE: &str = "ledger";

/// A table of which every call reads so many items at most, and none before an instant.
#[derive(Clone)]
struct Busy {
    most: usize,
    until: Instant,
    calls: Arc<Mutex<Vec<(Instant, usize)>>>,
}

impl fmt::Debug for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Busy")
    }
}

impl HttpClient for Busy {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Busy {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let keys = request["RequestItems"][TABLE]["Keys"].as_array().unwrap();
        self.calls.lock().unwrap().push((Instant::now(), keys.len()));
        let different: BTreeSet<&str> = keys.iter().map(|key| key["k"]["S"].as_str().unwrap()).collect();
        let (status, answer) = if different.len() < keys.len() || keys.len() > KEYS_PER_READ {
            let kind = "com.amazon.coral.validate#ValidationException";
            (400, json!({"__type": kind, "message": "Provided list of item keys contains duplicates"}))
        } else {
            let most = if Instant::now() < self.until { 0 } else { self.most.min(keys.len()) };
            let items: Vec<Value> = keys[..most].iter().map(|key| item(key["k"]["S"].as_str().unwrap())).collect();
            let left = if most < keys.len() { json!({TABLE: {"Keys": keys[most..]}}) } else { json!({}) };
            (200, json!({"Responses": {TABLE: items}, "UnprocessedKeys": left}))
        };
        let response =
            HttpResponse::new(u16::try_from(status).unwrap().try_into().unwrap(), SdkBody::from(answer.to_string()));
        HttpConnectorFuture::ready(Ok::<_, ConnectorError>(response))
    }
}

fn item(key: &str) -> Value {
    let text = |text: &str| json!({"S": text});
    let number = |n: i64| json!({"N": n.to_string()});
    json!({
        "k": text(key), "state": text("accepted"), "revision": number(7), "hash": text("h"), "attempts": number(1),
        "repairs": number(0), "store": text("default"), "updated_at": number(1), "expires_at": number(2),
    })
}

fn busy(most: usize, lasts: Duration) -> (Busy, Ledger) {
    let busy = Busy { most, until: Instant::now() + lasts, calls: Arc::default() };
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url("http://dynamodb.invalid")
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("id", "key", None, None, "test")))
        .http_client(SharedHttpClient::new(busy.clone()))
        .retry_config(RetryConfig::disabled())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .build();
    let policy =
        Policy { repeat: Repeat::Harmless, supersedes: false, settle: Duration::ZERO, clock_skew: Duration::ZERO };
    let flow = Flow { name: "reviews", policies: Policies::all(policy) };
    (busy, Ledger::new(&config, TABLE, flow, Utc::now))
}

fn keys(numbers: impl IntoIterator<Item = usize>) -> Vec<DeliveryKey> {
    numbers.into_iter().map(|n| DeliveryKey::try_from(format!("reviews/{n}")).unwrap()).collect()
}

/// A row that comes twice on a page, or on two pages read as one.
#[tokio::test(start_paused = true)]
async fn a_key_that_is_asked_for_twice_is_read_once() {
    let (busy, ledger) = busy(usize::MAX, Duration::ZERO);
    let records = ledger.read(&keys([1, 2, 1])).await.unwrap();
    assert_eq!(records.len(), 2);
    let records = ledger.read(&keys((0..150).chain(0..150))).await.unwrap();
    assert_eq!(records.len(), 150);
    let asked: Vec<usize> = busy.calls.lock().unwrap().iter().map(|(_, keys)| *keys).collect();
    assert_eq!(asked, [2, 100, 50]);
}

#[tokio::test(start_paused = true)]
async fn keys_that_dynamodb_did_not_come_to_are_asked_for_again_after_a_pause() {
    let (busy, ledger) = busy(40, Duration::from_secs(3));
    let records = ledger.read(&keys(0..100)).await.unwrap();
    assert_eq!(records.len(), 100);
    let calls = busy.calls.lock().unwrap().clone();
    assert!(calls.len() < 12, "{calls:?}");
    assert!(calls.windows(2).all(|two| two[1].0 - two[0].0 >= BETWEEN_READS.base / 2), "{calls:?}");
    let left: Vec<usize> = calls.iter().map(|(_, keys)| *keys).filter(|keys| *keys < 100).collect();
    assert_eq!(left, [60, 20]);
}

#[tokio::test(start_paused = true)]
async fn a_table_that_comes_to_no_key_at_all_is_given_up() {
    let (_, ledger) = busy(0, Duration::ZERO);
    let begun = Instant::now();
    let error = ledger.read(&keys(0..3)).await.unwrap_err();
    assert_eq!(error.to_string(), "the ledger did not read records");
    assert!((Duration::from_secs(3)..Duration::from_secs(20)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}
