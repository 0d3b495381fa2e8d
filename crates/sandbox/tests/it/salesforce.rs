use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sandbox::{Fault, Rule, salesforce};
use serde_json::{Value, json};

use crate::client::{Bench, Reply};

fn lines(count: usize) -> Value {
    (0..count).map(|n| json!({"Quantity": n, "Product2": {"ProductCode": format!("P-{n}")}})).collect()
}

fn order(bench: &Bench, number: usize, count: usize) {
    let stamp = format!("2026-11-20T18:04:{:02}Z", number % 60);
    let document = json!({
        "OrderNumber": format!("{number:04}"), "Status": "Completed", "SystemModstamp": stamp, "ActivatedDate": stamp,
        "BillToContact": {"Email": "jane@example.com", "LastName": "Doe"}, "OrderItems": lines(count),
    });
    bench.sandbox.salesforce.put("Order", &document).unwrap();
}

/// Every page, and within each every inner page. Returns the sizes of the outer pages, and the lines of each order.
fn read_all(bench: &Bench, session: &str, soql: &str) -> (Vec<usize>, Vec<(String, usize)>) {
    let mut page = bench.query(session, soql).json();
    let (mut sizes, mut orders) = (Vec::new(), Vec::new());
    loop {
        let records = page["records"].as_array().unwrap().clone();
        sizes.push(records.len());
        for record in records {
            let mut items = record["OrderItems"].clone();
            let mut count = 0;
            while !items.is_null() {
                count += items["records"].as_array().unwrap().len();
                items = next(bench, session, &items).map_or(Value::Null, |reply| reply.json());
            }
            orders.push((record["OrderNumber"].as_str().unwrap().to_owned(), count));
        }
        match next(bench, session, &page) {
            Some(reply) => page = reply.json(),
            None => return (sizes, orders),
        }
    }
}

fn next(bench: &Bench, session: &str, page: &Value) -> Option<Reply> {
    assert_eq!(page["done"].as_bool().unwrap(), page.get("nextRecordsUrl").is_none());
    page["nextRecordsUrl"].as_str().map(|url| bench.get(url, session))
}

const WITH_LINES: &str = "SELECT Id, OrderNumber, (SELECT Quantity, Product2.ProductCode FROM OrderItems) \
                          FROM Order ORDER BY SystemModstamp, Id";

#[test]
fn a_token_answer_has_the_documented_keys_and_errors_the_oauth_shape() {
    let bench = Bench::start();
    let secret = bench.sandbox.salesforce.secret();
    let (id, key) = (secret["client_id"].as_str().unwrap(), secret["client_secret"].as_str().unwrap());
    let form =
        |secret| bench.form(&[("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)]);
    let answer = form(key).json();
    assert_eq!(answer["instance_url"], bench.sandbox.base_url());
    assert_eq!(answer["token_type"], "Bearer");
    assert!(answer.get("expires_in").is_none());
    let refused = form("wrong");
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_client")));
    assert_eq!(bench.form(&[("client_id", id)]).json()["error_description"], "grant type is missing");
}

#[test]
fn a_jwt_assertion_is_judged_by_its_claims() {
    let bench = Bench::start();
    let secret = bench.sandbox.salesforce.jwt_secret();
    let exp = bench.sandbox.now().timestamp() + 180;
    let good = json!({"iss": secret["client_id"], "sub": secret["username"], "aud": "https://login.salesforce.com", "exp": exp});
    let ask = |change: &[(&str, Value)]| {
        let mut claims = good.clone();
        for (name, value) in change {
            claims[*name] = value.clone();
        }
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let assertion = format!("{}.{}.c2ln", encode(&json!({"alg": "RS256"})), encode(&claims));
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        bench.form(&[("grant_type", grant), ("assertion", &assertion)])
    };
    assert_eq!(ask(&[]).status, 200);
    assert_eq!(ask(&[("aud", json!(bench.sandbox.base_url()))]).status, 200);
    assert_eq!(ask(&[("aud", json!("https://elsewhere"))]).json()["error_description"], "audience is invalid");
    assert_eq!(ask(&[("sub", json!("x"))]).json()["error_description"], "user hasn't approved this consumer");
    for exp in [exp - 200, exp + 3600] {
        assert_eq!(ask(&[("exp", json!(exp))]).json()["error"], "invalid_grant");
    }
    assert_eq!(ask(&[("iss", json!("x"))]).status, 400);
}

#[test]
fn records_look_as_in_the_documentation() {
    let bench = Bench::start();
    order(&bench, 1, 1);
    order(&bench, 2, 0);
    let session = bench.session();
    let soql = "SELECT Id, ordernumber, ActivatedDate, EndDate, BillToContact.Email, BillToContact.LastName, \
                Account.Name, (SELECT Quantity, Product2.ProductCode FROM OrderItems) FROM Order ORDER BY OrderNumber";
    let reply = bench.query(&session, soql);
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.header("Sforce-Limit-Info"), "api-usage=1/1000000");
    let page = reply.json();
    assert_eq!((&page["totalSize"], &page["done"]), (&json!(2), &json!(true)));
    let record = &page["records"][0];
    let id = record["Id"].as_str().unwrap();
    assert_eq!(id.len(), 18);
    assert_eq!(
        record["attributes"],
        json!({"type": "Order", "url": format!("/services/data/v66.0/sobjects/Order/{id}")})
    );
    assert_eq!(record["OrderNumber"], "0001");
    assert_eq!(record["ActivatedDate"], "2026-11-20T18:04:01.000+0000");
    assert_eq!((&record["EndDate"], &record["Account"]), (&Value::Null, &Value::Null));
    assert_eq!(record["BillToContact"]["Email"], "jane@example.com");
    assert_eq!(record["BillToContact"]["attributes"]["type"], "Contact");
    assert_eq!(record["OrderItems"]["totalSize"], 1);
    assert_eq!(record["OrderItems"]["records"][0]["Product2"]["ProductCode"], "P-0");
    assert_eq!(page["records"][1]["OrderItems"], Value::Null);
}

#[test]
fn pages_count_children_and_inner_results_page_on_their_own() {
    let bench = Bench::start();
    let counts = [1, 250, 0, 600, 3, 2, 12, 40];
    counts.iter().enumerate().for_each(|(number, count)| order(&bench, number, *count));
    let expected: Vec<_> = counts.iter().enumerate().map(|(n, count)| (format!("{n:04}"), *count)).collect();
    let session = bench.session();
    let (sizes, orders) = read_all(&bench, &session, WITH_LINES);
    assert_eq!((sizes, &orders), (vec![8], &expected));
    bench.sandbox.salesforce.set(|settings| (settings.page_size, settings.child_page_size) = (Some(25), 7));
    let (sizes, orders) = read_all(&bench, &session, WITH_LINES);
    assert_eq!(orders, expected);
    assert!(sizes.len() > 1 && sizes.iter().all(|size| *size < 8), "{sizes:?}");
}

#[test]
fn the_batch_size_asked_for_is_kept_between_200_and_2000() {
    let bench = Bench::start();
    (0..450).for_each(|number| order(&bench, number, 0));
    let session = bench.session();
    let first = |size: &str| {
        let request = bench.agent.get(bench.url("/services/data/v66.0/query")).query("q", "SELECT Id FROM Order");
        let request = request.header("Authorization", format!("Bearer {session}"));
        let mut response = request.header("Sforce-Query-Options", format!("batchSize={size}")).call().unwrap();
        response.body_mut().read_json::<Value>().unwrap()["records"].as_array().unwrap().len()
    };
    assert_eq!((first("1"), first("300"), first("9999")), (200, 300, 450));
}

#[test]
fn a_session_that_expires_in_the_middle_of_paging_is_refused_and_the_page_can_be_asked_for_again() {
    let bench = Bench::start();
    (0..50).for_each(|number| order(&bench, number, 0));
    bench.sandbox.salesforce.set(|settings| settings.page_size = Some(20));
    bench.sandbox.add_fault(Rule {
        after: Some(1),
        next: Some(1),
        ..Rule::always(salesforce::NEXT, Fault::ExpireTokens)
    });
    let session = bench.session();
    let first = bench.query(&session, "SELECT Id FROM Order").json();
    let second = next(&bench, &session, &first).unwrap().json();
    let refused = next(&bench, &session, &second).unwrap();
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json(), json!([{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]));
    let session = bench.session();
    let third = next(&bench, &session, &second).unwrap().json();
    assert_eq!(third["records"].as_array().unwrap().len(), 10);
}

#[test]
fn a_locator_dies_on_command() {
    let bench = Bench::start();
    (0..5).for_each(|number| order(&bench, number, 0));
    bench.sandbox.salesforce.set(|settings| settings.page_size = Some(2));
    let session = bench.session();
    let first = bench.query(&session, "SELECT Id FROM Order").json();
    assert_eq!(next(&bench, &session, &first).unwrap().status, 200);
    bench.sandbox.salesforce.expire_cursors();
    let reply = next(&bench, &session, &first).unwrap();
    assert_eq!((reply.status, &reply.json()[0]["errorCode"]), (400, &json!("INVALID_QUERY_LOCATOR")));
}

#[test]
fn the_daily_pool_runs_out() {
    let bench = Bench::start();
    bench.sandbox.salesforce.set(|settings| (settings.usage_used, settings.usage_max) = (98, 100));
    let session = bench.session();
    let ask = || bench.query(&session, "SELECT COUNT() FROM Order");
    let (first, limits, third) = (ask(), bench.get("/services/data/v66.0/limits", &session), ask());
    assert_eq!(first.header("Sforce-Limit-Info"), "api-usage=99/100");
    assert_eq!(limits.json()["DailyApiRequests"], json!({"Max": 100, "Remaining": 0}));
    assert_eq!((third.status, &third.json()[0]["errorCode"]), (403, &json!("REQUEST_LIMIT_EXCEEDED")));
}

#[test]
fn describe_tells_types_relationships_and_formulas() {
    let bench = Bench::start();
    bench.sandbox.salesforce.add_field("Order", "Shipped__c", "datetime").unwrap();
    bench.sandbox.salesforce.remove_field("Order", "CurrencyIsoCode").unwrap();
    let session = bench.session();
    let order = bench.get("/services/data/v66.0/sobjects/Order/describe", &session).json();
    let field = |name: &str| order["fields"].as_array().unwrap().iter().find(|field| field["name"] == name).cloned();
    assert_eq!(field("ActivatedDate").unwrap()["type"], "datetime");
    assert_eq!(field("Completed_On__c").unwrap()["type"], "date");
    assert_eq!(field("Completed_Formula__c").unwrap()["calculated"], true);
    assert_eq!(field("Shipped__c").unwrap()["calculated"], false);
    assert_eq!(field("CurrencyIsoCode"), None);
    let contact = field("BillToContactId").unwrap();
    assert_eq!((&contact["relationshipName"], &contact["referenceTo"]), (&json!("BillToContact"), &json!(["Contact"])));
    let status = field("Status").unwrap();
    assert!(status["picklistValues"].as_array().unwrap().iter().any(|value| value["value"] == "Completed"));
    let children = order["childRelationships"].as_array().unwrap();
    assert!(
        children.iter().any(|child| child["relationshipName"] == "OrderItems" && child["childSObject"] == "OrderItem")
    );
    assert_eq!(bench.query(&session, "SELECT CurrencyIsoCode FROM Order").json()[0]["errorCode"], "INVALID_FIELD");
    assert_eq!(bench.query(&session, "SELECT Shipped__c FROM Order").status, 200);
    assert_eq!(bench.get("/services/data/v66.0/sobjects/Nothing/describe", &session).status, 404);
}

#[test]
fn versions_that_are_retired_or_to_come() {
    let bench = Bench::start();
    let session = bench.session();
    let status = |version| bench.get(&format!("/services/data/{version}/limits"), &session).status;
    assert_eq!([status("v30.0"), status("v60.0"), status("v99.0"), status("latest")], [410, 200, 404, 404]);
    let list = bench.get("/services/data/", "").json();
    assert!(list.as_array().unwrap().iter().any(|one| one["url"] == "/services/data/v66.0"));
}

#[test]
fn a_plus_sign_in_the_url_is_a_space() {
    let bench = Bench::start();
    let session = bench.session();
    let path = |plus| {
        format!(
            "/services/data/v66.0/query?q=SELECT%20Id%20FROM%20Order%20WHERE%20ActivatedDate%20%3E%202026-11-20T00:00:00{plus}01:00"
        )
    };
    assert_eq!(bench.get(&path("+"), &session).json()[0]["errorCode"], "MALFORMED_QUERY");
    assert_eq!(bench.get(&path("%2B"), &session).status, 200);
}

#[test]
fn other_objects_can_be_queried_on_their_own() {
    let bench = Bench::start();
    order(&bench, 1, 3);
    order(&bench, 2, 1);
    let session = bench.session();
    let count = |soql: &str| bench.query(&session, soql).json()["totalSize"].as_u64().unwrap();
    assert_eq!(count("SELECT Id FROM OrderItem WHERE Order.OrderNumber = '0001'"), 3);
    assert_eq!(count("SELECT Id, Order.OrderNumber FROM OrderItem"), 4);
    assert_eq!(count("SELECT Id FROM Contact WHERE Email = 'JANE@example.com'"), 2);
    let id = bench.sandbox.salesforce.record("Order", "0002").unwrap()["Id"].as_str().unwrap().to_owned();
    assert_eq!(count(&format!("SELECT Id FROM OrderItem WHERE OrderId IN ('{id}')")), 1);
}

#[test]
fn what_is_deleted_is_seen_by_query_all_alone() {
    let bench = Bench::start();
    let put = |contact: Value| bench.sandbox.salesforce.put("Contact", &contact).unwrap();
    let winner = put(json!({"Email": "jane@example.com"}));
    let loser = put(json!({"Email": "j@example.com"}));
    let merged = json!({"IsDeleted": true, "MasterRecordId": winner});
    bench.sandbox.salesforce.patch("Contact", &loser, &merged).unwrap();
    let session = bench.session();
    let soql = "SELECT Id, IsDeleted, MasterRecordId FROM Contact ORDER BY SystemModstamp, Id";
    let shown = bench.query(&session, soql).json();
    assert_eq!((shown["totalSize"].as_u64(), &shown["records"][0]["Id"]), (Some(1), &json!(winner)));
    let path = format!("/services/data/v66.0/queryAll?q={}", soql.replace(' ', "%20"));
    let all = bench.get(&path, &session).json();
    assert_eq!(all["totalSize"], 2);
    let loser = &all["records"].as_array().unwrap().iter().find(|row| row["Id"] == json!(loser)).unwrap();
    assert_eq!((&loser["IsDeleted"], &loser["MasterRecordId"]), (&json!(true), &json!(winner)));
}

#[test]
fn orders_can_be_changed_touched_and_removed() {
    let bench = Bench::start();
    order(&bench, 1, 3);
    let session = bench.session();
    let stamp = || {
        let page = bench
            .query(&session, "SELECT SystemModstamp, Status FROM Order WHERE SystemModstamp > 2020-01-01T00:00:00Z");
        page.json()["records"][0]["SystemModstamp"].as_str().map(str::to_owned)
    };
    bench.sandbox.salesforce.touch("Order", "0001", "2026-11-21T00:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(stamp().unwrap(), "2026-11-21T00:00:00.000+0000");
    bench.sandbox.salesforce.touch_all("Order", "2026-11-22T00:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(stamp().unwrap(), "2026-11-22T00:00:00.000+0000");
    bench.sandbox.salesforce.patch("Order", "0001", &json!({"Status": "Draft", "OrderItems": lines(1)})).unwrap();
    let after = bench.sandbox.salesforce.record("Order", "0001").unwrap();
    assert_eq!((after["Status"].as_str(), after["OrderItems"].as_array().unwrap().len()), (Some("Draft"), 1));
    assert!(bench.sandbox.salesforce.patch("Order", "0001", &json!({"Sttus": "x"})).is_err());
    bench.sandbox.salesforce.remove("Order", "0001").unwrap();
    assert_eq!(stamp(), None);
    assert!(bench.sandbox.salesforce.touch("Order", "0001", bench.sandbox.now()).is_err());
}

#[test]
fn what_is_part_of_a_record_is_found_under_it_and_removed_with_it() {
    let bench = Bench::start();
    let org = &bench.sandbox.salesforce;
    order(&bench, 1, 3);
    let session = bench.session();
    let sizes = || {
        let soql = "SELECT Id, (SELECT Id FROM OrderItems), (SELECT NewValue FROM Histories) FROM Order";
        let record = bench.query(&session, soql).json()["records"][0].clone();
        ["OrderItems", "Histories"].map(|children| record[children]["totalSize"].as_u64())
    };
    assert_eq!(bench.query(&session, "SELECT Id FROM OrderHistory").json()[0]["errorCode"], "INVALID_TYPE");
    let id = org.record("Order", "0001").unwrap()["Id"].clone();
    let changed = json!({"OrderId": id, "Field": "Status", "NewValue": "Completed"});
    let change = org.put("OrderHistory", &changed).unwrap();
    assert_eq!(sizes(), [Some(3), Some(1)]);
    org.patch("OrderHistory", &change, &json!({"OrderId": null})).unwrap();
    assert_eq!(sizes(), [Some(3), None]);
    org.patch("OrderHistory", &change, &json!({"OrderId": id})).unwrap();
    org.remove("Order", "0001").unwrap();
    let count =
        |object: &str| bench.query(&session, &format!("SELECT COUNT() FROM {object}")).json()["totalSize"].clone();
    assert_eq!(["Order", "OrderItem", "OrderHistory", "Contact"].map(count), [0, 0, 0, 1]);
}

#[test]
fn a_document_that_does_not_fit_is_refused_by_name() {
    let bench = Bench::start();
    let put = |object: &str, document: Value| bench.sandbox.salesforce.put(object, &document).unwrap_err().to_string();
    assert_eq!(put("Ordr", json!({})), "no object `Ordr`");
    assert_eq!(put("Order", json!({"Sttus": "x"})), "Order has no field or relationship `Sttus`");
    assert_eq!(put("Order", json!({"OrderItems": [{"Quantity": "1"}]})), "OrderItem.Quantity: expected a number");
    assert_eq!(bench.sandbox.salesforce.remove("Order", "1").unwrap_err().to_string(), "no such Order");
}
