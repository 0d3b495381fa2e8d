//! The sandbox's own requests, under `/_sandbox/`: see the crate's documentation for the list.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::{Fault, Rule};
use crate::handle::Handle;
use crate::salesforce::BadRecord;
use crate::seed::DaySpec;
use crate::settings::Settings;
use crate::world::Shared;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sandbox/report", get(async |State(handle): State<Handle>| Json(handle.report())))
        .route("/_sandbox/arrivals", get(async |State(handle): State<Handle>| Json(handle.arrivals())))
        .route("/_sandbox/orders", post(put_orders))
        .route("/_sandbox/orders/{key}", get(one_order).patch(patch_order).delete(remove_order))
        .route("/_sandbox/seed", post(seed))
        .route("/_sandbox/faults", get(faults).post(add_faults).delete(clear_faults))
        .route("/_sandbox/settings", get(settings).patch(patch_settings))
        .route("/_sandbox/expire/{what}", post(expire))
        .route("/_sandbox/refuse", post(refuse))
        .route("/_sandbox/reset", post(reset))
}

impl axum::extract::FromRef<Arc<Shared>> for Handle {
    fn from_ref(shared: &Arc<Shared>) -> Self {
        let base_url = shared.lock().base_url.clone();
        Self::new(Arc::clone(shared), base_url)
    }
}

type Own = State<Handle>;

fn mistake(error: &impl ToString) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": error.to_string()}))).into_response()
}

fn done(result: Result<(), BadRecord>) -> Response {
    match result {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error @ BadRecord::NotFound) => (StatusCode::NOT_FOUND, error.to_string()).into_response(),
        Err(error) => mistake(&error),
    }
}

async fn put_orders(State(handle): Own, Json(body): Json<Value>) -> Response {
    let orders = if let Value::Array(orders) = body { orders } else { vec![body] };
    match orders.iter().map(|order| handle.put_order(order)).collect::<Result<Vec<_>, _>>() {
        Ok(ids) => Json(ids).into_response(),
        Err(error) => mistake(&error),
    }
}

async fn one_order(State(handle): Own, Path(key): Path<String>) -> Response {
    handle.order(&key).map_or_else(|| StatusCode::NOT_FOUND.into_response(), |order| Json(order).into_response())
}

async fn patch_order(State(handle): Own, Path(key): Path<String>, Json(fields): Json<Value>) -> Response {
    done(handle.patch_order(&key, &fields))
}

async fn remove_order(State(handle): Own, Path(key): Path<String>) -> Response {
    done(handle.remove_order(&key))
}

async fn seed(State(handle): Own, Json(spec): Json<DaySpec>) -> Response {
    match handle.seed_day(&spec) {
        Ok(manifest) => Json(manifest).into_response(),
        Err(error) => mistake(&error),
    }
}

async fn faults(State(handle): Own) -> Response {
    Json(handle.faults()).into_response()
}

/// One rule, a list of them, or a preset.
#[derive(Deserialize)]
#[serde(untagged)]
enum Rules {
    One(Box<Rule>),
    Many(Vec<Rule>),
    Preset { preset: String, seed: Option<u64> },
}

async fn add_faults(State(handle): Own, Json(body): Json<Value>) -> Response {
    // An untagged enum would hide which key is wrong.
    if body.is_object()
        && body.get("preset").is_none()
        && let Err(error) = serde_json::from_value::<Rule>(body.clone())
    {
        return mistake(&error);
    }
    let rules = match serde_json::from_value(body) {
        Ok(Rules::One(rule)) => vec![*rule],
        Ok(Rules::Many(rules)) => rules,
        Ok(Rules::Preset { preset, seed }) if preset == "demo" => Fault::demo(seed.unwrap_or(1)),
        Ok(Rules::Preset { .. }) => return mistake(&"no such preset: expected `demo`"),
        Err(error) => return mistake(&error),
    };
    let ids: Vec<u64> = rules.into_iter().map(|rule| handle.add_fault(rule)).collect();
    Json(ids).into_response()
}

async fn clear_faults(State(handle): Own) -> StatusCode {
    handle.clear_faults();
    StatusCode::NO_CONTENT
}

async fn settings(State(handle): Own) -> Json<Settings> {
    Json(handle.settings())
}

async fn patch_settings(State(handle): Own, Json(patch): Json<Value>) -> Response {
    let mut merged = json!(handle.settings());
    for (key, value) in patch.as_object().into_iter().flatten() {
        merged[key] = value.clone();
    }
    match serde_json::from_value::<Settings>(merged) {
        Ok(new) => {
            handle.set(|settings| *settings = new.clone());
            Json(new).into_response()
        }
        Err(error) => mistake(&error),
    }
}

/// The body is read, though it says nothing: an unread one costs the connection.
async fn expire(State(handle): Own, Path(what): Path<String>, _body: Bytes) -> StatusCode {
    match what.as_str() {
        "sessions" => handle.expire_sessions(),
        "cursors" => handle.expire_cursors(),
        "utokens" => handle.expire_utokens(),
        _ => return StatusCode::NOT_FOUND,
    }
    StatusCode::NO_CONTENT
}

async fn refuse(State(handle): Own, Json(order_ids): Json<Vec<String>>) -> StatusCode {
    handle.refuse(order_ids);
    StatusCode::NO_CONTENT
}

async fn reset(State(handle): Own, _body: Bytes) -> StatusCode {
    handle.reset();
    StatusCode::NO_CONTENT
}
