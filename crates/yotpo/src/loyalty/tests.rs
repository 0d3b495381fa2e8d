use chrono::TimeZone as _;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::Effect;

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 8, 0, 0).unwrap()
}

fn client(server: &MockServer, platform: Platform) -> Client {
    let store = json!({"loyalty_guid": "guid-1234", "loyalty_api_key": "hunter2"});
    let store = serde_json::from_value(store).unwrap();
    let base = BaseUrl::parse(&server.uri()).unwrap();
    Client::new(rest::Client::new(Duration::from_secs(20)).unwrap(), &base, platform, &store, now).unwrap()
}

async fn answering(template: ResponseTemplate) -> (MockServer, Client) {
    let server = MockServer::start().await;
    Mock::given(header("x-guid", "guid-1234"))
        .and(header("x-api-key", "hunter2"))
        .respond_with(template)
        .mount(&server)
        .await;
    let client = client(&server, Platform::Generic);
    (server, client)
}

fn order() -> OrderRecord {
    OrderRecord {
        customer_email: "jane@example.com".to_owned(),
        customer_id: Some("0035g00000ABCDEAA1".to_owned()),
        total_amount_cents: 15_000,
        currency_code: "USD".to_owned(),
        order_id: "testing1".to_owned(),
        status: "paid".to_owned(),
        created_at: now(),
        coupon_code: Some("SAVE5".to_owned()),
        ip_address: None,
        user_agent: None,
        items: vec![PricedItem {
            id: "472361372358".to_owned(),
            name: Some("Green Shirt".to_owned()),
            quantity: 2,
            price_cents: 1_499,
            product_type: Some("shirt".to_owned()),
            ..PricedItem::default()
        }],
    }
}

fn refund() -> RefundRecord {
    RefundRecord {
        id: "r1".to_owned(),
        order_id: "ORD_43H9ADHW1308123".to_owned(),
        total_amount_cents: 250,
        currency: "JPY".to_owned(),
        items: Vec::new(),
    }
}

#[tokio::test]
async fn records_arrive_as_documented_where_the_platform_has_them() {
    for (platform, folder) in [(Platform::Generic, "/api/v2"), (Platform::CommerceCloud, "/commerce-cloud")] {
        let server = MockServer::start().await;
        let customer = json!({"id": "CUS_1", "email": "john@example.com", "first_name": "John", "opt_in": true});
        let action = json!({
            "type": "CustomAction", "customer_email": "john@example.com", "action_name": "Survey",
            "created_at": "2026-11-20T08:00:00Z", "history_title": "Survey, 2026-11-20",
        });
        let order_body = json!({
            "customer_email": "jane@example.com", "customer_id": "0035g00000ABCDEAA1", "total_amount_cents": 15_000,
            "currency_code": "USD", "order_id": "testing1", "status": "paid", "created_at": "2026-11-20T08:00:00Z",
            "coupon_code": "SAVE5",
            "items": [{"id": "472361372358", "name": "Green Shirt", "quantity": 2, "price_cents": 1_499, "type": "shirt"}],
        });
        let refund_body =
            json!({"id": "r1", "order_id": "ORD_43H9ADHW1308123", "total_amount_cents": 250, "currency": "JPY"});
        for (resource, body) in
            [("customers", customer), ("orders", order_body), ("refunds", refund_body), ("actions", action)]
        {
            Mock::given(method("POST"))
                .and(path(format!("{folder}/{resource}")))
                .and(header("x-guid", "guid-1234"))
                .and(header("x-api-key", "hunter2"))
                .and(body_json(body))
                .respond_with(ResponseTemplate::new(200))
                .expect(1)
                .mount(&server)
                .await;
        }
        let client = client(&server, platform);
        let john = CustomerRecord {
            id: "CUS_1".to_owned(),
            email: "john@example.com".to_owned(),
            first_name: Some("John".to_owned()),
            opt_in: Some(true),
            ..CustomerRecord::default()
        };
        client.record_customer(&john).await.unwrap();
        client.record_order(&order()).await.unwrap();
        client.record_refund(&refund()).await.unwrap();
        let action = ActionRecord::new(john.email.clone(), "Survey".to_owned(), now(), "Survey, 2026-11-20".to_owned());
        client.record_action(&action).await.unwrap();
        let shown = format!("{john:?} {:?} {action:?} {client:?}", order());
        assert!(!shown.contains("example.com") && !shown.contains("hunter2"), "{shown}");
    }
}

#[tokio::test]
async fn a_customer_is_read_by_address_and_by_id() {
    let documented: Value = serde_json::from_str(include_str!("fetch_customer_response.json")).unwrap();
    let server = MockServer::start().await;
    for (key, value) in [("customer_email", "John+1@example.com"), ("customer_id", "CUS_1231H9UQOW9H23")] {
        Mock::given(method("GET"))
            .and(path("/api/v2/customers"))
            .and(query_param(key, value))
            .and(query_param("with_history", "true"))
            .respond_with(ResponseTemplate::new(200).set_body_json(&documented))
            .expect(1)
            .mount(&server)
            .await;
    }
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(404)).mount(&server).await;
    let client = client(&server, Platform::Generic);
    for query in [CustomerQuery::Email("John+1@example.com"), CustomerQuery::Id("CUS_1231H9UQOW9H23")] {
        let found = client.customer(query, true).await.unwrap().unwrap();
        assert_eq!(found.external_id(), Some("CUS_1231H9UQOW9H23"));
        assert_eq!((found.points_balance, found.points_earned, found.opt_in), (Some(455), Some(850), None));
        let coupon = &found.history_items[2];
        assert_eq!((coupon.status.as_deref(), coupon.points), (Some("FIVEOFF-XYZ"), Some(-250)));
        assert!(!format!("{found:?}").contains("john"));
    }
    assert_eq!(client.customer(CustomerQuery::Email("nobody@example.com"), false).await.unwrap(), None);
}

#[test]
fn every_field_of_a_customer_may_be_absent_null_or_in_quotes() {
    let read = |value: Value| serde_json::from_value::<CustomerDetails>(value);
    assert_eq!(read(json!({})).unwrap(), CustomerDetails::default());
    let nulls = json!({
        "third_party_id": null, "thirty_party_id": 4_302_977_345_u64, "points_balance": null, "opt_in": null,
        "history_items": null, "referral_link": null, "vip_tier_name": "",
    });
    let found = read(nulls).unwrap();
    assert_eq!(
        (found.external_id(), found.points_balance, found.vip_tier_name.as_deref()),
        (Some("4302977345"), None, None)
    );
    let quoted = json!({
        "third_party_id": " A1 ", "thirty_party_id": "A0", "points_balance": "-120", "points_earned": 12.0, "opt_in": "true",
        "vip_tier_ends_at": "2027-10-31", "referral_link": {"link": "https://r.example/x", "code": "x", "expired": false},
        "opted_in_at": "2019-05-25 20:59:53",
    });
    let found = read(quoted).unwrap();
    assert_eq!((found.external_id(), found.points_balance, found.points_earned), (Some("A1"), Some(-120), Some(12)));
    assert_eq!((found.opt_in, found.tier_ends()), (Some(true), Some("2027-10-31")));
    assert_eq!(found.referral_link.as_deref(), Some("https://r.example/x"));
    assert_eq!(found.opted_in_at, Some(Utc.with_ymd_and_hms(2019, 5, 25, 20, 59, 53).unwrap()));
    for wrong in [json!({"points_balance": 1.5}), json!({"points_balance": "many"}), json!({"opt_in": "perhaps"})] {
        assert!(read(wrong.clone()).is_err(), "{wrong}");
    }
}

#[derive(Debug, PartialEq)]
enum Meaning {
    Taken,
    Unauthorized,
    RateLimited(Option<u64>),
    Refused,
    Unavailable(Effect),
}

fn meaning(result: &Result<(), Error>) -> Meaning {
    match result {
        Ok(()) => Meaning::Taken,
        Err(Error::Unauthorized) => Meaning::Unauthorized,
        Err(Error::RateLimited { retry_after }) => Meaning::RateLimited(retry_after.map(|wait| wait.as_secs())),
        Err(Error::Refused { .. } | Error::Invalid(_)) => Meaning::Refused,
        Err(Error::Unavailable { effect, .. }) => Meaning::Unavailable(*effect),
    }
}

#[tokio::test]
async fn one_table_says_what_an_answer_means() {
    let page = |status| ResponseTemplate::new(status).set_body_raw("<html>We are sorry</html>", "text/html");
    let said = |status| ResponseTemplate::new(status).set_body_json(json!({"error": "no"}));
    let (none, unknown) = (Meaning::Unavailable(Effect::None), Meaning::Unavailable(Effect::Unknown));
    for (template, expected) in [
        (ResponseTemplate::new(201), Meaning::Taken),
        (said(401), Meaning::Unauthorized),
        (page(401), Meaning::Unauthorized),
        (said(403), Meaning::Unauthorized),
        (page(403), Meaning::Unavailable(Effect::None)),
        (said(400), Meaning::Refused),
        (said(422), Meaning::Refused),
        (page(400), Meaning::Unavailable(Effect::None)),
        (said(423), Meaning::Unavailable(Effect::None)),
        (said(404), Meaning::Unavailable(Effect::None)),
        (page(404), Meaning::Unavailable(Effect::None)),
        (said(429), Meaning::RateLimited(None)),
        (said(429).insert_header("ratelimit-reset", "3"), Meaning::RateLimited(Some(3))),
        (said(429).insert_header("x-ratelimit-remaining-minute", "0"), Meaning::RateLimited(Some(60))),
        (page(502), Meaning::Unavailable(Effect::Unknown)),
        (said(500), unknown),
        (page(302), Meaning::Unavailable(Effect::Unknown)),
    ] {
        let (_server, client) = answering(template).await;
        assert_eq!(meaning(&client.record_refund(&refund()).await), expected);
    }
    // A reading that fails has had no effect.
    let (_server, client) = answering(page(503)).await;
    assert_eq!(meaning(&client.customer(CustomerQuery::Id("1"), false).await.map(drop)), none);
    // A page of a proxy's does not say that there is no such customer.
    let (_server, client) = answering(page(404)).await;
    assert!(client.customer(CustomerQuery::Id("1"), false).await.is_err());
    let (_server, client) = answering(said(401)).await;
    assert_eq!(meaning(&client.check_keys().await), Meaning::Unauthorized);
}

#[tokio::test]
async fn what_is_personal_is_blacked_out_of_a_refusal() {
    let body = json!({"errors": [{"message": "jane@example.com of 10.0.0.7 was here, JANE@EXAMPLE.COM too"}]});
    let (_server, client) = answering(ResponseTemplate::new(422).set_body_json(body)).await;
    let order = OrderRecord { ip_address: Some("10.0.0.7".to_owned()), ..order() };
    let error = client.record_order(&order).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("was here"), "{text}");
    assert!(!text.to_lowercase().contains("jane") && !text.contains("10.0.0.7"), "{text}");
}

#[tokio::test]
async fn the_rate_headers_are_kept_until_they_have_passed() {
    for (headers, rests) in [
        (vec![("ratelimit-remaining", "3"), ("ratelimit-reset", "1")], None),
        (vec![("ratelimit-remaining", "0"), ("ratelimit-reset", "1")], Some(1)),
        (vec![("ratelimit-remaining", "0")], Some(1)),
        (vec![("ratelimit-remaining", "0"), ("ratelimit-reset", "99999999999999")], Some(1)),
        (vec![("ratelimit-remaining", "0"), ("ratelimit-reset", "NaN")], Some(1)),
        (vec![("x-ratelimit-limit-minute", "300"), ("x-ratelimit-remaining-minute", "0")], Some(60)),
        (vec![("ratelimit-remaining", "x")], None),
    ] {
        let ok = headers.iter().fold(ResponseTemplate::new(200), |ok, (name, value)| ok.insert_header(*name, *value));
        let (_server, client) = answering(ok).await;
        assert_eq!(client.rests(), None);
        client.record_refund(&refund()).await.unwrap();
        assert_eq!(client.rests().map(|wait| wait.as_secs()), rests, "{headers:?}");
    }
}

#[tokio::test]
async fn a_connection_that_is_refused_has_had_no_effect() {
    let server = MockServer::start().await;
    let client = client(&server, Platform::Generic);
    drop(server);
    let error = client.record_order(&order()).await.unwrap_err();
    assert_eq!(error.effect(), Effect::None);
}
