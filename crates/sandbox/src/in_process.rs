//! The vendors without a server: calls are function calls, and time is the caller's.

use std::ops::Deref;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::connect_info::MockConnectInfo;
use axum::http::{Request, Response, StatusCode};
use chrono::{DateTime, Utc};
use tower::ServiceExt as _;

use crate::server::router;
use crate::vendors::Vendors;
use crate::wire::Cut;

/// The vendors in this process; cheap to clone. [`crate::Fault::Cut`] finds no connection to cut:
/// the caller decides what becomes of an answer.
#[derive(Clone)]
pub struct InProcess {
    vendors: Vendors,
    router: Router,
}

impl InProcess {
    /// `base_url` is what the secrets and answers name, `now` the vendors' clock. Everything random follows from `seed`.
    pub fn new(seed: u64, base_url: &str, now: fn() -> DateTime<Utc>) -> Self {
        let vendors = Vendors::new(seed, base_url, now);
        let router = router(&vendors).layer(MockConnectInfo(Cut::default()));
        Self { vendors, router }
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
    type Target = Vendors;

    fn deref(&self) -> &Vendors {
        &self.vendors
    }
}
