use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use rustls::crypto::aws_lc_rs;
use secrecy::ExposeSecret;

use crate::{Failure, Method, Reply, Request, Url};

/// The HTTP client, one a process; clones share its connections.
#[derive(Debug, Clone)]
pub struct Client(Transport);

/// What becomes of a complete request: the answer, or what the caller may know when there is none.
pub type Exchange = Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, Failure>> + Send>>;

#[derive(Clone)]
enum Transport {
    Network(reqwest::Client),
    InProcess { call_timeout: Duration, exchange: Arc<dyn Fn(http::Request<Bytes>) -> Exchange + Send + Sync> },
}

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
            .map(|client| Client(Transport::Network(client)))
            .map_err(|error| NoClient(error.into()))
    }

    /// A client without a network, for a simulation: `exchange` is handed what would be sent. A call without an
    /// answer after `call_timeout` is in doubt, as on the network.
    pub fn in_process(
        call_timeout: Duration,
        exchange: impl Fn(http::Request<Bytes>) -> Exchange + Send + Sync + 'static,
    ) -> Client {
        Client(Transport::InProcess { call_timeout, exchange: Arc::new(exchange) })
    }

    /// Makes one call and waits for the complete answer.
    pub async fn send(&self, request: Request<'_>) -> Result<Reply, Failure> {
        let Request { method, url, bearer, headers, body } = request;
        let mut built = reqwest::Request::new(method.into(), url.clone());
        for (name, value) in headers {
            let value = hidden(value).map_err(|error| Failure::not_sent(&url, error))?;
            built.headers_mut().append(name, value);
        }
        if let Some(token) = bearer {
            let value = hidden(&format!("Bearer {}", token.expose_secret()));
            built.headers_mut().append(AUTHORIZATION, value.map_err(|error| Failure::not_sent(&url, error))?);
        }
        if let Some((content_type, body)) = body {
            built.headers_mut().append(CONTENT_TYPE, HeaderValue::from_static(content_type));
            *built.body_mut() = Some(body.into());
        }
        let reply = self.0.exchange(&url, built).await?;
        tracing::debug!(host = url.host_str(), status = reply.status, bytes = reply.body.len(), "answered");
        Ok(reply)
    }
}

impl Transport {
    async fn exchange(&self, url: &Url, request: reqwest::Request) -> Result<Reply, Failure> {
        match self {
            Transport::Network(client) => {
                let fail = |error| Failure::from_reqwest(url, error);
                let response = client.execute(request).await.map_err(fail)?;
                let (status, headers) = (response.status().as_u16(), response.headers().clone());
                Ok(Reply::new(status, headers, response.bytes().await.map_err(fail)?))
            }
            Transport::InProcess { call_timeout, exchange } => {
                let body = request.body().and_then(reqwest::Body::as_bytes).map(Bytes::copy_from_slice);
                let mut plain = http::Request::new(body.unwrap_or_default());
                *plain.method_mut() = request.method().clone();
                *plain.uri_mut() = url.as_str().parse().map_err(|error| Failure::not_sent(url, error))?;
                *plain.headers_mut() = request.headers().clone();
                let answer = tokio::time::timeout(*call_timeout, exchange(plain)).await;
                let (parts, body) = answer.map_err(|late| Failure::unknown(url, late))??.into_parts();
                Ok(Reply::new(parts.status.as_u16(), parts.headers, body))
            }
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Transport::Network(client) => client.fmt(f),
            Transport::InProcess { call_timeout, .. } => write!(f, "InProcess({call_timeout:?})"),
        }
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
