//! Yotpo with constant answers. Without TLS: the vendors' roots are no text in a binary that could be overwritten ([`crate::trust`]), and
//! what a handshake takes is seen at AWS's.

use crate::error::Error;
use axum::{Router, http::Uri, serve::ListenerExt as _};
use tokio::net::TcpListener;

/// Starts it, until the process ends; its address.
pub(crate) async fn start() -> Result<String, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(Error::io("listen"))?;
    let address = listener.local_addr().map_err(Error::io("listen"))?;
    // As a vendor's front end does; otherwise a loopback answer waits for its acknowledgement.
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    tokio::spawn(async move {
        // It ends with the process.
        let _ = axum::serve(listener, Router::new().fallback(answer)).await;
    });
    Ok(format!("http://{address}"))
}

/// A token for whoever asks for one, a yes for everything else.
async fn answer(uri: Uri) -> ([(&'static str, &'static str); 1], &'static str) {
    let is_token = uri.path().starts_with("/oauth/");
    let said =
        if is_token { r#"{"access_token":"token","token_type":"bearer"}"# } else { r#"{"code":200,"message":"OK"}"# };
    ([("content-type", "application/json")], said)
}
