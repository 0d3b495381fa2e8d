//! `GET …/query?q=` and `GET …/query/{locator}`.
//! <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm>

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::cursors::Cursor;
use super::error::data;
use super::page::{Limits, page};
use super::soql;
use crate::settings::TooMuch;
use crate::world::World;

/// Answers a query with its first page.
pub(crate) fn query(world: &mut World, version: &str, headers: &HeaderMap, q: &str) -> Response {
    let limits = limits(world, version, headers);
    let salesforce = &mut world.salesforce;
    let plan = match soql::plan(&salesforce.org, q) {
        Ok(plan) => plan,
        Err(error) => return data(StatusCode::BAD_REQUEST, error.code, &error.message),
    };
    if let Some(TooMuch { field, hours, code }) = &world.settings.too_much
        && plan.hours_of(&salesforce.org, field).is_some_and(|asked| asked > *hours)
    {
        return data(StatusCode::BAD_REQUEST, code, "Your query request was running for too long.");
    }
    let rows: Arc<[u32]> = plan.rows(&salesforce.org).into();
    if plan.counts {
        return Json(json!({"totalSize": rows.len(), "done": true, "records": []})).into_response();
    }
    let cursor = Cursor { plan: Arc::new(plan), rows };
    Json(page(&salesforce.org, &mut salesforce.cursors, &limits, cursor, None, 0)).into_response()
}

/// Answers with a later page, of an outer or a nested result.
pub(crate) fn next(world: &mut World, version: &str, headers: &HeaderMap, locator: &str) -> Response {
    let limits = limits(world, version, headers);
    let salesforce = &mut world.salesforce;
    let Some((id, cursor, from)) = salesforce.cursors.find(locator) else {
        return data(StatusCode::BAD_REQUEST, "INVALID_QUERY_LOCATOR", "invalid query locator");
    };
    Json(page(&salesforce.org, &mut salesforce.cursors, &limits, cursor, Some(id), from)).into_response()
}

/// `Sforce-Query-Options: batchSize=N` from 200 to 2000, 2000 when absent; the settings win.
fn limits(world: &World, version: &str, headers: &HeaderMap) -> Limits {
    let asked =
        headers.get("Sforce-Query-Options").and_then(|value| value.to_str().ok()?.trim().strip_prefix("batchSize="));
    let asked = asked.and_then(|size| size.trim().parse().ok()).unwrap_or(2000_usize).clamp(200, 2000);
    Limits {
        page: world.settings.page_size.unwrap_or(asked).max(1),
        children: world.settings.child_page_size.max(1),
        version: version.to_owned(),
    }
}
