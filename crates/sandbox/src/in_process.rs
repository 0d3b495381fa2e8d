//! The vendors without a server: calls are function calls, and time is the caller's.

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::connect_info::MockConnectInfo;
use axum::http::{Request, Response, StatusCode};
use chrono::{DateTime, Utc};
use tower::ServiceExt as _;

use crate::clock::Clock;
use crate::handle::Handle;
use crate::server::router;
use crate::wire::Cut;
use crate::world::{Shared, World};

/// The vendors in this process; cheap to clone. There are no connections, so that [`crate::Fault::Cut`] cuts none:
/// the caller decides what becomes of an answer.
#[derive(Clone)]
pub struct InProcess {
    handle: Handle,
    router: Router,
}

impl InProcess {
    /// `base_url` is what the secrets and answers name, `now` the vendors' clock. Everything random follows from `seed`.
    pub fn new(seed: u64, base_url: &str, now: fn() -> DateTime<Utc>) -> Self {
        let shared = Arc::new(Shared::new(World::new(seed, base_url.to_owned(), Clock::of(now))));
        let router = router(Arc::clone(&shared)).layer(MockConnectInfo(Cut::default()));
        Self { handle: Handle::new(shared, base_url.to_owned()), router }
    }

    /// Makes one call and waits for its answer. It takes effect even if this future is dropped once it was polled.
    pub async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        // A router never fails.
        let Ok(answer) = self.router.clone().oneshot(request.map(Body::from)).await;
        let (parts, body) = answer.into_parts();
        match axum::body::to_bytes(body, usize::MAX).await {
            Ok(body) => Response::from_parts(parts, body),
            Err(_) => status(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

fn status(code: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = code;
    response
}

impl Deref for InProcess {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}
