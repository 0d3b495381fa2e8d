//! The sandbox's own requests, under `/_sandbox/`: see the crate's documentation for the list.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::faults::Rule;
use crate::seed::DaySpec;
use crate::shopify::{Delivery, Mischief, Story};
use crate::vendors::{Vendors, is_known};

pub(crate) fn routes(vendors: &Vendors) -> Router {
    Router::new()
        .route("/", get(async || "order-relay sandbox: see /_sandbox/report\n"))
        .route("/_sandbox/report", get(async |State(vendors): State<Vendors>| Json(vendors.report())))
        .route("/_sandbox/seed", post(seed))
        .route("/_sandbox/faults", post(add_fault).delete(clear_faults))
        .route("/_sandbox/webhooks", post(webhooks))
        .route("/_sandbox/agreement", get(async |State(vendors): State<Vendors>| Json(vendors.agreement())))
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

/// A shop's orders from `start` on, and what becomes of each.
#[derive(Deserialize)]
struct Told {
    shop: String,
    orders: usize,
    start: DateTime<Utc>,
}

async fn webhooks(State(vendors): State<Vendors>, Json(told): Json<Told>) -> Json<Vec<Delivery>> {
    let webhooks = vendors.shopify.tell(&Story::new(&told.shop, told.orders, told.start));
    Json(vendors.shopify.plan(&webhooks, &Mischief::default()))
}

async fn clear_faults(State(vendors): State<Vendors>) -> StatusCode {
    vendors.clear_faults();
    StatusCode::NO_CONTENT
}
