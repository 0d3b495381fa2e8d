//! A call as it came.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::error::Refusal;

pub(crate) struct Request {
    pub(crate) method: String,
    /// As sent, without the query string.
    pub(crate) path: String,
    /// Decoded, in the order of the query string.
    pub(crate) query: Vec<(String, String)>,
    /// The record type that the path names.
    pub(crate) kind: String,
    /// The record that the path names: `647` or `eid:shopify_order_1`.
    pub(crate) key: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    /// The body as a form.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        pairs(str::from_utf8(&self.body).unwrap_or_default())
    }

    /// The body as a JSON object.
    pub(crate) fn document(&self) -> Result<Map<String, Value>, Refusal> {
        if !self.header("content-type").to_ascii_lowercase().contains("json") {
            return Err(Refusal::invalid_request());
        }
        serde_json::from_slice(&self.body).map_err(|_| Refusal::invalid_request())
    }
}

/// What `X-NetSuite-PropertyNameValidation` says of properties that a record does not have: `error`, `warning`
/// (which is what NetSuite does unless told), `ignore`.
pub(crate) struct NameCheck {
    is_error: bool,
    is_silent: bool,
    /// The properties that were passed over.
    pub(crate) passed_over: Vec<String>,
}

impl NameCheck {
    pub(crate) fn new(request: &Request) -> Self {
        let asked = request.header("x-netsuite-propertynamevalidation").to_ascii_lowercase();
        Self { is_error: asked == "error", is_silent: asked == "ignore", passed_over: Vec::new() }
    }

    /// As if the request had asked for errors.
    pub(crate) fn strict() -> Self {
        Self { is_error: true, is_silent: false, passed_over: Vec::new() }
    }

    pub(crate) fn unknown(&mut self, path: &str) -> Result<(), Refusal> {
        if self.is_error {
            return Err(Refusal::unknown_property(path));
        }
        if !self.is_silent {
            self.passed_over.push(path.to_owned());
        }
        Ok(())
    }
}

/// `a=1&b=2`, decoded.
fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let halves = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    halves.map(|(name, value)| (decode(name), decode(value))).collect()
}

impl<S: Send + Sync> FromRequest<S> for Request {
    type Rejection = Response;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let path = Path::<HashMap<String, String>>::from_request_parts(&mut parts, state).await;
        let mut named = path.map(|Path(named)| named).unwrap_or_default();
        let (method, headers) = (parts.method.to_string(), parts.headers.clone());
        let (path, query) = (parts.uri.path().to_owned(), pairs(parts.uri.query().unwrap_or_default()));
        let request = axum::extract::Request::from_parts(parts, body);
        let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        let mut piece = |name| named.remove(name).unwrap_or_default();
        Ok(Self { method, path, query, kind: piece("kind"), key: piece("key"), headers, body })
    }
}
