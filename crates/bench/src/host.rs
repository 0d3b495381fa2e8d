//! Lambda's Runtime API, as far as a function needs it: the next event, its answer, and how a start or an invocation failed.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use crate::error::Error;
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use chrono::Utc;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, sync::Notify, time::timeout};

/// No invocation takes longer: the process is stuck.
const PATIENCE: Duration = Duration::from_mins(2);
const VERSION: &str = "/2018-06-01/runtime";
const ARN: &str = "arn:aws:lambda:eu-central-1:000000000000:function:bench";

/// One process's host.
pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    server: tokio::task::JoinHandle<()>,
}

/// An invocation's course, as the host saw it.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    /// When the event was handed over.
    pub(crate) from: Instant,
    /// When its answer was there.
    pub(crate) until: Instant,
    pub(crate) answer: Bytes,
}

#[derive(Default)]
struct Shared {
    inner: Mutex<Inner>,
    event_is_there: Notify,
    moved: Notify,
}

#[derive(Default)]
struct Inner {
    event: Option<Bytes>,
    time_left: Duration,
    first_next_at: Option<Instant>,
    from: Option<Instant>,
    answer: Option<(Instant, Bytes)>,
    failed: Option<String>,
}

impl Shared {
    fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let changed = change(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner));
        self.moved.notify_waiters();
        changed
    }
}

impl Host {
    /// Listens; there is no event yet.
    pub(crate) async fn start() -> Result<Self, Error> {
        let shared = Arc::new(Shared::default());
        let routes = Router::new()
            .route(&format!("{VERSION}/invocation/next"), get(next))
            .route(&format!("{VERSION}/invocation/{{id}}/response"), post(answered))
            .route(&format!("{VERSION}/invocation/{{id}}/error"), post(failed))
            .route(&format!("{VERSION}/init/error"), post(not_started))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(Error::io("listen"))?;
        let address = listener.local_addr().map_err(Error::io("listen"))?;
        let server = tokio::spawn(async move {
            // It ends with the host.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self { address, shared, server })
    }

    /// When the process asked for its first event.
    pub(crate) async fn first_next(&self) -> Result<Instant, Error> {
        self.seen(|inner| inner.first_next_at).await
    }

    /// Hands over an event, which may take so long, and waits for its answer.
    pub(crate) async fn invoke(&self, event: &Bytes, time_left: Duration) -> Result<Answered, Error> {
        self.shared.with(|inner| {
            inner.answer = None;
            inner.time_left = time_left;
            inner.event = Some(event.clone());
        });
        self.shared.event_is_there.notify_one();
        let (until, answer) = self.seen(|inner| inner.answer.clone()).await?;
        let from = self.shared.with(|inner| inner.from).unwrap_or(until);
        Ok(Answered { from, until, answer })
    }

    async fn seen<T>(&self, seen: impl Fn(&Inner) -> Option<T>) -> Result<T, Error> {
        let begun = Instant::now();
        loop {
            let moved = self.shared.moved.notified();
            {
                let inner = self.shared.inner.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(failed) = &inner.failed {
                    return Err(Error::Function(format!("the function failed: {failed}")));
                }
                if let Some(found) = seen(&inner) {
                    return Ok(found);
                }
            }
            let left = PATIENCE.saturating_sub(begun.elapsed());
            // What moved between the look and the wait is seen at the next look.
            let _ = timeout(left.min(Duration::from_millis(20)), moved).await;
            if left.is_zero() {
                return Err(Error::Function(format!("the function does not answer within {PATIENCE:?}")));
            }
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    shared.with(|inner| inner.first_next_at.get_or_insert_with(Instant::now).to_owned());
    let event = loop {
        let there = shared.event_is_there.notified();
        if let Some(event) = shared.with(|inner| inner.event.take()) {
            break event;
        }
        there.await;
    };
    let left = shared.with(|inner| {
        inner.from = Some(Instant::now());
        inner.time_left
    });
    let deadline = Utc::now().timestamp_millis() + i64::try_from(left.as_millis()).unwrap_or(i64::MAX);
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", ARN.to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, event)
}

async fn answered(State(shared): State<Arc<Shared>>, Path(_): Path<String>, body: Bytes) -> StatusCode {
    let now = Instant::now();
    shared.with(|inner| inner.answer = Some((now, body)));
    StatusCode::ACCEPTED
}

async fn failed(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let kind = headers.get("lambda-runtime-function-error-type").and_then(|kind| kind.to_str().ok());
    let said = format!("{}: {}", kind.unwrap_or_default(), String::from_utf8_lossy(&body));
    shared.with(|inner| inner.failed = Some(said));
    StatusCode::ACCEPTED
}

async fn not_started(state: State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    failed(state, headers, body).await
}
