//! OAuth 2.0: client credentials and JWT bearer.
//! <https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_client_credentials_flow.htm>,
//! <https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm>

use std::collections::HashMap;

use axum::Json;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::error::oauth;
use super::instance::Instance;
use super::sessions::App;

/// `POST /services/oauth2/token`
pub(crate) fn token(
    instance: &mut Instance,
    headers: &HeaderMap,
    form: &HashMap<String, String>,
    now: DateTime<Utc>,
) -> Response {
    let app = &instance.app;
    let checked = match form.get("grant_type").map(String::as_str) {
        None => Err(("invalid_request", "grant type is missing")),
        Some("client_credentials") => check_secret(app, headers, form),
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => {
            check_assertion(app, form.get("assertion").map_or("", String::as_str), &instance.base_url, now)
        }
        Some(_) => Err(("unsupported_grant_type", "grant type not supported")),
    };
    if let Err((error, description)) = checked {
        return oauth(error, description);
    }
    let access_token = instance.sessions.mint(now);
    let body = json!({
        "access_token": access_token,
        "signature": "c2FuZGJveA==",
        "token_format": "opaque",
        "scope": "api",
        "instance_url": instance.base_url,
        "id": format!("{}/id/00DRO0000000sbxUAA/005RO0000000sbxUAA", instance.base_url),
        "token_type": "Bearer",
        "issued_at": now.timestamp_millis().to_string(),
    });
    (StatusCode::OK, Json(body)).into_response()
}

type Refusal = (&'static str, &'static str);

fn check_secret(app: &App, headers: &HeaderMap, form: &HashMap<String, String>) -> Result<(), Refusal> {
    let basic = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let basic = basic.and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok());
    let (id, secret) = match basic.as_ref().and_then(|pair| pair.split_once(':')) {
        Some(pair) => pair,
        None => {
            (form.get("client_id").map_or("", String::as_str), form.get("client_secret").map_or("", String::as_str))
        }
    };
    if id != app.client_id {
        return Err(("invalid_client_id", "client identifier invalid"));
    }
    if secret != app.client_secret {
        return Err(("invalid_client", "invalid client credentials"));
    }
    Ok(())
}

/// The claims are checked, the signature is not: there is no certificate here to check it with.
fn check_assertion(app: &App, assertion: &str, base_url: &str, now: DateTime<Utc>) -> Result<(), Refusal> {
    let parts: Vec<&str> = assertion.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        return Err(("invalid_grant", "invalid assertion"));
    };
    let decode = |part| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
    let (Some(header), Some(claims)) = (decode(header), decode(claims)) else {
        return Err(("invalid_grant", "invalid assertion"));
    };
    if header["alg"] != "RS256" || signature.is_empty() {
        return Err(("invalid_grant", "invalid assertion"));
    }
    if claims["iss"] != app.client_id.as_str() {
        return Err(("invalid_client_id", "client identifier invalid"));
    }
    if claims["sub"] != app.username.as_str() {
        return Err(("invalid_grant", "user hasn't approved this consumer"));
    }
    let audiences = ["https://login.salesforce.com", "https://test.salesforce.com", base_url];
    if !audiences.iter().any(|audience| claims["aud"] == *audience) {
        return Err(("invalid_grant", "audience is invalid"));
    }
    // Salesforce accepts a few minutes; five leave room for clocks that differ.
    let left = claims["exp"].as_i64().unwrap_or(0) - now.timestamp();
    if left <= 0 || left > 300 {
        return Err(("invalid_grant", "expired authorization code"));
    }
    Ok(())
}
