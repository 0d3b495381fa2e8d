//! `Order`.

use serde_json::{Map, Value, json};

use super::super::customer::Customer;
use super::super::ids::gid;
use super::super::money::Bag;
use super::super::order::{Line, Order, Parcel, Shipping};
use super::refund::refund;
use super::{address, connection, time};

pub(crate) fn order(order: &Order, customer: Option<&Customer>) -> Value {
    let place = address(&order.address, (order.name.0.as_str(), order.name.1.as_str()), None);
    let mut shown = json!({
        "__typename": "Order",
        "id": gid("Order", order.id),
        "name": order.name(),
        "number": order.number,
        "createdAt": time(order.created_at),
        "processedAt": time(order.created_at),
        "updatedAt": time(order.updated_at),
        "cancelledAt": order.cancelled_at.map(time),
        "cancelReason": order.cancelled_at.map(|_| "CUSTOMER"),
        "closedAt": null,
        "test": order.test,
        "confirmed": true,
        "displayFinancialStatus": order.financial_status().to_uppercase(),
        "displayFulfillmentStatus": order.fulfillment_status().map_or("UNFULFILLED".to_owned(), str::to_uppercase),
        "paymentTerms": null,
        "currencyCode": order.tender.shop.code,
        "presentmentCurrencyCode": order.tender.presentment.code,
        "taxesIncluded": order.taxes_included,
        "dutiesIncluded": false,
        "customer": customer.map(super::customer),
        "purchasingEntity": null,
        "email": order.email,
        "phone": null,
        "billingAddress": place,
        "shippingAddress": place,
        "note": order.note,
        "customAttributes": [],
        "tags": order.tags,
        "poNumber": null,
        "sourceName": "web",
        "retailLocation": null,
        "lineItems": connection(order.lines.iter().map(|one| line(order, one))),
        "shippingLines": connection(order.shipping.iter().map(|one| shipping(order, one))),
        "taxLines": tax_lines(order, order.sums().tax),
        "fulfillments": order.parcels.iter().map(|one| fulfillment(order, one)).collect::<Vec<_>>(),
        "refunds": order.refunds.iter().map(|one| refund(order, one)).collect::<Vec<_>>(),
    });
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(sums(order));
    }
    shown
}

fn sums(order: &Order) -> Map<String, Value> {
    let (tender, then, now) = (order.tender, order.sums(), order.current());
    let bags = [
        ("subtotalPriceSet", then.subtotal),
        ("totalDiscountsSet", then.discounts),
        ("totalShippingPriceSet", then.shipping),
        ("totalTaxSet", then.tax),
        ("totalPriceSet", then.total),
        ("totalTipReceivedSet", order.tip),
        ("currentSubtotalPriceSet", now.subtotal),
        ("currentTotalDiscountsSet", now.discounts),
        ("currentShippingPriceSet", now.shipping),
        ("currentTotalTaxSet", now.tax),
        ("currentTotalPriceSet", now.total),
    ];
    let mut shown: Map<String, Value> =
        bags.map(|(name, bag)| (name.to_owned(), tender.money_bag(bag))).into_iter().collect();
    for name in [
        "originalTotalDutiesSet",
        "originalTotalAdditionalFeesSet",
        "currentTotalDutiesSet",
        "currentTotalAdditionalFeesSet",
    ] {
        shown.insert(name.to_owned(), Value::Null);
    }
    let zero = tender.money_bag(Bag::default());
    let rounding = json!({"__typename": "CashRoundingAdjustment", "paymentSet": zero, "refundSet": zero});
    shown.insert("totalCashRoundingAdjustment".to_owned(), rounding);
    shown
}

fn tax_lines(order: &Order, tax: Bag) -> Value {
    if tax.is_zero() {
        return json!([]);
    }
    let rate = rust_decimal::Decimal::new(order.tax_rate, 3).normalize().to_string();
    let rate: Value = serde_json::from_str(&rate).unwrap_or(Value::Null);
    json!([{"__typename": "TaxLine", "title": "Tax", "rate": rate, "priceSet": order.tender.money_bag(tax)}])
}

pub(super) fn line(order: &Order, line: &Line) -> Value {
    let tender = order.tender;
    let allocation = json!({"__typename": "DiscountAllocation", "allocatedAmountSet": tender.money_bag(line.discount)});
    json!({
        "__typename": "LineItem",
        "id": gid("LineItem", line.id),
        "sku": line.sku,
        "title": line.title,
        "name": line.title,
        "quantity": line.quantity,
        "currentQuantity": line.current(),
        "unfulfilledQuantity": line.open(),
        "originalUnitPriceSet": tender.money_bag(line.price),
        "discountAllocations": if line.discount.is_zero() { json!([]) } else { json!([allocation]) },
        "taxLines": tax_lines(order, line.tax),
        "duties": [],
        "isGiftCard": line.gift_card,
        "requiresShipping": !line.gift_card,
        "taxable": !line.gift_card,
        "customAttributes": [],
    })
}

fn shipping(order: &Order, shipping: &Shipping) -> Value {
    json!({
        "__typename": "ShippingLine",
        "id": gid("ShippingLine", shipping.id),
        "title": "Standard",
        "code": "Standard",
        "originalPriceSet": order.tender.money_bag(shipping.price),
        "discountedPriceSet": order.tender.money_bag(shipping.price),
        "isRemoved": shipping.is_removed,
        "taxLines": tax_lines(order, shipping.tax),
        "discountAllocations": [],
    })
}

fn fulfillment(order: &Order, parcel: &Parcel) -> Value {
    let lines = parcel.lines.iter().filter_map(|(id, pieces)| {
        let found = order.lines.iter().find(|line| line.id == *id)?;
        Some(json!({"__typename": "FulfillmentLineItem", "quantity": pieces, "lineItem": line(order, found)}))
    });
    json!({
        "__typename": "Fulfillment",
        "id": gid("Fulfillment", parcel.id),
        "createdAt": time(parcel.at),
        "status": "SUCCESS",
        "fulfillmentLineItems": connection(lines),
    })
}
