//! sObject Collections: `PATCH …/composite/sobjects`, by record id, and `…/composite/sobjects/{object}/{field}`, by external id.
//! <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm>

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::cell::Cell;
use super::error::data;
use super::id::SfId;
use super::instance::Instance;
use super::kind::Kind;
use super::objects::Object;
use super::org::Document;

/// Rows that one call may bring.
const MOST: usize = 200;

/// Fields whose values name one record at most, by which rows can be upserted.
const EXTERNAL_IDS: [(Object, &str); 5] = [
    (Object::Contact, "Yotpo_Customer_Id__c"),
    (Object::Account, "Yotpo_Customer_Id__c"),
    (Object::YotpoReward, "Redemption_Id__c"),
    (Object::YotpoMembership, "Yotpo_Membership_Key__c"),
    (Object::Coupon, "CouponCode"),
];

/// Why one row is not written: `statusCode`, and what it says.
struct Refusal(String, String);

type Written = Result<(SfId, bool), Refusal>;

/// A call that is refused as a whole.
struct Malformed(StatusCode, &'static str, String);

/// Changes records that there are.
pub(super) fn update(instance: &mut Instance, body: &Value, now: DateTime<Utc>) -> Response {
    answer(instance, body, now, |instance, object, fields| {
        let id = fields.remove("id").or_else(|| fields.remove("Id"));
        let id: SfId = id.as_ref().and_then(Value::as_str).unwrap_or_default().parse().map_err(|_| malformed_id())?;
        let row = instance.org.table(object).find(id).ok_or_else(no_such_row)?;
        save(instance, object, Some(row), fields, now)
    })
}

/// Changes records that there are, and makes those that there are not.
pub(super) fn upsert(instance: &mut Instance, name: &str, key: &str, body: &Value, now: DateTime<Utc>) -> Response {
    let known = EXTERNAL_IDS.iter().find(|(object, field)| object.name == name && *field == key);
    let Some((wanted, _)) = known.filter(|(object, _)| instance.org.object(object.name).is_some()) else {
        let text = format!("Provided external ID field does not exist or is not accessible: {key}");
        return data(StatusCode::NOT_FOUND, "NOT_FOUND", &text);
    };
    answer(instance, body, now, |instance, object, fields| {
        if object != *wanted || fields.contains_key("id") || fields.contains_key("Id") {
            return Err(refusal("INVALID_FIELD", "Only external ids are supported"));
        }
        let value = fields.get(key).cloned().unwrap_or_default();
        let row = holder(instance, object, key, &value);
        save(instance, object, row, fields, now)
    })
}

/// Each row with its own result, in order.
fn answer(
    instance: &mut Instance,
    body: &Value,
    now: DateTime<Utc>,
    mut write: impl FnMut(&mut Instance, Object, &mut Document) -> Written,
) -> Response {
    let rows = match rows(instance, body) {
        Ok(rows) => rows,
        Err(Malformed(status, code, text)) => return data(status, code, &text),
    };
    instance.locks.retain(|_, until| *until > now);
    let locked = instance.locks.clone();
    let mut results = Vec::new();
    for (object, mut fields) in rows {
        // Locks of this very call are its own.
        let own = std::mem::replace(&mut instance.locks, locked.clone());
        let written = write(instance, object, &mut fields);
        instance.locks.extend(own);
        results.push(match written {
            Ok((id, created)) => json!({"id": id.as_str(), "success": true, "errors": [], "created": created}),
            Err(Refusal(code, text)) => {
                json!({"success": false, "errors": [{"statusCode": code, "message": text, "fields": []}]})
            }
        });
    }
    Json(results).into_response()
}

/// The rows, of objects and fields that the org has.
fn rows(instance: &Instance, body: &Value) -> Result<Vec<(Object, Document)>, Malformed> {
    let records = body["records"].as_array().map(Vec::as_slice).unwrap_or_default();
    if records.len() > MOST {
        let text = format!("record limit reached. cannot submit more than {MOST} records into this call");
        return Err(Malformed(StatusCode::BAD_REQUEST, "EXCEEDED_ID_LIMIT", text));
    }
    let row = |record: &Value| {
        let name = record["attributes"]["type"].as_str().unwrap_or_default();
        let bad = |code, text| Malformed(StatusCode::BAD_REQUEST, code, text);
        let object = instance.org.object(name);
        let object = object.ok_or_else(|| bad("INVALID_TYPE", format!("sObject type '{name}' is not supported.")))?;
        let mut fields: Map<String, Value> = record.as_object().cloned().unwrap_or_default();
        fields.remove("attributes");
        let schema = &instance.org.table(object).schema;
        if let Some(field) = fields.keys().find(|field| *field != "id" && schema.find(field).is_none()) {
            return Err(bad("INVALID_FIELD", format!("No such column '{field}' on sobject of type {name}")));
        }
        Ok((object, fields))
    };
    records.iter().map(row).collect()
}

/// Writes one row, or says why not.
fn save(
    instance: &mut Instance,
    object: Object,
    row: Option<u32>,
    fields: &mut Document,
    now: DateTime<Utc>,
) -> Written {
    let id = row.and_then(|row| instance.org.table(object).id(row));
    if let (Some(row), Some(id)) = (row, id) {
        if is_deleted(instance, object, row) {
            return Err(refusal("ENTITY_IS_DELETED", "entity is deleted"));
        }
        if let Some(code) = instance.settings.refused_rows.get(id.as_str()) {
            return Err(Refusal(code.clone(), "the org refuses it".to_owned()));
        }
    }
    check(instance, object, row, fields)?;
    if let Some(account) = account(instance, object, row, fields) {
        let held = instance.locks.contains_key(&account) || instance.settings.locked.contains(account.as_str());
        if held {
            let text = "unable to obtain exclusive access to this record or 1 records";
            return Err(refusal("UNABLE_TO_LOCK_ROW", text));
        }
        instance.locks.insert(account, now + TimeDelta::milliseconds(instance.settings.lock_ms));
    }
    if let Some(id) = id {
        fields.insert("Id".to_owned(), id.as_str().into());
    }
    let written = instance
        .org
        .put(object, fields, now)
        .map_err(|error| Refusal("INVALID_TYPE_ON_FIELD_IN_RECORD".to_owned(), error.to_string()))?;
    Ok((written, id.is_none()))
}

/// What a field's definition refuses.
fn check(instance: &Instance, object: Object, row: Option<u32>, fields: &Document) -> Result<(), Refusal> {
    let schema = &instance.org.table(object).schema;
    for (name, value) in fields {
        let Some((_, field)) = schema.find(name) else { continue };
        if field.calculated {
            return Err(refusal("INVALID_FIELD_FOR_INSERT_UPDATE", "a formula is not writeable"));
        }
        let length = value.as_str().map_or(0, |text| text.chars().count());
        if field.kind.length() > 0 && length > field.kind.length() as usize {
            return Err(refusal("STRING_TOO_LONG", "data value too large"));
        }
        if field.kind == Kind::Reference && !is_there(instance, field.parent.map(|parent| parent.object), value) {
            return Err(refusal("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"));
        }
        let unique = EXTERNAL_IDS.contains(&(object, name));
        if unique && !value.is_null() && holder(instance, object, name, value).is_some_and(|other| Some(other) != row) {
            return Err(refusal("DUPLICATE_VALUE", "duplicate value found"));
        }
    }
    Ok(())
}

/// Whether a reference leads to a record.
fn is_there(instance: &Instance, object: Option<Object>, value: &Value) -> bool {
    let id = value.as_str().and_then(|id| id.parse().ok());
    value.is_null() || object.zip(id).is_some_and(|(object, id)| instance.org.table(object).find(id).is_some())
}

/// The record that has this value, deleted ones left out.
fn holder(instance: &Instance, object: Object, field: &str, value: &Value) -> Option<u32> {
    let table = instance.org.table(object);
    let (column, _) = table.schema.find(field)?;
    let mut rows = table.since(DateTime::<Utc>::MIN_UTC);
    rows.find(|row| table.cell(*row, column).render() == *value && !is_deleted(instance, object, *row))
}

fn is_deleted(instance: &Instance, object: Object, row: u32) -> bool {
    let table = instance.org.table(object);
    table.schema.find("IsDeleted").is_some_and(|(column, _)| *table.cell(row, column) == Cell::Bool(true))
}

/// The account that a row belongs to: writing the row locks it.
fn account(instance: &Instance, object: Object, row: Option<u32>, fields: &Document) -> Option<SfId> {
    let table = instance.org.table(object);
    if object == Object::Account {
        return table.id(row?);
    }
    let of_contact = |contact: SfId| {
        let contacts = instance.org.table(Object::Contact);
        let (column, _) = contacts.schema.find("AccountId")?;
        contacts.cell(contacts.find(contact)?, column).as_id()
    };
    if object == Object::Contact {
        return of_contact(table.id(row?)?);
    }
    let (column, _) = table.schema.find("Contact__c")?;
    let given = fields.get("Contact__c").and_then(|id| id.as_str()?.parse().ok());
    of_contact(given.or_else(|| table.cell(row?, column).as_id())?)
}

fn refusal(code: &str, text: &str) -> Refusal {
    Refusal(code.to_owned(), text.to_owned())
}

fn malformed_id() -> Refusal {
    refusal("MALFORMED_ID", "bad id")
}

fn no_such_row() -> Refusal {
    refusal("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
}
