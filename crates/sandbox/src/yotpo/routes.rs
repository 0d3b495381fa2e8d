//! Yotpo's paths.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use serde_json::{Map, Value};

use super::accounts::Accounts;
use super::endpoints::{CREATE, MASS_CREATE, READ, TOKEN};
use super::error::{of_status, ok};
use super::purchases::{Request, count, create, order_id};
use super::read::{Parameters, read};
use super::token::token;
use crate::call::{Call, Circumstances, Host, Vendor};
use crate::faults::Endpoint;

impl Vendor for Accounts {
    fn error(_: Endpoint, code: u16) -> Response {
        of_status(code)
    }

    fn expire_tokens(&mut self) {
        self.utokens.clear();
    }
}

pub(crate) fn routes() -> Router<Arc<Host<Accounts>>> {
    let purchases = || posting(CREATE).get(read_back);
    Router::new()
        .route("/oauth/token", post(mint))
        .route("/apps/{app_key}/purchases", purchases())
        .route("/apps/{app_key}/purchases/", purchases())
        .route("/apps/{app_key}/purchases.json", purchases())
        .route("/apps/{app_key}/purchases/mass_create", posting(MASS_CREATE))
        .route("/apps/{app_key}/purchases/mass_create.json", posting(MASS_CREATE))
}

async fn mint(call: Call<Accounts>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let app_key = body["client_id"].as_str().unwrap_or_default().to_owned();
    call.answer(TOKEN, app_key, move |accounts, circumstances| token(accounts, &body, circumstances.now)).await
}

async fn read_back(call: Call<Accounts>, Path(app_key): Path<String>, Query(asked): Query<Parameters>) -> Response {
    let effect =
        move |accounts: &mut _, circumstances: Circumstances| read(accounts, &app_key, &asked, circumstances.now);
    call.answer(READ, String::new(), effect).await
}

/// A route that takes one purchase or many.
fn posting(endpoint: Endpoint) -> MethodRouter<Arc<Host<Accounts>>> {
    post(async move |call: Call<Accounts>, Path(app_key): Path<String>, headers: HeaderMap, body: Bytes| {
        let Ok(text) = std::str::from_utf8(&body) else {
            // "Wrong encoding" is on Yotpo's list of what is answered 200 and not created.
            return call.answer(endpoint, String::new(), |_, _| ok()).await;
        };
        let Ok(body) = serde_json::from_str::<Map<String, Value>>(text) else {
            return call.answer(endpoint, String::new(), |_, _| of_status(400)).await;
        };
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let request = Request { app_key, body, says_json: content_type.starts_with("application/json") };
        count(&mut call.host.lock(), &request);
        let subject = order_id(&request.body);
        call.answer(endpoint, subject, move |accounts, circumstances| create(accounts, &request, circumstances)).await
    })
}
