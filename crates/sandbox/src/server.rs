//! The server: one port for all vendors and for the sandbox's own requests.

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use chrono::Utc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::admin;
use crate::vendors::Vendors;
use crate::wire::{Cut, Listener};

/// A running sandbox. It stops when it is dropped, or in order with [`Sandbox::shutdown`].
pub struct Sandbox {
    vendors: Vendors,
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
        let vendors = Vendors::new(seed, &base_url, Utc::now);
        let app = router(&vendors).into_make_service_with_connect_info::<Cut>();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = axum::serve(Listener(listener), app).with_graceful_shutdown(async {
            // An error means that the sandbox was dropped, which stops the server just as well.
            let _ = stopped.await;
        });
        let server = tokio::spawn(async {
            // It only returns when told to stop.
            let _ = serving.await;
        });
        Ok(Self { vendors, stop: Some(stop), server })
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
    type Target = Vendors;

    fn deref(&self) -> &Vendors {
        &self.vendors
    }
}

pub(crate) fn router(vendors: &Vendors) -> Router {
    vendors.routes().merge(admin::routes(vendors)).layer(DefaultBodyLimit::max(256 << 20))
}
