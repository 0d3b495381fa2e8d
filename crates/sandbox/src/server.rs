//! The server: one port for both vendors and for the sandbox's own requests.

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use chrono::Utc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::handle::Handle;
use crate::wire::{Cut, Listener};
use crate::world::{Shared, World};
use crate::{admin, salesforce, yotpo};

/// A running sandbox. It stops when it is dropped, or orderly by [`Sandbox::shutdown`].
pub struct Sandbox {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Listens on `addr` (port 0 for any free one) in tasks of the current tokio runtime. Everything random
    /// follows from `seed`.
    ///
    /// # Errors
    /// When the address is not a loopback address, or cannot be bound.
    pub async fn start(seed: u64, addr: SocketAddr) -> io::Result<Self> {
        if !addr.ip().is_loopback() {
            let text = format!("the sandbox listens on loopback addresses only, not on {addr}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let listener = TcpListener::bind(addr).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared::new(World::new(seed, base_url.clone(), Clock::of(Utc::now))));
        let app = router(Arc::clone(&shared)).into_make_service_with_connect_info::<Cut>();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = axum::serve(Listener(listener), app).with_graceful_shutdown(async {
            // An error means that the sandbox was dropped, which stops the server just as well.
            let _ = stopped.await;
        });
        let server = tokio::spawn(async {
            // It only returns when told to stop.
            let _ = serving.await;
        });
        Ok(Self { handle: Handle::new(shared, base_url), stop: Some(stop), server })
    }

    /// Stops listening and waits for calls in progress, two seconds at most.
    pub async fn shutdown(mut self) {
        self.stop.take();
        let server = &mut self.server;
        if tokio::time::timeout(Duration::from_secs(2), &mut *server).await.is_err() {
            server.abort();
        }
    }
}

impl Deref for Sandbox {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .merge(salesforce::routes())
        .merge(yotpo::routes())
        .merge(admin::routes())
        .layer(DefaultBodyLimit::max(256 << 20))
        .with_state(shared)
}
