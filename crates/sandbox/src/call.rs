//! One call of a vendor's endpoint: the faults around its effect, and the counting.

use std::sync::Arc;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};

use crate::faults::{Endpoint, Fault, Moment, Plan, Vendor};
use crate::wire::Cut;
use crate::world::{Shared, World};
use crate::{salesforce, yotpo};

/// What an endpoint is told about the moment of its call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moments {
    pub(crate) now: DateTime<Utc>,
    /// Answer as if all were well, and do nothing.
    pub(crate) drop_silently: bool,
}

/// Runs `effect` with whatever faults are due. It runs in a task of its own: a client that hangs up does
/// not stop what it has asked for, at a vendor no more than here.
pub(crate) async fn answer<F>(shared: Arc<Shared>, cut: Cut, endpoint: Endpoint, subject: String, effect: F) -> Response
where
    F: FnOnce(&mut World, Moments) -> Response + Send + 'static,
{
    let task = tokio::spawn(run(shared, cut, endpoint, subject, effect));
    task.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn run<F>(shared: Arc<Shared>, cut: Cut, endpoint: Endpoint, subject: String, effect: F) -> Response
where
    F: FnOnce(&mut World, Moments) -> Response,
{
    let Plan { delay_before, delay_after, fault } = {
        let mut world = shared.lock();
        let now = world.clock.now();
        world.counters.begin(endpoint);
        world.faults.decide(endpoint, &subject, now)
    };
    if !delay_before.is_zero() {
        tokio::time::sleep(delay_before).await;
    }
    let (response, is_cut) = strike(&shared, endpoint, fault.as_ref(), effect);
    if !delay_after.is_zero() {
        tokio::time::sleep(delay_after).await;
    }
    if is_cut {
        cut.cut();
    }
    let status = if is_cut { 0 } else { response.status().as_u16() };
    shared.lock().counters.end(endpoint, status);
    response
}

/// The answer, and whether the connection is to be cut instead of giving it.
fn strike<F>(shared: &Shared, endpoint: Endpoint, fault: Option<&Fault>, effect: F) -> (Response, bool)
where
    F: FnOnce(&mut World, Moments) -> Response,
{
    let mut world = shared.lock();
    let now = world.clock.now();
    let moments = Moments { now, drop_silently: fault == Some(&Fault::SilentDrop) };
    match fault {
        None | Some(Fault::SilentDrop | Fault::Delay { .. }) => (effect(&mut world, moments), false),
        Some(Fault::ExpireTokens) => {
            match endpoint.vendor() {
                Vendor::Salesforce => world.salesforce.sessions.clear(),
                Vendor::Yotpo => world.yotpo.tokens.clear(),
            }
            (effect(&mut world, moments), false)
        }
        Some(Fault::Cut { moment }) => {
            if *moment == Moment::After {
                effect(&mut world, moments);
            }
            (StatusCode::NO_CONTENT.into_response(), true)
        }
        Some(Fault::Html { code }) => (html(*code), false),
        Some(Fault::Status { code, moment, retry_after, reset }) => {
            if *moment == Moment::After {
                effect(&mut world, moments);
            }
            let mut response = match endpoint.vendor() {
                Vendor::Salesforce => salesforce::error::of_status(endpoint, *code),
                Vendor::Yotpo => yotpo::error::of_status(*code),
            };
            let headers = response.headers_mut();
            if let Some(seconds) = retry_after {
                headers.insert(RETRY_AFTER, HeaderValue::from(*seconds));
            }
            if let Some(seconds) = reset {
                headers.insert("RateLimit-Reset", HeaderValue::from(*seconds));
                headers.insert("RateLimit-Remaining", HeaderValue::from(0));
            }
            (response, false)
        }
    }
}

fn html(code: u16) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
    let page = "<!DOCTYPE html><html><head><title>Down for maintenance</title></head>\
                <body><h1>We are sorry</h1><p>The service is not available.</p></body></html>";
    (status, [(CONTENT_TYPE, "text/html;charset=utf-8")], page).into_response()
}
