//! Salesforce's error answers. <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm>

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::endpoints::TOKEN;
use crate::faults::Endpoint;

/// An error of the data API: an array of one object.
pub(crate) fn data(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!([{"message": message, "errorCode": code}]))).into_response()
}

/// An error of the token endpoint: an object, with 400.
pub(crate) fn oauth(error: &str, description: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error, "error_description": description}))).into_response()
}

pub(crate) fn session_expired() -> Response {
    data(StatusCode::UNAUTHORIZED, "INVALID_SESSION_ID", "Session expired or invalid")
}

pub(crate) fn quota_used_up() -> Response {
    data(StatusCode::FORBIDDEN, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
}

/// The body that goes with a status that a fault rule asks for.
pub(crate) fn of_status(endpoint: Endpoint, code: u16) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match (endpoint, code) {
        (TOKEN, 400..500) => oauth("invalid_grant", "authentication failure"),
        (_, 401) => session_expired(),
        (_, 403) => quota_used_up(),
        (_, 429) => data(status, "REQUEST_LIMIT_EXCEEDED", "Too many requests"),
        (_, 503) => data(status, "SERVER_UNAVAILABLE", "We are down for maintenance"),
        _ => data(status, "UNKNOWN_EXCEPTION", "An unexpected error occurred"),
    }
}
