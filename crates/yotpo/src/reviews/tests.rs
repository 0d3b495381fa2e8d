use std::time::Duration;

use chrono::TimeZone;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::{body_json, body_partial_json, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::Effect;

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 8, 0, 0).unwrap()
}

fn reviews_at(url: &str, call_timeout: Duration) -> Reviews {
    let store = serde_json::from_value(json!({"app_key": "app", "secret_key": "hunter2"})).unwrap();
    let base = BaseUrl::parse(url).unwrap();
    Reviews::new(rest::Client::new(call_timeout).unwrap(), &base, &store, now).unwrap()
}

fn reviews(server: &MockServer) -> Reviews {
    reviews_at(&server.uri(), Duration::from_secs(20))
}

#[test]
fn a_person_recognises_the_account_and_nobody_learns_a_short_key() {
    for (app_key, ending) in
        [("sandbox-default", "ault"), ("12345678", "5678"), ("1234567", ""), ("größenwahn", "wahn")]
    {
        let store = serde_json::from_value(json!({"app_key": app_key, "secret_key": "hunter2"})).unwrap();
        let base = BaseUrl::parse("http://127.0.0.1:1").unwrap();
        let client = Reviews::new(rest::Client::new(Duration::from_secs(1)).unwrap(), &base, &store, now).unwrap();
        assert_eq!(client.account_ending(), ending);
    }
}

fn purchase_json() -> Value {
    json!({
        "email": "jane@example.com", "customer_name": "Jane Doe", "order_id": "00000100", "order_date": "2026-11-20",
        "platform": "general", "products": {"A": {"name": "Shirt"}}
    })
}

fn purchase() -> Purchase {
    serde_json::from_value(purchase_json()).unwrap()
}

fn ok() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"code": 200, "message": "OK", "uuid": "98e633ac"}))
}

fn unauthorized() -> ResponseTemplate {
    let body = json!({"message": "You are not authorized to access this page.", "code": 401, "error_type": "Exceptions::AccessDenied"});
    ResponseTemplate::new(401).set_body_json(body)
}

/// Tokens `token-1` to `token-{n}` in turn; exactly so many are asked for.
async fn tokens(server: &MockServer, n: usize) {
    for number in 1..=n {
        Mock::given(method("POST"))
            .and(path("/oauth/token"))
            .and(body_json(json!({"client_id": "app", "client_secret": "hunter2", "grant_type": "client_credentials"})))
            .respond_with(
                ResponseTemplate::new(200)
                    .set_body_json(json!({"access_token": format!("token-{number}"), "token_type": "bearer"})),
            )
            .up_to_n_times(1)
            .expect(1)
            .mount(server)
            .await;
    }
}

async fn answer(server: &MockServer, utoken: &str, answer: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path("/apps/app/purchases"))
        .and(body_partial_json(json!({"utoken": utoken})))
        .respond_with(answer)
        .mount(server)
        .await;
}

async fn create_answered_with(template: ResponseTemplate) -> Result<(), Error> {
    let server = MockServer::start().await;
    tokens(&server, 1).await;
    answer(&server, "token-1", template).await;
    let result = reviews(&server).create_purchase(&purchase()).await;
    if let Err(error) = &result {
        let text = format!("{error} {error:?} {:?}", std::error::Error::source(error));
        for secret in ["hunter2", "token-1", "jane", "Jane"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    result
}

#[tokio::test]
async fn the_purchase_arrives_signed_and_as_documented() {
    let server = MockServer::start().await;
    tokens(&server, 1).await;
    let mut expected = purchase_json();
    expected["utoken"] = "token-1".into();
    expected["validate_data"] = true.into();
    Mock::given(method("POST"))
        .and(path("/apps/app/purchases"))
        .and(body_json(expected))
        .respond_with(ok())
        .expect(2)
        .mount(&server)
        .await;
    let reviews = reviews(&server);
    // The second uses the token of the first.
    reviews.create_purchase(&purchase()).await.unwrap();
    reviews.create_purchase(&purchase()).await.unwrap();
    let request = &server.received_requests().await.unwrap()[1];
    assert_eq!(request.headers["content-type"], "application/json; charset=utf-8");
}

#[tokio::test]
async fn what_yotpo_would_drop_is_not_sent() {
    let server = MockServer::start().await;
    let mut purchase = purchase();
    purchase.products.clear();
    let error = reviews(&server).create_purchase(&purchase).await.unwrap_err();
    assert!(matches!(error, Error::Invalid(invalid) if invalid.field == "products"));
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_expired_token_is_replaced_once_for_all_who_hold_it() {
    let expired = [
        unauthorized(),
        ResponseTemplate::new(200).set_body_json(json!({"code": 401, "message": "…"})),
        ResponseTemplate::new(200).set_body_json(json!({"error": "invalid token"})),
        // Without Yotpo's words it may be somebody else's: one new token costs little, a token that has expired everything.
        ResponseTemplate::new(401).set_body_raw("<html>", "text/html"),
    ];
    for expired in expired {
        let server = MockServer::start().await;
        tokens(&server, 2).await;
        answer(&server, "token-1", expired).await;
        answer(&server, "token-2", ok()).await;
        let (reviews, purchase) = (reviews(&server), purchase());
        let (a, b) = tokio::join!(reviews.create_purchase(&purchase), reviews.create_purchase(&purchase));
        assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
    }
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_ends_the_call() {
    let server = MockServer::start().await;
    tokens(&server, 2).await;
    answer(&server, "token-1", unauthorized()).await;
    answer(&server, "token-2", unauthorized()).await;
    let error = reviews(&server).create_purchase(&purchase()).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized));
    assert_eq!(error.effect(), Effect::None);
}

#[tokio::test]
async fn a_secret_that_is_refused_is_tried_once() {
    for refusal in [
        unauthorized(),
        ResponseTemplate::new(200).set_body_json(json!({"error": "invalid_client"})),
        ResponseTemplate::new(400).set_body_json(json!({"error": "invalid_client"})),
        ResponseTemplate::new(400).set_body_json(json!({"code": 400, "message": "client_id can't be blank"})),
    ] {
        let server = MockServer::start().await;
        Mock::given(path("/oauth/token")).respond_with(refusal).expect(1).mount(&server).await;
        let error = reviews(&server).create_purchase(&purchase()).await.unwrap_err();
        assert!(matches!(error, Error::Unauthorized), "{error:?}");
    }
}

#[tokio::test]
async fn a_login_without_answer_leaves_the_purchase_without_effect() {
    for outage in [ResponseTemplate::new(503), ResponseTemplate::new(200).set_body_raw("<html>", "text/html")] {
        let server = MockServer::start().await;
        Mock::given(path("/oauth/token")).respond_with(outage).mount(&server).await;
        let error = reviews(&server).create_purchase(&purchase()).await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { effect: Effect::None, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_field_and_not_the_buyer() {
    let body = json!({"code": 400, "errors": [{"order_id": "00000100", "field": "email", "error": "jane@example.com of Jane Doe is bad"}]});
    for status in [400, 200, 422] {
        let error = create_answered_with(ResponseTemplate::new(status).set_body_json(&body)).await.unwrap_err();
        let Error::Refused { status: got, field, message, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*got, field.as_deref(), message.as_str()), (status, Some("email"), "… of … is bad"));
        assert_eq!(error.effect(), Effect::None);
    }
}

#[tokio::test]
async fn no_connection_is_no_effect_and_a_lost_answer_is_in_doubt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let reviews = reviews_at(&url, Duration::from_secs(2));
    let server = async {
        // The login is answered; then the call is read and the connection cut, or left without an answer.
        let token = r#"{"access_token":"t"}"#;
        let (mut login, _) = listener.accept().await.unwrap();
        let _ = login.read(&mut [0; 4096]).await.unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{token}", token.len());
        login.write_all(head.as_bytes()).await.unwrap();
        drop(login);
        let (mut cut, _) = listener.accept().await.unwrap();
        let _ = cut.read(&mut [0; 4096]).await.unwrap();
        drop(cut);
        let (silent, _) = listener.accept().await.unwrap();
        drop(listener);
        silent
    };
    let purchase = purchase();
    let calls = async { (reviews.create_purchase(&purchase).await, reviews.create_purchase(&purchase).await) };
    let ((cut, silent), _silent) = tokio::join!(calls, server);
    for (error, is_late) in [(cut.unwrap_err(), false), (silent.unwrap_err(), true)] {
        assert!(matches!(error, Error::Unavailable { effect: Effect::Unknown, .. }), "{error:?}");
        assert_eq!(error.is_late(), is_late, "{error:?}");
    }
    let refused = reviews.create_purchase(&purchase).await.unwrap_err();
    assert!(matches!(refused, Error::Unavailable { effect: Effect::None, .. }), "{refused:?}");
}

#[tokio::test]
async fn purchases_are_read_back_without_the_buyers() {
    let server = MockServer::start().await;
    tokens(&server, 1).await;
    let body = json!({"status": {"code": 200, "message": "OK"}, "response": {
        "purchases": [
            {"id": 3_425_872, "user_email": "jane@example.com", "user_name": "Jane", "order_id": "160552576", "product_sku": "120915246",
             "product_name": "Test Product", "order_date": "2013-03-20T00:00:00Z", "created_at": "2014-10-26T16:35:48Z"},
            {"order_id": 17, "product_sku": null},
        ],
        "total_purchases": 3, "total_orders": 2
    }});
    Mock::given(method("GET"))
        .and(path("/apps/app/purchases"))
        .and(query_param("utoken", "token-1"))
        .and(query_param("since_date", "2026-11-19"))
        .and(query_param("page", "2"))
        .and(query_param("count", "200"))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(&server)
        .await;
    let page = reviews(&server).purchases(NaiveDate::from_ymd_opt(2026, 11, 19).unwrap(), 2, 200).await.unwrap();
    assert_eq!(page.total_purchases, Some(3));
    assert_eq!((page.purchases[0].order_id.as_str(), page.purchases[1].order_id.as_str()), ("160552576", "17"));
    assert!(!format!("{page:?}").to_lowercase().contains("jane"));
}

#[tokio::test]
async fn a_read_that_fails_in_its_body_is_no_empty_page() {
    let server = MockServer::start().await;
    tokens(&server, 1).await;
    let body = json!({"status": {"code": 500, "message": "Failure"}, "response": {"purchases": []}});
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(200).set_body_json(body)).mount(&server).await;
    let result = reviews(&server).purchases(NaiveDate::from_ymd_opt(2026, 11, 19).unwrap(), 1, 200).await;
    assert!(matches!(result, Err(Error::Unavailable { .. })), "{result:?}");
}

/// What proxies, gateways and firewalls answer in a vendor's name.
const FOREIGN: [&str; 12] = [
    "<html><head><title>413 Request Entity Too Large</title></head></html>",
    "",
    "Bad Request",
    "null",
    "[]",
    // AWS API Gateway, Azure API Management, Apigee, Kong, Cloudflare, RFC 9457.
    r#"{"message":"Forbidden"}"#,
    r#"{"statusCode":409,"message":"Resource not found"}"#,
    r#"{"fault":{"faultstring":"Body buffer overflow","detail":{"errorcode":"protocol.http.TooBigBody"}}}"#,
    r#"{"message":"Request size limit exceeded","request_id":"98e633ac"}"#,
    r#"{"success":false,"errors":[{"code":1020,"message":"Access denied"}]}"#,
    r#"{"type":"about:blank","title":"Misdirected Request","status":421,"detail":"…"}"#,
    r#"{"error":"Forbidden"}"#,
];

/// Every status that something before Yotpo can speak.
fn spoken_by_the_edge() -> impl Iterator<Item = u16> {
    (400..=451).chain([494, 495, 496, 497, 498, 499, 511, 520, 530])
}

/// A client of a server that answers `template`, to whatever comes after the login.
async fn reviews_answered_with(server: &MockServer, template: ResponseTemplate) -> Reviews {
    server.reset().await;
    let token = ResponseTemplate::new(200).set_body_json(json!({"access_token": "t"}));
    Mock::given(path("/oauth/token")).respond_with(token).mount(server).await;
    Mock::given(path("/apps/app/purchases")).respond_with(template).mount(server).await;
    reviews(server)
}

#[tokio::test]
async fn no_order_is_refused_by_somebody_else() {
    let server = MockServer::start().await;
    let day = NaiveDate::from_ymd_opt(2026, 11, 19).unwrap();
    for status in spoken_by_the_edge() {
        for body in FOREIGN {
            let client =
                reviews_answered_with(&server, ResponseTemplate::new(status).set_body_raw(body, "text/html")).await;
            let posted = client.create_purchase(&purchase()).await;
            let read = client.purchases(day, 1, 200).await.map(drop);
            for result in [posted, read] {
                let passing = matches!(result, Err(Error::Unavailable { .. }))
                    || (status == 429 && matches!(result, Err(Error::RateLimited { .. })));
                assert!(passing, "{status} {body}: {result:?}");
            }
        }
    }
    // What says in a 200 that all is not well is not Yotpo's refusal either.
    let foreign = r#"{"success":false,"errors":[{"code":1020,"message":"Access denied"}]}"#;
    let client = reviews_answered_with(&server, ResponseTemplate::new(200).set_body_raw(foreign, "text/html")).await;
    let result = client.create_purchase(&purchase()).await;
    assert!(matches!(result, Err(Error::Unavailable { .. })), "{result:?}");
}

#[tokio::test]
async fn no_key_is_refused_by_somebody_else() {
    let server = MockServer::start().await;
    for status in spoken_by_the_edge() {
        for body in FOREIGN {
            server.reset().await;
            let answer = ResponseTemplate::new(status).set_body_raw(body, "text/html");
            Mock::given(path("/oauth/token")).respond_with(answer).mount(&server).await;
            let client = reviews(&server);
            for result in [client.create_purchase(&purchase()).await, client.log_in().await] {
                let passing = matches!(result, Err(Error::Unavailable { .. }))
                    || (status == 429 && matches!(result, Err(Error::RateLimited { .. })));
                assert!(passing, "{status} {body}: {result:?}");
            }
        }
    }
}

/// The table from (status, body) to what it means: every documented answer and the odd ones.
#[tokio::test]
async fn status_and_code_are_both_read() {
    #[derive(Debug, PartialEq)]
    enum Is {
        Ok,
        Limited(Option<u64>),
        Refused(u64),
        Down(Effect),
    }
    use Effect::{None as No, Unknown};
    let html = "<html>We will be back</html>";
    for (status, body, expected) in [
        (200, r#"{"code":200,"message":"OK"}"#, Is::Ok),
        (200, r#"{"code":"200"}"#, Is::Ok),
        (201, r#"{"uuid":"98e633ac","errors":[],"error":null}"#, Is::Ok),
        (200, r#"{"message":"Failure","error_type":"YotpoApiUnknownException","code":500}"#, Is::Down(Unknown)),
        (500, r#"{"message":"Failure","error_type":"YotpoApiUnknownException","code":500}"#, Is::Down(Unknown)),
        (500, r#"{"code":200,"message":"OK"}"#, Is::Down(Unknown)),
        (500, r#"{"code":400}"#, Is::Down(Unknown)),
        (400, r#"{"code":500}"#, Is::Down(Unknown)),
        (502, html, Is::Down(Unknown)),
        (503, "", Is::Down(Unknown)),
        (200, html, Is::Down(Unknown)),
        (200, "", Is::Down(Unknown)),
        (302, "", Is::Down(Unknown)),
        (408, "", Is::Down(Unknown)),
        (200, r#"{"code":1000}"#, Is::Down(Unknown)),
        (200, r#"{"code":99999999}"#, Is::Down(Unknown)),
        (429, "", Is::Limited(Some(7))),
        (200, r#"{"code":429}"#, Is::Limited(Some(7))),
        (429, r#"{"code":400}"#, Is::Limited(Some(7))),
        (400, r#"{"code":400,"message":"Bad"}"#, Is::Refused(400)),
        (400, r#"{"status":{"code":400,"message":"Bad"}}"#, Is::Refused(400)),
        (400, r#"{"errors":[{"order_id":"1","field":"email","error":"bad"}]}"#, Is::Refused(400)),
        (200, r#"{"code":200,"errors":[{"order_id":"1","field":"email","error":"bad"}]}"#, Is::Refused(200)),
        (422, r#"{"code":422,"message":"Unprocessable","errors":{"email":["bad"]}}"#, Is::Refused(422)),
        (200, r#"{"code":409,"message":"conflict"}"#, Is::Refused(409)),
        (413, r#"{"code":413,"message":"too large"}"#, Is::Refused(413)),
        // Yotpo's own words about the call, the time, the address or the law: no order's fault.
        (404, r#"{"code":404,"message":"Not found"}"#, Is::Down(No)),
        (418, r#"{"code":418,"message":"?"}"#, Is::Down(Unknown)),
        (451, r#"{"code":451,"message":"?"}"#, Is::Down(Unknown)),
        // Two answers in one.
        (418, r#"{"code":200}"#, Is::Down(Unknown)),
        (400, r#"{"code":200,"message":"OK"}"#, Is::Down(Unknown)),
        (404, html, Is::Down(No)),
        (405, "", Is::Down(No)),
    ] {
        let template =
            ResponseTemplate::new(status).set_body_raw(body, "text/plain").insert_header("RateLimit-Reset", "7");
        let is = match create_answered_with(template).await {
            Ok(()) => Is::Ok,
            Err(Error::RateLimited { retry_after }) => Is::Limited(retry_after.map(|wait| wait.as_secs())),
            Err(Error::Refused { code, .. }) => Is::Refused(code),
            Err(Error::Unavailable { effect, .. }) => Is::Down(effect),
            Err(other) => panic!("{status} {body}: {other:?}"),
        };
        assert_eq!(is, expected, "{status} {body}");
    }
}

#[test]
fn a_store_without_review_keys_is_told_which() {
    let http = rest::Client::new(Duration::from_secs(1)).unwrap();
    let base = BaseUrl::parse(crate::REVIEWS_URL).unwrap();
    for (json, key) in [
        (json!({}), "app_key"),
        (json!({"app_key": "a"}), "secret_key"),
        (json!({"app_key": " ", "secret_key": "s"}), "app_key"),
        (json!({"app_key": "a", "secret_key": ""}), "secret_key"),
    ] {
        let store = serde_json::from_value(json).unwrap();
        assert_eq!(Reviews::new(http.clone(), &base, &store, now).unwrap_err(), MissingKey { key });
    }
}
