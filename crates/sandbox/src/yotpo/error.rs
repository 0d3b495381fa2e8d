//! Yotpo's answers: the body repeats the status as `code`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// One field of one order that Yotpo does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldError {
    pub(crate) order_id: String,
    pub(crate) field: &'static str,
    pub(crate) error: &'static str,
}

pub(crate) fn ok() -> Response {
    Json(json!({"code": 200, "message": "OK", "uuid": UUID})).into_response()
}

pub(crate) fn unauthorized() -> Response {
    of_status(401)
}

/// 400 with what is wrong, order by order.
pub(crate) fn invalid(errors: &[FieldError]) -> Response {
    let errors: Vec<Value> =
        errors.iter().map(|one| json!({"order_id": one.order_id, "field": one.field, "error": one.error})).collect();
    (StatusCode::BAD_REQUEST, Json(json!({"code": 400, "errors": errors}))).into_response()
}

/// The body that goes with a status.
pub(crate) fn of_status(code: u16) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (message, error_type) = match code {
        401 => ("You are not authorized to access this page.", "Exceptions::AccessDenied"),
        429 => ("Too many requests", "Exceptions::RateLimited"),
        400..500 => ("Bad request", "Exceptions::BadRequest"),
        _ => ("Failure", "YotpoApiUnknownException"),
    };
    let body = json!({"message": message, "code": status.as_u16(), "error_type": error_type, "uuid": UUID, "s": 4});
    (status, Json(body)).into_response()
}

const UUID: &str = "00000000-0000-4000-8000-000000000000";
