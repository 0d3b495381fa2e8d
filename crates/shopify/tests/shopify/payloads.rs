use proptest::prelude::*;
use serde_json::{Value, json};
use shopify::{
    AdjustmentReason, Customer, Event, FinancialStatus, FulfillmentStatus, LineFulfillment, Order, Refund, RestockType,
    Topic, TransactionStatus, Verified,
};

use crate::signed::{CUSTOMER, DATA_REQUEST, ORDER, PAYLOADS, REFUND, SHOP_REDACT, event, verified};

fn order(body: &str) -> Order {
    match event("orders/create", body) {
        Ok(Some(Event::Order(order))) => *order,
        other => panic!("{other:?}"),
    }
}

fn refund(body: &str) -> Refund {
    match event("refunds/create", body) {
        Ok(Some(Event::Refund(refund))) => *refund,
        other => panic!("{other:?}"),
    }
}

fn customer(body: &str) -> Customer {
    match event("customers/create", body) {
        Ok(Some(Event::Customer(customer))) => *customer,
        other => panic!("{other:?}"),
    }
}

/// The fixture, changed at a JSON pointer.
fn with(body: &str, at: &str, value: Value) -> String {
    let mut body: Value = serde_json::from_str(body).unwrap();
    *body.pointer_mut(at).unwrap() = value;
    body.to_string()
}

/// The fixture without a key at a JSON pointer.
fn without(body: &str, at: &str, key: &str) -> String {
    let mut body: Value = serde_json::from_str(body).unwrap();
    body.pointer_mut(at).unwrap().as_object_mut().unwrap().remove(key).unwrap();
    body.to_string()
}

#[test]
fn an_order_is_read_whole() {
    let order = order(ORDER);
    assert_eq!((order.id.0, order.name.as_str(), order.order_number), (9_007_199_254_740_992_001, "#1001", 1001));
    assert_eq!(order.created_at.to_rfc3339(), "2026-11-20T22:30:00+00:00");
    assert_eq!(order.financial_status, Some(FinancialStatus::PartiallyRefunded));
    assert_eq!((order.currency.as_str(), order.presentment_currency.as_str()), ("EUR", "SEK"));
    assert_eq!(order.tags, ["Autumn", "vip"]);
    assert_eq!(order.customer.as_ref().unwrap().updated_at, None);
    assert_eq!(order.company.as_ref().unwrap().location_id, Some(9_007_199_254_740_998_101));
    assert_eq!(order.payment_terms.as_ref().unwrap().name.as_deref(), Some("Net 30"));
    assert_eq!(order.total_price_set.presentment_money.amount.to_string(), "1046.82");
    assert_eq!(order.current_total_price_set.shop_money.amount.to_string(), "80.5");
    assert_eq!(order.total_tip_received.unwrap().to_string(), "1.5");

    let [mug, wrapping, card] = order.line_items.as_slice() else { panic!("{:?}", order.line_items) };
    assert_eq!((mug.sku.as_deref(), mug.quantity, mug.current_quantity), (Some("MUG-BLUE"), 3, 2));
    assert_eq!(mug.tax_lines[0].rate.unwrap().to_string(), "0.25");
    assert_eq!((mug.properties[1].name.as_str(), mug.properties[1].value.as_str()), ("_bundle", "7"));
    assert_eq!(mug.duties[0].shop_money.amount.to_string(), "0.4");
    assert_eq!((wrapping.sku.as_deref(), wrapping.requires_shipping), (None, false));
    assert!(card.gift_card);
    assert_eq!([order.shipping_lines[0].is_removed, order.shipping_lines[1].is_removed], [false, true]);
    assert_eq!(order.fulfillments[0].status, FulfillmentStatus::Success);
    assert_eq!((order.fulfillments[0].line_items[0].id, order.fulfillments[0].line_items[0].quantity), (mug.id, 2));
    assert_eq!(order.refunds.len(), 1);
}

/// `refunds/create` says how much of a line had shipped when it was written; an order's own list says how much has by now, and is not
/// believed.
#[test]
fn a_refund_is_the_same_from_both_places_but_for_what_had_shipped() {
    let mut alone = refund(REFUND);
    let item = alone.refund_line_items[0].line_item.as_mut().unwrap();
    assert_eq!(item.fulfillment_status.take(), Some(LineFulfillment::Partial));
    assert_eq!(order(ORDER).refunds, [alone.clone()]);

    let line = &alone.refund_line_items[0];
    assert_eq!((line.id, line.line_item_id.0), (Some(9_007_199_254_740_994_101), 9_007_199_254_740_993_001));
    assert_eq!((&line.restock_type, line.location_id), (&RestockType::Return, Some(655_441_491)));
    let adjustment = &alone.order_adjustments[0];
    assert_eq!(adjustment.reason, Some(AdjustmentReason::RefundDiscrepancy));
    assert_eq!(adjustment.amount_set.shop_money.amount.to_string(), "-0.5");
    assert_eq!(alone.refund_shipping_lines[0].tax_amount_set.presentment_money.amount.to_string(), "2.81");
    assert_eq!(alone.transactions[0].status, TransactionStatus::Success);
    assert_eq!(alone.transactions[0].currency.unwrap().as_str(), "SEK");
}

#[test]
fn nulls_and_what_is_absent_are_as_shopify_means_them() {
    let order = |at, value| order(&with(ORDER, at, value));
    assert!(order("/confirmed", Value::Null).confirmed && !order("/confirmed", json!(false)).confirmed);
    assert_eq!(order("/customer", Value::Null).customer, None);
    assert_eq!(order("/customer/id", Value::Null).customer, None);
    assert_eq!(order("/updated_at", Value::Null).updated_at, None);
    assert_eq!(order("/note", json!(" ")).note, None);
    assert_eq!(order("/line_items/0/tax_lines", Value::Null).line_items[0].tax_lines, []);
    assert_eq!(order("/tags", Value::Null).tags, [""; 0]);
    let kept = order("/financial_status", json!("On_Hold")).financial_status;
    assert_eq!(kept, Some(FinancialStatus::Other("on_hold".to_owned())));
    let id = json!(18_446_744_073_709_551_615_u64);
    assert_eq!(order("/line_items/0/id", id).line_items[0].id.0, u64::MAX);

    let refund = refund(&with(REFUND, "/transactions/0/currency", Value::Null));
    assert_eq!(refund.transactions[0].currency, None);
    assert_eq!(customer(&without(CUSTOMER, "", "default_address")).default_address, None);
    assert_eq!(customer(CUSTOMER).addresses.len(), 1);
}

#[test]
fn a_body_under_anothers_topic_makes_nothing() {
    for (topic, _) in PAYLOADS {
        for (other, body) in PAYLOADS {
            assert_eq!(event(topic, body).is_ok(), topic == other, "{other} under {topic}");
        }
        assert!(event(topic, "{}").is_err() && event(topic, "").is_err() && event(topic, "[]").is_err());
    }
    assert_eq!(event("products/update", "not even JSON"), Ok(None));
}

#[test]
fn a_record_under_anothers_id_and_a_privacy_request_of_another_shop_are_refused() {
    let error = event("orders/updated", &with(ORDER, "/id", json!(1))).unwrap_err();
    assert_eq!(error.path, "id");
    for (topic, body) in [("customers/data_request", DATA_REQUEST), ("shop/redact", SHOP_REDACT)] {
        let error = event(topic, &with(body, "/shop_domain", json!("other.myshopify.com"))).unwrap_err();
        assert_eq!((error.path.as_str(), error.found), ("shop_domain", "another shop"));
    }
}

#[test]
fn a_fault_names_place_and_kind_and_quotes_nothing() {
    for (body, said) in [
        (
            with(ORDER, "/line_items/1/quantity", json!("Astrid, expected")),
            "`line_items[1].quantity`: found text, expected u32",
        ),
        (
            with(ORDER, "/total_price_set/shop_money/amount", json!("1,50 Astrid")),
            "`total_price_set.shop_money.amount`: found text, expected a decimal number, such as \"89.99\"",
        ),
        (
            with(ORDER, "/created_at", json!("Astrid")),
            "`created_at`: found text, expected a time, such as 2026-11-20T08:00:00-05:00",
        ),
        (with(ORDER, "/currency", json!("Astrid")), "`currency`: found text, expected another form"),
        (with(ORDER, "/line_items", json!({"Astrid": 1})), "`line_items`: found an object, expected a sequence"),
        (without(ORDER, "", "line_items"), "`line_items`: found nothing, expected a value"),
        (without(ORDER, "/line_items/2", "price_set"), "`line_items[2].price_set`: found nothing, expected a value"),
        (without(ORDER, "", "admin_graphql_api_id"), "`admin_graphql_api_id`: found nothing, expected a value"),
        (ORDER[..700].to_owned(), "`.`: found no JSON, expected a JSON object"),
        (format!("{ORDER} Astrid"), "`.`: found no JSON, expected a JSON object"),
    ] {
        let error = event("orders/create", &body).unwrap_err();
        assert_eq!(error.to_string(), said);
        assert!(!format!("{error:?}").contains("Astrid"), "{error:?}");
    }
}

#[test]
fn what_is_shown_of_a_record_is_not_personal() {
    for (topic, body) in PAYLOADS {
        let shown = format!("{:?}", event(topic, body).unwrap());
        for hidden in
            ["Astrid", "Exempel", "example.com", "+46", "Storgatan", "211 34", "neighbours", "chipped", "For A."]
        {
            assert!(!shown.contains(hidden), "{hidden} in {shown}");
        }
    }
}

#[test]
fn a_verified_request_comes_through_the_queue_as_it_was() {
    let sent = verified("orders/create", ORDER);
    let arrived: Verified = serde_json::from_str(&serde_json::to_string(&sent).unwrap()).unwrap();
    assert_eq!(arrived, sent);
    assert_eq!((arrived.body(), &arrived.headers().topic), (ORDER.as_bytes(), &Topic::OrdersCreate));
}

#[test]
fn a_record_written_as_json_is_read_as_it_was() {
    let (order, refund, customer) = (order(ORDER), refund(REFUND), customer(CUSTOMER));
    assert_eq!(serde_json::from_str::<Order>(&serde_json::to_string(&order).unwrap()).unwrap(), order);
    assert_eq!(serde_json::from_str::<Refund>(&serde_json::to_string(&refund).unwrap()).unwrap(), refund);
    assert_eq!(serde_json::from_str::<Customer>(&serde_json::to_string(&customer).unwrap()).unwrap(), customer);
}

/// All places of a document.
pub(crate) fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| places(value, &format!("{at}/{key}"), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| places(value, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

pub(crate) fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "-?[0-9]{0,40}\\.?[0-9]{0,40}".prop_map(Value::from),
        Just(json!([])),
        Just(json!([null])),
        Just(json!({})),
        Just(json!([{"id": 1}])),
    ]
}

proptest! {
    #[test]
    fn no_payload_makes_it_panic(which in 0..PAYLOADS.len(), changes in proptest::collection::vec((any::<prop::sample::Index>(), anything()), 1..4)) {
        let (topic, body) = PAYLOADS[which];
        let mut body: Value = serde_json::from_str(body).unwrap();
        for (index, value) in changes {
            let mut found = Vec::new();
            places(&body, "", &mut found);
            let place: &String = index.get(&found);
            *body.pointer_mut(place).unwrap() = value;
        }
        if let Err(error) = event(topic, &body.to_string()) {
            prop_assert!(!error.to_string().contains("Astrid"), "{}", error);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(which in 0..PAYLOADS.len(), at in any::<prop::sample::Index>(), cut in any::<bool>(), put in ".{0,3}") {
        let (topic, body) = PAYLOADS[which];
        let boundaries: Vec<usize> = body.char_indices().map(|(at, _)| at).collect();
        let at = *at.get(&boundaries);
        let body = if cut { body[..at].to_owned() } else { format!("{}{put}{}", &body[..at], &body[at..]) };
        let _ = event(topic, &body);
    }
}
