//! NetSuite's paths.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on, post};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::access::Scope;
use super::account::Account;
use super::endpoints::{CATALOG, CREATE, DELETE, LIMITS, QUERY, READ, RESTLET, TOKEN, TRANSFORM, UPDATE, UPSERT};
use super::error::{Refusal, of_status, restlet as restlet_error};
use super::request::Request;
use super::settings::OverLimit;
use super::{catalog, fulfilment, record, restlet, suiteql, token};
use crate::call::{Call, Client, Host, Vendor};
use crate::faults::Endpoint;

impl Vendor for Account {
    fn error(endpoint: Endpoint, code: u16) -> Response {
        of_status(endpoint, code)
    }

    fn expire_tokens(&mut self) {
        self.access.expire();
    }

    fn admit(&mut self, endpoint: Endpoint, client: &Client) -> Result<Duration, u16> {
        if endpoint == TOKEN && !self.settings.counts_tokens {
            return Ok(Duration::ZERO);
        }
        if self.load.admit(client, self.settings.concurrency) {
            return Ok(Duration::from_millis(self.settings.call_ms));
        }
        let is_login = match self.settings.over_limit {
            OverLimit::TooMany => false,
            OverLimit::InvalidLogin => true,
            OverLimit::Either => self.load.refused().is_multiple_of(2),
        };
        Err(if is_login { 401 } else { 429 })
    }

    fn finish(&mut self, client: &Client) {
        self.load.finish(client);
    }
}

type Effect = fn(&mut Account, &Request, DateTime<Utc>) -> Result<Response, Refusal>;

pub(crate) fn routes() -> Router<Arc<Host<Account>>> {
    const RECORD: &str = "/services/rest/record/v1";
    let calls: [(&str, MethodFilter, Endpoint, Effect); 10] = [
        (&format!("{RECORD}/{{kind}}"), MethodFilter::POST, CREATE, record::create),
        (&format!("{RECORD}/{{kind}}/{{key}}"), MethodFilter::GET, READ, record::read),
        (&format!("{RECORD}/{{kind}}/{{key}}"), MethodFilter::PATCH, UPDATE, record::update),
        (&format!("{RECORD}/{{kind}}/{{key}}"), MethodFilter::PUT, UPSERT, record::upsert),
        (&format!("{RECORD}/{{kind}}/{{key}}"), MethodFilter::DELETE, DELETE, record::delete),
        (
            &format!("{RECORD}/{{kind}}/{{key}}/!transform/itemFulfillment"),
            MethodFilter::POST,
            TRANSFORM,
            fulfilment::transform,
        ),
        (&format!("{RECORD}/metadata-catalog/{{kind}}"), MethodFilter::GET, CATALOG, catalog::schema),
        ("/services/rest/query/v1/suiteql", MethodFilter::POST, QUERY, suiteql::query),
        ("/services/rest/system/v1/governanceLimits", MethodFilter::GET, LIMITS, catalog::limits),
        ("/app/site/hosting/restlet.nl", MethodFilter::POST, RESTLET, restlet::run),
    ];
    let mut routes = Router::new().route(token::PATH, post(mint));
    for (path, method, endpoint, effect) in calls {
        let handler = async move |call, request| answer(call, request, endpoint, effect).await;
        routes = routes.route(path, on(method, handler));
    }
    routes
}

async fn mint(call: Call<Account>, request: Request) -> Response {
    call.answer(TOKEN, String::new(), move |account, circumstances| token::token(account, &request, circumstances.now))
        .await
}

async fn answer(call: Call<Account>, request: Request, endpoint: Endpoint, effect: Effect) -> Response {
    let subject = subject(&call.host.lock(), &request, endpoint);
    call.answer(endpoint, subject, move |account, circumstances| {
        let scope = if endpoint == RESTLET { Scope::Restlets } else { Scope::RestWebServices };
        let now = circumstances.now;
        let (base_url, life) = (account.base_url.as_str(), account.settings.token_seconds);
        if let Err(refusal) = account.access.check(&request, base_url, scope, life, now) {
            return match endpoint {
                RESTLET => restlet_error(refusal.status, "INVALID_LOGIN_ATTEMPT", "Invalid login attempt."),
                _ => refusal.into_response(),
            };
        }
        effect(account, &request, now).unwrap_or_else(IntoResponse::into_response)
    })
    .await
}

/// The external id that a call is about, for fault rules.
fn subject(account: &Account, request: &Request, endpoint: Endpoint) -> String {
    if endpoint == CREATE || endpoint == RESTLET {
        let document = request.document().unwrap_or_default();
        return document.get("externalId").and_then(Value::as_str).unwrap_or_default().to_owned();
    }
    if let Some(external_id) = request.key.strip_prefix("eid:") {
        return external_id.to_owned();
    }
    let record = request.key.parse().ok().and_then(|id| account.records.get(id));
    record.and_then(|record| record.external_id()).unwrap_or_default().to_owned()
}
