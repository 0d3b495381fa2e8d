//! Salesforce's paths.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::Form;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::describe::describe;
use super::endpoints::{DESCRIBE, LIMITS, NEXT, QUERY, TOKEN, UPDATE, UPSERT, VERSIONS};
use super::error::{data, of_status, quota_used_up, session_expired};
use super::instance::Instance;
use super::query::{next, query, query_all};
use super::request::Request;
use super::token::token;
use super::write::{update, upsert};
use crate::call::{Call, Host, Vendor};
use crate::faults::Endpoint;

/// Versions that are answered: those before are retired, those after do not exist yet.
const VERSION_NUMBERS: std::ops::RangeInclusive<u32> = 31..=68;

impl Vendor for Instance {
    fn error(endpoint: Endpoint, code: u16) -> Response {
        of_status(endpoint, code)
    }

    fn expire_tokens(&mut self) {
        self.sessions.clear();
    }
}

type Effect = fn(&mut Instance, &Request) -> Response;

pub(crate) fn routes() -> Router<Arc<Host<Instance>>> {
    let calls: [(&str, Endpoint, Effect); 5] = [
        ("query", QUERY, query),
        ("queryAll", QUERY, query_all),
        ("query/{name}", NEXT, next),
        ("sobjects/{name}/describe", DESCRIBE, describe),
        ("limits", LIMITS, limits),
    ];
    let mut routes = Router::new()
        .route("/services/oauth2/token", post(mint))
        .route("/services/data", get(versions))
        .route("/services/data/", get(versions));
    for (path, endpoint, effect) in calls {
        let effect = move |instance: &mut Instance, request: &Request, _| effect(instance, request);
        let route = get(async move |call, request| answer(call, endpoint, request, effect).await);
        for slash in ["", "/"] {
            routes = routes.route(&format!("/services/data/{{version}}/{path}{slash}"), route.clone());
        }
    }
    routes
        .route("/services/data/{version}/composite/sobjects", patch(change))
        .route("/services/data/{version}/composite/sobjects/{name}/{field}", patch(change_or_make))
}

async fn change(call: Call<Instance>, request: Request, body: Bytes) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else { return not_json() };
    answer(call, UPDATE, request, move |instance, _, now| update(instance, &body, now)).await
}

async fn change_or_make(call: Call<Instance>, request: Request, body: Bytes) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else { return not_json() };
    let effect = move |instance: &mut Instance, request: &Request, now| {
        upsert(instance, &request.name, &request.field, &body, now)
    };
    answer(call, UPSERT, request, effect).await
}

fn not_json() -> Response {
    data(StatusCode::BAD_REQUEST, "JSON_PARSER_ERROR", "Unexpected character")
}

async fn mint(call: Call<Instance>, headers: HeaderMap, Form(form): Form<HashMap<String, String>>) -> Response {
    call.answer(TOKEN, String::new(), move |instance, circumstances| {
        token(instance, &headers, &form, circumstances.now)
    })
    .await
}

async fn versions(call: Call<Instance>) -> Response {
    call.answer(VERSIONS, String::new(), |_, _| {
        let one = |version| {
            json!({"version": format!("{version}.0"), "url": format!("/services/data/v{version}.0"), "label": format!("v{version}")})
        };
        Json(VERSION_NUMBERS.map(one).collect::<Vec<_>>()).into_response()
    })
    .await
}

fn limits(instance: &mut Instance, _: &Request) -> Response {
    let max = instance.settings.usage_max;
    let remaining = max.saturating_sub(instance.settings.usage_used);
    Json(json!({"DailyApiRequests": {"Max": max, "Remaining": remaining}})).into_response()
}

/// What every call of the data API has in common: version, session, daily pool, and the header that tells of it.
async fn answer(
    call: Call<Instance>,
    endpoint: Endpoint,
    request: Request,
    effect: impl FnOnce(&mut Instance, &Request, DateTime<Utc>) -> Response + Send + 'static,
) -> Response {
    let host = Arc::clone(&call.host);
    let mut response = call
        .answer(endpoint, String::new(), move |instance, circumstances| {
            if let Some(refusal) = version_refusal(&request.version) {
                return refusal;
            }
            let life = instance.settings.session_seconds;
            if !instance.sessions.admits(request.token(), life, circumstances.now) {
                return session_expired();
            }
            if instance.settings.usage_used >= instance.settings.usage_max {
                return quota_used_up();
            }
            instance.settings.usage_used += 1;
            effect(instance, &request, circumstances.now)
        })
        .await;
    let usage = {
        let settings = &host.lock().settings;
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
        Some(number) if VERSION_NUMBERS.contains(&number) => None,
        Some(number) if number < *VERSION_NUMBERS.start() => {
            Some(data(StatusCode::GONE, "UNSUPPORTED_API_VERSION", "The API version is retired"))
        }
        _ => Some(data(StatusCode::NOT_FOUND, "NOT_FOUND", "The requested resource does not exist")),
    }
}
