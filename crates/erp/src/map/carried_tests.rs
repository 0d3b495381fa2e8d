//! What is carried, and as what.

use super::fixture_tests::*;
use super::*;
use ledger::Revision;
use serde_json::json;

fn skip(order: &Value, applied: bool) -> Option<&'static str> {
    let erp = erp(&[]);
    due(&read(order), &settings(&erp), applied).err().map(Skip::as_str)
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut order = plain();
    for (path, value) in changes {
        *order.pointer_mut(path).unwrap_or_else(|| panic!("no {path}")) = value.clone();
    }
    order
}

fn and(name: &str, value: Value) -> Value {
    let mut order = plain();
    order[name] = value;
    order
}

#[test]
fn a_paid_order_becomes_a_sales_order() {
    let erp = erp(&[
        ("", "subsidiary = \"1\"\nnumber_prefix = \"US-\""),
        ("", "line = { custcol_text = \"properties.Engraving\" }"),
    ]);
    let effect = order(&read(&plain()), &settings(&erp)).unwrap();
    assert_eq!(
        short(&effect.lines),
        [
            ("11", "SHIRT-M", 2, "20".to_owned()),
            ("12", "MUG", 1, "5".to_owned()),
            ("shipping:21", "SHIPPING", 1, "10".to_owned()),
            ("discount", "DISCOUNT", 1, "-4".to_owned()),
            ("tax", "TAX", 1, "3".to_owned()),
        ]
    );
    assert!(!effect.sums.differ());
    assert_eq!(effect.mended, Mended::from(["addrPhone".to_owned()]));

    let (entity, currency) = ("110".parse().unwrap(), "1".parse().unwrap());
    let items = items(&effect.lines);
    let ids = Ids { entity: &entity, currency: Some(&currency), items: &items };
    let body = order_record(&effect, &ids, Revision(7), &settings(&erp)).unwrap();
    let address = json!({
        "addressee": "Jane Doe", "addr1": "1 Main St", "city": "Albany", "state": "NY", "zip": "12203", "country": { "id": "US" },
    });
    let mut expected = json!({
        "externalId": "shopify_order_450789469", "entity": { "id": "110" }, "currency": { "id": "1" }, "subsidiary": { "id": "1" },
        "tranDate": "2026-11-20", "otherRefNum": "US-#1001", "memo": "Ring twice", "email": "jane@example.com",
        "billingAddress": address, "shippingAddress": address,
    });
    expected["custbody_order_relay"] = body["custbody_order_relay"].clone();
    expected["item"] = body["item"].clone();
    assert_eq!(body, expected);
    let shirt = json!({
        "item": { "id": items["SHIRT-M"].as_str() }, "quantity": 2, "rate": 20, "price": { "id": "-1" }, "description": "Shirt - M",
        "custcol_order_relay_line": "11", "custcol_text": "J.",
    });
    assert_eq!(body["item"]["items"][0], shirt);
    let stamp: Stamp = body["custbody_order_relay"].as_str().unwrap().parse().unwrap();
    assert_eq!((stamp.revision, stamp.effect), (Revision(7), effect.hash()));
}

#[test]
fn what_makes_an_order_due() {
    assert_eq!(skip(&plain(), false), None);
    for (changes, reason) in [
        // New Year's Eve in New York, and a year later in Berlin.
        (vec![("/created_at", json!("2026-01-01T04:59:59Z"))], Some("before_start")),
        (vec![("/created_at", json!("2026-01-01T05:00:00Z"))], None),
        (vec![("/test", json!(true))], Some("test_order")),
        (vec![("/confirmed", json!(false))], Some("not_confirmed")),
        (vec![("/financial_status", json!("pending"))], Some("not_paid")),
        (vec![("/financial_status", json!("voided"))], Some("not_paid")),
        (vec![("/financial_status", json!(null))], Some("not_paid")),
        (vec![("/financial_status", json!("refunded"))], None),
        (vec![("/test", json!(true)), ("/created_at", json!("2025-06-01T00:00:00Z"))], Some("before_start")),
    ] {
        assert_eq!(skip(&with(&changes), false), reason, "{changes:?}");
        assert_eq!(skip(&with(&changes), true), None, "{changes:?}");
    }
    assert_eq!(skip(&and("cancelled_at", json!("2026-11-21T00:00:00Z")), false), Some("cancelled"));
    let mut terms = with(&[("/financial_status", json!("pending"))]);
    terms["payment_terms"] = json!({ "payment_terms_name": "Net 30" });
    assert_eq!(skip(&terms, false), None);
    assert_eq!(
        Skip::ALL.map(Skip::as_str).into_iter().collect::<std::collections::BTreeSet<_>>().len(),
        Skip::ALL.len()
    );
}
