//! A call of the data API as it came.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

/// Salesforce refuses longer request lines.
const LONGEST_URI: usize = 16_384;

pub(crate) struct Request {
    /// `v66.0`
    pub(crate) version: String,
    /// What the path names besides: an object, a query locator.
    pub(crate) name: String,
    /// What it names within that: a field.
    pub(crate) field: String,
    parameters: HashMap<String, String>,
    headers: HeaderMap,
}

impl Request {
    pub(crate) fn soql(&self) -> &str {
        self.parameters.get("q").map_or("", String::as_str)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn token(&self) -> &str {
        let value = self.header(AUTHORIZATION.as_str());
        value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("OAuth ")).unwrap_or_default()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Request {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        if parts.uri.to_string().len() > LONGEST_URI {
            return Err(StatusCode::URI_TOO_LONG.into_response());
        }
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
        let Path(mut path) = path.map_err(IntoResponse::into_response)?;
        let query = Query::from_request_parts(parts, state).await;
        let Query(parameters) = query.map_err(IntoResponse::into_response)?;
        let mut piece = |name| path.remove(name).unwrap_or_default();
        let (version, name, field) = (piece("version"), piece("name"), piece("field"));
        Ok(Self { version, name, field, parameters, headers: parts.headers.clone() })
    }
}
