//! Error answers. Yotpo documents neither codes nor bodies ("coming soon"); 422, 423 and 404 have been seen.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// What Yotpo does not take: the status, and why.
pub(super) struct Refused(StatusCode, String);

impl Refused {
    pub(super) fn unprocessable(message: impl Into<String>) -> Self {
        Self(StatusCode::UNPROCESSABLE_ENTITY, message.into())
    }

    pub(super) fn no_customer() -> Self {
        Self(StatusCode::NOT_FOUND, "Customer not found".to_owned())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

/// The body that goes with a status that a fault rule asks for.
pub(super) fn of_status(code: u16) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let message = match code {
        401 => "Invalid credentials",
        404 => "Customer not found",
        423 => "Customer is being processed",
        429 => "Too many requests",
        400..500 => "Unprocessable",
        _ => "Internal server error",
    };
    Refused(status, message.to_owned()).into_response()
}
