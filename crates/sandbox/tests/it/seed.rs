use std::collections::BTreeMap;

use sandbox::{DaySpec, Outcome, Route, TimeZone};
use serde_json::{Value, json};

use crate::client::Bench;

fn day(orders: usize) -> DaySpec {
    DaySpec::new(5, "2026-11-20".parse().unwrap(), TimeZone::get("America/New_York").unwrap(), orders)
}

/// Sends to Yotpo what the manifest says must arrive, from what Salesforce has.
fn deliver(bench: &Bench, utoken: &str, order: &Value, products: &[String]) {
    let body = json!({
        "utoken": utoken, "platform": "general", "validate_data": true, "order_id": order["OrderNumber"],
        "order_date": "2026-11-20", "customer_name": order["BillToContact"]["Name"],
        "email": order["BillToContact"].get("Email").or_else(|| order["Account"].get("PersonEmail")),
        "products": products.iter().map(|id| (id.clone(), json!({"name": "x"}))).collect::<serde_json::Map<_, _>>(),
    });
    bench.post("/apps/sandbox-default/purchases", &body);
}

#[test]
fn a_seeded_day_is_found_by_its_window() {
    let bench = Bench::start();
    let manifest = bench.sandbox.seed_day(&day(200)).unwrap();
    let session = bench.session();
    let (start, end) = manifest.window;
    assert_eq!(
        (start.to_rfc3339(), end.to_rfc3339()),
        ("2026-11-20T05:00:00+00:00".into(), "2026-11-21T05:00:00+00:00".into())
    );
    let at = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let soql = format!(
        "SELECT COUNT() FROM Order WHERE Status = 'Completed' AND IsReductionOrder = false AND ((ActivatedDate >= {} AND ActivatedDate < {}) OR ActivatedDate = null)",
        at(start),
        at(end)
    );
    let inside = manifest.expected.iter().filter(|expected| expected.outcome != Outcome::OutOfScope).count();
    assert_eq!(bench.query(&session, &soql).json()["totalSize"], inside);
    assert_eq!(inside, 200);
    let counts: BTreeMap<Outcome, u64> = manifest.counts();
    assert_eq!(counts[&Outcome::Rejected], 1);
    assert!(counts[&Outcome::Delivered] > 150);
}

#[test]
fn the_comparison_finds_what_is_lost_doubled_unexpected_or_altered() {
    let bench = Bench::start();
    let manifest = bench.sandbox.seed_day(&day(60)).unwrap();
    let utoken = bench.utoken();
    let (mut wanted, others): (Vec<_>, Vec<_>) =
        manifest.expected.iter().partition(|expected| expected.outcome == Outcome::Delivered);
    let (lost, altered, doubled) = (wanted.pop().unwrap(), wanted[0], wanted[1]);
    for expected in &wanted {
        let mut order = bench.sandbox.salesforce.record("Order", &expected.order_id).unwrap();
        if expected.id == altered.id {
            order["BillToContact"]["Name"] = json!("Somebody Else");
        }
        deliver(&bench, &utoken, &order, &expected.products);
    }
    bench.sandbox.yotpo.set(|settings| settings.repeats_create = true);
    deliver(&bench, &utoken, &bench.sandbox.salesforce.record("Order", &doubled.order_id).unwrap(), &doubled.products);
    let early = others.iter().find(|expected| expected.kind == "DayBefore").unwrap();
    deliver(
        &bench,
        &utoken,
        &bench.sandbox.salesforce.record("Order", &early.order_id).unwrap(),
        &["SKU-1".to_owned()],
    );
    deliver(
        &bench,
        &utoken,
        &json!({"OrderNumber": "unknown", "BillToContact": {"Email": "a@example.com", "Name": "A"}}),
        &["SKU-1".to_owned()],
    );
    let comparison = manifest.compare(&bench.sandbox.yotpo.arrivals());
    let mut both_days = manifest.clone();
    both_days.next_day_was_run();
    assert_eq!(both_days.compare(&bench.sandbox.yotpo.arrivals()).lost.len(), 3);
    assert_eq!(comparison.delivered, wanted.len() as u64);
    assert_eq!(comparison.lost, [lost.order_id.as_str()]);
    assert_eq!(comparison.altered, [altered.order_id.as_str()]);
    assert_eq!(comparison.doubled, [doubled.order_id.as_str()]);
    assert_eq!(comparison.unexpected, [early.order_id.clone(), "unknown".to_owned()]);
}

#[test]
fn kinds_that_a_configuration_does_not_know_can_be_left_out() {
    let bench = Bench::start();
    let spec = DaySpec { unknown_store: None, test_orders: false, ..day(500) };
    let manifest = bench.sandbox.seed_day(&spec).unwrap();
    assert!(manifest.expected.iter().all(|expected| !["UnknownStore", "TestOrder"].contains(&expected.kind.as_str())));
}

#[test]
fn routes_share_the_orders() {
    let bench = Bench::start();
    bench.sandbox.yotpo.secret(&[("default", "sandbox-default"), ("eu", "eu-key")]);
    let mut spec = day(40);
    let route = |value: &str, app_key: &str, currency: &str| Route {
        value: Some(value.into()),
        app_key: app_key.into(),
        currency: currency.into(),
    };
    spec.routes = vec![route("US", "sandbox-default", "USD"), route("EU", "eu-key", "EUR")];
    let manifest = bench.sandbox.seed_day(&spec).unwrap();
    let expected = manifest
        .expected
        .iter()
        .find(|expected| expected.app_key == "eu-key" && expected.outcome == Outcome::Delivered)
        .unwrap();
    assert_eq!(bench.sandbox.salesforce.record("Order", &expected.order_id).unwrap()["CurrencyIsoCode"], "EUR");
    // At the wrong account it is both lost and unexpected.
    deliver(
        &bench,
        &bench.utoken(),
        &bench.sandbox.salesforce.record("Order", &expected.order_id).unwrap(),
        &expected.products,
    );
    let comparison = manifest.compare(&bench.sandbox.yotpo.arrivals());
    assert!(comparison.lost.contains(&expected.order_id) && comparison.unexpected == [expected.order_id.clone()]);
}
