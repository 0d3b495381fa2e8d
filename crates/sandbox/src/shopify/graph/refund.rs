//! `Refund`.

use serde_json::{Value, json};

use super::super::ids::gid;
use super::super::money::Bag;
use super::super::order::Order;
use super::super::refund::Refund;
use super::order::line;
use super::{connection, time};

pub(super) fn refund(order: &Order, refund: &Refund) -> Value {
    let tender = order.tender;
    let lines = refund.lines.iter().map(|one| {
        json!({
            "__typename": "RefundLineItem",
            "id": gid("RefundLineItem", one.id),
            "quantity": one.quantity,
            "restockType": one.restock.to_uppercase(),
            "restocked": one.restock != "no_restock",
            "location": null,
            "subtotalSet": tender.money_bag(one.subtotal),
            "totalTaxSet": tender.money_bag(one.tax),
            "lineItem": line(order, &one.line),
        })
    });
    let shipping = refund.shipping.iter().map(|(_, price, tax)| {
        json!({
            "__typename": "RefundShippingLine",
            "id": gid("RefundShippingLine", refund.adjustment),
            "subtotalAmountSet": tender.money_bag(*price),
            "taxAmountSet": tender.money_bag(*tax),
        })
    });
    let adjustment = json!({
        "__typename": "OrderAdjustment",
        "id": gid("OrderAdjustment", refund.adjustment),
        "amountSet": tender.money_bag(refund.goodwill.times(-1)),
        "taxAmountSet": tender.money_bag(Bag::default()),
        "reason": "REFUND_DISCREPANCY",
    });
    let transaction = json!({
        "__typename": "OrderTransaction",
        "id": gid("OrderTransaction", refund.transaction),
        "kind": "REFUND",
        "status": "SUCCESS",
        "gateway": "shopify_payments",
        "createdAt": time(refund.at),
        "amountSet": tender.money_bag(refund.paid),
    });
    json!({
        "__typename": "Refund",
        "id": gid("Refund", refund.id),
        "createdAt": time(refund.at),
        "processedAt": time(refund.at),
        "updatedAt": time(refund.at),
        "note": null,
        "totalRefundedSet": tender.money_bag(refund.paid),
        "refundLineItems": connection(lines),
        "refundShippingLines": connection(shipping),
        "orderAdjustments": connection((!refund.goodwill.is_zero()).then_some(adjustment).into_iter()),
        "duties": [],
        "transactions": connection((!refund.paid.is_zero()).then_some(transaction).into_iter()),
    })
}
