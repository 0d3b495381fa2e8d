use proptest::prelude::*;
use serde_json::json;

use super::*;

fn purchase() -> Purchase {
    serde_json::from_value(json!({
        "email": "jane@example.com", "customer_name": "Jane Doe", "order_id": "00000100", "order_date": "2026-11-20",
        "currency_iso": "USD", "platform": "general",
        "products": {"SHIRT-GRN_M": {"name": "Green Shirt", "price": "49.99", "url": "https://example.com/p"}}
    }))
    .unwrap()
}

fn field_refused(change: impl FnOnce(&mut Purchase)) -> Option<&'static str> {
    let mut purchase = purchase();
    change(&mut purchase);
    purchase.check().err().map(|invalid| invalid.field)
}

#[test]
fn a_good_purchase_passes() {
    assert_eq!(purchase().check(), Ok(()));
    assert_eq!(field_refused(|p| p.currency_iso = None), None);
    assert_eq!(field_refused(|p| p.customer_name = "<b>J</b>".to_owned()), None);
    assert_eq!(field_refused(|p| p.customer_name = "1 > 0".to_owned()), None);
    assert_eq!(field_refused(|p| p.customer_name = "\u{fc}".repeat(254)), None);
}

#[test]
fn each_rule_by_which_yotpo_drops_orders_is_applied() {
    assert_eq!(field_refused(|p| p.email = "jane".to_owned()), Some("email"));
    for blank in ["", " ", "\u{a0}\t", "<br/>", "<b> </b>", "<unclosed", "\0"] {
        assert_eq!(field_refused(|p| p.customer_name = blank.to_owned()), Some("customer_name"), "{blank:?}");
    }
    assert_eq!(field_refused(|p| p.customer_name = "a".repeat(255)), Some("customer_name"));
    for bad in ["", " 1", "1\n"] {
        assert_eq!(field_refused(|p| p.order_id = bad.to_owned()), Some("order_id"), "{bad:?}");
        assert_eq!(field_refused(|p| p.platform = bad.to_owned()), Some("platform"), "{bad:?}");
    }
    for bad in ["", "usd", "US", "U1D", "USDT"] {
        assert_eq!(field_refused(|p| p.currency_iso = Some(bad.to_owned())), Some("currency_iso"), "{bad:?}");
    }
    assert_eq!(field_refused(|p| p.products.clear()), Some("products"));
    for bad in ["", "a b", "a/b", "a.b", "\u{e9}", "a\n"] {
        let product = Product::default();
        assert_eq!(field_refused(|p| drop(p.products.insert(bad.to_owned(), product))), Some("products"), "{bad:?}");
    }
    let far = NaiveDate::from_ymd_opt(10_000, 1, 1).unwrap();
    assert_eq!(field_refused(|p| p.order_date = far), Some("order_date"));
}

#[test]
fn every_value_is_text() {
    fn all_text(value: &serde_json::Value) -> bool {
        match value {
            serde_json::Value::Object(map) => map.values().all(all_text),
            other => other.is_string(),
        }
    }
    let value = serde_json::to_value(purchase()).unwrap();
    assert!(all_text(&value), "{value}");
    assert_eq!(value["order_date"], "2026-11-20");
}

#[test]
fn neither_debug_nor_a_refusal_says_who_bought() {
    let mut purchase = purchase();
    assert_eq!(format!("{purchase:?}"), "Purchase(00000100, 2026-11-20, 1 products)");
    purchase.email = "jane doe@example.com".to_owned();
    let invalid = purchase.check().unwrap_err();
    assert!(!format!("{invalid} {invalid:?}").contains("jane"));
}

proptest! {
    #[test]
    fn a_purchase_survives_the_queue(email in ".*", name in ".*", id in ".*", product in ".*", price in proptest::option::of(".*")) {
        let product_of = Product { price, ..Product::default() };
        let sent = Purchase { email, customer_name: name, order_id: id, products: [(product, product_of)].into(), ..purchase() };
        let text = serde_json::to_string(&sent).unwrap();
        prop_assert_eq!(serde_json::from_str::<Purchase>(&text).unwrap(), sent);
    }
}
