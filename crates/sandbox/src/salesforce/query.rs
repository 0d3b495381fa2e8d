//! `GET …/query?q=` and `GET …/query/{locator}`.
//! <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm>

use std::sync::Arc;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::cursors::Cursor;
use super::error::data;
use super::instance::Instance;
use super::page::Pages;
use super::request::Request;
use super::settings::TooMuch;
use super::soql;

/// Answers a query with its first page.
pub(crate) fn query(instance: &mut Instance, request: &Request) -> Response {
    first(instance, request, false)
}

/// The same with what is deleted.
/// <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_queryall.htm>
pub(crate) fn query_all(instance: &mut Instance, request: &Request) -> Response {
    first(instance, request, true)
}

fn first(instance: &mut Instance, request: &Request, deleted: bool) -> Response {
    let org = &instance.org;
    let mut plan = match soql::plan(org, request.soql()) {
        Ok(plan) => plan,
        Err(error) => return data(StatusCode::BAD_REQUEST, error.code, &error.message),
    };
    plan.deleted = deleted;
    if let Some(TooMuch { field, hours, code }) = &instance.settings.too_much
        && plan.hours_of(org, field).is_some_and(|asked| asked > *hours)
    {
        return data(StatusCode::BAD_REQUEST, code, "Your query request was running for too long.");
    }
    let rows: Arc<[u32]> = plan.rows(org).into();
    if plan.counts {
        return Json(json!({"totalSize": rows.len(), "done": true, "records": []})).into_response();
    }
    let cursor = Cursor { plan: Arc::new(plan), rows };
    Json(pages(instance, request).page(cursor, None, 0)).into_response()
}

/// Answers with a later page, of an outer or a nested result.
pub(crate) fn next(instance: &mut Instance, request: &Request) -> Response {
    let Some((id, cursor, from)) = instance.cursors.find(&request.name) else {
        return data(StatusCode::BAD_REQUEST, "INVALID_QUERY_LOCATOR", "invalid query locator");
    };
    Json(pages(instance, request).page(cursor, Some(id), from)).into_response()
}

/// `Sforce-Query-Options: batchSize=N` from 200 to 2000, 2000 when absent; the settings win.
fn pages<'a>(instance: &'a mut Instance, request: &'a Request) -> Pages<'a> {
    let asked = request.header("Sforce-Query-Options").trim().strip_prefix("batchSize=");
    let asked = asked.and_then(|size| size.trim().parse().ok()).unwrap_or(2000_usize).clamp(200, 2000);
    Pages {
        org: &instance.org,
        cursors: &mut instance.cursors,
        size: instance.settings.page_size.unwrap_or(asked).max(1),
        children: instance.settings.child_page_size.max(1),
        version: &request.version,
    }
}
