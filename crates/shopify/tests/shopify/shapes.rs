//! One record in the shape of a webhook and in the Admin API's.

use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use serde_json::{Value, json};
use shopify::admin::Client;
use shopify::{Access, CustomerId, Event, Order, OrderId};

use crate::admin::{ORDER_BY_GRAPHQL, document};
use crate::graphql::{Query, Shop};
use crate::signed::{CUSTOMER, ORDER, event};

const CUSTOMER_BY_GRAPHQL: &str = include_str!("fixtures/customer.graphql.json");

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, 8, 0, 0).unwrap()
}

/// The Admin API of a shop with these orders and customers.
fn client(shop: Shop) -> Client {
    let exchange = move |request: http::Request<bytes::Bytes>| -> rest::Exchange {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let query = Query::read(body["query"].as_str().unwrap(), body["variables"].clone());
        let answer = json!({"data": query.answer(&shop)});
        Box::pin(async move { Ok(http::Response::new(answer.to_string().into())) })
    };
    let http = rest::Client::in_process(Duration::from_secs(1), exchange);
    Client::new(http, "http://127.0.0.1:9".parse().unwrap(), Access::Token("t".into()), "2026-10", now)
}

/// An order as the Admin API shows it.  When its customer last changed is taken out: a webhook may leave it out, as Shopify's sample does.
async fn read(order: Value) -> Order {
    let id = OrderId::from_gid(order["id"].as_str().unwrap()).unwrap();
    let client = client(Shop { orders: vec![order], customers: vec![] });
    let mut order = client.order(id).await.unwrap().unwrap();
    order.customer.iter_mut().for_each(|customer| customer.updated_at = None);
    order
}

#[tokio::test]
async fn an_order_is_the_same_from_the_admin_api_as_from_a_webhook() {
    let (read, sent) = (read(document(ORDER_BY_GRAPHQL)).await, sent(&document(ORDER)));
    let json = |order: &Order| serde_json::to_value(order).unwrap();
    for (field, value) in json(&sent).as_object().unwrap() {
        assert_eq!(&json(&read)[field], value, "{field}");
    }
    assert!(read == sent);
}

#[tokio::test]
async fn a_customer_is_the_same_from_the_admin_api_as_from_a_webhook() {
    let client = client(Shop { orders: vec![], customers: vec![document(CUSTOMER_BY_GRAPHQL)] });
    let read = client.customer(CustomerId(9_007_199_254_740_996_001)).await.unwrap().unwrap();
    let Ok(Some(Event::Customer(sent))) = event("customers/update", CUSTOMER) else { panic!() };
    assert!(read == *sent);
}

fn sent(order: &Value) -> Order {
    match event("orders/updated", &order.to_string()) {
        Ok(Some(Event::Order(order))) => *order,
        other => panic!("{other:?}"),
    }
}

/// What the fixtures leave at null or zero, one thing at a time, in both shapes.
#[tokio::test]
async fn each_change_of_an_order_is_the_same_in_both_shapes() {
    let bag = json!({
        "shop_money": {"amount": "0.30", "currency_code": "EUR"},
        "presentment_money": {"amount": "-3.38", "currency_code": "SEK"}
    });
    let money_bag = json!({
        "shopMoney": {"amount": "0.3", "currencyCode": "EUR"},
        "presentmentMoney": {"amount": "-3.38", "currencyCode": "SEK"}
    });
    let (webhook, graphql) = (document(ORDER), document(ORDER_BY_GRAPHQL));
    for (at, value, by, of) in [
        ("/cancelled_at", json!("2026-11-22T10:00:00+01:00"), "/cancelledAt", json!("2026-11-22T09:00:00Z")),
        ("/test", json!(true), "/test", json!(true)),
        ("/confirmed", json!(false), "/confirmed", json!(false)),
        ("/taxes_included", json!(true), "/taxesIncluded", json!(true)),
        ("/financial_status", json!("paid"), "/displayFinancialStatus", json!("PAID")),
        ("/payment_terms", json!(null), "/paymentTerms", json!(null)),
        ("/customer", json!(null), "/customer", json!(null)),
        (
            "/customer/phone",
            json!("+46700000000"),
            "/customer/defaultPhoneNumber",
            json!({"phoneNumber": "+46700000000"}),
        ),
        ("/customer/tax_exempt", json!(true), "/customer/taxExempt", json!(true)),
        ("/company", json!(null), "/purchasingEntity", json!({"__typename": "Customer"})),
        ("/phone", json!("+46700000000"), "/phone", json!("+46700000000")),
        ("/shipping_address", json!(null), "/shippingAddress", json!(null)),
        ("/location_id", json!(655_441_491), "/retailLocation", json!({"id": "gid://shopify/Location/655441491"})),
        ("/tags", json!(""), "/tags", json!([])),
        ("/line_items/0/requires_shipping", json!(false), "/lineItems/nodes/0/requiresShipping", json!(false)),
        (
            "/shipping_lines/0/discount_allocations",
            json!([{"amount": "0.30", "amount_set": bag}]),
            "/shippingLines/nodes/0/discountAllocations",
            json!([{"allocatedAmountSet": money_bag}]),
        ),
        ("/fulfillments/0/status", json!("cancelled"), "/fulfillments/0/status", json!("CANCELLED")),
        ("/refunds/0/note", json!(null), "/refunds/0/note", json!("")),
        (
            "/refunds/0/duties",
            json!([{"duty_id": 1, "amount_set": bag}]),
            "/refunds/0/duties",
            json!([{"amountSet": money_bag}]),
        ),
        (
            "/refunds/0/refund_line_items/0/restock_type",
            json!("no_restock"),
            "/refunds/0/refundLineItems/nodes/0/restockType",
            json!("NO_RESTOCK"),
        ),
        (
            "/refunds/0/order_adjustments/0/reason",
            json!("Pending refund discrepancy"),
            "/refunds/0/orderAdjustments/nodes/0/reason",
            json!("PENDING_REFUND_DISCREPANCY"),
        ),
        (
            "/refunds/0/transactions/0/status",
            json!("pending"),
            "/refunds/0/transactions/nodes/0/status",
            json!("PENDING"),
        ),
        (
            "/total_cash_rounding_payment_adjustment_set",
            bag.clone(),
            "/totalCashRoundingAdjustment/paymentSet",
            money_bag.clone(),
        ),
        (
            "/total_cash_rounding_refund_adjustment_set",
            bag.clone(),
            "/totalCashRoundingAdjustment/refundSet",
            money_bag.clone(),
        ),
        ("/original_total_additional_fees_set", bag.clone(), "/originalTotalAdditionalFeesSet", money_bag.clone()),
        ("/current_total_additional_fees_set", bag.clone(), "/currentTotalAdditionalFeesSet", money_bag.clone()),
    ] {
        let (mut changed, mut read_changed) = (webhook.clone(), graphql.clone());
        *changed.pointer_mut(at).unwrap() = value;
        *read_changed.pointer_mut(by).unwrap() = of;
        assert!(sent(&changed) != sent(&webhook), "{at} is not read");
        assert!(read(read_changed).await == sent(&changed), "{at}");
    }
}

/// A refund of Shopify's early years, which has no time of creation.
#[tokio::test]
async fn a_refund_without_a_time_of_creation_has_that_of_its_processing() {
    let mut order = document(ORDER_BY_GRAPHQL);
    order["refunds"][0]["createdAt"] = Value::Null;
    order["refunds"][0]["processedAt"] = json!("2014-03-01T00:00:00Z");
    assert_eq!(read(order).await.refunds[0].created_at.to_rfc3339(), "2014-03-01T00:00:00+00:00");
}
