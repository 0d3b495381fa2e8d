//! What an account tells of itself: its record types' properties, and its limits.
//! <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_0625010817.html>

use axum::Json;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::account::Account;
use super::error::Refusal;
use super::field::Shape;
use super::fields;
use super::kind::Kind;
use super::request::Request;

/// `GET /services/rest/system/v1/governanceLimits`, an administrator's.
pub(crate) fn limits(account: &mut Account, _: &Request, _: DateTime<Utc>) -> Result<Response, Refusal> {
    if !account.settings.shows_limits {
        return Err(Refusal::not_permitted());
    }
    let limit = account.settings.concurrency;
    Ok(Json(json!({
        "accountConcurrencyLimit": limit,
        "accountUnallocatedConcurrencyLimit": limit,
        "integrationLimitType": "accountLimit",
    }))
    .into_response())
}

/// `GET /services/rest/record/v1/metadata-catalog/{type}`, as JSON schema.
pub(crate) fn schema(account: &mut Account, request: &Request, _: DateTime<Utc>) -> Result<Response, Refusal> {
    let kind = Kind::find(&request.kind).ok_or_else(Refusal::not_found)?;
    let mut properties = Map::new();
    for (name, shape) in fields::all(kind) {
        properties.insert((*name).to_owned(), property(*shape));
    }
    let prefix = if kind.is_transaction() { "custbody" } else { "custentity" };
    let custom = |prefix: &str| {
        let named = account.settings.custom_fields.iter().filter(|name| name.starts_with(prefix));
        named.map(|name| (name.clone(), property(Shape::Text(0)))).collect::<Map<String, Value>>()
    };
    properties.extend(custom(prefix));
    if kind.is_transaction() {
        let items = json!({"type": "array", "items": {"type": "object", "properties": custom("custcol")}});
        properties.insert("item".to_owned(), json!({"type": "object", "properties": {"items": items}}));
    }
    Ok(Json(json!({"type": "object", "properties": properties})).into_response())
}

fn property(shape: Shape) -> Value {
    match shape {
        Shape::Number => json!({"type": "number", "format": "double", "nullable": true}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Date => json!({"type": "string", "format": "date", "nullable": true}),
        Shape::To(_) | Shape::Choice(_) | Shape::Address | Shape::AddressBook | Shape::TaxDetails => {
            json!({"type": "object"})
        }
        Shape::ExternalId | Shape::Text(_) | Shape::Email | Shape::Phone => json!({"type": "string", "nullable": true}),
    }
}
