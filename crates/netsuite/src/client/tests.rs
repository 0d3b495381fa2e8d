use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeZone;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_json, header, method, path, query_param, query_param_is_missing},
};

use super::*;
use crate::{Creation, GovernanceLimits, Outage, RecordId, RecordKey, RefusalReason, auth::test_keys};

const TOKEN: &str = "/services/rest/auth/oauth2/v1/token";
const ORDERS: &str = "/services/rest/record/v1/salesOrder";
const SUITEQL: &str = "/services/rest/query/v1/suiteql";

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 8, 0, 0).unwrap()
}

fn random() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Relaxed)
}

fn http() -> rest::Client {
    rest::Client::new(Duration::from_secs(20)).unwrap()
}

fn by_certificate(server: &MockServer, now: fn() -> DateTime<Utc>) -> Client {
    let (pem, _) = test_keys::ec_p256();
    let credentials = json!({
        "account_id": "123456_SB1", "base_url": server.uri(),
        "client_id": "client", "certificate_id": "kid", "private_key_pem": pem, "certificate_not_after": "2027-06-30"
    });
    let client = Client::new(http(), serde_json::from_value(credentials).unwrap(), now, random);
    assert_eq!(client.certificate_not_after().unwrap().to_string(), "2027-06-30");
    client
}

fn by_tokens(server: &MockServer) -> Client {
    let credentials = json!({
        "account_id": "123456_SB1", "base_url": server.uri(),
        "consumer_key": "ck", "consumer_secret": "c&s", "token_id": "tk", "token_secret": "t=s"
    });
    Client::new(http(), serde_json::from_value(credentials).unwrap(), now, random)
}

/// Logins answered in turn with `token-1` to `token-{n}`, an hour each; a login more than that is a 404.
async fn logins(server: &MockServer, n: usize) {
    for number in 1..=n {
        let token = json!({"access_token": format!("token-{number}"), "expires_in": 3600, "token_type": "Bearer"});
        Mock::given(method("POST"))
            .and(path(TOKEN))
            .respond_with(ResponseTemplate::new(200).set_body_json(token))
            .up_to_n_times(1)
            .expect(1)
            .mount(server)
            .await;
    }
}

/// What `GET {ORDERS}/647` answers to a token.
async fn order(server: &MockServer, token: &str, answer: ResponseTemplate) {
    Mock::given(method("GET"))
        .and(path(format!("{ORDERS}/647")))
        .and(header("authorization", format!("Bearer {token}").as_str()))
        .respond_with(answer)
        .mount(server)
        .await;
}

fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn refused(status: u16, code: &str, detail: &str) -> ResponseTemplate {
    let details = json!([{"detail": detail, "o:errorCode": code}]);
    ResponseTemplate::new(status).set_body_json(json!({"title": "x", "status": status, "o:errorDetails": details}))
}

fn invalid_login() -> ResponseTemplate {
    refused(401, "INVALID_LOGIN", "Invalid login attempt.")
}

fn id() -> RecordId {
    "647".parse().unwrap()
}

async fn get(client: &Client) -> Result<Option<Value>, Error> {
    client.get("salesOrder", RecordKey::Internal(&id()), false).await
}

#[test]
fn calls_can_run_on_other_threads() {
    fn is_send(_: &impl Send) {}
    let credentials =
        json!({"account_id": "1", "consumer_key": "k", "consumer_secret": "s", "token_id": "t", "token_secret": "s"});
    let client = Client::new(http(), serde_json::from_value(credentials).unwrap(), now, random);
    let body = json!({});
    is_send(&(
        client.create("salesOrder", &body),
        client.suiteql::<Value>("q"),
        client.restlet::<Value>("s", "d", &body),
    ));
}

#[tokio::test]
async fn one_login_serves_all_who_call_and_says_what_names_are_checked() {
    let server = MockServer::start().await;
    logins(&server, 1).await;
    order(&server, "token-1", ok(&json!({"id": "647"})).set_delay(Duration::from_millis(20))).await;
    let client = by_certificate(&server, now);
    let (a, b, c) = tokio::join!(get(&client), get(&client), get(&client));
    assert!([a, b, c].into_iter().all(|order| order.unwrap().unwrap()["id"] == "647"));
    let calls = server.received_requests().await.unwrap();
    let data: Vec<_> = calls.iter().filter(|call| call.url.path() != TOKEN).collect();
    assert_eq!((calls.len(), data.len()), (4, 3));
    assert!(data.iter().all(|call| call.headers["x-netsuite-propertynamevalidation"] == "error"));
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires_and_by_one_caller() {
    static MINUTES: AtomicI64 = AtomicI64::new(0);
    fn clock() -> DateTime<Utc> {
        now() + chrono::TimeDelta::minutes(MINUTES.load(Relaxed))
    }
    let server = MockServer::start().await;
    logins(&server, 2).await;
    order(&server, "token-1", ok(&json!({"by": 1}))).await;
    order(&server, "token-2", ok(&json!({"by": 2}))).await;
    let client = by_certificate(&server, clock);
    for (minutes, by) in [(0, 1), (53, 1), (54, 2), (60, 2)] {
        MINUTES.store(minutes, Relaxed);
        let (a, b) = tokio::join!(get(&client), get(&client));
        assert_eq!((&a.unwrap().unwrap()["by"], &b.unwrap().unwrap()["by"]), (&json!(by), &json!(by)), "{minutes}");
    }
}

#[tokio::test]
async fn a_refused_token_costs_one_fresh_one_and_no_more() {
    for (answer_to_the_second, good) in [(ok(&json!({})), true), (invalid_login(), false)] {
        let server = MockServer::start().await;
        logins(&server, 2).await;
        order(&server, "token-1", invalid_login()).await;
        order(&server, "token-2", answer_to_the_second).await;
        let client = by_certificate(&server, now);
        let (a, b) = tokio::join!(get(&client), get(&client));
        for result in [a, b] {
            match result {
                Ok(_) => assert!(good),
                Err(Error::Unauthorized { code }) => assert!(!good && code == "INVALID_LOGIN"),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Its documented answer has the refusal in a header.
#[tokio::test]
async fn a_token_refused_in_a_header_is_renewed_too() {
    let server = MockServer::start().await;
    logins(&server, 2).await;
    let challenge = r#"Bearer realm="123456", error="invalid_token", error_description="Invalid login attempt.""#;
    let answer = ResponseTemplate::new(401).insert_header("WWW-Authenticate", challenge);
    order(&server, "token-1", answer.clone()).await;
    order(&server, "token-2", answer).await;
    assert!(matches!(get(&by_certificate(&server, now)).await, Err(Error::Unauthorized { .. })));
}

#[tokio::test]
async fn a_login_that_fails_is_no_call_that_may_have_taken_effect() {
    let server = MockServer::start().await;
    Mock::given(path(TOKEN)).respond_with(ResponseTemplate::new(503)).mount(&server).await;
    let failed = by_certificate(&server, now).create("salesOrder", &json!({})).await.unwrap_err();
    assert!(matches!(&failed, Error::Unavailable { may_land: false, .. }), "{failed:?}");
    assert!(by_certificate(&server, now).log_in().await.is_err());
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn logging_in_by_hand_asks_for_a_new_token() {
    let server = MockServer::start().await;
    logins(&server, 2).await;
    order(&server, "token-2", ok(&json!({}))).await;
    let client = by_certificate(&server, now);
    client.log_in().await.unwrap();
    client.log_in().await.unwrap();
    get(&client).await.unwrap();
    by_tokens(&server).log_in().await.unwrap();
}

/// Recomputed from what arrived, in another way than it was made.
#[tokio::test]
async fn with_tokens_every_call_is_signed_anew() {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(ok(&json!({}))).mount(&server).await;
    let client = by_tokens(&server);
    for _ in 0..2 {
        client.get("salesOrder", RecordKey::External("shopify_order_1"), true).await.unwrap();
    }
    let calls = server.received_requests().await.unwrap();
    let mut nonces = Vec::new();
    for call in &calls {
        let sent = call.headers["authorization"].to_str().unwrap().strip_prefix("OAuth ").unwrap();
        let field = |name: &str| {
            let at = sent.split(", ").find_map(|field| field.strip_prefix(&format!("{name}=\""))).unwrap();
            at.strip_suffix('"').unwrap().to_owned()
        };
        assert_eq!(
            (field("realm"), field("oauth_timestamp")),
            ("123456_SB1".to_owned(), now().timestamp().to_string())
        );
        let host = server.uri().replace(':', "%3A").replace('/', "%2F");
        let address = format!("{host}{}%2Feid%3Ashopify_order_1", ORDERS.replace('/', "%2F"));
        let parameters = format!(
            "expandSubResources%3Dtrue%26oauth_consumer_key%3Dck%26oauth_nonce%3D{}%26oauth_signature_method%3DHMAC-SHA256%26\
             oauth_timestamp%3D{}%26oauth_token%3Dtk%26oauth_version%3D1.0",
            field("oauth_nonce"),
            field("oauth_timestamp")
        );
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"c%26s&t%3Ds");
        let signature = hmac::sign(&key, format!("GET&{address}&{parameters}").as_bytes());
        let expected = STANDARD.encode(signature).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        assert_eq!(field("oauth_signature"), expected);
        nonces.push(field("oauth_nonce"));
    }
    assert_eq!(nonces.len(), 2);
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn with_tokens_a_refused_call_is_made_once() {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(invalid_login()).expect(1).mount(&server).await;
    assert!(matches!(get(&by_tokens(&server)).await, Err(Error::Unauthorized { .. })));
}

#[tokio::test]
async fn a_creation_answers_the_number_from_the_location() {
    let server = MockServer::start().await;
    let body = json!({"externalId": "shopify_order_1", "memo": "Zoë"});
    let location = format!("https://demo123.suitetalk.api.netsuite.com{ORDERS}/647");
    Mock::given(method("POST"))
        .and(path(ORDERS))
        .and(body_json(&body))
        .respond_with(ResponseTemplate::new(204).insert_header("Location", location.as_str()))
        .mount(&server)
        .await;
    assert_eq!(by_tokens(&server).create("salesOrder", &body).await.unwrap(), Creation::Created(id()));
}

/// What a creation comes to when NetSuite answers so.
async fn creation_answered_with(answer: ResponseTemplate) -> Result<Creation, Error> {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    by_tokens(&server).create("salesOrder", &json!({})).await
}

#[tokio::test]
async fn a_creation_of_what_exists_is_an_answer_and_one_without_a_number_is_in_doubt() {
    for answer in [
        refused(400, "USER_ERROR", "Error while accessing a resource. This record already exists"),
        refused(400, "USER_ERROR", "Error while accessing a resource. This entity already exists."),
        refused(400, "DUP_RCRD", "x"),
    ] {
        assert_eq!(creation_answered_with(answer).await.unwrap(), Creation::AlreadyExists);
    }
    for answer in [
        ResponseTemplate::new(204),
        ResponseTemplate::new(204).insert_header("Location", "/services/rest/async/v1/job/x"),
        ResponseTemplate::new(200).set_body_string("<html>maintenance</html>"),
    ] {
        let in_doubt = creation_answered_with(answer).await.unwrap_err();
        assert!(in_doubt.may_land(), "{in_doubt:?}");
    }
}

#[tokio::test]
async fn a_write_that_answers_with_a_page_is_in_doubt() {
    let server = MockServer::start().await;
    Mock::given(path(format!("{ORDERS}/eid:a")))
        .respond_with(ResponseTemplate::new(200).set_body_string("<html>"))
        .mount(&server)
        .await;
    let client = by_tokens(&server);
    let patched = client.patch("salesOrder", RecordKey::External("a"), &json!({}), None).await;
    assert!(patched.unwrap_err().may_land());
    assert!(client.upsert("salesOrder", "a", &json!({})).await.unwrap_err().may_land());
}

#[tokio::test]
async fn what_is_not_there_reads_as_nothing_and_cannot_be_patched() {
    let server = MockServer::start().await;
    let missing = refused(404, "NONEXISTENT_ID", "Record does not exist.");
    Mock::given(path(format!("{ORDERS}/eid:a"))).respond_with(missing).mount(&server).await;
    Mock::given(path(format!("{ORDERS}/eid:b")))
        .respond_with(ResponseTemplate::new(404).set_body_string("<html>"))
        .mount(&server)
        .await;
    let client = by_tokens(&server);
    assert_eq!(client.get("salesOrder", RecordKey::External("a"), true).await.unwrap(), None);
    let patched = client.patch("salesOrder", RecordKey::External("a"), &json!({}), None).await.unwrap_err();
    assert!(matches!(patched, Error::Refused { reason: RefusalReason::Missing, .. }), "{patched:?}");
    // A page of somebody else's says nothing about the record.
    assert!(client.get("salesOrder", RecordKey::External("b"), true).await.is_err());
}

#[tokio::test]
async fn a_change_names_what_it_replaces_and_an_upsert_goes_by_external_id() {
    let server = MockServer::start().await;
    let body = json!({"item": {"items": [{"line": 1, "isClosed": true}]}});
    for replace in [None, Some("item")] {
        let mock = Mock::given(method("PATCH")).and(path(format!("{ORDERS}/647"))).and(body_json(&body));
        let mock = match replace {
            Some(sublist) => mock.and(query_param("replace", sublist)),
            None => mock.and(query_param_is_missing("replace")),
        };
        mock.respond_with(ResponseTemplate::new(204)).expect(1).mount(&server).await;
    }
    Mock::given(method("PUT"))
        .and(path("/services/rest/record/v1/customer/eid:shopify_customer_1"))
        .respond_with(
            ResponseTemplate::new(204).insert_header("Location", "https://x/services/rest/record/v1/customer/12"),
        )
        .mount(&server)
        .await;
    let client = by_tokens(&server);
    client.patch("salesOrder", RecordKey::Internal(&id()), &body, None).await.unwrap();
    client.patch("salesOrder", RecordKey::Internal(&id()), &body, Some("item")).await.unwrap();
    let upserted = client.upsert("customer", "shopify_customer_1", &json!({})).await.unwrap();
    assert_eq!(upserted.unwrap().as_str(), "12");
}

/// A page of so many rows from a number on.
async fn page(server: &MockServer, offset: usize, rows: usize, more: bool) {
    let items: Vec<Value> = (offset..offset + rows).map(|id| json!({"links": [], "id": id.to_string()})).collect();
    let body =
        json!({"links": [], "count": rows, "hasMore": more, "items": items, "offset": offset, "totalResults": 2001});
    Mock::given(method("POST"))
        .and(path(SUITEQL))
        .and(query_param("limit", "1000"))
        .and(query_param("offset", offset.to_string()))
        .and(header("prefer", "transient"))
        .and(body_json(json!({"q": "SELECT id FROM transaction ORDER BY id"})))
        .respond_with(ok(&body))
        .mount(server)
        .await;
}

#[derive(Debug, serde::Deserialize)]
struct Row {
    id: RecordId,
}

#[tokio::test]
async fn a_query_is_followed_to_its_end() {
    let server = MockServer::start().await;
    page(&server, 0, 1000, true).await;
    page(&server, 1000, 1000, true).await;
    page(&server, 2000, 1, false).await;
    let rows: Vec<Row> = by_tokens(&server).suiteql("SELECT id FROM transaction ORDER BY id").await.unwrap();
    let expected: Vec<String> = (0..2001).map(|id: usize| id.to_string()).collect();
    assert_eq!(rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_query_that_cannot_go_on_fails_and_never_takes_effect() {
    for (rows, more, body) in [(7, true, None), (0, true, None), (0, false, Some("<html>"))] {
        let server = MockServer::start().await;
        match body {
            None => page(&server, 0, rows, more).await,
            Some(body) => {
                Mock::given(path(SUITEQL))
                    .respond_with(ResponseTemplate::new(200).set_body_string(body))
                    .mount(&server)
                    .await;
            }
        }
        let failed = by_tokens(&server).suiteql::<Row>("SELECT id FROM transaction ORDER BY id").await.unwrap_err();
        assert!(matches!(&failed, Error::Unavailable { may_land: false, .. }), "{failed:?}");
    }
}

#[tokio::test]
async fn a_restlet_is_posted_to_by_script_and_deployment() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/app/site/hosting/restlet.nl"))
        .and(query_param("script", "customscript_order_relay"))
        .and(query_param("deploy", "customdeploy_order_relay"))
        .and(body_json(json!({"type": "salesOrder"})))
        .respond_with(ok(&json!({"id": "647", "stamp": "s", "already": false})))
        .mount(&server)
        .await;
    let body = json!({"type": "salesOrder"});
    let row: Row =
        by_tokens(&server).restlet("customscript_order_relay", "customdeploy_order_relay", &body).await.unwrap();
    assert_eq!(row.id, id());
}

#[tokio::test]
async fn what_an_account_says_about_itself() {
    let shared = json!({"accountConcurrencyLimit": 5, "accountUnallocatedConcurrencyLimit": 3, "integrationLimitType": "accountLimit"});
    let shared: GovernanceLimits = serde_json::from_value(shared).unwrap();
    assert_eq!((shared.account_concurrency_limit, shared.integration_concurrency_limit), (5, None));
    let server = MockServer::start().await;
    let limits = json!({
        "accountConcurrencyLimit": 5, "accountUnallocatedConcurrencyLimit": 3, "integrationConcurrencyLimit": 2,
        "integrationLimitType": "integrationSpecific"
    });
    Mock::given(path("/services/rest/system/v1/governanceLimits")).respond_with(ok(&limits)).mount(&server).await;
    Mock::given(path("/services/rest/record/v1/metadata-catalog/salesOrder"))
        .and(header("accept", "application/schema+json"))
        .respond_with(ok(&json!({"properties": {"custbody_order_relay": {}}})))
        .mount(&server)
        .await;
    let client = by_tokens(&server);
    let expected = GovernanceLimits {
        account_concurrency_limit: 5,
        account_unallocated_concurrency_limit: 3,
        integration_concurrency_limit: Some(2),
        integration_limit_type: "integrationSpecific".to_owned(),
    };
    assert_eq!(client.governance_limits().await.unwrap(), expected);
    assert_eq!((client.account().realm(), client.certificate_not_after()), ("123456_SB1", None));
    assert!(client.metadata("salesOrder").await.unwrap()["properties"]["custbody_order_relay"].is_object());
}

#[tokio::test]
async fn reading_has_no_effect_whatever_becomes_of_it() {
    for answer in [
        ResponseTemplate::new(502),
        refused(500, "UNEXPECTED_ERROR", "x"),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("GET")).respond_with(answer).mount(&server).await;
        let client = by_tokens(&server);
        let failed = [
            get(&client).await.map(drop).unwrap_err(),
            client.governance_limits().await.map(drop).unwrap_err(),
            client.metadata("salesOrder").await.map(drop).unwrap_err(),
        ];
        assert!(
            failed.iter().all(|error| matches!(error, Error::Unavailable { may_land: false, .. }) && !error.is_late()),
            "{failed:?}"
        );
    }
}

#[tokio::test]
async fn a_call_that_is_not_answered_in_time_may_land_and_one_that_is_not_sent_does_not() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(204).set_delay(Duration::from_secs(30)))
        .mount(&server)
        .await;
    let quick = rest::Client::new(Duration::from_millis(300)).unwrap();
    let late = Client { http: quick, ..by_tokens(&server) };
    let late = late.create("salesOrder", &json!({})).await.unwrap_err();
    assert!(late.may_land() && late.is_late(), "{late:?}");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let credentials = Credentials {
        suitetalk: rest::BaseUrl::parse(&format!("http://{closed}")).unwrap(),
        ..by_tokens(&server).credentials
    };
    let unsent = Client::new(http(), credentials, now, random).create("salesOrder", &json!({})).await.unwrap_err();
    assert!(matches!(&unsent, Error::Unavailable { may_land: false, source: Outage::Transport(_), .. }), "{unsent:?}");
}
