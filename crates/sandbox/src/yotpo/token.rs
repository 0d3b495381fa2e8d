//! `POST /oauth/token`: the utoken. <https://apidocs.yotpo.com/reference/yotpo-authentication>

use std::collections::HashMap;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::settings::Settings;
use crate::world::World;

struct Utoken {
    app_key: String,
    minted: DateTime<Utc>,
    calls: u64,
}

/// Utokens by their text.
#[derive(Default)]
pub(crate) struct Utokens {
    minted: HashMap<String, Utoken>,
    count: u64,
}

impl Utokens {
    pub(crate) fn clear(&mut self) {
        self.minted.clear();
    }

    pub(crate) fn clear_of(&mut self, app_key: &str) {
        self.minted.retain(|_, token| token.app_key != app_key);
    }

    /// Whether `text` is good for one more call for `app_key`, and counts it.
    pub(crate) fn admit(&mut self, settings: &Settings, app_key: &str, text: Option<&str>, now: DateTime<Utc>) -> bool {
        let Some(token) = text.and_then(|text| self.minted.get_mut(text)) else {
            return false;
        };
        token.calls += 1;
        let life = settings.utoken_seconds.and_then(|seconds| i64::try_from(seconds).ok());
        token.app_key == app_key
            && life.is_none_or(|seconds| now - token.minted < TimeDelta::seconds(seconds))
            && settings.utoken_calls.is_none_or(|calls| token.calls <= calls)
    }
}

/// Mints a utoken for the account whose secret is given.
pub(crate) fn token(world: &mut World, body: &Value, now: DateTime<Utc>) -> Response {
    let field = |name: &str| body[name].as_str().unwrap_or_default();
    let app_key = field("client_id");
    let account = world.yotpo.accounts.get(app_key);
    let is_known = account.is_some_and(|account| account.secret == field("client_secret"));
    if !is_known || field("grant_type") != "client_credentials" {
        let status = if world.settings.utoken_error_as_200 { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        let error = json!({"error": "invalid_client", "error_description": "Client authentication failed"});
        return (status, Json(error)).into_response();
    }
    let tokens = &mut world.yotpo.tokens;
    tokens.count += 1;
    let text = format!("utoken-{:06}-{}", tokens.count, now.timestamp_millis());
    tokens.minted.insert(text.clone(), Utoken { app_key: app_key.to_owned(), minted: now, calls: 0 });
    Json(json!({"access_token": text, "token_type": "bearer"})).into_response()
}
