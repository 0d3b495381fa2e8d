//! The vendors: the sandbox in this process, behind the same network as AWS.

use crate::{
    clock,
    effect::Effect,
    fault::Fault,
    functions::{Caller, Service},
    network::{Broken, carry, page},
    world::Sim,
};
use bytes::Bytes;
use chrono::TimeDelta;
use http::{HeaderValue, Response, StatusCode};
use rest::{Client, Failure};
use sandbox::{netsuite, salesforce};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// The vendors' address in the secrets.
pub(crate) const URL: &str = "https://vendors.invalid";

/// The HTTP client of one process.
pub(crate) fn client(sim: &Sim, caller: Caller, call_timeout: Duration) -> Client {
    let sim = sim.clone();
    Client::in_process(call_timeout, move |request| Box::pin(exchange(sim.clone(), caller, request)))
}

async fn exchange(sim: Sim, caller: Caller, request: http::Request<Bytes>) -> Result<Response<Bytes>, Failure> {
    let host = "vendors.invalid".to_owned();
    let Some(effect) = caller.function.calls_vendor(&request) else {
        let (method, path) = (request.method(), request.uri().path());
        let unknown = format!("{:?} makes a call that is not on its list: {method} {path}", caller.function);
        sim.lock().problems.push(unknown);
        return Err(Failure::NotSent { host, source: Arc::new(Broken::Refused) });
    };
    let kind = effect.0;
    let vendors = sim.vendors().clone();
    let serve = async move { vendors.call(request).await };
    let subject = effect.1.clone();
    let odd = subject.bytes().last().is_some_and(|last| last % 2 == 1);
    let answer = carry(sim.clone(), caller, effect, serve, move |fault| error(kind, fault, odd)).await;
    if let Ok(response) = &answer
        && kind.service == Service::Yotpo
    {
        let (status, wait) = (response.status().as_u16(), wait(response));
        sim.lock().watch.told(caller, (kind, &subject), status, wait, clock::now());
    }
    answer.map_err(|broken| match broken {
        Broken::Refused => Failure::NotSent { host, source: Arc::new(broken) },
        Broken::Lost => Failure::Unknown { host, source: Arc::new(broken) },
    })
}

/// How long an answer asks to be left alone, in either header.
fn wait(response: &Response<Bytes>) -> Option<TimeDelta> {
    let seconds = |name| response.headers().get(name)?.to_str().ok()?.parse().ok();
    seconds("retry-after").or_else(|| seconds("ratelimit-reset")).map(TimeDelta::seconds)
}

/// The vendors' own words for a fault; `odd`: in the other of two ways, where there are two.
fn error(effect: Effect, fault: Fault, odd: bool) -> Response<Bytes> {
    if let Fault::Foreign(status) = fault {
        return page(status);
    }
    let (status, body) = match effect.service {
        Service::Yotpo | Service::Loyalty => of_yotpo(fault),
        Service::NetSuite => of_netsuite(fault, effect.operation == netsuite::TOKEN.name()),
        Service::Shopify => of_shopify(fault),
        _ => of_salesforce(fault, effect.operation == salesforce::TOKEN.name()),
    };
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    if fault == Fault::Throttled && effect.service != Service::NetSuite {
        let (name, seconds) = if odd { ("ratelimit-reset", "45") } else { ("retry-after", "30") };
        response.headers_mut().insert(name, HeaderValue::from_static(seconds));
    }
    response
}

fn of_yotpo(fault: Fault) -> (u16, Value) {
    let (code, message) = match fault {
        Fault::Throttled => (429, "Too many requests"),
        Fault::Expired | Fault::Denied => (401, "Unauthorized"),
        _ => (503, "Unavailable"),
    };
    (code, json!({"status": {"code": code, "message": message}}))
}

/// No `Retry-After` is documented.
fn of_netsuite(fault: Fault, at_login: bool) -> (u16, Value) {
    let (status, code, detail) = match fault {
        Fault::Denied if at_login => return (400, json!({"error": "invalid_grant"})),
        Fault::Throttled => (429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked."),
        Fault::Expired | Fault::Denied => (401, "INVALID_LOGIN", "Invalid login attempt."),
        _ => (500, "UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: simulated"),
    };
    (status, json!({"status": status, "o:errorDetails": [{"detail": detail, "o:errorCode": code}]}))
}

fn of_shopify(fault: Fault) -> (u16, Value) {
    match fault {
        Fault::Throttled => (429, json!({"errors": "Exceeded 2 calls per second for api client."})),
        Fault::Expired | Fault::Denied => (401, json!({"errors": "[API] Invalid API key or access token"})),
        _ => (503, json!({"errors": "Service Unavailable"})),
    }
}

fn of_salesforce(fault: Fault, at_login: bool) -> (u16, Value) {
    let (status, code, message) = match fault {
        Fault::Denied if at_login => {
            return (400, json!({"error": "invalid_client_id", "error_description": "client identifier invalid"}));
        }
        Fault::Throttled => (403, "REQUEST_LIMIT_EXCEEDED", "limit"),
        Fault::Expired => (401, "INVALID_SESSION_ID", "Session expired"),
        Fault::Denied => (403, "API_DISABLED_FOR_ORG", "not enabled"),
        _ => (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred"),
    };
    (status, json!([{"errorCode": code, "message": message}]))
}
