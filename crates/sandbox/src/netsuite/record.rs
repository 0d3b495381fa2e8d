//! Records: created, changed, read. <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545141395.html>

use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::account::Account;
use super::book::Stamp;
use super::error::Refusal;
use super::field::Shape;
use super::kind::Kind;
use super::records::{Record, STAMP};
use super::request::{NameCheck, Request};
use super::{customer, fields, fulfilment, render, transaction};

type Document = Map<String, Value>;

/// `POST /{type}`: an external id that exists is refused.
pub(crate) fn create(account: &mut Account, request: &Request, now: DateTime<Utc>) -> Result<Response, Refusal> {
    let kind = kind(request)?;
    let mut names = NameCheck::new(request);
    let id = insert(account, kind, &request.document()?, &mut names, now)?;
    Ok(written(account, kind, id, &names))
}

/// `PATCH /{type}/{id}`: what is absent stays, null clears.
pub(crate) fn update(account: &mut Account, request: &Request, now: DateTime<Utc>) -> Result<Response, Refusal> {
    let kind = kind(request)?;
    let id = account.records.find(kind, &request.key).ok_or_else(Refusal::nonexistent)?;
    let mut names = NameCheck::new(request);
    change(account, id, &request.document()?, replaces(request), &mut names, now)?;
    Ok(written(account, kind, id, &names))
}

/// `PUT /{type}/eid:{external id}`: creates, or changes what there is; lines without a number are added.
pub(crate) fn upsert(account: &mut Account, request: &Request, now: DateTime<Utc>) -> Result<Response, Refusal> {
    let kind = kind(request)?;
    let external_id = request.key.strip_prefix("eid:").ok_or_else(Refusal::invalid_request)?;
    let mut names = NameCheck::new(request);
    let mut document = request.document()?;
    let id = if let Some(id) = account.records.by_external(kind, external_id) {
        change(account, id, &document, replaces(request), &mut names, now)?;
        id
    } else {
        document.insert("externalId".to_owned(), json!(external_id));
        insert(account, kind, &document, &mut names, now)?
    };
    Ok(written(account, kind, id, &names))
}

/// `GET /{type}/{id}`: loads the record as for editing, which a lock forbids.
pub(crate) fn read(account: &mut Account, request: &Request, _: DateTime<Utc>) -> Result<Response, Refusal> {
    let id = account.records.find(kind(request)?, &request.key).ok_or_else(Refusal::nonexistent)?;
    let record = account.records.get(id).ok_or_else(Refusal::nonexistent)?;
    unlocked(record)?;
    let expand = request.parameter("expandSubResources") == "true";
    Ok(Json(render::document(account, record, expand)).into_response())
}

/// `DELETE /{type}/{id}`: not of what other records came of.
pub(crate) fn delete(account: &mut Account, request: &Request, _: DateTime<Utc>) -> Result<Response, Refusal> {
    if !account.settings.deletes {
        return Err(Refusal::not_permitted());
    }
    if request.kind.eq_ignore_ascii_case(fulfilment::ITEM_FULFILLMENT) {
        fulfilment::undo(account, request.key.parse().map_err(|_| Refusal::nonexistent())?)?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let id = account.records.find(kind(request)?, &request.key).ok_or_else(Refusal::nonexistent)?;
    let used = |record: &Record| {
        record.id == id && record.rows.iter().any(|row| !row.fulfilled.max(row.billed).is_zero())
            || record.reference("entity") == Some(id)
    };
    if account.records.all().any(used) {
        return Err(Refusal::user("This record cannot be deleted because it has dependent records"));
    }
    account.records.remove(id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn kind(request: &Request) -> Result<Kind, Refusal> {
    Kind::find(&request.kind).ok_or_else(Refusal::not_found)
}

fn replaces(request: &Request) -> bool {
    request.parameter("replace").split(',').any(|name| name.eq_ignore_ascii_case("item"))
}

/// Creates a record; returns its id.
pub(crate) fn insert(
    account: &mut Account,
    kind: Kind,
    document: &Document,
    names: &mut NameCheck,
    now: DateTime<Utc>,
) -> Result<u64, Refusal> {
    let (mut fields, sublist) = take(account, kind, document, names)?;
    fields.retain(|_, value| !value.is_null());
    let id = account.records.next_id();
    let mut record =
        Record { kind, id, fields, rows: Vec::new(), created: now, modified: now, locked: false, stamps: Vec::new() };
    let external_id = record.external_id();
    let exists = external_id.is_some_and(|external_id| account.records.by_external(kind, external_id).is_some());
    if exists && !account.settings.repeats_create {
        return Err(Refusal::user("This record already exists").at("externalId"));
    }
    run_script(account, external_id)?;
    if kind.is_transaction() {
        transaction::complete(account, &mut record, now)?;
        transaction::set_lines(account, &mut record, sublist.as_ref(), false, names)?;
    } else {
        customer::complete(account, &mut record)?;
    }
    keep(account, record, "create", now);
    Ok(id)
}

/// Changes a record that there is.
pub(crate) fn change(
    account: &mut Account,
    id: u64,
    document: &Document,
    replace: bool,
    names: &mut NameCheck,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let mut record = account.records.get(id).cloned().ok_or_else(Refusal::nonexistent)?;
    unlocked(&record)?;
    run_script(account, record.external_id())?;
    let (fields, sublist) = take(account, record.kind, document, names)?;
    let is_address = |name: &str| name.ends_with("Address") || name == "addressBook";
    if let Some(name) = fields.keys().find(|name| account.settings.fixed_addresses && is_address(name)) {
        return Err(Refusal::user("Updating a subrecord is not supported.").at(name));
    }
    for (name, value) in fields {
        if value.is_null() { drop(record.fields.remove(&name)) } else { drop(record.fields.insert(name, value)) }
    }
    let owner = record.external_id().and_then(|external_id| account.records.by_external(record.kind, external_id));
    if owner.is_some_and(|owner| owner != id) {
        return Err(Refusal::user("This record already exists").at("externalId"));
    }
    if record.kind.is_transaction() {
        if sublist.is_some() {
            transaction::set_lines(account, &mut record, sublist.as_ref(), replace, names)?;
        }
    } else {
        customer::check(account, &record)?;
    }
    keep(account, record, "update", now);
    Ok(())
}

fn keep(account: &mut Account, mut record: Record, by: &'static str, now: DateTime<Utc>) {
    record.modified = now;
    let stamp = record.text(STAMP).map(str::to_owned);
    record.stamps.push(Stamp { at: now, by, stamp });
    account.records.put(record);
}

fn unlocked(record: &Record) -> Result<(), Refusal> {
    if record.locked { Err(Refusal::user("This record has been locked by a user defined workflow.")) } else { Ok(()) }
}

fn run_script(account: &Account, external_id: Option<&str>) -> Result<(), Refusal> {
    match external_id.and_then(|external_id| account.scripts.get(external_id)) {
        Some(text) => Err(Refusal::user(text)),
        None => Ok(()),
    }
}

/// The properties of the body under their canonical names (nulls stay, to clear), and the sublist of lines.
fn take(
    account: &Account,
    kind: Kind,
    document: &Document,
    names: &mut NameCheck,
) -> Result<(Document, Option<Value>), Refusal> {
    let prefix = if kind.is_transaction() { "custbody" } else { "custentity" };
    let (mut fields, mut sublist) = (Map::new(), None);
    for (name, value) in document {
        if kind.is_transaction() && name == "item" {
            sublist = Some(value.clone());
            continue;
        }
        let is_custom = name.starts_with(prefix) && account.settings.custom_fields.contains(name);
        let known = fields::body(kind, name);
        let (known, shape) = match known {
            Some((known, shape)) => (known, shape),
            None if is_custom => (name.as_str(), Shape::Text(300)),
            None => {
                names.unknown(name)?;
                continue;
            }
        };
        let value = if value.is_null() { Value::Null } else { shape.take(account, known, name, value)? };
        fields.insert(known.to_owned(), value);
    }
    Ok((fields, sublist))
}

/// 204, where the record is, and a warning for each property that was passed over.
fn written(account: &Account, kind: Kind, id: u64, names: &NameCheck) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let location = format!("{}/services/rest/record/v1/{}/{id}", account.base_url, kind.name());
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(&location) {
        headers.insert("Location", location);
    }
    let mark = if names.passed_over.is_empty() { None } else { Some(names.passed_over.join(", ")) };
    if let Some(Ok(warning)) = mark.map(|names| HeaderValue::from_str(&format!("Unknown property: {names}"))) {
        headers.insert("X-NetSuite-Warning", warning);
    }
    response
}
