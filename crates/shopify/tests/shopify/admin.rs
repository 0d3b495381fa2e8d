use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeZone, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use shopify::admin::{Client, Error, OrderPage, Search};
use shopify::{Access, CustomerId, OrderId};
use wiremock::matchers::{body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::graphql::{Query, Shop};
use crate::payloads::{anything, places};

pub(crate) const ORDER_BY_GRAPHQL: &str = include_str!("fixtures/order.graphql.json");
const GRAPHQL: &str = "/admin/api/2026-10/graphql.json";
const TOKEN: &str = "/admin/oauth/access_token";

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, 8, 0, 0).unwrap()
}

fn client_with(server: &MockServer, access: Access, now: fn() -> DateTime<Utc>) -> Client {
    let http = rest::Client::new(Duration::from_secs(20)).unwrap();
    Client::new(http, server.uri().parse().unwrap(), access, "2026-10", now)
}

fn client(server: &MockServer) -> Client {
    client_with(server, Access::Token("shpat_hunter2".into()), now)
}

fn minting(server: &MockServer, now: fn() -> DateTime<Utc>) -> Client {
    client_with(server, Access::ClientCredentials { client_id: "id".into(), client_secret: "hunter2".into() }, now)
}

pub(crate) fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// What is asked, in turn.
type Asked = Arc<Mutex<Vec<Query>>>;

fn query(request: &Request) -> Query {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    Query::read(body["query"].as_str().unwrap(), body["variables"].clone())
}

/// An Admin API with these orders and customers.
async fn shop(server: &MockServer, orders: Vec<Value>, customers: Vec<Value>) -> Asked {
    let (asked, shop) = (Asked::default(), Shop { orders, customers });
    let noted = Arc::clone(&asked);
    Mock::given(method("POST"))
        .and(path(GRAPHQL))
        .and(header("x-shopify-access-token", "shpat_hunter2"))
        .respond_with(move |request: &Request| {
            let query = query(request);
            let answer = json!({"data": query.answer(&shop)});
            noted.lock().unwrap().push(query);
            ResponseTemplate::new(200).set_body_json(answer)
        })
        .mount(server)
        .await;
    asked
}

async fn answers(server: &MockServer, status: u16, body: &Value) {
    let answer = ResponseTemplate::new(status).set_body_json(body);
    Mock::given(method("POST")).and(path(GRAPHQL)).respond_with(answer).mount(server).await;
}

async fn logins(server: &MockServer, tokens: &[&str]) {
    for token in tokens {
        let answer = json!({"access_token": token, "scope": "read_orders", "expires_in": 86399});
        Mock::given(method("POST"))
            .and(path(TOKEN))
            .and(body_string_contains("grant_type=client_credentials&client_id=id&client_secret=hunter2"))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .up_to_n_times(1)
            .expect(1)
            .mount(server)
            .await;
    }
}

const ID: OrderId = OrderId(9_007_199_254_740_992_001);

#[tokio::test]
async fn what_is_not_there_is_none() {
    let server = MockServer::start().await;
    shop(&server, vec![document(ORDER_BY_GRAPHQL)], vec![]).await;
    let client = client(&server);
    assert!(client.order(ID).await.unwrap().is_some());
    assert_eq!(client.order(OrderId(1)).await.unwrap(), None);
    assert_eq!(client.customer(CustomerId(1)).await.unwrap(), None);
    assert_eq!(client.scopes().await.unwrap(), ["read_orders", "read_customers"]);
}

/// The list at a JSON pointer with `count` entries, each the first one's copy under an id of its own.
fn lengthened(document: &mut Value, list: &str, kind: &str, count: usize) {
    let nodes = document.pointer_mut(list).unwrap().as_array_mut().unwrap();
    let first = nodes[0].clone();
    *nodes = (0..count)
        .map(|number| {
            let mut entry = first.clone();
            entry["id"] = format!("gid://shopify/{kind}/{}", 1_000 + number).into();
            entry
        })
        .collect();
}

#[tokio::test]
async fn lists_within_an_order_are_followed_to_their_ends() {
    let server = MockServer::start().await;
    let mut order = document(ORDER_BY_GRAPHQL);
    lengthened(&mut order, "/lineItems/nodes", "LineItem", 251);
    lengthened(&mut order, "/shippingLines/nodes", "ShippingLine", 11);
    lengthened(&mut order, "/refunds/0/refundLineItems/nodes", "RefundLineItem", 221);
    lengthened(&mut order, "/refunds/0/refundShippingLines/nodes", "RefundShippingLine", 6);
    lengthened(&mut order, "/refunds/0/orderAdjustments/nodes", "OrderAdjustment", 6);
    lengthened(&mut order, "/refunds/0/transactions/nodes", "OrderTransaction", 6);
    lengthened(&mut order, "/fulfillments/0/fulfillmentLineItems/nodes", "FulfillmentLineItem", 21);
    let asked = shop(&server, vec![order], vec![]).await;
    let order = client(&server).order(ID).await.unwrap().unwrap();
    let ids: Vec<u64> = order.line_items.iter().map(|line| line.id.0).collect();
    assert_eq!(ids, (1_000..1_251).collect::<Vec<u64>>());
    let refund = &order.refunds[0];
    let ids: Vec<u64> = refund.refund_line_items.iter().filter_map(|line| line.id).collect();
    assert_eq!(ids, (1_000..1_221).collect::<Vec<u64>>());
    assert_eq!((order.shipping_lines.len(), order.fulfillments[0].line_items.len()), (11, 21));
    assert_eq!(
        (refund.refund_shipping_lines.len(), refund.order_adjustments.len(), refund.transactions.len()),
        (6, 6, 6)
    );
    // 50 and 100 and 100 and 1; 20 and 100 and 100 and 1; one more of each other list.
    assert_eq!(asked.lock().unwrap().len(), 1 + 3 + 3 + 5);
}

fn numbered(count: u64) -> Vec<Value> {
    let order = document(ORDER_BY_GRAPHQL);
    (1..=count)
        .map(|number| {
            let mut order = order.clone();
            order["id"] = format!("gid://shopify/Order/{number}").into();
            order
        })
        .collect()
}

async fn all(client: &Client, search: Search) -> Result<Vec<OrderPage>, Error> {
    let mut pages = vec![client.orders(search, None).await?];
    while let Some(next) = &pages[pages.len() - 1].next {
        let page = client.orders(search, Some(next)).await?;
        pages.push(page);
    }
    Ok(pages)
}

fn ids(pages: &[OrderPage]) -> Vec<u64> {
    pages.iter().flat_map(|page| &page.orders).map(|order| order.id.0).collect()
}

#[tokio::test]
async fn orders_come_in_pages() {
    let server = MockServer::start().await;
    let asked = shop(&server, numbered(25), vec![]).await;
    let pages = all(&client(&server), Search::UpdatedSince(now())).await.unwrap();
    assert_eq!((ids(&pages), pages.len()), ((1..=25).collect(), 3));
    all(&client(&server), Search::Created(now(), now() + chrono::TimeDelta::days(1))).await.unwrap();
    let asked = asked.lock().unwrap();
    let said =
        |at: usize| [asked[at].variable("query"), asked[at].variable("sort")].map(|it| it.as_str().unwrap().to_owned());
    assert_eq!(said(0), ["updated_at:>='2026-11-23T08:00:00Z'", "UPDATED_AT"]);
    let created = "created_at:>='2026-11-23T08:00:00Z' AND created_at:<'2026-11-24T08:00:00Z'";
    assert_eq!(said(3), [created, "CREATED_AT"]);
}

#[tokio::test]
async fn an_order_that_cannot_be_read_hides_no_other() {
    let server = MockServer::start().await;
    let mut orders = numbered(3);
    orders[1]["totalPriceSet"] = Value::Null;
    shop(&server, orders, vec![]).await;
    let page = client(&server).orders(Search::UpdatedSince(now()), None).await.unwrap();
    assert_eq!(ids(std::slice::from_ref(&page)), [1, 3]);
    let [(id, shape)] = page.unreadable.as_slice() else { panic!("{page:?}") };
    assert_eq!((*id, shape.path.as_str(), shape.found), (Some(OrderId(2)), "total_price_set", "null"));
}

/// Answers pages of up to `at_most` orders, and says of larger ones that they cost too much.
async fn cheap(server: &MockServer, at_most: u64) {
    let shop = Shop { orders: numbered(7), customers: vec![] };
    Mock::given(path(GRAPHQL))
        .respond_with(move |request: &Request| {
            let query = query(request);
            ResponseTemplate::new(200).set_body_json(if query.variable("first").as_u64().unwrap() <= at_most {
                json!({"data": query.answer(&shop)})
            } else {
                json!({"errors": [{"message": "Query cost is 1723", "extensions": {"code": "MAX_COST_EXCEEDED"}}]})
            })
        })
        .mount(server)
        .await;
}

#[tokio::test]
async fn pages_that_cost_too_much_are_halved() {
    let server = MockServer::start().await;
    cheap(&server, 3).await;
    let pages = all(&client(&server), Search::UpdatedSince(now())).await.unwrap();
    assert_eq!((ids(&pages), pages.len()), ((1..=7).collect(), 4));
    // 10, 5 and 2 once, then no more trying.
    assert_eq!(server.received_requests().await.unwrap().len(), 2 + 4);

    let server = MockServer::start().await;
    cheap(&server, 0).await;
    let error = all(&client(&server), Search::UpdatedSince(now())).await.unwrap_err();
    assert!(matches!(error, Error::TooMuch), "{error:?}");
}

#[tokio::test]
async fn a_token_is_minted_once_and_anew_when_it_is_refused() {
    let server = MockServer::start().await;
    logins(&server, &["old", "shpat_hunter2"]).await;
    let refused = json!({"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"});
    Mock::given(header("x-shopify-access-token", "old"))
        .respond_with(ResponseTemplate::new(401).set_body_json(&refused))
        .mount(&server)
        .await;
    shop(&server, numbered(1), vec![]).await;
    let client = minting(&server, now);
    let one = || async { client.order(OrderId(1)).await.unwrap().is_some() };
    assert_eq!(tokio::join!(one(), one(), one()), (true, true, true));

    let server = MockServer::start().await;
    answers(&server, 401, &refused).await;
    let static_token = client_with(&server, Access::Token("shpat_hunter2".into()), now);
    let error = static_token.order(ID).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

static CLOCK: AtomicI64 = AtomicI64::new(0);

fn clock() -> DateTime<Utc> {
    now() + chrono::TimeDelta::seconds(CLOCK.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_token_is_renewed_ahead_of_its_end() {
    let server = MockServer::start().await;
    logins(&server, &["shpat_hunter2", "shpat_hunter2"]).await;
    shop(&server, numbered(1), vec![]).await;
    let client = minting(&server, clock);
    for at in [0, 85_000, 85_900, 86_000] {
        CLOCK.store(at, Ordering::SeqCst);
        assert!(client.order(OrderId(1)).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_refused_login_says_with_which_word_and_no_more() {
    let server = MockServer::start().await;
    let refusal = json!({"error": "invalid_client", "error_description": "hunter2 is wrong"});
    Mock::given(path(TOKEN)).respond_with(ResponseTemplate::new(400).set_body_json(refusal)).mount(&server).await;
    let client = minting(&server, now);
    let error = client.order(ID).await.unwrap_err();
    assert!(matches!(&error, Error::Unauthorized { error } if error == "invalid_client"), "{error:?}");
    assert!(!format!("{error:?} {error} {client:?}").contains("hunter2"));
}

fn cost(requested: f64, available: f64, restored: f64) -> Value {
    json!({"cost": {
        "requestedQueryCost": requested,
        "actualQueryCost": null,
        "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": restored}
    }})
}

#[tokio::test]
async fn points_are_waited_for_and_a_long_wait_is_the_callers() {
    let server = MockServer::start().await;
    let answer = json!({"data": {"order": null}, "extensions": cost(400.0, 300.0, 200.0)});
    answers(&server, 200, &answer).await;
    let (client, begun) = (client(&server), Instant::now());
    client.order(ID).await.unwrap();
    client.order(ID).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(500), "{:?}", begun.elapsed());

    let server = MockServer::start().await;
    let throttled = json!({
        "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": cost(1400.0, 0.0, 100.0)
    });
    answers(&server, 200, &throttled).await;
    let client = client_with(&server, Access::Token("t".into()), now);
    for _ in 0..2 {
        let error = client.order(ID).await.unwrap_err();
        let Error::Throttled { wait } = error else { panic!("{error:?}") };
        assert!(wait > Duration::from_secs(13) && wait <= Duration::from_secs(14), "{wait:?}");
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn who_finds_the_points_used_up_asks_a_second_time() {
    let server = MockServer::start().await;
    let throttled = json!({
        "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": cost(400.0, 380.0, 100.0)
    });
    let once = ResponseTemplate::new(200).set_body_json(throttled);
    Mock::given(path(GRAPHQL)).respond_with(once).up_to_n_times(1).mount(&server).await;
    shop(&server, numbered(1), vec![]).await;
    let begun = Instant::now();
    assert!(client(&server).order(OrderId(1)).await.unwrap().is_some());
    assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn each_refusal_is_what_the_caller_can_do_about_it() {
    let graphql = |code: &str| json!({"data": null, "errors": [{"message": "m", "extensions": {"code": code}}]});
    for (status, body, expected) in [
        (200, graphql("ACCESS_DENIED"), "Denied"),
        (200, graphql("undefinedField"), "Refused"),
        (200, graphql("SHOP_INACTIVE"), "Refused"),
        (200, graphql("INTERNAL_SERVER_ERROR"), "Unavailable"),
        (200, json!({"errors": [{"message": "Throttled"}]}), "Throttled"),
        (200, json!({"errors": graphql("THROTTLED")["errors"], "extensions": cost(3000.0, 10.0, 100.0)}), "TooMuch"),
        (200, json!({}), "Unavailable"),
        (200, json!([]), "Unavailable"),
        (200, json!({"data": {"order": 7}}), "Unavailable"),
        (402, json!({"errors": "Unavailable Shop"}), "Refused"),
        (403, json!({"errors": "[API] This action requires merchant approval for read_orders scope."}), "Denied"),
        (403, json!({"message": "a firewall's"}), "Unavailable"),
        (404, json!({"errors": "Not Found"}), "Refused"),
        (423, json!({"errors": "Locked"}), "Refused"),
        (429, json!({}), "Throttled"),
        (430, json!({}), "Unavailable"),
        (500, json!({"errors": "Internal Server Error"}), "Unavailable"),
        (503, json!({}), "Unavailable"),
    ] {
        let server = MockServer::start().await;
        answers(&server, status, &body).await;
        let error = format!("{:?}", client(&server).order(ID).await.unwrap_err());
        assert!(error.starts_with(expected), "{status} {body}: {error}");
    }
}

/// Fewer than usual, since each is dear, unless somebody asks for more.
fn cases() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    if asked { ProptestConfig::default() } else { ProptestConfig::with_cases(64) }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_answer_makes_it_panic(changes in proptest::collection::vec((any::<prop::sample::Index>(), anything()), 1..4)) {
        let exchange = move |request: http::Request<bytes::Bytes>| -> rest::Exchange {
            let mut answer = good_answer(request.body());
            for (index, value) in &changes {
                let mut found = Vec::new();
                places(&answer, "", &mut found);
                let place: &String = index.get(&found);
                *answer.pointer_mut(place).unwrap() = value.clone();
            }
            Box::pin(async move { Ok(http::Response::new(answer.to_string().into())) })
        };
        let http = rest::Client::in_process(Duration::from_secs(1), exchange);
        let base = "http://127.0.0.1:9".parse().unwrap();
        let client = Client::new(http, base, Access::Token("t".into()), "2026-10", now);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let error = runtime.block_on(async { client.order(OrderId(1)).await.err() });
        let said = format!("{error:?}");
        prop_assert!(!said.contains("Astrid"), "{}", said);
        runtime.block_on(async { client.orders(Search::UpdatedSince(now()), None).await.err() });
    }
}

/// What is answered to a query, worked out once.
fn good_answer(request: &bytes::Bytes) -> Value {
    static KNOWN: Mutex<BTreeMap<bytes::Bytes, Value>> = Mutex::new(BTreeMap::new());
    let answer = || {
        let body: Value = serde_json::from_slice(request).unwrap();
        let query = Query::read(body["query"].as_str().unwrap(), body["variables"].clone());
        json!({"data": query.answer(&Shop { orders: numbered(1), customers: vec![] })})
    };
    KNOWN.lock().unwrap().entry(request.clone()).or_insert_with(answer).clone()
}
