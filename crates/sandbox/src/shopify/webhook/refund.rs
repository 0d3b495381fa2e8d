//! `refunds/create`, and the refunds within an order. Its lines' sums are JSON numbers, as in Shopify's sample.

use chrono::FixedOffset;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::ids::gid;
use super::super::money::Bag;
use super::super::order::Order;
use super::super::refund::{Refund, RefundLine};
use super::order::line;
use super::time;

pub(crate) fn refund(order: &Order, refund: &Refund, offset: FixedOffset) -> Value {
    let (tender, at) = (order.tender, time(refund.at, offset));
    let shipping = refund.shipping.iter().map(|(id, price, tax)| {
        json!({
            "id": refund.adjustment,
            "shipping_line": {"id": id, "title": "Standard"},
            "subtotal_amount_set": tender.set(*price),
            "tax_amount_set": tender.set(*tax),
        })
    });
    let given = refund.goodwill.times(-1);
    let adjustment = json!({
        "id": refund.adjustment,
        "amount": tender.shop.text(given.shop),
        "amount_set": tender.set(given),
        "kind": "refund_discrepancy",
        "order_id": order.id,
        "reason": "Refund discrepancy",
        "refund_id": refund.id,
        "tax_amount": tender.shop.text(Decimal::ZERO),
        "tax_amount_set": tender.set(Bag::default()),
    });
    let transaction = json!({
        "id": refund.transaction,
        "order_id": order.id,
        "kind": "refund",
        "gateway": "shopify_payments",
        "status": "success",
        "message": null,
        "created_at": at,
        "test": order.test,
        "authorization": null,
        "location_id": null,
        "user_id": null,
        "parent_id": null,
        "processed_at": at,
        "device_id": null,
        "error_code": null,
        "source_name": "web",
        "receipt": {},
        "amount": tender.presentment.text(refund.paid.presentment),
        "currency": tender.presentment.code,
        "payment_id": format!("{}.1", order.name()),
        "manual_payment_gateway": false,
        "amount_rounding": null,
        "admin_graphql_api_id": gid("OrderTransaction", refund.transaction),
    });
    json!({
        "id": refund.id,
        "order_id": order.id,
        "created_at": at,
        "note": null,
        "user_id": null,
        "processed_at": at,
        "duties": [],
        "total_duties_set": tender.set(Bag::default()),
        "return": null,
        "refund_shipping_lines": shipping.collect::<Vec<_>>(),
        "restock": refund.lines.iter().any(|line| line.restock != "no_restock"),
        "admin_graphql_api_id": gid("Refund", refund.id),
        "order_adjustments": if refund.goodwill.is_zero() { json!([]) } else { json!([adjustment]) },
        "refund_line_items": refund.lines.iter().map(|one| refunded(order, one)).collect::<Vec<_>>(),
        "transactions": if refund.paid.is_zero() { json!([]) } else { json!([transaction]) },
    })
}

fn refunded(order: &Order, one: &RefundLine) -> Value {
    json!({
        "id": one.id,
        "quantity": one.quantity,
        "line_item_id": one.line.id,
        "location_id": null,
        "restock_type": one.restock,
        "subtotal": number(one.subtotal.shop),
        "total_tax": number(one.tax.shop),
        "subtotal_set": order.tender.set(one.subtotal),
        "total_tax_set": order.tender.set(one.tax),
        "line_item": line(order, &one.line),
    })
}

fn number(amount: Decimal) -> Value {
    serde_json::from_str(&amount.to_string()).unwrap_or(Value::Null)
}
