//! `GET /services/data/vXX.0/sobjects/{name}/describe`
//! <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm>

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::error::data;
use super::instance::Instance;
use super::kind::Kind;
use super::objects::Object;
use super::org::{Org, Reference};
use super::request::Request;
use super::schema::Field;

pub(crate) fn describe(instance: &mut Instance, request: &Request) -> Response {
    match instance.org.object(&request.name) {
        Some(object) => Json(object_of(&instance.org, object)).into_response(),
        None => data(StatusCode::NOT_FOUND, "NOT_FOUND", "The requested resource does not exist"),
    }
}

fn object_of(org: &Org, object: Object) -> Value {
    let fields: Vec<Value> = org.table(object).schema.fields().map(|(_, one)| field(one)).collect();
    let child = |Reference { from, parent, .. }| {
        json!({
            "childSObject": from.name,
            "field": parent.field(),
            "relationshipName": parent.children,
            "cascadeDelete": parent.children.is_some(),
            "deprecatedAndHidden": false,
        })
    };
    let children: Vec<Value> = org.references(object).map(child).collect();
    json!({
        "name": object.name,
        "label": object.name,
        "keyPrefix": object.key_prefix,
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
    let is_writable = !field.calculated && !matches!(field.name.as_str(), "Id" | "SystemModstamp" | "LastModifiedDate");
    json!({
        "name": field.name,
        "label": field.name.trim_end_matches("__c").replace('_', " "),
        "type": field.kind.name(),
        "length": field.kind.length(),
        "calculated": field.calculated,
        "custom": field.is_custom(),
        "filterable": field.kind != Kind::LongText,
        "sortable": field.kind != Kind::LongText,
        "nillable": !matches!(field.kind, Kind::Id | Kind::Boolean),
        "createable": is_writable,
        "updateable": is_writable,
        "relationshipName": field.parent.map(|parent| parent.name),
        "referenceTo": field.parent.iter().map(|parent| parent.object.name).collect::<Vec<_>>(),
        "picklistValues": values,
    })
}
