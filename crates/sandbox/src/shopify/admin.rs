//! The Admin API: a token by client credentials, and GraphQL under a bucket of points.
//! <https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant>,
//! <https://shopify.dev/docs/api/usage/limits>

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Form, Path};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::endpoints::{GRAPHQL, TOKEN};
use super::graphql::{Error, execute};
use super::query::ShopRoot;
use super::settings::Settings;
use super::shop::Shop;
use super::world::World;
use crate::call::{Call, Host, Vendor};
use crate::faults::Endpoint;

impl Vendor for World {
    fn error(endpoint: Endpoint, code: u16) -> Response {
        let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = match (endpoint, code) {
            (TOKEN, 400..500) => {
                json!({"error": "invalid_client", "error_description": "client authentication failed"})
            }
            (_, 401) => {
                json!({"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"})
            }
            (_, 429) => json!({"errors": "Exceeded 2 calls per second for api client."}),
            _ => json!({"errors": "Internal Server Error"}),
        };
        (status, Json(body)).into_response()
    }

    fn expire_tokens(&mut self) {
        self.shops.values_mut().for_each(|shop| shop.tokens.clear());
    }
}

pub(crate) fn routes() -> Router<Arc<Host<World>>> {
    Router::new()
        .route("/shops/{shop}/admin/oauth/access_token", post(token))
        .route("/shops/{shop}/admin/api/{version}/graphql.json", post(graphql))
}

async fn token(call: Call<World>, Path(shop): Path<String>, Form(form): Form<HashMap<String, String>>) -> Response {
    call.answer(TOKEN, shop.clone(), move |world, circumstances| {
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        let World { shops, settings, .. } = world;
        let Some(shop) = shops.get_mut(&shop) else { return StatusCode::NOT_FOUND.into_response() };
        if field("grant_type") != "client_credentials" {
            return (StatusCode::BAD_REQUEST, Json(json!({"error": "unsupported_grant_type"}))).into_response();
        }
        let is_secret =
            field("client_secret") == shop.secret || Some(field("client_secret")) == shop.previous.as_deref();
        if field("client_id") != shop.client_id || !is_secret {
            return World::error(TOKEN, 400);
        }
        shop.minted += 1;
        let token = format!("shpat_minted-{}", shop.minted);
        shop.tokens.insert(token.clone(), circumstances.now);
        let scope = settings.scopes.join(",");
        Json(json!({"access_token": token, "scope": scope, "expires_in": settings.token_seconds})).into_response()
    })
    .await
}

async fn graphql(
    call: Call<World>,
    Path((shop, _)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let answer = call.answer(GRAPHQL, shop.clone(), move |world, circumstances| {
        let World { shops, settings, .. } = world;
        let Some(shop) = shops.get_mut(&shop) else { return StatusCode::NOT_FOUND.into_response() };
        let token = headers.get("x-shopify-access-token").and_then(|token| token.to_str().ok()).unwrap_or_default();
        if !admits(shop, token, settings, circumstances.now) {
            return World::error(GRAPHQL, 401);
        }
        let mut response = Json(ask(shop, settings, &body, circumstances.now)).into_response();
        if let Ok(version) = HeaderValue::from_str(&settings.api_version) {
            response.headers_mut().insert("X-Shopify-API-Version", version);
        }
        response
    });
    answer.await
}

fn admits(shop: &Shop, token: &str, settings: &Settings, now: DateTime<Utc>) -> bool {
    let life = TimeDelta::seconds(settings.token_seconds);
    token == shop.admin_token || shop.tokens.get(token).is_some_and(|minted| now - *minted < life)
}

/// The answer to a query: always 200, errors inside.
fn ask(shop: &mut Shop, settings: &Settings, body: &Value, now: DateTime<Utc>) -> Value {
    let variables = body["variables"].as_object().cloned().unwrap_or_default();
    let available = available(shop, settings, now);
    let done = run(shop, settings, body["query"].as_str().unwrap_or_default(), &variables);
    let (data, cost) = match done {
        Ok(done) => done,
        Err(error) => return failed(error.code, &error.message, None),
    };
    if cost > settings.dearest {
        let text =
            format!("Query cost is {cost}, which exceeds the single query max cost limit ({}).", settings.dearest);
        return failed("MAX_COST_EXCEEDED", &text, None);
    }
    let status = |left: f64| {
        let bucket = json!({
            "maximumAvailable": settings.points, "currentlyAvailable": left.floor(), "restoreRate": settings.points_a_second,
        });
        json!({"cost": {"requestedQueryCost": cost, "actualQueryCost": cost, "throttleStatus": bucket}})
    };
    if cost > available {
        return failed("THROTTLED", "Throttled", Some(status(available)));
    }
    shop.bucket = Some((available - cost, now));
    json!({"data": data, "extensions": status(available - cost)})
}

fn run(shop: &Shop, settings: &Settings, query: &str, variables: &Map<String, Value>) -> Result<(Value, f64), Error> {
    execute(query, variables, settings.page_size, &ShopRoot { shop, settings })
}

fn failed(code: &str, message: &str, extensions: Option<Value>) -> Value {
    let mut answer = json!({"errors": [{"message": message, "extensions": {"code": code}}]});
    if let Some(extensions) = extensions {
        answer["extensions"] = extensions;
    }
    answer
}

/// Points in the bucket now.
fn available(shop: &Shop, settings: &Settings, now: DateTime<Utc>) -> f64 {
    let (points, at) = shop.bucket.unwrap_or((settings.points, now));
    let restored = (now - at).as_seconds_f64().max(0.0) * settings.points_a_second;
    (points + restored).min(settings.points)
}
