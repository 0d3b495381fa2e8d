//! `orders/create`, `orders/updated`, `orders/cancelled`: the same whole order.

use chrono::FixedOffset;
use serde_json::{Map, Value, json};

use super::super::customer::Customer;
use super::super::ids::gid;
use super::super::money::Bag;
use super::super::order::{Line, Order, Parcel, Shipping};
use super::{address, refund, time};

pub(crate) fn order(order: &Order, customer: Option<&Customer>, offset: FixedOffset) -> Value {
    let first_and_last = (order.name.0.as_str(), order.name.1.as_str());
    let place = address(&order.address, first_and_last);
    let created_at = time(order.created_at, offset);
    let cancelled_at = order.cancelled_at.map(|at| time(at, offset));
    let mut shown = json!({
        "id": order.id,
        "admin_graphql_api_id": gid("Order", order.id),
        "app_id": 580_111,
        "browser_ip": null,
        "buyer_accepts_marketing": false,
        "cancel_reason": cancelled_at.as_ref().map(|_| "customer"),
        "cancelled_at": cancelled_at,
        "closed_at": null,
        "confirmed": true,
        "contact_email": order.email,
        "created_at": created_at,
        "currency": order.tender.shop.code,
        "customer_locale": "en",
        "discount_codes": [],
        "duties_included": false,
        "email": order.email,
        "estimated_taxes": false,
        "financial_status": order.financial_status(),
        "fulfillment_status": order.fulfillment_status(),
        "location_id": null,
        "merchant_of_record_app_id": null,
        "name": order.name(),
        "note": order.note,
        "note_attributes": [],
        "number": order.number - 1_000,
        "order_number": order.number,
        "payment_gateway_names": ["shopify_payments"],
        "phone": null,
        "po_number": null,
        "presentment_currency": order.tender.presentment.code,
        "processed_at": created_at,
        "source_name": "web",
        "tags": order.tags.join(", "),
        "tax_exempt": false,
        "tax_lines": tax_lines(order, order.sums().tax),
        "taxes_included": order.taxes_included,
        "test": order.test,
        "total_weight": 0,
        "updated_at": time(order.updated_at, offset),
        "user_id": null,
    });
    let parts = json!({
        "billing_address": place,
        "shipping_address": place,
        "customer": customer.map(|one| super::customer(one, order.tender.shop.code, offset, true)),
        "discount_applications": discounts(order),
        "fulfillments": order.parcels.iter().map(|parcel| fulfillment(order, parcel, offset)).collect::<Vec<_>>(),
        "line_items": order.lines.iter().map(|one| line(order, one)).collect::<Vec<_>>(),
        "payment_terms": null,
        "refunds": order.refunds.iter().map(|one| refund(order, one, offset)).collect::<Vec<_>>(),
        "shipping_lines": order.shipping.iter().map(|one| shipping(order, one)).collect::<Vec<_>>(),
        "returns": [],
        "line_item_groups": [],
    });
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(parts.as_object().cloned().unwrap_or_default());
        fields.extend(sums(order));
    }
    shown
}

/// What the order came to, and what is left of it.
fn sums(order: &Order) -> Map<String, Value> {
    let (tender, then, now) = (order.tender, order.sums(), order.current());
    let zero = Bag::default();
    let both = [
        ("subtotal_price", then.subtotal),
        ("total_price", then.total),
        ("total_tax", then.tax),
        ("total_discounts", then.discounts),
        ("total_line_items_price", then.lines),
        ("current_subtotal_price", now.subtotal),
        ("current_total_price", now.total),
        ("current_total_tax", now.tax),
        ("current_total_discounts", now.discounts),
    ];
    let sets = [
        ("total_shipping_price_set", then.shipping),
        ("current_shipping_price_set", now.shipping),
        ("total_cash_rounding_payment_adjustment_set", zero),
        ("total_cash_rounding_refund_adjustment_set", zero),
    ];
    let texts = both.iter().map(|(name, bag)| ((*name).to_owned(), json!(tender.shop.text(bag.shop))));
    let pairs = both.iter().map(|(name, bag)| (format!("{name}_set"), tender.set(*bag)));
    let mut shown: Map<String, Value> = texts.chain(pairs).collect();
    shown.extend(sets.map(|(name, bag)| (name.to_owned(), tender.set(bag))));
    let absent = ["original_total_duties_set", "current_total_duties_set", "original_total_additional_fees_set"];
    shown.extend(absent.map(|name| (name.to_owned(), Value::Null)));
    shown.insert("current_total_additional_fees_set".to_owned(), Value::Null);
    shown.insert("total_outstanding".to_owned(), json!(tender.shop.text(zero.shop)));
    shown.insert("total_tip_received".to_owned(), json!(tender.shop.text(order.tip.shop)));
    shown
}

fn discounts(order: &Order) -> Value {
    if order.lines.iter().all(|line| line.discount.is_zero()) {
        return json!([]);
    }
    json!([{
        "target_type": "line_item", "type": "manual", "value": "10.0", "value_type": "percentage",
        "allocation_method": "each", "target_selection": "explicit", "title": "Offer", "description": "Offer",
    }])
}

fn tax_lines(order: &Order, tax: Bag) -> Value {
    if tax.is_zero() {
        return json!([]);
    }
    let rate: Value = serde_json::from_str(&rate(order)).unwrap_or(Value::Null);
    json!([{
        "channel_liable": false, "price": order.tender.shop.text(tax.shop), "price_set": order.tender.set(tax),
        "rate": rate, "title": "Tax",
    }])
}

fn rate(order: &Order) -> String {
    rust_decimal::Decimal::new(order.tax_rate, 3).normalize().to_string()
}

pub(super) fn line(order: &Order, line: &Line) -> Value {
    let tender = order.tender;
    let allocation = json!({
        "amount": tender.shop.text(line.discount.shop), "amount_set": tender.set(line.discount), "discount_application_index": 0,
    });
    json!({
        "id": line.id,
        "admin_graphql_api_id": gid("LineItem", line.id),
        "attributed_staffs": [],
        "current_quantity": line.current(),
        "fulfillable_quantity": line.open(),
        "fulfillment_service": if line.gift_card { "gift_card" } else { "manual" },
        "fulfillment_status": line.fulfillment_status(),
        "gift_card": line.gift_card,
        "grams": 100,
        "name": line.title,
        "price": tender.shop.text(line.price.shop),
        "price_set": tender.set(line.price),
        "product_exists": line.sku.is_some(),
        "product_id": line.sku.as_ref().map(|_| line.id + 7),
        "properties": [],
        "quantity": line.quantity,
        "requires_shipping": !line.gift_card,
        "sku": line.sku,
        "taxable": !line.gift_card,
        "title": line.title,
        // A discount on a line stands in its allocations; this is of discounts that were entered by hand.
        "total_discount": tender.shop.text(Bag::default().shop),
        "total_discount_set": tender.set(Bag::default()),
        "variant_id": null,
        "variant_inventory_management": null,
        "variant_title": null,
        "vendor": null,
        "tax_lines": tax_lines(order, line.tax),
        "duties": [],
        "discount_allocations": if line.discount.is_zero() { json!([]) } else { json!([allocation]) },
    })
}

fn shipping(order: &Order, shipping: &Shipping) -> Value {
    let tender = order.tender;
    let current = if shipping.is_refunded || shipping.is_removed { Bag::default() } else { shipping.price };
    json!({
        "id": shipping.id,
        "carrier_identifier": null,
        "code": "Standard",
        "current_discounted_price_set": tender.set(current),
        "discounted_price": tender.shop.text(shipping.price.shop),
        "discounted_price_set": tender.set(shipping.price),
        "is_removed": shipping.is_removed,
        "phone": null,
        "price": tender.shop.text(shipping.price.shop),
        "price_set": tender.set(shipping.price),
        "requested_fulfillment_service_id": null,
        "source": "shopify",
        "title": "Standard",
        "tax_lines": tax_lines(order, shipping.tax),
        "discount_allocations": [],
    })
}

fn fulfillment(order: &Order, parcel: &Parcel, offset: FixedOffset) -> Value {
    let items = parcel.lines.iter().filter_map(|(id, pieces)| {
        let found = order.lines.iter().find(|line| line.id == *id)?;
        let mut shown = line(order, found);
        shown["quantity"] = json!(pieces);
        Some(shown)
    });
    json!({
        "id": parcel.id,
        "admin_graphql_api_id": gid("Fulfillment", parcel.id),
        "created_at": time(parcel.at, offset),
        "order_id": order.id,
        "status": "success",
        "line_items": items.collect::<Vec<_>>(),
    })
}

/// `orders/edited`: the line that was added last.
pub(crate) fn edit(order: &Order, offset: FixedOffset) -> Value {
    let at = time(order.updated_at, offset);
    let added: Vec<Value> =
        order.lines.last().map(|line| json!({"id": line.id, "delta": line.quantity})).into_iter().collect();
    json!({"order_edit": {
        "id": order.id + 5,
        "app_id": null,
        "created_at": at,
        "committed_at": at,
        "notify_customer": false,
        "order_id": order.id,
        "staff_note": "",
        "user_id": null,
        "line_items": {"additions": added, "removals": []},
        "discounts": {"line_item": {"additions": [], "removals": []}},
        "shipping_lines": {"additions": [], "removals": []},
    }})
}
