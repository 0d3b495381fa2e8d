//! Salesforce and Yotpo: the sandbox in this process, behind the same network as AWS.

use crate::{
    clock,
    effect::{Effect, Service},
    fault::Fault,
    network::{Broken, carry, page},
    world::{Caller, Sim},
};
use bytes::Bytes;
use chrono::TimeDelta;
use http::{HeaderValue, Response, StatusCode};
use rest::{Client, Failure};
use serde_json::json;
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
    let Some(effect) = Effect::of_vendor(caller.function, &request) else {
        let (method, path) = (request.method(), request.uri().path());
        let unknown = format!("{:?} makes a call that `Effect` does not list: {method} {path}", caller.function);
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
        && kind.service() == Service::Yotpo
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
    let yotpo = effect.service() == Service::Yotpo;
    let (status, body) = match (fault, yotpo) {
        (Fault::Throttled, true) => (429, json!({"status": {"code": 429, "message": "Too many requests"}})),
        (Fault::Throttled, false) => (403, json!([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "limit"}])),
        (Fault::Expired | Fault::Denied, true) => (401, json!({"status": {"code": 401, "message": "Unauthorized"}})),
        (Fault::Expired, false) => (401, json!([{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}])),
        (Fault::Denied, false) if matches!(effect, Effect::SalesforceToken | Effect::LogIn) => {
            (400, json!({"error": "invalid_client_id", "error_description": "client identifier invalid"}))
        }
        (Fault::Denied, false) => (403, json!([{"errorCode": "API_DISABLED_FOR_ORG", "message": "not enabled"}])),
        (_, true) => (503, json!({"status": {"code": 503, "message": "Unavailable"}})),
        (_, false) => (500, json!([{"errorCode": "UNKNOWN_EXCEPTION", "message": "An unexpected error occurred"}])),
    };
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    if fault == Fault::Throttled {
        let (name, seconds) = if odd { ("ratelimit-reset", "45") } else { ("retry-after", "30") };
        response.headers_mut().insert(name, HeaderValue::from_static(seconds));
    }
    response
}
