//! NetSuite's error answers.
//! <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156570709583.html>

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::endpoints::{RESTLET, TOKEN};
use crate::faults::Endpoint;

/// One error: its status, `o:errorCode`, text, and where in the body it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
    pub(crate) path: Option<String>,
}

/// What most details begin with.
const PREFIX: &str = "Error while accessing resource: ";

impl Refusal {
    fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), path: None }
    }

    pub(crate) fn at(self, path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..self }
    }

    /// Everything business-like.
    pub(crate) fn user(text: &str) -> Self {
        Self::new(400, "USER_ERROR", format!("{PREFIX}{text}"))
    }

    pub(crate) fn invalid_request() -> Self {
        let text = "The request could not be understood by the server due to malformed syntax.";
        Self::new(400, "INVALID_REQUEST", text)
    }

    pub(crate) fn invalid_value(value: &Value, field: &str, path: &str) -> Self {
        let value = value.get("id").unwrap_or(value);
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let text = format!("{PREFIX}You have entered an Invalid Field Value {value} for the following field: {field}");
        Self::new(400, "INVALID_CONTENT", text).at(path)
    }

    pub(crate) fn unknown_property(path: &str) -> Self {
        let text = format!("{PREFIX}Invalid property name: {path}");
        Self::new(400, "INVALID_CONTENT", text).at(path)
    }

    pub(crate) fn missing(field: &str) -> Self {
        Self::new(400, "FIELD_PARAM_REQD", format!("{PREFIX}Please enter a value for [{field}]")).at(field)
    }

    pub(crate) fn invalid_parameter(text: &str) -> Self {
        Self::new(400, "INVALID_PARAMETER", text)
    }

    pub(crate) fn nonexistent() -> Self {
        Self::new(404, "NONEXISTENT_ID", "Record does not exist.")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "NOT_FOUND", "The requested resource does not exist.")
    }

    pub(crate) fn not_permitted() -> Self {
        let text = "Your current role does not have permission to perform this action.";
        Self::new(403, "INSUFFICIENT_PERMISSION", text)
    }

    pub(crate) fn invalid_login() -> Self {
        let text = "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at Setup > \
                    Users/Roles > User Management > View Login Audit Trail.";
        Self::new(401, "INVALID_LOGIN", text)
    }

    pub(crate) fn too_many() -> Self {
        Self::new(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")
    }

    fn unexpected() -> Self {
        let text = "An unexpected error occurred. Error ID: jrgbpyylphhishmmlxyt";
        Self::new(500, "UNEXPECTED_ERROR", text)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let title = match self.status {
            // The documented answer to too many calls is titled so too.
            400 | 429 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            _ => "Internal Server Error",
        };
        let mut detail = json!({"detail": self.detail, "o:errorCode": self.code});
        if let Some(path) = self.path {
            detail["o:errorPath"] = path.into();
        }
        let mut body = json!({
            "type": "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html",
            "title": title,
            "status": self.status,
            "o:errorDetails": [detail],
        });
        if self.status == 429 {
            body["o:errorCode"] = "USER_ERROR".into();
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = [(CONTENT_TYPE, "application/vnd.oracle.resource+json; type=error; charset=UTF-8")];
        let mut response = (status, kind, body.to_string()).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let challenge =
                "Bearer realm=\"123456\", error=\"invalid_token\", error_description=\"Invalid login attempt.\"";
            response.headers_mut().insert(WWW_AUTHENTICATE, axum::http::HeaderValue::from_static(challenge));
        }
        response
    }
}

/// The shape of a RESTlet's errors.
/// <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4634920277.html>
pub(crate) fn restlet(status: u16, code: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(json!({"error": {"code": code, "message": message}}))).into_response()
}

/// The body that goes with a status that a fault rule asks for.
pub(crate) fn of_status(endpoint: Endpoint, code: u16) -> Response {
    match (endpoint, code) {
        (TOKEN, 400..500) => no_token("invalid_grant"),
        (RESTLET, 401) => restlet(401, "INVALID_LOGIN_ATTEMPT", "Invalid login attempt."),
        (RESTLET, 400 | 429) => restlet(400, "SSS_REQUEST_LIMIT_EXCEEDED", "Request limit exceeded."),
        (RESTLET, _) => restlet(code, "UNEXPECTED_ERROR", "An unexpected error occurred."),
        (_, 401) => Refusal::invalid_login().into_response(),
        (_, 403) => Refusal::not_permitted().into_response(),
        (_, 404) => Refusal::nonexistent().into_response(),
        (_, 429) => Refusal::too_many().into_response(),
        (_, 400) => Refusal::user("Record has been changed").into_response(),
        _ => Refusal { status: code, ..Refusal::unexpected() }.into_response(),
    }
}

/// OAuth's refusal of a token.
pub(crate) fn no_token(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response()
}
