//! The sandbox's own requests, under `/_sandbox/`: see the crate's documentation for the list.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::faults::Rule;
use crate::handle::Handle;
use crate::seed::DaySpec;
use crate::world::Shared;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sandbox/report", get(async |State(handle): State<Handle>| Json(handle.report())))
        .route("/_sandbox/seed", post(seed))
        .route("/_sandbox/faults", post(add_fault).delete(clear_faults))
}

impl axum::extract::FromRef<Arc<Shared>> for Handle {
    fn from_ref(shared: &Arc<Shared>) -> Self {
        let base_url = shared.lock().base_url.clone();
        Self::new(Arc::clone(shared), base_url)
    }
}

async fn seed(State(handle): State<Handle>, Json(spec): Json<DaySpec>) -> Response {
    match handle.seed_day(&spec) {
        Ok(manifest) => Json(manifest).into_response(),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response(),
    }
}

async fn add_fault(State(handle): State<Handle>, Json(rule): Json<Rule>) -> Json<u64> {
    Json(handle.add_fault(rule))
}

async fn clear_faults(State(handle): State<Handle>) -> StatusCode {
    handle.clear_faults();
    StatusCode::NO_CONTENT
}
