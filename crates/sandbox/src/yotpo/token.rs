//! `POST /oauth/token`: a utoken for the account whose secret is given.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::accounts::Accounts;

pub(crate) fn token(accounts: &mut Accounts, body: &Value, now: DateTime<Utc>) -> Response {
    let field = |name: &str| body[name].as_str().unwrap_or_default();
    let app_key = field("client_id");
    let account = accounts.by_key.get(app_key);
    let is_known = account.is_some_and(|account| account.secret == field("client_secret"));
    if !is_known || field("grant_type") != "client_credentials" {
        let status = if accounts.settings.utoken_error_as_200 { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        let error = json!({"error": "invalid_client", "error_description": "Client authentication failed"});
        return (status, Json(error)).into_response();
    }
    Json(json!({"access_token": accounts.utokens.mint(app_key, now), "token_type": "bearer"})).into_response()
}
