//! `POST /app/site/hosting/restlet.nl?script=customscript_order_relay&deploy=customdeploy_order_relay`: the account's
//! custom API. It creates or updates by external id and stamp, and puts errors into a 200.

use axum::Json;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::account::Account;
use super::error::{Refusal, restlet as error};
use super::kind::Kind;
use super::record;
use super::records::STAMP;
use super::request::{NameCheck, Request};

const SCRIPT: &str = "customscript_order_relay";
const DEPLOYMENT: &str = "customdeploy_order_relay";
const RELAY_LINE: &str = "custcol_order_relay_line";

pub(crate) fn run(account: &mut Account, request: &Request, now: DateTime<Utc>) -> Result<Response, Refusal> {
    if request.parameter("script") != SCRIPT || request.parameter("deploy") != DEPLOYMENT {
        let text = "That Suitelet is invalid, disabled, or no longer exists.";
        return Ok(error(400, "SSS_INVALID_SCRIPTLET_ID", text));
    }
    let document = request.document()?;
    Ok(match put(account, &document, now) {
        Ok(answer) => Json(answer).into_response(),
        // The script caught it.
        Err(refusal) => error(200, refusal.code, &refusal.detail),
    })
}

fn put(account: &mut Account, sent: &Map<String, Value>, now: DateTime<Utc>) -> Result<Value, Refusal> {
    let text = |name: &str| sent.get(name).and_then(Value::as_str);
    let kind = text("type").and_then(Kind::find).ok_or_else(|| Refusal::missing("type"))?;
    let external_id = text("externalId").ok_or_else(|| Refusal::missing("externalId"))?;
    let stamp = text("stamp").ok_or_else(|| Refusal::missing("stamp"))?;
    let mut document = sent.get("fields").and_then(Value::as_object).cloned().unwrap_or_default();
    let lines = sent.get("lines").and_then(Value::as_array).cloned();
    if kind.is_transaction() {
        document.insert(STAMP.to_owned(), json!(stamp));
    }
    let mut names = NameCheck::strict();
    let known = account.records.by_external(kind, external_id);
    let Some(id) = known else {
        document.insert("externalId".to_owned(), json!(external_id));
        if let Some(lines) = lines {
            document.insert("item".to_owned(), json!({"items": lines}));
        }
        let id = record::insert(account, kind, &document, &mut names, now)?;
        return Ok(json!({"id": id.to_string(), "stamp": stamp, "already": false}));
    };
    let record = account.records.get(id).ok_or_else(Refusal::nonexistent)?;
    if kind.is_transaction() && record.text(STAMP) == Some(stamp) {
        return Ok(json!({"id": id.to_string(), "stamp": stamp, "already": true}));
    }
    if let Some(lines) = lines {
        let numbered = numbered(record, lines);
        document.insert("item".to_owned(), json!({"items": numbered}));
    }
    record::change(account, id, &document, false, &mut names, now)?;
    Ok(json!({"id": id.to_string(), "stamp": stamp, "already": false}))
}

/// Lines that the order has get their numbers, and those that it alone has are closed.
fn numbered(record: &super::records::Record, lines: Vec<Value>) -> Vec<Value> {
    let mut numbered = Vec::new();
    let named: Vec<Value> = lines.iter().map(|line| line[RELAY_LINE].clone()).collect();
    for mut line in lines {
        let known = record.rows.iter().find(|row| row.fields.get(RELAY_LINE) == Some(&line[RELAY_LINE]));
        if let (Some(row), Some(line)) = (known, line.as_object_mut()) {
            line.insert("line".to_owned(), json!(row.number));
        }
        numbered.push(line);
    }
    let dropped = record.rows.iter().filter(|row| row.fields.get(RELAY_LINE).is_none_or(|name| !named.contains(name)));
    numbered.extend(dropped.map(|row| json!({"line": row.number, "isClosed": true})));
    numbered
}
