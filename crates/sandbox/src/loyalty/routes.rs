//! Yotpo Loyalty's paths, for both kinds of account.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::account::Account;
use super::endpoints::{ACTIONS, CUSTOMERS, ORDERS, READ, REFUNDS, TIERS};
use super::error::{Refused, of_status};
use super::intake::{action, customer, order, refund, text};
use super::settings::Settings;
use super::show;
use super::world::World;
use crate::call::{Call, Host};
use crate::faults::Endpoint;

type Intake = fn(&mut Account, &Settings, &Value, DateTime<Utc>) -> Result<(), Refused>;
type Parameters = Query<HashMap<String, String>>;

pub(super) fn routes() -> Router<Arc<Host<World>>> {
    let mut routes = Router::new();
    for folder in ["/api/v2", "/commerce-cloud"] {
        routes = routes
            .route(&format!("{folder}/customers"), taking(CUSTOMERS, "id", customer).get(read))
            .route(&format!("{folder}/orders"), taking(ORDERS, "order_id", order))
            .route(&format!("{folder}/refunds"), taking(REFUNDS, "id", refund))
            .route(&format!("{folder}/actions"), taking(ACTIONS, "history_title", action))
            .route(&format!("{folder}/vip_tiers"), get(tiers));
    }
    routes
}

/// A route that takes something in; `subject` is what fault rules know its calls by.
fn taking(endpoint: Endpoint, subject: &'static str, intake: Intake) -> MethodRouter<Arc<Host<World>>> {
    post(async move |call: Call<World>, headers: HeaderMap, body: Bytes| {
        let Ok(body) = serde_json::from_slice::<Value>(&body) else { return of_status(400) };
        let subject = text(&body, subject).unwrap_or_default();
        call.answer(endpoint, subject, move |world, circumstances| {
            with_account(world, &headers, circumstances.now, |account, settings, now| {
                if circumstances.drop_silently {
                    return ok();
                }
                intake(account, settings, &body, now).map_or_else(IntoResponse::into_response, |()| ok())
            })
        })
        .await
    })
}

async fn read(call: Call<World>, headers: HeaderMap, Query(asked): Parameters) -> Response {
    let key = asked.get("customer_id").or(asked.get("customer_email")).cloned().unwrap_or_default();
    call.answer(READ, key, move |world, circumstances| {
        with_account(world, &headers, circumstances.now, |account, _, now| {
            let by_id = asked.get("customer_id").and_then(|id| account.by_id(id));
            let by_email = || asked.get("customer_email").and_then(|email| account.by_email(email));
            let Some(number) = by_id.or_else(by_email) else { return of_status(404) };
            account.promote(number, now);
            let with_history = asked.get("with_history").is_some_and(|value| value == "true");
            let bought = account.bought(number);
            let shown = account
                .members
                .get(&number)
                .map(|member| show::customer(member, bought, &account.program, with_history));
            Json(shown).into_response()
        })
    })
    .await
}

async fn tiers(call: Call<World>, headers: HeaderMap) -> Response {
    call.answer(TIERS, String::new(), move |world, circumstances| {
        with_account(world, &headers, circumstances.now, |account, _, _| {
            Json(account.program.tiers.iter().map(show::tier).collect::<Vec<_>>()).into_response()
        })
    })
    .await
}

fn ok() -> Response {
    Json(json!({})).into_response()
}

/// What every call has in common: the keys, the limits, and the refunds that are due.
fn with_account(
    world: &mut World,
    headers: &HeaderMap,
    now: DateTime<Utc>,
    answer: impl FnOnce(&mut Account, &Settings, DateTime<Utc>) -> Response,
) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let World { accounts, settings, .. } = world;
    let account = accounts.get_mut(header("x-guid")).filter(|account| account.api_key == header("x-api-key"));
    let Some(account) = account else { return of_status(401) };
    let (admitted, rates) = account.windows.admit(settings, now);
    account.work(settings, now);
    let mut response = if admitted {
        account.answered += 1;
        answer(account, settings, now)
    } else {
        of_status(StatusCode::TOO_MANY_REQUESTS.as_u16())
    };
    response.headers_mut().extend(rates);
    response
}
