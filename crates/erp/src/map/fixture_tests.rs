//! What the tests are made of: settings, and orders and records as JSON.

use super::*;
use config::Relay;
use netsuite::RecordId;
use serde_json::{Value, json};
use shopify::{Order, Refund};
use std::collections::BTreeMap;

/// `[erp]` with more of it: `(table, line)`.
pub(super) fn erp(more: &[(&str, &str)]) -> Erp {
    let mut text =
        "time_zone = \"America/New_York\"\n[salesforce]\ncompleted = [{ field = \"Status\", is = [\"Completed\"] }]\n\
                    completed_at = \"ActivatedDate\"\n[stores.default]\n[erp]\nstart = \"2026-01-01\"\n"
            .to_owned();
    for (_, line) in more.iter().filter(|(table, _)| table.is_empty()) {
        text.push_str(line);
        text.push('\n');
    }
    for (table, line) in more.iter().filter(|(table, _)| !table.is_empty()) {
        text = format!("{text}[erp.{table}]\n{line}\n");
    }
    Relay::parse(&text, "relay.toml").unwrap().erp.unwrap()
}

pub(super) fn settings(erp: &Erp) -> Settings<'_> {
    Settings { erp, shop: &erp.shop }
}

pub(super) fn money(amount: &str) -> Value {
    let money = json!({ "amount": amount, "currency_code": "USD" });
    json!({ "shop_money": money, "presentment_money": money })
}

/// Two shirts at 20.00 and a mug at 5.00, 4.00 off the shirts, 3.00 of tax, 10.00 of shipping: 54.00.
pub(super) fn plain() -> Value {
    json!({
        "id": 450_789_469_u64, "name": "#1001", "order_number": 1001,
        "created_at": "2026-11-20T21:30:00-05:00", "updated_at": "2026-11-20T21:31:00-05:00",
        "confirmed": true, "test": false, "financial_status": "paid", "currency": "USD", "presentment_currency": "USD",
        "taxes_included": false, "email": "jane@example.com", "phone": null, "note": "Ring twice", "tags": "vip, new",
        "customer": customer_json(),
        "billing_address": address_json(), "shipping_address": address_json(),
        "line_items": [
            {
                "id": 11, "sku": " SHIRT-M ", "title": "Shirt", "name": "Shirt - M", "quantity": 2, "current_quantity": 2,
                "price_set": money("20.00"), "requires_shipping": true,
                "discount_allocations": [{ "amount_set": money("4.00") }],
                "tax_lines": [{ "price_set": money("2.50") }],
                "properties": [{ "name": "Engraving", "value": "J." }],
            },
            {
                "id": 12, "sku": "MUG", "title": "Mug", "name": "Mug", "quantity": 1, "current_quantity": 1,
                "price_set": money("5.00"), "requires_shipping": true, "tax_lines": [{ "price_set": money("0.50") }],
            },
        ],
        "shipping_lines": [{ "id": 21, "title": "Standard", "price_set": money("10.00"), "discounted_price_set": money("10.00") }],
        "total_tax_set": money("3.00"), "total_price_set": money("54.00"), "current_total_price_set": money("54.00"),
    })
}

pub(super) fn customer_json() -> Value {
    json!({
        "id": 207_119_551_u64, "updated_at": null, "first_name": "Jane", "last_name": "Doe", "email": "jane@example.com",
        "phone": "+1 212-555-0123", "default_address": address_json(),
    })
}

pub(super) fn address_json() -> Value {
    json!({
        "first_name": "Jane", "last_name": "Doe", "company": null, "address1": "1 Main St", "address2": "", "city": "Albany",
        "province": "New York", "province_code": "NY", "country": "United States", "country_code": "US", "zip": "12203",
        "phone": "555-555-SHIP",
    })
}

/// A refund of pieces: `(line, quantity, restock type, subtotal, tax)`.
pub(super) fn refund_json(lines: &[(u64, u32, &str, &str, &str)]) -> Value {
    let line = |(id, quantity, restock, subtotal, tax): &(u64, u32, &str, &str, &str)| {
        json!({
            "id": 900 + id, "line_item_id": id, "quantity": quantity, "restock_type": restock,
            "subtotal_set": money(subtotal), "total_tax_set": money(tax),
        })
    };
    json!({
        "id": 509_562_969_u64, "order_id": 450_789_469_u64, "created_at": "2026-11-25T10:00:00-05:00", "note": "Too small",
        "refund_line_items": lines.iter().map(line).collect::<Vec<_>>(),
    })
}

pub(super) fn read(order: &Value) -> Order {
    serde_json::from_value(order.clone()).unwrap()
}

pub(super) fn read_refund(refund: &Value) -> Refund {
    serde_json::from_value(refund.clone()).unwrap()
}

/// An item for each name, by a number made of it.
pub(super) fn items<'a>(lines: impl IntoIterator<Item = &'a OrderLine>) -> BTreeMap<String, RecordId> {
    let id =
        |name: &str| name.bytes().fold(7_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into())).to_string();
    lines.into_iter().map(|line| (line.item.clone(), id(&line.item).parse().unwrap())).collect()
}

/// As `(key, item, quantity, rate)`.
pub(super) fn short(lines: &[OrderLine]) -> Vec<(&str, &str, u32, String)> {
    lines
        .iter()
        .map(|line| (line.key.as_str(), line.item.as_str(), line.quantity, line.rate.normalize().to_string()))
        .collect()
}

/// The record that NetSuite makes of a create's body.
pub(super) fn created(body: &Value) -> Value {
    let mut record = body.clone();
    record["id"] = "647".into();
    record["item"] = json!({ "items": [] });
    patched(&record, &json!({ "item": body["item"] }))
}

/// The record after a PATCH: lines with a number change, those without are added.
pub(super) fn patched(record: &Value, body: &Value) -> Value {
    let mut record = record.clone();
    for (field, value) in body.as_object().unwrap().iter().filter(|(field, _)| *field != "item") {
        record[field] = value.clone();
    }
    let lines = record["item"]["items"].as_array_mut().unwrap();
    for change in body["item"]["items"].as_array().into_iter().flatten() {
        let number = change["line"].as_u64().unwrap_or(lines.len() as u64 + 1);
        let at = lines.iter().position(|line| line["line"] == number);
        let at = at.unwrap_or_else(|| {
            lines.push(json!({ "line": number, "isClosed": false }));
            lines.len() - 1
        });
        for (field, value) in change.as_object().unwrap() {
            lines[at][field] = value.clone();
        }
        let decimal = |field: &str| lines[at][field].to_string().parse::<rust_decimal::Decimal>().unwrap();
        lines[at]["amount"] = record::number(decimal("quantity") * decimal("rate"));
    }
    record
}
