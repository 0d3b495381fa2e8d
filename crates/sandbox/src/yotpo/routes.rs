//! Yotpo's paths.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Map, Value};

use super::error::{of_status, ok};
use super::purchases::{Request, create, mass_create, note, order_id};
use super::read::{Parameters, read};
use super::token::token;
use crate::call::{Moments, answer};
use crate::faults::Endpoint;
use crate::wire::Cut;
use crate::world::{Shared, World};

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/oauth/token", post(mint))
        .route("/apps/{app_key}/purchases", post(create_one).get(read_back))
        .route("/apps/{app_key}/purchases/", post(create_one).get(read_back))
        .route("/apps/{app_key}/purchases.json", post(create_one).get(read_back))
        .route("/apps/{app_key}/purchases/mass_create", post(create_many))
        .route("/apps/{app_key}/purchases/mass_create.json", post(create_many))
        .route("/", get(async || "order-relay sandbox: see /_sandbox/report\n"))
}

type SharedState = State<Arc<Shared>>;
type CutInfo = ConnectInfo<Cut>;

async fn mint(State(shared): SharedState, ConnectInfo(cut): CutInfo, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let app_key = body["client_id"].as_str().unwrap_or_default().to_owned();
    answer(shared, cut, Endpoint::YotpoToken, app_key, move |world, moments| token(world, &body, moments.now)).await
}

async fn create_one(
    State(shared): SharedState,
    ConnectInfo(cut): CutInfo,
    Path(app_key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    post_purchases(shared, cut, Endpoint::YotpoCreate, app_key, &headers, &body, create).await
}

async fn create_many(
    State(shared): SharedState,
    ConnectInfo(cut): CutInfo,
    Path(app_key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    post_purchases(shared, cut, Endpoint::YotpoMassCreate, app_key, &headers, &body, mass_create).await
}

async fn post_purchases(
    shared: Arc<Shared>,
    cut: Cut,
    endpoint: Endpoint,
    app_key: String,
    headers: &HeaderMap,
    body: &Bytes,
    effect: fn(&mut World, &Request, Moments) -> Response,
) -> Response {
    let Ok(text) = std::str::from_utf8(body) else {
        // "Wrong encoding" is on Yotpo's list of what is answered 200 and not created.
        return answer(shared, cut, endpoint, String::new(), |_, _| ok()).await;
    };
    let Ok(body) = serde_json::from_str::<Map<String, Value>>(text) else {
        return answer(shared, cut, endpoint, String::new(), |_, _| of_status(400)).await;
    };
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let says_json = content_type.starts_with("application/json");
    let request = Request { app_key, body, says_json };
    note(&mut shared.lock(), &request);
    let subject = order_id(&request.body);
    answer(shared, cut, endpoint, subject, move |world, moments| effect(world, &request, moments)).await
}

async fn read_back(
    State(shared): SharedState,
    ConnectInfo(cut): CutInfo,
    Path(app_key): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Response {
    answer(shared, cut, Endpoint::YotpoRead, String::new(), move |world, moments| {
        read(world, &app_key, &parameters, moments.now)
    })
    .await
}
