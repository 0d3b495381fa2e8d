use sandbox::{Fault, Rule, SinceDate, yotpo};
use serde_json::{Value, json};

use crate::client::{Bench, Reply, purchase};

fn read(bench: &Bench, utoken: &str, query: &str) -> Reply {
    bench.get(&format!("/apps/sandbox-default/purchases?utoken={utoken}&{query}"), "")
}

#[test]
fn a_purchase_is_created_once_however_often_it_is_posted() {
    let bench = Bench::start();
    let utoken = bench.utoken();
    for _ in 0..3 {
        let reply = bench.purchase(&utoken, "17").unwrap();
        assert_eq!((reply.status, &reply.json()["code"]), (200, &json!(200)));
    }
    let arrival = bench.sandbox.yotpo.arrival("sandbox-default", "17").unwrap();
    assert_eq!((arrival.posted, arrival.effects, arrival.repeats), (3, 1, 2));
    assert_eq!(arrival.body["email"], "buyer@example.com");
    assert!(arrival.body.get("utoken").is_none());
    assert_eq!(read(&bench, &utoken, "").json()["response"]["total_purchases"], 2);
    bench.sandbox.yotpo.set(|settings| settings.repeats_create = true);
    bench.purchase(&utoken, "17").unwrap();
    assert_eq!(bench.sandbox.yotpo.arrival("sandbox-default", "17").unwrap().effects, 2);
}

#[test]
fn silence_and_refusals() {
    let bench = Bench::start();
    let utoken = bench.utoken();
    let post = |order_id: &str, field: &str, value: Value| {
        let mut body = purchase(&bench.today(), &utoken, order_id);
        body[field] = value;
        bench.post("/apps/sandbox-default/purchases", &body)
    };
    assert_eq!(post("1", "products", json!({"A 1": {"name": "A"}})).status, 200);
    assert_eq!(post("2", "validate_data", json!("true")).status, 200);
    for order_id in ["1", "2"] {
        let arrival = bench.sandbox.yotpo.arrival("sandbox-default", order_id).unwrap();
        assert_eq!((arrival.posted, arrival.effects, arrival.ignored), (1, 0, 1), "{arrival:?}");
    }
    let refused = post("3", "email", json!("nobody"));
    let error = json!({"code": 400, "errors": [{"order_id": "3", "field": "email", "error": "Invalid email address"}]});
    assert_eq!((refused.status, refused.json()), (400, error));
    bench.sandbox.yotpo.refuse(["4".to_owned()]);
    assert_eq!(bench.purchase(&utoken, "4").unwrap().status, 400);
    assert_eq!(bench.sandbox.yotpo.arrival("sandbox-default", "4").unwrap().refused, 1);
}

#[test]
fn without_a_json_content_type_nothing_is_created_and_nothing_said() {
    let bench = Bench::start();
    let body = purchase(&bench.today(), &bench.utoken(), "1").to_string();
    let response =
        bench.agent.post(bench.url("/apps/sandbox-default/purchases")).content_type("text/plain").send(&body);
    assert_eq!(response.unwrap().status(), 200);
    assert_eq!(bench.sandbox.yotpo.arrival("sandbox-default", "1").unwrap().ignored, 1);
}

#[test]
fn utokens_belong_to_an_account_and_end() {
    let bench = Bench::start();
    bench.sandbox.yotpo.secret(&[("eu", "eu-key")]);
    let utoken = bench.utoken();
    let body = purchase(&bench.today(), &utoken, "1");
    assert_eq!(bench.post("/apps/eu-key/purchases", &body).status, 401);
    let denied = bench.purchase("nonsense", "1").unwrap();
    assert_eq!((denied.status, &denied.json()["error_type"]), (401, &json!("Exceptions::AccessDenied")));
    bench.sandbox.yotpo.set(|settings| settings.utoken_calls = Some(3));
    let statuses: Vec<u16> = (0..3).map(|_| bench.purchase(&utoken, "1").unwrap().status).collect();
    assert_eq!(statuses, [200, 200, 401]);
    bench.sandbox.yotpo.set(|settings| (settings.utoken_calls, settings.utoken_seconds) = (None, Some(60)));
    let utoken = bench.utoken();
    assert_eq!(bench.purchase(&utoken, "1").unwrap().status, 200);
    bench.sandbox.set_now(bench.sandbox.now() + chrono::TimeDelta::seconds(61));
    assert_eq!(bench.purchase(&utoken, "1").unwrap().status, 401);
}

#[test]
fn a_wrong_secret_is_refused_in_either_way() {
    let bench = Bench::start();
    let body = json!({"client_id": "sandbox-default", "client_secret": "no", "grant_type": "client_credentials"});
    assert_eq!(bench.post("/oauth/token", &body).status, 401);
    bench.sandbox.yotpo.set(|settings| settings.utoken_error_as_200 = true);
    let reply = bench.post("/oauth/token", &body);
    assert_eq!((reply.status, &reply.json()["error"]), (200, &json!("invalid_client")));
    bench.sandbox.yotpo.rotate_secret("sandbox-default", "no");
    assert!(bench.post("/oauth/token", &body).json().get("access_token").is_some());
}

#[test]
fn mass_creation_takes_all_or_none() {
    let bench = Bench::start();
    let utoken = bench.utoken();
    let order = |id: &str, email: &str| {
        let mut order = purchase(&bench.today(), "", id);
        order["email"] = json!(email);
        for key in ["utoken", "platform", "validate_data"] {
            order.as_object_mut().unwrap().remove(key);
        }
        order
    };
    let post = |orders: Value| {
        let body = json!({"utoken": utoken, "platform": "general", "validate_data": true, "orders": orders});
        bench.post("/apps/sandbox-default/purchases/mass_create.json", &body)
    };
    let reply = post(json!([order("1", "a@example.com"), order("2", "bad")]));
    assert_eq!((reply.status, &reply.json()["errors"][0]["order_id"]), (400, &json!("2")));
    assert_eq!(bench.sandbox.report().accounts["sandbox-default"].delivered, 0);
    assert_eq!(post(json!([order("1", "a@example.com"), order("3", "c@example.com")])).status, 200);
    let sums = &bench.sandbox.report().accounts["sandbox-default"];
    assert_eq!((sums.posted, sums.delivered, sums.refused), (4, 2, 1));
}

#[test]
fn purchases_are_read_back_in_pages_a_row_for_each_product() {
    let bench = Bench::start();
    let utoken = bench.utoken();
    for order_id in 0..15 {
        bench.purchase(&utoken, &order_id.to_string()).unwrap();
    }
    let page = read(&bench, &utoken, "").json();
    assert_eq!(page["status"], json!({"code": 200, "message": "OK"}));
    let sizes = |query: &str| {
        let response = read(&bench, &utoken, query).json()["response"].clone();
        let rows = response["purchases"].as_array().unwrap().len();
        assert_eq!(response["total_orders"], rows);
        (rows, response["total_purchases"].as_u64().unwrap())
    };
    assert_eq!(sizes(""), (10, 30));
    assert_eq!(sizes("page=2&count=20"), (10, 30));
    assert_eq!(sizes("page=3&count=20"), (0, 30));
    assert_eq!(sizes("count=5000"), (30, 30));
    let row = &page["response"]["purchases"][1];
    assert_eq!(
        (&row["order_id"], &row["product_sku"], &row["product_name"]),
        (&json!("0"), &json!("B_2"), &json!("B"))
    );
    assert_eq!(read(&bench, "wrong", "").status, 401);
}

#[test]
fn since_date_and_late_appearance() {
    let bench = Bench::start();
    let start = "2026-11-21T10:00:00Z".parse().unwrap();
    bench.sandbox.set_now(start);
    bench.sandbox.yotpo.set(|settings| settings.appear_after_ms = 3_600_000);
    let utoken = bench.utoken();
    let mut body = purchase("2026-11-19", &utoken, "1");
    body["products"] = json!({"A": {}});
    bench.post("/apps/sandbox-default/purchases", &body);
    let total = |query: &str| read(&bench, &utoken, query).json()["response"]["total_purchases"].as_u64().unwrap();
    assert_eq!(total(""), 0);
    bench.sandbox.set_now(start + chrono::TimeDelta::minutes(61));
    assert_eq!(total(""), 1);
    assert_eq!((total("since_date=2026-11-21"), total("since_date=2026-11-22")), (1, 0));
    bench.sandbox.yotpo.set(|settings| settings.since_date = SinceDate::OrderDate);
    assert_eq!((total("since_date=2026-11-19"), total("since_date=2026-11-20")), (1, 0));
}

#[test]
fn a_silent_drop_looks_like_success() {
    let bench = Bench::start();
    let utoken = bench.utoken();
    let rule = Rule { subject: Some("2".into()), next: Some(1), ..Rule::always(yotpo::CREATE, Fault::SilentDrop) };
    bench.sandbox.add_fault(rule);
    for order_id in ["1", "2"] {
        assert_eq!(bench.purchase(&utoken, order_id).unwrap().status, 200);
    }
    let effects = |order_id| bench.sandbox.yotpo.arrival("sandbox-default", order_id).unwrap().effects;
    assert_eq!((effects("1"), effects("2")), (1, 0));
    bench.purchase(&utoken, "2").unwrap();
    assert_eq!(effects("2"), 1);
}
