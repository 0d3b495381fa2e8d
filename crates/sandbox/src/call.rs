//! One call of a vendor: the faults around its effect, and the counting.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use axum::extract::rejection::ExtensionRejection;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use tokio::sync::oneshot;

use crate::controls::Controls;
use crate::faults::{Disturbance, Endpoint, Fault, Moment};
use crate::wire::Cut;

/// What a vendor adds to a fault, and to the beginning and end of every call.
pub(crate) trait Vendor: Send + 'static {
    /// An error status with the body that the vendor gives it.
    fn error(endpoint: Endpoint, code: u16) -> Response;

    /// Tokens that were given out until now are no longer good.
    fn expire_tokens(&mut self);

    /// The vendor begins to work on a call: how long that takes it, or the status with which it refuses one
    /// call too many.
    fn admit(&mut self, _endpoint: Endpoint, _client: &Client) -> Result<Duration, u16> {
        Ok(Duration::ZERO)
    }

    /// It has done that.
    fn finish(&mut self, _client: &Client) {}
}

/// Who waits for the answer to one call.
#[derive(Clone)]
pub(crate) struct Client(Weak<()>);

impl Client {
    /// Whether it has not hung up.
    pub(crate) fn waits(&self) -> bool {
        self.0.strong_count() > 0
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.ptr_eq(&other.0)
    }
}

/// A vendor's state, and the controls that it shares with the others.
pub(crate) struct Host<V> {
    state: Mutex<V>,
    pub(crate) controls: Arc<Controls>,
}

impl<V> Host<V> {
    pub(crate) fn new(state: V, controls: Arc<Controls>) -> Self {
        Self { state: Mutex::new(state), controls }
    }

    /// A panic in one call must not turn every later one into a panic.
    pub(crate) fn lock(&self) -> MutexGuard<'_, V> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an endpoint is told about its call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances {
    pub(crate) now: DateTime<Utc>,
    /// Answer as if all were well, and do nothing.
    pub(crate) drop_silently: bool,
}

/// A call that has come in: to which vendor, on which connection.
pub(crate) struct Call<V> {
    pub(crate) host: Arc<Host<V>>,
    cut: Cut,
}

impl<V: Vendor> FromRequestParts<Arc<Host<V>>> for Call<V> {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, host: &Arc<Host<V>>) -> Result<Self, Self::Rejection> {
        let ConnectInfo(cut) = ConnectInfo::from_request_parts(parts, host).await?;
        Ok(Self { host: Arc::clone(host), cut })
    }
}

impl<V: Vendor> Call<V> {
    /// Runs `effect` with whatever faults are due to a call about `subject`. It runs in a task of its own: as at a
    /// real vendor, a client that hangs up does not stop what it has asked for.
    pub(crate) async fn answer<F>(self, endpoint: Endpoint, subject: String, effect: F) -> Response
    where
        F: FnOnce(&mut V, Circumstances) -> Response + Send + 'static,
    {
        // Dropped with this future, when the connection ends.
        let waiting = Arc::new(());
        let client = Client(Arc::downgrade(&waiting));
        let (give, answer) = oneshot::channel();
        tokio::spawn(self.run(endpoint, subject, client, give, effect));
        answer.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }

    async fn run<F>(
        self,
        endpoint: Endpoint,
        subject: String,
        client: Client,
        give: oneshot::Sender<Response>,
        effect: F,
    ) where
        F: FnOnce(&mut V, Circumstances) -> Response,
    {
        let controls = &self.host.controls;
        let disturbance = controls.begin(endpoint, &subject);
        let mut give = Some(give);
        if let Some(Fault::Late { ms }) = disturbance.fault {
            self.cut.cut();
            send(give.take(), StatusCode::NO_CONTENT.into_response());
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        let admitted = self.host.lock().admit(endpoint, &client);
        let (response, is_cut) = match admitted {
            Err(code) => (V::error(endpoint, code), false),
            Ok(takes) => {
                let done = self.work(endpoint, takes, &disturbance, effect).await;
                self.host.lock().finish(&client);
                done
            }
        };
        if is_cut {
            self.cut.cut();
        }
        controls.end(endpoint, if is_cut { 0 } else { response.status().as_u16() });
        send(give, response);
    }

    /// The answer, and whether the connection is to be cut instead of giving it.
    async fn work<F>(&self, endpoint: Endpoint, takes: Duration, meets: &Disturbance, effect: F) -> (Response, bool)
    where
        F: FnOnce(&mut V, Circumstances) -> Response,
    {
        pause(meets.delay_before + takes).await;
        let now = self.host.controls.now();
        let done = strike(&mut *self.host.lock(), endpoint, meets.fault.as_ref(), now, effect);
        pause(meets.delay_after).await;
        done
    }
}

async fn pause(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}

/// To a client that may have hung up, or had its answer.
fn send(give: Option<oneshot::Sender<Response>>, response: Response) {
    if let Some(give) = give {
        let _ = give.send(response);
    }
}

/// The answer, and whether the connection is to be cut instead of giving it.
fn strike<V: Vendor>(
    vendor: &mut V,
    endpoint: Endpoint,
    fault: Option<&Fault>,
    now: DateTime<Utc>,
    effect: impl FnOnce(&mut V, Circumstances) -> Response,
) -> (Response, bool) {
    let circumstances = Circumstances { now, drop_silently: fault == Some(&Fault::SilentDrop) };
    match fault {
        None | Some(Fault::SilentDrop | Fault::Delay { .. }) => (effect(vendor, circumstances), false),
        Some(Fault::ExpireTokens) => {
            vendor.expire_tokens();
            (effect(vendor, circumstances), false)
        }
        Some(Fault::Late { .. }) => (effect(vendor, circumstances), true),
        Some(Fault::Cut { moment }) => {
            if *moment == Moment::After {
                effect(vendor, circumstances);
            }
            (StatusCode::NO_CONTENT.into_response(), true)
        }
        Some(Fault::Html { code }) => (html(*code), false),
        Some(Fault::Status { code, moment, retry_after, reset }) => {
            if *moment == Moment::After {
                effect(vendor, circumstances);
            }
            let mut response = V::error(endpoint, *code);
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
