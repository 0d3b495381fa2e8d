//! The sandbox's own requests, under `/_sandbox/`: see the crate's documentation for the list.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::faults::Rule;
use crate::seed::DaySpec;
use crate::vendors::{Vendors, is_known};

pub(crate) fn routes(vendors: &Vendors) -> Router {
    Router::new()
        .route("/", get(async || "order-relay sandbox: see /_sandbox/report\n"))
        .route("/_sandbox/report", get(async |State(vendors): State<Vendors>| Json(vendors.report())))
        .route("/_sandbox/seed", post(seed))
        .route("/_sandbox/faults", post(add_fault).delete(clear_faults))
        .with_state(vendors.clone())
}

async fn seed(State(vendors): State<Vendors>, Json(spec): Json<DaySpec>) -> Response {
    match vendors.seed_day(&spec) {
        Ok(manifest) => Json(manifest).into_response(),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response(),
    }
}

async fn add_fault(State(vendors): State<Vendors>, Json(rule): Json<Rule>) -> Response {
    if is_known(&rule.target) {
        return Json(vendors.add_fault(rule)).into_response();
    }
    let error =
        format!("no such target `{}`: expected `*`, a vendor (`yotpo`) or an endpoint (`yotpo.create`)", rule.target);
    (StatusCode::UNPROCESSABLE_ENTITY, error).into_response()
}

async fn clear_faults(State(vendors): State<Vendors>) -> StatusCode {
    vendors.clear_faults();
    StatusCode::NO_CONTENT
}
