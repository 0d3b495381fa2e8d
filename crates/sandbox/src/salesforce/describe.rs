//! `GET /services/data/vXX.0/sobjects/{name}/describe`
//! <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm>

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::error::data;
use super::instance::Instance;
use super::org::Org;
use super::request::Request;
use super::schema::{Field, Kind, Object};

pub(crate) fn describe(instance: &mut Instance, request: &Request) -> Response {
    match Object::find(&request.name).filter(|object| instance.org.has(*object)) {
        Some(object) => Json(object_of(&instance.org, object)).into_response(),
        None => data(StatusCode::NOT_FOUND, "NOT_FOUND", "The requested resource does not exist"),
    }
}

fn object_of(org: &Org, object: Object) -> Value {
    let fields: Vec<Value> = org.table(object).schema.fields().map(|(_, one)| field(one)).collect();
    let mut children = Vec::new();
    for child in Object::ALL.into_iter().filter(|child| org.has(*child)) {
        for (_, field) in org.table(child).schema.fields() {
            if field.parent.as_ref().is_some_and(|(_, to)| *to == object) {
                let name = match (child, object) {
                    (Object::OrderItem, Object::Order) => Value::from("OrderItems"),
                    (Object::OrderHistory, Object::Order) => Value::from("Histories"),
                    _ => Value::Null,
                };
                children.push(json!({
                    "childSObject": child.name(),
                    "field": field.name,
                    "relationshipName": name,
                    "cascadeDelete": !name.is_null(),
                    "deprecatedAndHidden": false,
                }));
            }
        }
    }
    json!({
        "name": object.name(),
        "label": object.name(),
        "keyPrefix": object.key_prefix(),
        "custom": false,
        "queryable": true,
        "fields": fields,
        "childRelationships": children,
    })
}

fn field(field: &Field) -> Value {
    let values: Vec<Value> = field
        .picklist
        .iter()
        .map(|value| json!({"active": true, "defaultValue": false, "label": value, "value": value}))
        .collect();
    let length = match field.kind {
        Kind::Id | Kind::Reference => 18,
        Kind::Text | Kind::Picklist | Kind::Url => 255,
        Kind::LongText => 32_000,
        Kind::Email => 80,
        Kind::Phone => 40,
        Kind::Boolean | Kind::Double | Kind::Currency | Kind::Date | Kind::DateTime => 0,
    };
    let is_writable = !field.calculated && !matches!(field.name.as_str(), "Id" | "SystemModstamp" | "LastModifiedDate");
    json!({
        "name": field.name,
        "label": field.name.trim_end_matches("__c").replace('_', " "),
        "type": field.kind.name(),
        "length": length,
        "calculated": field.calculated,
        "custom": field.is_custom(),
        "filterable": field.kind != Kind::LongText,
        "sortable": field.kind != Kind::LongText,
        "nillable": !matches!(field.kind, Kind::Id | Kind::Boolean),
        "createable": is_writable,
        "updateable": is_writable,
        "relationshipName": field.parent.as_ref().map(|(name, _)| name),
        "referenceTo": field.parent.iter().map(|(_, to)| to.name()).collect::<Vec<_>>(),
        "picklistValues": values,
    })
}
