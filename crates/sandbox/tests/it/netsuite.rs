use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use sandbox::netsuite::{self, Item, OverLimit};
use sandbox::{Fault, Moment, Rule};
use serde_json::{Value, json};

use crate::client::{Bench, Reply};

const RECORD: &str = "/services/rest/record/v1";
const TOKEN: &str = "/services/rest/auth/oauth2/v1/token";

/// An assertion's claims that are in order.
fn claims(bench: &Bench) -> Value {
    let now = bench.sandbox.now().timestamp();
    json!({
        "iss": "sandbox-client-id", "scope": ["restlets", "rest_webservices"], "aud": bench.url(TOKEN), "iat": now,
        "exp": now + 3_600,
    })
}

fn buy(bench: &Bench, secret: &Value, algorithm: Algorithm, claims: &Value) -> Reply {
    let pem = secret["private_key_pem"].as_str().unwrap().as_bytes();
    let key = match algorithm {
        Algorithm::ES256 => EncodingKey::from_ec_pem(pem),
        _ => EncodingKey::from_rsa_pem(pem),
    };
    let header = Header { kid: secret["certificate_id"].as_str().map(str::to_owned), ..Header::new(algorithm) };
    let assertion = jsonwebtoken::encode(&header, claims, &key.unwrap()).unwrap();
    bench.form_to(
        TOKEN,
        &[
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion),
        ],
    )
}

fn login(bench: &Bench) -> String {
    let reply = buy(bench, &bench.sandbox.netsuite.secret(), Algorithm::ES256, &claims(bench));
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

fn send(bench: &Bench, token: &str, method: &str, path: &str, body: &Value) -> Reply {
    let strict = ("X-NetSuite-PropertyNameValidation", "error");
    bench.send(method, path, &[("Authorization", &format!("Bearer {token}")), strict, ("Prefer", "transient")], body)
}

fn suiteql(bench: &Bench, token: &str, query: &str) -> Value {
    let reply = send(bench, token, "POST", "/services/rest/query/v1/suiteql", &json!({"q": query}));
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()["items"].clone()
}

fn customer(bench: &Bench, external_id: &str) -> u64 {
    let document = json!({
        "externalId": external_id, "isPerson": true, "firstName": "Ottoline", "lastName": external_id,
        "email": format!("{external_id}@example.com"), "subsidiary": {"id": "1"},
    });
    bench.sandbox.netsuite.put("customer", &document).unwrap()
}

fn item(bench: &Bench, sku: &str) -> Value {
    let items = bench.sandbox.netsuite.items();
    let id = items.iter().find(|item| item.item_id == sku).unwrap().id;
    json!({"id": id.to_string()})
}

/// Two pieces at 19.99 and a shipping charge of 4.95.
fn order(bench: &Bench, external_id: &str) -> Value {
    json!({
        "externalId": external_id, "entity": {"externalId": "shopify_customer_1"}, "currency": {"id": "1"},
        "tranDate": "2026-11-20", "custbody_order_relay": "r=1;e=a;l=b",
        "item": {"items": [
            {"item": item(bench, "OR-001"), "quantity": 2, "rate": 19.99, "price": {"id": "-1"}, "custcol_order_relay_line": "11"},
            {"item": item(bench, "SHIPPING"), "quantity": 1, "rate": 4.95, "price": {"id": "-1"}, "custcol_order_relay_line": "shipping:5"},
        ]},
    })
}

/// A logged-in bench with a customer and the order `shopify_order_1`.
fn bench() -> (Bench, String) {
    let bench = Bench::start();
    let token = login(&bench);
    customer(&bench, "shopify_customer_1");
    let reply = send(&bench, &token, "POST", &format!("{RECORD}/salesOrder"), &order(&bench, "shopify_order_1"));
    assert_eq!(reply.status, 204, "{}", reply.text);
    let id = bench.sandbox.netsuite.transaction("shopify_order_1").unwrap().id;
    assert_eq!(reply.header("Location"), bench.url(&format!("{RECORD}/salesOrder/{id}")));
    (bench, token)
}

fn detail(reply: &Reply) -> (u16, String, String) {
    let error = &reply.json()["o:errorDetails"][0];
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    (reply.status, text("o:errorCode"), text("detail"))
}

fn patch(bench: &Bench, token: &str, body: &Value) -> Reply {
    send(bench, token, "PATCH", &format!("{RECORD}/salesOrder/eid:shopify_order_1"), body)
}

#[test]
fn an_assertion_buys_a_token_only_if_key_audience_and_times_are_right() {
    let bench = Bench::start();
    let secret = bench.sandbox.netsuite.secret();
    let rsa = bench.sandbox.netsuite.rsa_secret();
    assert_eq!(buy(&bench, &rsa, Algorithm::PS256, &claims(&bench)).status, 200);
    assert_eq!(buy(&bench, &rsa, Algorithm::RS256, &claims(&bench)).json()["error"], "invalid_client");
    let comma = json!("restlets,rest_webservices");
    let cases = [
        ("scope", comma, None),
        ("aud", json!("https://123456-sb1.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"), None),
        ("aud", json!("https://example.com/token"), Some("invalid_grant")),
        ("exp", json!(bench.sandbox.now().timestamp() + 3_700), Some("invalid_grant")),
        ("exp", json!(bench.sandbox.now().timestamp() - 1), Some("invalid_grant")),
        ("iss", json!("somebody"), Some("invalid_client")),
        ("scope", json!("everything"), Some("invalid_scope")),
    ];
    for (name, value, error) in cases {
        let mut claims = claims(&bench);
        claims[name] = value;
        let reply = buy(&bench, &secret, Algorithm::ES256, &claims);
        assert_eq!(reply.json()["error"].as_str(), error, "{name}");
    }
    bench.sandbox.netsuite.revoke();
    let other = bench.sandbox.netsuite.secret();
    assert_ne!(other["private_key_pem"], secret["private_key_pem"]);
    assert_eq!(buy(&bench, &secret, Algorithm::ES256, &claims(&bench)).json()["error"], "invalid_client");
}

#[test]
fn a_token_ends_and_is_good_for_its_scopes_alone() {
    let (bench, token) = bench();
    let path = format!("{RECORD}/salesOrder/eid:shopify_order_1");
    assert_eq!(bench.get(&path, &token).status, 200);
    assert_eq!(detail(&bench.get(&path, "nonsense")).1, "INVALID_LOGIN");
    let mut narrow = claims(&bench);
    narrow["scope"] = json!(["restlets"]);
    let reply = buy(&bench, &bench.sandbox.netsuite.secret(), Algorithm::ES256, &narrow);
    assert_eq!(bench.get(&path, reply.json()["access_token"].as_str().unwrap()).status, 401);
    bench.sandbox.set_now(bench.sandbox.now() + chrono::TimeDelta::seconds(3_601));
    assert_eq!(bench.get(&path, &token).status, 401);
}

#[test]
fn an_external_id_is_created_once() {
    let (bench, token) = bench();
    let again = send(&bench, &token, "POST", &format!("{RECORD}/salesOrder"), &order(&bench, "shopify_order_1"));
    let (status, code, text) = detail(&again);
    assert_eq!((status, code.as_str()), (400, "USER_ERROR"));
    assert!(text.contains("already exists"), "{text}");
    assert_eq!(bench.sandbox.netsuite.creations("shopify_order_1"), 1);
    assert!(bench.sandbox.netsuite.doubles().is_empty());
    bench.sandbox.netsuite.set(|settings| settings.repeats_create = true);
    send(&bench, &token, "POST", &format!("{RECORD}/salesOrder"), &order(&bench, "shopify_order_1"));
    assert_eq!(bench.sandbox.netsuite.doubles(), ["salesOrder shopify_order_1 was created 2 times"]);
}

#[test]
fn an_order_is_read_with_its_lines_and_netsuites_own_sums() {
    let (bench, token) = bench();
    let read = bench.get(&format!("{RECORD}/salesOrder/eid:shopify_order_1?expandSubResources=true"), &token).json();
    assert_eq!((read["total"].as_f64(), read["status"]["id"].as_str()), (Some(44.93), Some("B")));
    let line = &read["item"]["items"][0];
    assert_eq!(
        (line["line"].as_u64(), line["amount"].as_f64(), &line["custcol_order_relay_line"]),
        (Some(1), Some(39.98), &json!("11"))
    );
    assert_eq!(read["entity"]["refName"], "Ottoline shopify_customer_1");
    let unexpanded = bench.get(&format!("{RECORD}/salesOrder/{}", read["id"].as_str().unwrap()), &token).json();
    assert!(unexpanded["item"].get("items").is_none());
    let reply = bench.get(&format!("{RECORD}/salesOrder/eid:shopify_order_2"), &token);
    assert_eq!(detail(&reply).1, "NONEXISTENT_ID");
}

#[test]
fn a_line_without_custom_price_level_gets_the_items_own_price() {
    let (bench, token) = bench();
    bench.sandbox.netsuite.put_item(Item::new("OWN", Some("5.00".parse().unwrap())));
    let line = json!({"item": item(&bench, "OWN"), "quantity": 3, "rate": 7, "custcol_order_relay_line": "12"});
    assert_eq!(patch(&bench, &token, &json!({"item": {"items": [line]}})).status, 204);
    let order = bench.sandbox.netsuite.transaction("shopify_order_1").unwrap();
    assert_eq!((order.lines[2].rate.to_string(), order.total.to_string()), ("5.00".to_owned(), "59.93".to_owned()));
}

#[test]
fn lines_with_a_number_change_others_are_added_and_replace_removes() {
    let (bench, token) = bench();
    let changed = json!({"item": {"items": [{"line": 1, "quantity": 1, "isclosed": true}]}});
    assert_eq!(patch(&bench, &token, &changed).status, 204);
    let order = |bench: &Bench| bench.sandbox.netsuite.transaction("shopify_order_1").unwrap();
    let shown = order(&bench);
    assert_eq!(
        (shown.lines.len(), shown.lines[0].closed, shown.lines[0].amount.to_string()),
        (2, true, "19.99".to_owned())
    );
    assert_eq!((shown.total.to_string(), shown.live_total.to_string()), ("24.94".to_owned(), "4.95".to_owned()));
    let again = json!({"item": {"items": [{"item": item(&bench, "OR-001"), "custcol_order_relay_line": "11"}]}});
    assert_eq!(patch(&bench, &token, &again).status, 204);
    assert_eq!(bench.sandbox.netsuite.doubles(), ["salesOrder shopify_order_1 has line 11 2 times"]);
    let path = format!("{RECORD}/salesOrder/eid:shopify_order_1?replace=item");
    let kept = json!({"item": {"items": [{"line": 2, "rate": 5}, {"item": item(&bench, "OR-002"), "quantity": 1}]}});
    assert_eq!(send(&bench, &token, "PATCH", &path, &kept).status, 204);
    let numbers: Vec<u64> = order(&bench).lines.iter().map(|line| line.line).collect();
    assert_eq!(numbers, [2, 4]);
    let unknown = patch(&bench, &token, &json!({"item": {"items": [{"line": 9, "quantity": 1}]}}));
    assert_eq!(detail(&unknown).1, "INVALID_CONTENT");
}

#[test]
fn what_left_or_is_invoiced_is_not_lowered_nor_exchanged() {
    let (bench, token) = bench();
    let netsuite = &bench.sandbox.netsuite;
    netsuite.fulfil("shopify_order_1", 1, 1).unwrap();
    assert_eq!(netsuite.transaction("shopify_order_1").unwrap().status, "D");
    let line = |change: Value| {
        let mut line = json!({"line": 1});
        line.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        patch(&bench, &token, &json!({"item": {"items": [line]}})).status
    };
    assert_eq!(line(json!({"quantity": 0})), 400);
    assert_eq!(line(json!({"item": item(&bench, "OR-002")})), 400);
    assert_eq!(line(json!({"quantity": 1, "rate": 18})), 204);
    netsuite.bill("shopify_order_1", 1, 1).unwrap();
    assert_eq!(line(json!({"rate": 17})), 400);
    assert_eq!(line(json!({"isClosed": true})), 204);
    assert!(netsuite.fulfil("shopify_order_1", 9, 1).is_err());
}

#[test]
fn a_locked_record_is_seen_by_suiteql_alone() {
    let (bench, token) = bench();
    bench.sandbox.netsuite.lock("shopify_order_1", true).unwrap();
    let read = bench.get(&format!("{RECORD}/salesOrder/eid:shopify_order_1"), &token);
    assert!(detail(&read).2.contains("locked by a user defined workflow"));
    assert_eq!(patch(&bench, &token, &json!({"memo": "x"})).status, 400);
    let rows =
        suiteql(&bench, &token, "SELECT custbody_order_relay FROM transaction WHERE externalid = 'shopify_order_1'");
    assert_eq!(rows[0]["custbody_order_relay"], "r=1;e=a;l=b");
}

#[test]
fn names_values_and_references_are_checked() {
    let (bench, token) = bench();
    let path = format!("{RECORD}/salesOrder");
    let refused = |name: &str, value: Value| {
        let mut document = order(&bench, "shopify_order_2");
        document[name] = value;
        detail(&send(&bench, &token, "POST", &path, &document))
    };
    assert_eq!(refused("mem0", json!("x")).1, "INVALID_CONTENT");
    assert_eq!(refused("entity", json!({"externalId": "nobody"})).1, "INVALID_CONTENT");
    assert_eq!(refused("entity", Value::Null).1, "FIELD_PARAM_REQD");
    let (_, _, text) = refused("email", json!("Jane Roe <jane>"));
    assert!(text.contains("Invalid Field Value Jane Roe <jane> for the following field: email"), "{text}");
    assert!(refused("memo", json!("m".repeat(1_000))).2.contains("more than the maximum number ( 999 )"));
    let item = json!({"items": [{"item": {"id": "9999"}, "amount": 1}]});
    let documented =
        "Error while accessing resource: You have entered an Invalid Field Value 9999 for the following field: item";
    assert_eq!(refused("item", item).2, documented);
    let lenient = [("Authorization", &*format!("Bearer {token}"))];
    let mut document = order(&bench, "shopify_order_3");
    document["mem0"] = json!("x");
    let reply = bench.send("POST", &path, &lenient, &document);
    assert_eq!((reply.status, reply.header("X-NetSuite-Warning")), (204, "Unknown property: mem0"));
    bench.sandbox.netsuite.refuse("shopify_order_4", Some("Jane Roe has no credit"));
    let reply = send(&bench, &token, "POST", &path, &order(&bench, "shopify_order_4"));
    assert_eq!(detail(&reply).2, "Error while accessing resource: Jane Roe has no credit");
}

#[test]
fn customers_have_a_name_of_their_own() {
    let (bench, token) = bench();
    let path = format!("{RECORD}/customer");
    let document = json!({
        "externalId": "shopify_customer_2", "isPerson": true, "firstName": "Ottoline", "lastName": "shopify_customer_1",
        "subsidiary": {"id": "1"}, "addressBook": {"items": [{"addressBookAddress": {"addr1": "1 Elm St", "country": {"id": "US"}}}]},
    });
    assert!(detail(&send(&bench, &token, "POST", &path, &document)).2.contains("This entity already exists."));
    let mut unique = document.clone();
    unique["entityId"] = json!("Ottoline 2");
    assert_eq!(send(&bench, &token, "POST", &path, &unique).status, 204);
    let changed = json!({"email": "b@example.com", "phone": "12"});
    let path = format!("{RECORD}/customer/eid:shopify_customer_2");
    assert!(detail(&send(&bench, &token, "PATCH", &path, &changed)).2.contains("seven digits"));
    assert_eq!(send(&bench, &token, "PUT", &path, &json!({"email": "b@example.com"})).status, 204);
    let rows =
        suiteql(&bench, &token, "SELECT id, entityid FROM customer WHERE email = 'b@example.com' AND isinactive = 'F'");
    assert_eq!(rows[0]["entityid"], "Ottoline 2");
    assert_eq!(bench.sandbox.netsuite.customers().len(), 2);
}

#[test]
fn suiteql_answers_in_pages_and_names_what_it_does_not_know() {
    let (bench, token) = bench();
    let reply = send(
        &bench,
        &token,
        "POST",
        "/services/rest/query/v1/suiteql?limit=10&offset=10",
        &json!({"q": "SELECT id, itemid FROM item ORDER BY id"}),
    );
    let page = reply.json();
    assert_eq!(
        (page["count"].as_u64(), page["hasMore"].as_bool(), page["totalResults"].as_u64()),
        (Some(10), Some(true), Some(64))
    );
    assert_eq!((page["items"][0]["id"].as_str(), page["links"][1]["rel"].as_str()), (Some("111"), Some("next")));
    let ask =
        |query: &str| detail(&send(&bench, &token, "POST", "/services/rest/query/v1/suiteql", &json!({"q": query})));
    assert!(ask("SELECT id, nme FROM item").2.contains("Field 'nme' for record 'item' was not found"));
    assert_eq!(ask("SELECT id FROM item WHERE itemid = 'a'b'").1, "INVALID_PARAMETER");
    let lines = "SELECT linesequencenumber, quantity, foreignamount, isclosed, quantityshiprecv, custcol_order_relay_line FROM transactionline \
                 WHERE transaction IN (1001, 1002) AND mainline = 'F' AND taxline = 'F' ORDER BY linesequencenumber";
    let rows = suiteql(&bench, &token, lines);
    assert_eq!((&rows[0]["quantity"], &rows[0]["foreignamount"]), (&json!("-2"), &json!("-39.98")));
    bench.sandbox.netsuite.set(|settings| settings.ledger_signs = false);
    assert_eq!(suiteql(&bench, &token, lines)[1]["foreignamount"], "4.95");
    let orders = "SELECT externalid, foreigntotal, TO_CHAR(trandate, 'YYYY-MM-DD') AS day, status FROM transaction \
                  WHERE type = 'SalesOrd' AND externalid > 'shopify_order_0' AND trandate >= TO_DATE('2026-11-20', 'YYYY-MM-DD')";
    let row = &suiteql(&bench, &token, orders)[0];
    assert_eq!(
        (&row["foreigntotal"], &row["day"], &row["status"]),
        (&json!("44.93"), &json!("2026-11-20"), &json!("B"))
    );
    let none = bench.send(
        "POST",
        "/services/rest/query/v1/suiteql",
        &[("Authorization", &format!("Bearer {token}"))],
        &json!({"q": "SELECT id FROM item"}),
    );
    assert_eq!(none.status, 400);
}

/// Posts this order on a thread of its own, without waiting for more than `patience`.
fn post_in_thread(
    bench: &Bench,
    token: &str,
    external_id: &str,
    patience: Duration,
) -> std::thread::JoinHandle<Result<u16, String>> {
    let (agent, url) = (bench.agent.clone(), bench.url(&format!("{RECORD}/salesOrder")));
    let (token, body) = (token.to_owned(), order(bench, external_id));
    std::thread::spawn(move || {
        let request = agent.post(url).header("Authorization", format!("Bearer {token}"));
        let request = request.config().timeout_global(Some(patience)).build();
        request.send_json(body).map(|reply| reply.status().as_u16()).map_err(|error| error.to_string())
    })
}

#[test]
fn a_sixth_call_is_refused_in_either_disguise() {
    let (bench, token) = bench();
    bench.sandbox.netsuite.set(|settings| (settings.concurrency, settings.call_ms) = (2, 600));
    let patience = Duration::from_secs(10);
    let running: Vec<_> =
        (2..4).map(|id| post_in_thread(&bench, &token, &format!("shopify_order_{id}"), patience)).collect();
    while bench.sandbox.netsuite.concurrency().running < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let path = format!("{RECORD}/salesOrder/eid:shopify_order_1");
    let (status, code, _) = detail(&bench.get(&path, &token));
    assert_eq!((status, code.as_str()), (429, "CONCURRENCY_LIMIT_EXCEEDED"));
    bench.sandbox.netsuite.set(|settings| settings.over_limit = OverLimit::InvalidLogin);
    assert_eq!(detail(&bench.get(&path, &token)).1, "INVALID_LOGIN");
    // Token requests are not counted.
    login(&bench);
    assert!(running.into_iter().all(|thread| thread.join().unwrap() == Ok(204)));
    let figures = bench.sandbox.netsuite.concurrency();
    assert_eq!((figures.running, figures.peak_known, figures.peak, figures.refused), (0, 2, 2, 2));
}

#[test]
fn a_call_goes_on_after_its_client_has_given_up() {
    let (bench, token) = bench();
    bench.sandbox.netsuite.set(|settings| settings.call_ms = 1_500);
    let given_up = post_in_thread(&bench, &token, "shopify_order_2", Duration::from_millis(100));
    assert!(given_up.join().unwrap().is_err());
    assert!(bench.sandbox.netsuite.transaction("shopify_order_2").is_none());
    while bench.sandbox.netsuite.concurrency().orphans < 1 {
        assert_eq!(bench.sandbox.netsuite.creations("shopify_order_2"), 0, "it was over before anybody noticed");
    }
    assert_eq!(bench.get(&format!("{RECORD}/salesOrder/eid:shopify_order_1"), &token).status, 200);
    assert_eq!(bench.sandbox.netsuite.creations("shopify_order_2"), 1);
    let figures = bench.sandbox.netsuite.concurrency();
    assert_eq!((figures.peak_known, figures.peak), (1, 2));
}

#[test]
fn a_call_that_was_held_up_lands_later() {
    let (bench, token) = bench();
    let rule = Rule {
        subject: Some("shopify_order_2".into()),
        next: Some(1),
        ..Rule::always(netsuite::CREATE, Fault::Late { ms: 300 })
    };
    bench.sandbox.add_fault(rule);
    let lost = post_in_thread(&bench, &token, "shopify_order_2", Duration::from_secs(10));
    assert!(lost.join().unwrap().is_err());
    assert!(bench.sandbox.netsuite.transaction("shopify_order_2").is_none());
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(bench.sandbox.netsuite.creations("shopify_order_2"), 1);
    assert_eq!(bench.sandbox.report().counters[&netsuite::CREATE].answers[&0], 1);
}

#[test]
fn faults_have_netsuites_shapes() {
    let (bench, token) = bench();
    let path = format!("{RECORD}/salesOrder/eid:shopify_order_1");
    for (code, expected) in [(500, "UNEXPECTED_ERROR"), (401, "INVALID_LOGIN"), (429, "CONCURRENCY_LIMIT_EXCEEDED")] {
        let fault = Fault::Status { code, moment: Moment::After, retry_after: None, reset: None };
        bench.sandbox.add_fault(Rule { next: Some(1), ..Rule::always(netsuite::READ, fault) });
        assert_eq!(detail(&bench.get(&path, &token)).1, expected);
    }
    bench.sandbox.add_fault(Rule { next: Some(1), ..Rule::always(netsuite::ANY_CALL, Fault::ExpireTokens) });
    assert_eq!(bench.get(&path, &token).status, 401);
}

#[test]
fn the_restlet_creates_once_updates_by_stamp_and_hides_errors_in_a_200() {
    let (bench, token) = bench();
    let path = "/app/site/hosting/restlet.nl?script=customscript_order_relay&deploy=customdeploy_order_relay";
    let run = |external_id: &str, stamp: &str, quantity: u32| {
        let lines = json!([{"item": item(&bench, "OR-003"), "quantity": quantity, "rate": 3, "price": {"id": "-1"}, "custcol_order_relay_line": "31"}]);
        let fields = json!({"entity": {"externalId": "shopify_customer_1"}});
        let body =
            json!({"type": "salesOrder", "externalId": external_id, "stamp": stamp, "fields": fields, "lines": lines});
        send(&bench, &token, "POST", path, &body)
    };
    assert_eq!(run("shopify_order_2", "s1", 1).json()["already"], false);
    assert_eq!(run("shopify_order_2", "s1", 1).json()["already"], true);
    assert_eq!(run("shopify_order_2", "s2", 4).json()["already"], false);
    let order = bench.sandbox.netsuite.transaction("shopify_order_2").unwrap();
    assert_eq!((order.lines.len(), order.total.to_string().as_str(), order.stamps.len()), (1, "12", 2));
    let refused = run("shopify order 3", "s1", 1);
    assert_eq!((refused.status, refused.json()["error"]["code"].as_str()), (200, Some("INVALID_CONTENT")));
    let wrong = send(&bench, &token, "POST", "/app/site/hosting/restlet.nl?script=x&deploy=y", &json!({}));
    assert_eq!((wrong.status, wrong.json()["error"]["code"].as_str()), (400, Some("SSS_INVALID_SCRIPTLET_ID")));
}

#[test]
fn an_account_tells_its_fields_and_limits() {
    let (bench, token) = bench();
    let schema = bench.get(&format!("{RECORD}/metadata-catalog/salesOrder"), &token).json();
    assert!(schema["properties"].get("custbody_order_relay").is_some());
    let limits = bench.get("/services/rest/system/v1/governanceLimits", &token).json();
    assert_eq!(limits["accountConcurrencyLimit"], 5);
    bench.sandbox.netsuite.set(|settings| settings.shows_limits = false);
    assert_eq!(bench.get("/services/rest/system/v1/governanceLimits", &token).status, 403);
}

#[test]
fn a_person_edits_without_touching_the_stamp() {
    let (bench, _) = bench();
    bench.sandbox.netsuite.edit("shopify_order_1", &json!({"item": {"items": [{"line": 1, "rate": 1}]}})).unwrap();
    let order = bench.sandbox.netsuite.transaction("shopify_order_1").unwrap();
    assert_eq!((order.lines[0].amount.to_string(), order.stamps.len()), ("2".to_owned(), 1));
    assert_eq!(order.stamps[0].stamp.as_deref(), Some("r=1;e=a;l=b"));
}
