//! Salesforce's paths.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Form, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::error::{data, quota_used_up};
use super::schema::Object;
use super::{describe, query, token};
use crate::call::answer;
use crate::faults::Endpoint;
use crate::wire::Cut;
use crate::world::{Shared, World};

/// Versions that are answered: those before are retired, those after do not exist yet.
const VERSIONS: std::ops::RangeInclusive<u32> = 31..=68;
/// Salesforce refuses longer request lines.
const LONGEST_URI: usize = 16_384;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/services/oauth2/token", post(mint))
        .route("/services/data", get(versions))
        .route("/services/data/", get(versions))
        .route("/services/data/{version}/query", get(first_page))
        .route("/services/data/{version}/query/", get(first_page))
        .route("/services/data/{version}/queryAll", get(first_page))
        .route("/services/data/{version}/query/{locator}", get(later_page))
        .route("/services/data/{version}/sobjects/{object}/describe", get(describe_object))
        .route("/services/data/{version}/sobjects/{object}/describe/", get(describe_object))
        .route("/services/data/{version}/limits", get(limits))
        .route("/services/data/{version}/limits/", get(limits))
}

type SharedState = State<Arc<Shared>>;
type CutInfo = ConnectInfo<Cut>;

async fn mint(
    State(shared): SharedState,
    ConnectInfo(cut): CutInfo,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    answer(shared, cut, Endpoint::SalesforceToken, String::new(), move |world, moments| {
        token::token(world, &headers, &form, moments.now)
    })
    .await
}

async fn versions(State(shared): SharedState, ConnectInfo(cut): CutInfo) -> Response {
    answer(shared, cut, Endpoint::SalesforceVersions, String::new(), |_, _| {
        let one = |version| {
            json!({"version": format!("{version}.0"), "url": format!("/services/data/v{version}.0"), "label": format!("v{version}")})
        };
        Json(VERSIONS.map(one).collect::<Vec<_>>()).into_response()
    })
    .await
}

async fn first_page(
    State(shared): SharedState,
    ConnectInfo(cut): CutInfo,
    Path(version): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    Query(parameters): Query<HashMap<String, String>>,
) -> Response {
    if uri.to_string().len() > LONGEST_URI {
        return StatusCode::URI_TOO_LONG.into_response();
    }
    data_call(shared, cut, Endpoint::SalesforceQuery, version, headers, move |world, version, headers| {
        query::query(world, version, headers, parameters.get("q").map_or("", String::as_str))
    })
    .await
}

async fn later_page(
    State(shared): SharedState,
    ConnectInfo(cut): CutInfo,
    Path((version, locator)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    data_call(shared, cut, Endpoint::SalesforceNext, version, headers, move |world, version, headers| {
        query::next(world, version, headers, &locator)
    })
    .await
}

async fn describe_object(
    State(shared): SharedState,
    ConnectInfo(cut): CutInfo,
    Path((version, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    data_call(shared, cut, Endpoint::SalesforceDescribe, version, headers, move |world, _, _| {
        match Object::find(&name).filter(|object| world.salesforce.org.has(*object)) {
            Some(object) => Json(describe::describe(&world.salesforce.org, object)).into_response(),
            None => data(StatusCode::NOT_FOUND, "NOT_FOUND", "The requested resource does not exist"),
        }
    })
    .await
}

async fn limits(
    State(shared): SharedState,
    ConnectInfo(cut): CutInfo,
    Path(version): Path<String>,
    headers: HeaderMap,
) -> Response {
    data_call(shared, cut, Endpoint::SalesforceLimits, version, headers, |world, _, _| {
        let max = world.settings.usage_max;
        let remaining = max.saturating_sub(world.settings.usage_used);
        Json(json!({"DailyApiRequests": {"Max": max, "Remaining": remaining}})).into_response()
    })
    .await
}

/// What every call of the data API has in common: version, session, daily pool, and the header that tells of it.
async fn data_call<F>(
    shared: Arc<Shared>,
    cut: Cut,
    endpoint: Endpoint,
    version: String,
    headers: HeaderMap,
    effect: F,
) -> Response
where
    F: FnOnce(&mut World, &str, &HeaderMap) -> Response + Send + 'static,
{
    let counted = Arc::clone(&shared);
    let mut response = answer(shared, cut, endpoint, String::new(), move |world, moments| {
        let refusal = version_refusal(&version).or_else(|| token::session_refusal(world, &headers, moments.now));
        if let Some(refusal) = refusal {
            return refusal;
        }
        if world.settings.usage_used >= world.settings.usage_max {
            return quota_used_up();
        }
        world.settings.usage_used += 1;
        effect(world, &version, &headers)
    })
    .await;
    let usage = {
        let settings = &counted.lock().settings;
        format!("api-usage={}/{}", settings.usage_used, settings.usage_max)
    };
    if let Ok(usage) = HeaderValue::from_str(&usage) {
        response.headers_mut().insert("Sforce-Limit-Info", usage);
    }
    response
}

fn version_refusal(version: &str) -> Option<Response> {
    let number = version.strip_prefix('v').and_then(|rest| rest.strip_suffix(".0")?.parse::<u32>().ok());
    match number {
        Some(number) if VERSIONS.contains(&number) => None,
        Some(number) if number < *VERSIONS.start() => {
            Some(data(StatusCode::GONE, "UNSUPPORTED_API_VERSION", "The API version is retired"))
        }
        _ => Some(data(StatusCode::NOT_FOUND, "NOT_FOUND", "The requested resource does not exist")),
    }
}
