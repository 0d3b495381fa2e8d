//! The SDK's calls, made by the HTTP client that the vendors' calls are made by: one HTTP and one TLS implementation in a binary.
//!
//! Implementation, not client: here AWS's roots are trusted and nothing else, there Mozilla's. Neither shall vouch for the other's hosts.

use crate::BoxError;
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use reqwest::{Body, Client, Request, redirect, retry};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Amazon Trust Services' roots (Amazon Root CA 1 to 4, Starfield Services Root CA G2).
const ROOTS: &[u8] = include_bytes!("amazon-trust-services.pem");

/// A client for each connect time-out: reqwest wants to know it when a client is made, the SDK says it with each call. Most processes need
/// one; the search for credentials on an operator's machine has another.
#[derive(Clone)]
struct Http(Arc<Clients>);

struct Clients {
    tls: ClientConfig,
    made: Mutex<Vec<(Option<Duration>, Client)>>,
}

/// What makes the calls of one kind.
#[derive(Debug)]
struct Connector {
    http: Http,
    settings: HttpConnectorSettings,
}

/// For every SDK client of a process: they share its connections. The client for this connect time-out is made now.
pub(crate) fn client(connect: Option<Duration>) -> Result<SharedHttpClient, BoxError> {
    let http = Http::new()?;
    http.client(connect)?;
    Ok(SharedHttpClient::new(http))
}

/// For a call without an SDK client, and without time-outs.
pub(crate) fn connector() -> Result<SharedHttpConnector, BoxError> {
    let (http, settings) = (Http::new()?, HttpConnectorSettings::default());
    Ok(SharedHttpConnector::new(Connector { http, settings }))
}

impl Http {
    fn new() -> Result<Self, BoxError> {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(ROOTS) {
            roots.add(root?)?;
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(Clients { tls, made: Mutex::default() })))
    }

    /// The client that connects within this time.
    fn client(&self, connect: Option<Duration>) -> Result<Client, reqwest::Error> {
        let mut made = self.0.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = made.iter().find(|(time, _)| *time == connect) {
            return Ok(client.clone());
        }
        // Retries and redirects are the SDK's affair, and it knows of no proxies.
        let client = Client::builder()
            .tls_backend_preconfigured(self.0.tls.clone())
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy();
        let client = match connect {
            Some(time) => client.connect_timeout(time),
            None => client,
        };
        let client = client.build()?;
        made.push((connect, client.clone()));
        Ok(client)
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

impl HttpClient for Http {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector { http: self.clone(), settings: settings.clone() })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.http.client(self.settings.connect_timeout());
        let read = self.settings.read_timeout();
        HttpConnectorFuture::new(async move { exchange(client.map_err(failed)?, request, read).await })
    }
}

/// One call, until its answer's head is there; the SDK reads the body. `read`: the most from the start of the call to then.
async fn exchange(
    client: Client,
    request: HttpRequest,
    read: Option<Duration>,
) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let request = Request::try_from(request.map(Body::wrap)).map_err(failed)?;
    let answer = client.execute(request);
    let answer = match read {
        Some(time) => tokio::time::timeout(time, answer).await.map_err(|late| ConnectorError::timeout(late.into()))?,
        None => answer.await,
    };
    let answer = http::Response::<Body>::from(answer.map_err(failed)?);
    HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
        .map_err(|error| ConnectorError::other(error.into(), None))
}

/// What the SDK makes of it: time-outs and whatever the network did are tried again, what could not be a request is not.
fn failed(error: reqwest::Error) -> ConnectorError {
    // Which URL it was, the SDK knows.
    let error = error.without_url();
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_builder() {
        ConnectorError::user(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}

#[cfg(test)]
mod tests;
