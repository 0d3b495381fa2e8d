//! Records as a GET shows them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::account::Account;
use super::field::{Shape, Target, number};
use super::kind::Kind;
use super::line::Row;
use super::records::Record;
use super::{fields, transaction};

/// The whole record; its sublists only if they are expanded.
pub(crate) fn document(account: &Account, record: &Record, expand: bool) -> Value {
    let base = format!("{}/services/rest/record/v1/{}/{}", account.base_url, record.kind.name(), record.id);
    let mut shown = Map::new();
    shown.insert("links".to_owned(), json!([{"rel": "self", "href": base}]));
    shown.insert("id".to_owned(), json!(record.id.to_string()));
    for (name, value) in &record.fields {
        let shape = fields::body(record.kind, name).map_or(Shape::Text(0), |(_, shape)| shape);
        shown.insert(name.clone(), shape.show(account, value));
    }
    shown.insert("lastModifiedDate".to_owned(), time(record.modified));
    if record.kind == Kind::Customer {
        shown.insert("dateCreated".to_owned(), time(record.created));
        if !expand {
            shown.insert(
                "addressBook".to_owned(),
                json!({"links": [{"rel": "self", "href": format!("{base}/addressBook")}]}),
            );
        }
        return Value::Object(shown);
    }
    let (status, status_name) = transaction::status(account, record);
    let total = number(transaction::total(record));
    shown.insert("createdDate".to_owned(), time(record.created));
    shown.insert("status".to_owned(), json!({"id": status, "refName": status_name}));
    shown.insert("subtotal".to_owned(), total.clone());
    shown.insert("total".to_owned(), total);
    let links = json!([{"rel": "self", "href": format!("{base}/item")}]);
    let item = if expand {
        let items: Vec<Value> = record.rows.iter().map(|row| line(account, &base, row)).collect();
        let count = items.len();
        json!({"links": links, "count": count, "hasMore": false, "items": items, "offset": 0, "totalResults": count})
    } else {
        json!({"links": links})
    };
    shown.insert("item".to_owned(), item);
    Value::Object(shown)
}

fn time(at: DateTime<Utc>) -> Value {
    json!(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn line(account: &Account, base: &str, row: &Row) -> Value {
    let href = format!("{base}/item/{}", row.number);
    let mut shown = Map::new();
    shown.insert("links".to_owned(), json!([{"rel": "self", "href": href}]));
    for (name, value) in &row.fields {
        let shape = fields::line(name).map_or(Shape::Text(0), |(_, shape)| shape);
        shown.insert(name.clone(), shape.show(account, value));
    }
    let price = row.price.clone().unwrap_or_else(|| "1".to_owned());
    let price_name = if row.is_custom() { "Custom" } else { "Base Price" };
    let own = [
        ("line", json!(row.number)),
        ("item", Shape::To(Target::Item).show(account, &json!(row.item.to_string()))),
        ("quantity", number(row.quantity)),
        ("rate", number(row.rate)),
        ("amount", number(row.amount)),
        ("price", json!({"id": price, "refName": price_name})),
        ("isClosed", json!(row.closed)),
        ("quantityFulfilled", number(row.fulfilled)),
        ("quantityBilled", number(row.billed)),
    ];
    shown.extend(own.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(shown)
}
