use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use rustls::crypto::aws_lc_rs;
use secrecy::ExposeSecret;

use crate::{Failure, Method, Reply, Request};

/// The HTTP client, one a process; clones share its connections.
#[derive(Debug, Clone)]
pub struct Client(reqwest::Client);

/// The client could not be built: the TLS library refuses its own defaults.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be built")]
pub struct NoClient(#[source] Box<dyn Error + Send + Sync>);

/// A connection that has been idle for longer is not used again.  Shorter than the keep-alive of the vendors'
/// front ends, and of what lies between: a request on a connection that is already closed is in doubt, and after
/// a Lambda function was frozen, most of them are.
const IDLE: Duration = Duration::from_secs(15);

/// At most this long for DNS, TCP and TLS together; half the call if that is less.  Below the call's time-out, so
/// that a host that does not answer is known as "not sent" and not as "in doubt".
const CONNECT: Duration = Duration::from_secs(5);

impl Client {
    /// A client whose calls take at most `call_timeout`, from connecting to the last byte of the answer.
    ///
    /// TLS by rustls with AWS-LC and Mozilla's roots, HTTP/1.1, at most ten idle connections a host.
    pub fn new(call_timeout: Duration) -> Result<Client, NoClient> {
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| NoClient(error.into()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .connect_timeout(CONNECT.min(call_timeout / 2))
            .timeout(call_timeout)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(10)
            .user_agent(concat!("order-relay/", env!("CARGO_PKG_VERSION")))
            .build()
            .map(Client)
            .map_err(|error| NoClient(error.into()))
    }

    /// Makes one call and waits for the complete answer.
    pub async fn send(&self, request: Request<'_>) -> Result<Reply, Failure> {
        let Request { method, url, bearer, headers, body } = request;
        let fail = |error| Failure::from_reqwest(&url, error);
        let mut builder = self.0.request(method.into(), url.clone());
        for (name, value) in headers {
            builder = builder.header(name, hidden(value).map_err(|error| Failure::not_sent(&url, error))?);
        }
        if let Some(token) = bearer {
            let value = hidden(&format!("Bearer {}", token.expose_secret()));
            builder = builder.header(AUTHORIZATION, value.map_err(|error| Failure::not_sent(&url, error))?);
        }
        if let Some((content_type, body)) = body {
            builder = builder.header(CONTENT_TYPE, content_type).body(body);
        }
        let response = builder.send().await.map_err(fail)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.map_err(fail)?;
        tracing::debug!(host = url.host_str(), status, bytes = body.len(), "answered");
        Ok(Reply::new(status, headers, body))
    }
}

fn hidden(value: &str) -> Result<HeaderValue, reqwest::header::InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(value)?;
    value.set_sensitive(true);
    Ok(value)
}

impl From<Method> for reqwest::Method {
    fn from(method: Method) -> reqwest::Method {
        match method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        }
    }
}

#[cfg(test)]
mod tests;
