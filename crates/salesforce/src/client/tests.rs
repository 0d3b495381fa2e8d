use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeZone;
use serde_json::{Value, json};
use wiremock::matchers::{body_string_contains, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::{Id, Piece, UnwrittenReason};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 8, 0, 0).unwrap()
}

fn credentials(server: &MockServer, secret: &str) -> Credentials {
    let json = json!({"login_url": server.uri(), "client_id": "id", "client_secret": secret});
    serde_json::from_value(json).unwrap()
}

fn client_at(server: &MockServer, now: fn() -> DateTime<Utc>) -> Client {
    let http = rest::Client::new(Duration::from_secs(20)).unwrap();
    Client::new(http, credentials(server, "hunter2"), "v66.0", 0.8, now)
}

fn client(server: &MockServer) -> Client {
    client_at(server, now)
}

fn session(server: &MockServer, token: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "access_token": token, "instance_url": server.uri(), "token_type": "Bearer", "issued_at": "1278448832702"
    }))
}

/// Logins answered in turn with sessions `token-1` to `token-{n}`; a login more than that is a 404.
async fn logins(server: &MockServer, n: usize) {
    for number in 1..=n {
        Mock::given(method("POST"))
            .and(path("/services/oauth2/token"))
            .and(body_string_contains("grant_type=client_credentials&client_id=id&client_secret=hunter2"))
            .respond_with(session(server, &format!("token-{number}")))
            .up_to_n_times(1)
            .expect(1)
            .mount(server)
            .await;
    }
}

/// What `GET {path}` answers to a session.
async fn answer(server: &MockServer, token: &str, at: &str, answer: ResponseTemplate) {
    Mock::given(method("GET"))
        .and(path(at))
        .and(header("authorization", format!("Bearer {token}").as_str()))
        .respond_with(answer)
        .mount(server)
        .await;
}

const QUERY: &str = "/services/data/v66.0/query";

fn expired() -> ResponseTemplate {
    api_error(401, "INVALID_SESSION_ID", "Session expired or invalid")
}

fn api_error(status: u16, code: &str, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!([{"message": message, "errorCode": code}]))
}

fn page(records: &Value, next: Option<&str>) -> ResponseTemplate {
    let mut body = json!({"totalSize": 3, "done": next.is_none(), "records": records});
    if let Some(next) = next {
        body["nextRecordsUrl"] = next.into();
    }
    ResponseTemplate::new(200).set_body_json(body).insert_header("Sforce-Limit-Info", "api-usage=18/100")
}

async fn logins_seen(server: &MockServer) -> usize {
    let requests = server.received_requests().await.unwrap();
    requests.iter().filter(|request| request.url.path() == "/services/oauth2/token").count()
}

/// What a query comes to when Salesforce answers so.
async fn query_answered_with(response: ResponseTemplate) -> Result<Page, Error> {
    let server = MockServer::start().await;
    logins(&server, 1).await;
    answer(&server, "token-1", QUERY, response).await;
    client(&server).query("SELECT Id FROM Order").await
}

#[test]
fn calls_can_run_on_other_threads() {
    fn is_send(_: &impl Send) {}
    let http = rest::Client::new(Duration::from_secs(1)).unwrap();
    let credentials = json!({"login_url": "https://h.example", "client_id": "i", "client_secret": "s"});
    let credentials = serde_json::from_value(credentials).unwrap();
    let client = Client::new(http, credentials, "v66.0", 0.8, now);
    let next = NextPage(String::new());
    is_send(&(client.query("q"), client.next(&next), client.schema().resolve("Order", "Id")));
}

#[tokio::test]
async fn a_query_is_paged_with_one_login_and_its_text_arrives_unharmed() {
    let server = MockServer::start().await;
    logins(&server, 1).await;
    let soql = "SELECT Id FROM Order WHERE Name = 'a+b&c=\u{e9}%' AND SystemModstamp >= 2026-11-20T00:00:00+01:00";
    Mock::given(query_param("q", soql))
        .and(path(QUERY))
        .respond_with(page(&json!([{"Id": "801RO000000AbcDYAS"}]), Some("/services/data/v66.0/query/01gX-500")))
        .mount(&server)
        .await;
    answer(&server, "token-1", "/services/data/v66.0/query/01gX-500", page(&json!([{"Id": "801RO000000AbcE"}]), None))
        .await;
    let client = client(&server);
    let first = client.query(soql).await.unwrap();
    assert_eq!((first.records.len(), first.total, first.usage), (1, 3, Some(Usage { used: 18, max: 100 })));
    let second = client.next(&first.next.unwrap()).await.unwrap();
    assert_eq!(second.records[0].id().unwrap().as_str(), "801RO000000AbcEYAS");
    assert_eq!(second.next, None);
}

#[tokio::test]
async fn children_are_completed_at_every_depth() {
    let server = MockServer::start().await;
    logins(&server, 1).await;
    let rows = json!([
        {"attributes": {"type": "Order"}, "Id": "801RO000000AbcD", "Deep": null, "OrderItems": {
            "totalSize": 3, "done": false, "nextRecordsUrl": "/services/data/v66.0/query/01gItems-1", "records": [{"N": 1}]
        }},
        {"Id": "801RO000000AbcE", "OrderItems": null},
        {"Id": "801RO000000AbcF", "OrderItems": {"totalSize": 1, "done": true, "records": [{"N": 9}]}},
    ]);
    answer(&server, "token-1", QUERY, page(&rows, None)).await;
    let second = json!([{"N": 2, "Deep": {"totalSize": 1, "done": false, "nextRecordsUrl": "/services/data/v66.0/query/01gDeep-0", "records": []}}]);
    answer(
        &server,
        "token-1",
        "/services/data/v66.0/query/01gItems-1",
        page(&second, Some("/services/data/v66.0/query/01gItems-2")),
    )
    .await;
    answer(&server, "token-1", "/services/data/v66.0/query/01gItems-2", page(&json!([{"N": 3}]), None)).await;
    answer(&server, "token-1", "/services/data/v66.0/query/01gDeep-0", page(&json!([{"N": 4}]), None)).await;
    let page = client(&server).query("SELECT …").await.unwrap();
    let numbers = |record: &Record, name: &str| -> Vec<String> {
        record.children(name).iter().map(|child| child.text("N").unwrap().into_owned()).collect()
    };
    assert_eq!(numbers(&page.records[0], "OrderItems"), ["1", "2", "3"]);
    assert_eq!(numbers(&page.records[0].children("OrderItems")[1], "Deep"), ["4"]);
    assert!(page.records[1].children("OrderItems").is_empty());
    assert_eq!(numbers(&page.records[2], "OrderItems"), ["9"]);
}

#[tokio::test]
async fn a_session_that_expires_amid_the_children_is_replaced_and_nothing_is_lost() {
    let server = MockServer::start().await;
    logins(&server, 2).await;
    let rows = json!([{"Id": "801RO000000AbcD", "OrderItems": {
        "totalSize": 2, "done": false, "nextRecordsUrl": "/services/data/v66.0/query/01gItems-1", "records": [{"N": 1}]
    }}]);
    answer(&server, "token-1", QUERY, page(&rows, None)).await;
    answer(&server, "token-1", "/services/data/v66.0/query/01gItems-1", expired()).await;
    answer(&server, "token-2", "/services/data/v66.0/query/01gItems-1", page(&json!([{"N": 2}]), None)).await;
    let page = client(&server).query("SELECT …").await.unwrap();
    assert_eq!(page.records[0].children("OrderItems").len(), 2);
}

#[tokio::test]
async fn concurrent_calls_share_one_login_and_one_renewal() {
    let server = MockServer::start().await;
    logins(&server, 2).await;
    answer(&server, "token-1", QUERY, expired()).await;
    answer(&server, "token-2", QUERY, page(&json!([]), None)).await;
    let client = client(&server);
    let (a, b, c) = tokio::join!(client.query("a"), client.query("b"), client.query("c"));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(logins_seen(&server).await, 2);
}

#[tokio::test]
async fn a_fresh_session_that_is_refused_ends_the_call() {
    let server = MockServer::start().await;
    logins(&server, 2).await;
    answer(&server, "token-1", QUERY, expired()).await;
    answer(&server, "token-2", QUERY, expired()).await;
    assert!(matches!(client(&server).query("q").await, Err(Error::SessionExpired)));
}

#[tokio::test]
async fn a_session_that_may_not_use_the_api_is_not_replaced() {
    for message in ["This session is not valid for use with the REST API", "Connected app is not attached to Agent"] {
        // Only one login is expected; the mock server verifies that when it is dropped.
        let result = query_answered_with(api_error(401, "INVALID_SESSION_ID", message)).await;
        assert!(
            matches!(&result, Err(Error::Unauthorized { description, .. }) if description == message),
            "{result:?}"
        );
    }
}

/// A server that knows the secret `rotated` and not `hunter2`, a client of it, and how often it asked for its credentials.
async fn rotated(renewed: &'static str) -> (MockServer, Client, Arc<AtomicUsize>) {
    let server = MockServer::start().await;
    let known = body_string_contains("client_secret=rotated");
    Mock::given(method("POST")).and(known).respond_with(session(&server, "new")).mount(&server).await;
    let refusal = json!({"error": "invalid_client", "error_description": "invalid client credentials"});
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(400).set_body_json(refusal)).mount(&server).await;
    answer(&server, "new", QUERY, page(&json!([{"Id": "801RO000000AbcD"}]), None)).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let (count, new) = (Arc::clone(&asked), credentials(&server, renewed));
    let client = client(&server).renewed_by(Box::new(move || {
        count.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::ready(Some(new.clone())))
    }));
    (server, client, asked)
}

#[tokio::test]
async fn credentials_that_were_rotated_are_read_again_once() {
    let (server, client, asked) = rotated("rotated").await;
    let (a, b, c) = tokio::join!(client.query("a"), client.query("b"), client.query("c"));
    assert!(a.is_ok() && b.is_ok() && c.is_ok(), "{a:?}");
    assert_eq!((asked.load(Ordering::SeqCst), logins_seen(&server).await), (1, 2));
}

#[tokio::test]
async fn credentials_that_stay_wrong_are_not_read_again_and_again() {
    let (server, client, asked) = rotated("hunter3").await;
    for _ in 0..5 {
        assert!(matches!(client.query("q").await, Err(Error::Unauthorized { .. })));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(logins_seen(&server).await, 6);
    // A fault that no secret cures.
    let (server, client, asked) = rotated("rotated").await;
    server.reset().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(503)).mount(&server).await;
    assert!(client.query("q").await.is_err());
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn errors_are_told_apart_by_what_the_caller_can_do() {
    let error =
        |status, code, message| async move { query_answered_with(api_error(status, code, message)).await.unwrap_err() };
    let e = error(400, "INVALID_FIELD", "No such column 'foo' on sobject of type Bar").await;
    assert!(
        matches!(&e, Error::BadQuery { code, message } if code == "INVALID_FIELD" && message.contains("'foo'")),
        "{e:?}"
    );
    assert!(matches!(error(400, "MALFORMED_QUERY", "").await, Error::BadQuery { .. }));
    assert!(matches!(error(400, "INVALID_TYPE", "").await, Error::BadQuery { .. }));
    assert!(matches!(error(400, "INVALID_QUERY_LOCATOR", "").await, Error::CursorExpired));
    for (status, code) in [
        (400, "QUERY_TIMEOUT"),
        (500, "QUERY_TIMEOUT"),
        (400, "OPERATION_TOO_LARGE"),
        (400, "EXCEEDED_ID_LIMIT"),
        (400, "QUERY_TOO_COMPLICATED"),
    ] {
        let e = error(status, code, "").await;
        assert!(matches!(&e, Error::TooMuch { code: Some(said) } if said == code), "{e:?}");
    }
    let e = error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.").await;
    assert!(matches!(e, Error::QuotaExceeded { .. }), "{e:?}");
    let e = error(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.").await;
    assert!(matches!(e, Error::Unavailable { .. }), "{e:?}");
    assert!(matches!(error(403, "API_DISABLED_FOR_ORG", "").await, Error::Unauthorized { .. }));
    assert!(matches!(error(400, "UNABLE_TO_LOCK_ROW", "").await, Error::Unavailable { .. }));
    assert!(matches!(error(503, "SERVER_UNAVAILABLE", "").await, Error::Unavailable { .. }));
    let e = error(418, "SOMETHING_NEW", "of 2031").await;
    assert!(
        matches!(&e, Error::Refused { status: 418, code, message } if code == "SOMETHING_NEW" && message == "of 2031"),
        "{e:?}"
    );
}

#[tokio::test]
async fn pages_of_html_are_survived() {
    let html = |status| ResponseTemplate::new(status).set_body_raw("<html>Down for maintenance</html>", "text/html");
    for status in [200, 302, 406, 420, 500, 503] {
        let result = query_answered_with(html(status).insert_header("Retry-After", "9")).await;
        assert!(matches!(result, Err(Error::Unavailable { .. })), "{status} {result:?}");
    }
    let Err(Error::Unavailable { retry_after, .. }) =
        query_answered_with(html(503).insert_header("Retry-After", "9")).await
    else {
        panic!("503 is an outage")
    };
    assert_eq!(retry_after, Some(Duration::from_secs(9)));
}

/// What proxies, gateways and firewalls answer in a vendor's name.
const FOREIGN: [&str; 9] = [
    "<html><head><title>413 Request Entity Too Large</title></head></html>",
    "",
    "Bad Request",
    "null",
    "[]",
    r#"{"message":"Forbidden"}"#,
    r#"{"statusCode":404,"message":"Resource not found"}"#,
    r#"[{"code":1020,"message":"Access denied"}]"#,
    r#"{"error":"Forbidden"}"#,
];

/// Every status that something before Salesforce can speak.
fn spoken_by_the_edge() -> impl Iterator<Item = u16> {
    (400..=451).chain([494, 495, 496, 497, 498, 499, 511, 520, 530])
}

#[tokio::test]
async fn nothing_is_refused_by_somebody_else() {
    let server = MockServer::start().await;
    for status in spoken_by_the_edge() {
        for body in FOREIGN {
            server.reset().await;
            let answer = ResponseTemplate::new(status).set_body_raw(body, "text/html");
            Mock::given(method("POST")).respond_with(session(&server, "t")).mount(&server).await;
            Mock::given(method("GET")).respond_with(answer).mount(&server).await;
            let client = client(&server);
            let queried = client.query("q").await.map(drop);
            let described = client.schema().resolve("Order", "Id").await.map(drop);
            for result in [queried, described] {
                let passing = match result {
                    Err(Error::Unavailable { .. }) => true,
                    Err(Error::TooMuch { .. }) => matches!(status, 414 | 431),
                    _ => false,
                };
                assert!(passing, "{status} {body}: {result:?}");
            }
        }
    }
}

#[tokio::test]
async fn no_login_is_refused_by_somebody_else() {
    let server = MockServer::start().await;
    for status in spoken_by_the_edge() {
        for body in FOREIGN {
            server.reset().await;
            let answer = ResponseTemplate::new(status).set_body_raw(body, "text/html");
            Mock::given(method("POST")).respond_with(answer).mount(&server).await;
            let result = client(&server).query("q").await;
            assert!(matches!(result, Err(Error::Unavailable { .. })), "{status} {body}: {result:?}");
        }
    }
}

#[tokio::test]
async fn a_session_that_is_refused_without_a_word_of_salesforces_is_replaced_once() {
    let server = MockServer::start().await;
    logins(&server, 2).await;
    answer(&server, "token-1", QUERY, ResponseTemplate::new(401).set_body_raw("<html>", "text/html")).await;
    answer(&server, "token-2", QUERY, page(&json!([]), None)).await;
    assert!(client(&server).query("q").await.is_ok());
}

#[tokio::test]
async fn a_query_that_is_not_answered_in_time_asks_for_too_much_and_nothing_else_does() {
    let server = MockServer::start().await;
    let slow = |answer: ResponseTemplate| answer.set_delay(Duration::from_secs(5));
    Mock::given(method("POST")).respond_with(session(&server, "t")).up_to_n_times(1).mount(&server).await;
    Mock::given(method("POST")).respond_with(slow(session(&server, "t"))).mount(&server).await;
    Mock::given(method("GET")).respond_with(slow(page(&json!([]), None))).mount(&server).await;
    let http = rest::Client::new(Duration::from_millis(300)).unwrap();
    let client = Client::new(http, credentials(&server, "hunter2"), "v66.0", 0.8, now);
    let next = NextPage("/services/data/v66.0/query/01gX-500".to_owned());
    for result in [client.query("q").await, client.next(&next).await] {
        assert!(matches!(result, Err(Error::TooMuch { code: None })), "{result:?}");
    }
    assert!(matches!(client.describe("Order").await, Err(Error::Unavailable { .. })));
    // The login is slow, not the query.
    client.session.forget().await;
    assert!(matches!(client.query("q").await, Err(Error::Unavailable { .. })));
}

#[tokio::test]
async fn smaller_pages_can_be_asked_for() {
    let server = MockServer::start().await;
    logins(&server, 1).await;
    Mock::given(path(QUERY))
        .and(header("sforce-query-options", "batchSize=200"))
        .respond_with(page(&json!([]), None))
        .expect(1)
        .mount(&server)
        .await;
    assert!(client(&server).ask(&Query { rows: Some(200), ..Query::new("q") }).await.is_ok());
}

#[tokio::test]
async fn a_version_that_the_org_does_not_have_is_told_from_an_object() {
    let versions = json!([{"version": "31.0"}, {"version": "65.0"}, {"version": "9.0"}]);
    let missing = |status, code| api_error(status, code, "The requested resource does not exist");
    for (status, code) in [(404, "NOT_FOUND"), (410, "UNSUPPORTED_API_VERSION")] {
        let server = MockServer::start().await;
        logins(&server, 1).await;
        let offered = ResponseTemplate::new(200).set_body_json(&versions);
        Mock::given(method("GET")).and(path("/services/data/")).respond_with(offered).mount(&server).await;
        Mock::given(method("GET")).respond_with(missing(status, code)).mount(&server).await;
        let client = client(&server);
        for error in [client.query("q").await.unwrap_err(), client.schema().resolve("Order", "Id").await.unwrap_err()] {
            let Error::NoSuchVersion { version, offers } = &error else { panic!("{error:?}") };
            assert_eq!((version.as_str(), offers), ("v66.0", &Some(("v9.0".to_owned(), "v65.0".to_owned()))));
        }
    }
    // Nobody says which versions there are: nothing is known about the object either.
    let server = MockServer::start().await;
    logins(&server, 1).await;
    let down = ResponseTemplate::new(503);
    Mock::given(method("GET")).and(path("/services/data/")).respond_with(down).mount(&server).await;
    Mock::given(method("GET")).respond_with(missing(404, "NOT_FOUND")).mount(&server).await;
    let result = client(&server).schema().resolve("Order", "Id").await;
    assert!(matches!(result, Err(Error::Unavailable { .. })), "{result:?}");
}

#[tokio::test]
async fn answers_that_would_lose_rows_or_lead_elsewhere_are_outages() {
    for body in [
        json!({"totalSize": 3, "done": false, "records": []}),
        json!({"totalSize": 3, "done": true, "records": [{"OrderItems": {"done": false, "records": []}}]}),
        json!({"totalSize": 3, "done": true, "records": [
            {"OrderItems": {"done": false, "nextRecordsUrl": "https://example.com/services/data/", "records": []}}
        ]}),
        json!({"totalSize": 3, "done": true}),
    ] {
        let result = query_answered_with(ResponseTemplate::new(200).set_body_json(&body)).await;
        assert!(matches!(result, Err(Error::Unavailable { .. })), "{body} {result:?}");
    }
}

#[tokio::test]
async fn near_the_end_of_the_quota_the_next_call_is_not_made() {
    static CLOCK: Mutex<i64> = Mutex::new(0);
    fn clock() -> DateTime<Utc> {
        now() + TimeDelta::minutes(*CLOCK.lock().unwrap())
    }
    let server = MockServer::start().await;
    logins(&server, 1).await;
    let near = |used: u8| format!("api-usage={used}/100; per-app-api-usage=1/250(appName=x)");
    let more = Some("/services/data/v66.0/query/01gX-500");
    answer(&server, "token-1", QUERY, page(&json!([]), more).insert_header("Sforce-Limit-Info", near(80).as_str()))
        .await;
    let client = client_at(&server, clock);
    let first = client.query("q").await.unwrap();
    let made = server.received_requests().await.unwrap().len();
    let refused = client.next(&first.next.unwrap()).await.unwrap_err();
    assert!(matches!(refused, Error::QuotaNearEnd { used: 80, max: 100, .. }), "{refused:?}");
    assert!(client.query("q").await.is_err() && client.describe("Order").await.is_err());
    assert_eq!(server.received_requests().await.unwrap().len(), made);
    // A warm process asks again later: one call, which learns that the pool is still near its end.
    *CLOCK.lock().unwrap() = 11;
    assert!(client.query("q").await.is_ok());
    assert!(client.query("q").await.is_err());
}

#[tokio::test]
async fn a_login_that_is_refused_is_made_once_and_says_why() {
    let server = MockServer::start().await;
    let refusal = json!({"error": "invalid_grant", "error_description": "audience is invalid"});
    Mock::given(path("/services/oauth2/token"))
        .respond_with(ResponseTemplate::new(400).set_body_json(refusal))
        .expect(1)
        .mount(&server)
        .await;
    let client = client(&server);
    let (a, b) = tokio::join!(client.query("a"), client.query("b"));
    for error in [a.unwrap_err(), b.unwrap_err()] {
        assert!(matches!(&error, Error::Unauthorized { error, .. } if error == "invalid_grant"), "{error:?}");
        assert!(error.to_string().contains("audience is invalid"));
        assert!(!format!("{error:?} {client:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn a_login_page_that_is_down_is_an_outage() {
    let server = MockServer::start().await;
    for template in [
        ResponseTemplate::new(503).set_body_raw("<html>", "text/html"),
        ResponseTemplate::new(400)
            .set_body_json(json!({"error": "unknown_error", "error_description": "retry your request"})),
        ResponseTemplate::new(200).set_body_raw("<html>", "text/html"),
    ] {
        server.reset().await;
        Mock::given(method("POST")).respond_with(template).mount(&server).await;
        let result = client(&server).query("q").await;
        assert!(matches!(result, Err(Error::Unavailable { .. })), "{result:?}");
    }
}

#[tokio::test]
async fn a_session_is_not_taken_to_a_host_without_tls() {
    let server = MockServer::start().await;
    let body = json!({"access_token": "t", "instance_url": "http://example.com"});
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200).set_body_json(body)).mount(&server).await;
    let error = client(&server).query("q").await.unwrap_err();
    assert!(error.to_string().contains("example.com") && error.to_string().contains("https"), "{error}");
}

async fn org(server: &MockServer) {
    logins(server, 1).await;
    let lookup = |name: &str, relationship: &str, to: &[&str]| json!({"name": name, "type": "reference", "relationshipName": relationship, "referenceTo": to});
    let email = json!({"name": "Email", "type": "email", "length": 80, "filterable": true});
    let objects = [
        (
            "Order",
            json!([
                {"name": "Status", "type": "picklist", "picklistValues": [{"value": "Completed", "active": true, "label": "x"}]},
                lookup("BillToContactId", "BillToContact", &["Contact"]),
                lookup("OwnerId", "Owner", &["Group", "User"]),
            ]),
        ),
        ("Contact", json!([email, lookup("AccountId", "Account", &["Account"])])),
        ("Account", json!([{"name": "Total__c", "type": "currency", "calculated": true}])),
        ("Group", json!([{"name": "Name", "type": "string"}])),
        ("User", json!([email])),
        ("OrderItem", json!([lookup("Product2Id", "Product2", &["Product2"])])),
        ("Product2", json!([{"name": "ProductCode", "type": "string"}])),
    ];
    for (name, fields) in objects {
        let children = json!([
            {"relationshipName": null, "childSObject": "OrderHistory", "field": "OrderId"},
            {"relationshipName": "OrderItems", "childSObject": "OrderItem", "field": "OrderId"},
        ]);
        let body = json!({"name": name, "fields": fields, "childRelationships": children, "label": name});
        Mock::given(path(format!("/services/data/v66.0/sobjects/{name}/describe")))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            // Once, however often it is asked for.
            .up_to_n_times(1)
            .mount(server)
            .await;
    }
    let offered = ResponseTemplate::new(200).set_body_json(json!([{"version": "66.0"}]));
    Mock::given(path("/services/data/")).respond_with(offered).mount(server).await;
    let missing = api_error(404, "NOT_FOUND", "The requested resource does not exist");
    Mock::given(method("GET")).respond_with(missing).mount(server).await;
}

#[tokio::test]
async fn paths_are_followed_by_describe() {
    let server = MockServer::start().await;
    org(&server).await;
    let client = client(&server);
    let schema = client.schema();
    let status = schema.resolve("Order", "status").await.unwrap();
    assert_eq!((status.path.as_str(), status.field.picklist_values[0].value.as_str()), ("Status", "Completed"));
    let email = schema.resolve("Order", "billtocontact.EMAIL").await.unwrap();
    assert_eq!((email.path.as_str(), email.object.as_str()), ("BillToContact.Email", "Contact"));
    assert_eq!((email.field.kind.as_str(), email.field.length), ("email", 80));
    assert!(schema.resolve("Order", "BillToContact.Account.Total__c").await.unwrap().field.calculated);
    // Owner may be a group, which has no e-mail address, or a user.
    assert_eq!(schema.resolve("Order", "Owner.Email").await.unwrap().object, "User");
    let (relationship, object) = schema.child("Order", "orderitems").await.unwrap();
    assert_eq!((relationship.as_str(), object.as_str()), ("OrderItems", "OrderItem"));
    assert_eq!(schema.resolve(&object, "Product2.ProductCode").await.unwrap().path, "Product2.ProductCode");
}

#[tokio::test]
async fn a_path_that_does_not_exist_is_named_by_piece_and_object() {
    let server = MockServer::start().await;
    org(&server).await;
    let client = client(&server);
    let schema = client.schema();
    for (path, expected_piece, expected) in [
        ("BillToContact.Emial", Piece::Field, "Contact has no field `Emial`"),
        ("BilToContact.Email", Piece::Relationship, "Order has no relationship `BilToContact`"),
        ("Owner.Phone", Piece::Field, "Group or User has no field `Phone`"),
        ("", Piece::Field, "Order has no field ``"),
    ] {
        let error = schema.resolve("Order", path).await.unwrap_err();
        assert!(matches!(error, Error::Missing { piece, .. } if piece == expected_piece), "{error:?}");
        assert_eq!(error.to_string(), expected);
    }
    let error = schema.child("Order", "Lines").await.unwrap_err();
    assert_eq!(error.to_string(), "Order has no child relationship `Lines`");
    let error = schema.resolve("Ordr", "Id").await.unwrap_err();
    assert_eq!(error.to_string(), "the org has no object `Ordr`");
}

const COLLECTION: &str = "/services/data/v66.0/composite/sobjects";

fn a_row<K>(key: K, points: i64) -> crate::Row<K> {
    crate::Row { key, values: [("Yotpo_Points_Balance__c".to_owned(), json!(points))].into() }
}

#[tokio::test]
async fn rows_are_written_by_id_and_each_has_its_own_result() {
    let server = MockServer::start().await;
    logins(&server, 1).await;
    let ids =
        ["003RO000000AbcDYAS", "003RO000000AbcEYAS", "003RO000000AbcFYAS"].map(|id| Id::parse(&id[..15]).unwrap());
    let records: Vec<Value> = ids
        .iter()
        .map(|id| json!({"attributes": {"type": "Contact"}, "id": id.as_str(), "Yotpo_Points_Balance__c": 7}))
        .collect();
    let failed = |code: &str, fields: Value| json!({"success": false, "errors": [{"statusCode": code, "message": "jane@example.com is busy", "fields": fields}]});
    let results = json!([
        {"id": ids[0].as_str(), "success": true, "errors": []},
        failed("UNABLE_TO_LOCK_ROW", json!([])),
        failed("FIELD_CUSTOM_VALIDATION_EXCEPTION", json!(["Yotpo_Points_Balance__c"])),
    ]);
    Mock::given(method("PATCH"))
        .and(path(COLLECTION))
        .and(header("authorization", "Bearer token-1"))
        .and(wiremock::matchers::body_json(json!({"allOrNone": false, "records": records})))
        .respond_with(ResponseTemplate::new(200).set_body_json(results))
        .expect(1)
        .mount(&server)
        .await;
    let client = client(&server);
    let rows: Vec<_> = ids.into_iter().map(|id| a_row(id, 7)).collect();
    let results = client.update("Contact", &rows).await.unwrap();
    let reasons: Vec<_> =
        results.iter().map(|result| result.as_ref().err().map(|unwritten| unwritten.reason)).collect();
    assert_eq!(reasons, [None, Some(UnwrittenReason::Locked), Some(UnwrittenReason::Refused)]);
    let said = format!("{:?} {}", results[2], results[2].as_ref().unwrap_err());
    assert!(said.contains("Yotpo_Points_Balance__c") && !said.contains("jane"), "{said}");
    assert!(client.update("Contact", &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn rows_are_upserted_by_an_external_id() {
    let server = MockServer::start().await;
    logins(&server, 1).await;
    let record =
        json!({"attributes": {"type": "Yotpo_Reward__c"}, "Redemption_Id__c": "17", "Yotpo_Points_Balance__c": 1});
    Mock::given(method("PATCH"))
        .and(path(format!("{COLLECTION}/Yotpo_Reward__c/Redemption_Id__c")))
        .and(wiremock::matchers::body_json(json!({"allOrNone": false, "records": [record]})))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([
            {"id": "a00RO000000AbcD", "success": true, "errors": [], "created": true}
        ])))
        .expect(1)
        .mount(&server)
        .await;
    let results = client(&server).upsert("Yotpo_Reward__c", "Redemption_Id__c", &[a_row("17".to_owned(), 1)]).await;
    assert!(results.unwrap()[0].as_ref().unwrap().created);
}

#[tokio::test]
async fn a_session_that_has_expired_is_replaced_for_a_write_too_and_a_short_answer_is_none() {
    let server = MockServer::start().await;
    logins(&server, 2).await;
    for (token, answer) in [("token-1", expired()), ("token-2", ResponseTemplate::new(200).set_body_json(json!([])))] {
        Mock::given(method("PATCH"))
            .and(path(COLLECTION))
            .and(header("authorization", format!("Bearer {token}").as_str()))
            .respond_with(answer)
            .expect(1)
            .mount(&server)
            .await;
    }
    let rows = [a_row(Id::parse("003RO000000AbcD").unwrap(), 1)];
    let error = client(&server).update("Contact", &rows).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
}

#[test]
fn every_code_has_its_reason_and_what_is_unknown_is_a_refusal() {
    for (code, reason) in [
        ("UNABLE_TO_LOCK_ROW", UnwrittenReason::Locked),
        ("UNKNOWN_EXCEPTION", UnwrittenReason::Busy),
        ("ENTITY_IS_DELETED", UnwrittenReason::Gone),
        ("INSUFFICIENT_ACCESS_OR_READONLY", UnwrittenReason::Access),
        ("DUPLICATES_DETECTED", UnwrittenReason::Duplicate),
        ("STRING_TOO_LONG", UnwrittenReason::Refused),
        ("SOMETHING_NEW", UnwrittenReason::Refused),
    ] {
        assert_eq!(UnwrittenReason::of(code), reason, "{code}");
    }
}
