use secrecy::SecretString;
use serde::Serialize;
use url::Url;

use crate::Failure;

/// How a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates.
    Post,
    /// Creates or replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

/// One call.  Not `Debug`: its address, headers and body may hold secrets and personal data.
///
/// Write `Request { bearer: Some(&token), ..Request::get(url) }` to add to one of the three shapes below.
#[derive(Clone)]
pub struct Request<'a> {
    /// How.
    pub method: Method,
    /// Where; from a [`BaseUrl`](crate::BaseUrl), which is what checks it.
    pub url: Url,
    /// Sent as `Authorization: Bearer …`.
    pub bearer: Option<&'a SecretString>,
    /// Further headers, all of them kept out of every log.
    pub headers: Vec<(&'static str, &'a str)>,
    /// The body with its `Content-Type`.
    pub body: Option<(&'static str, Vec<u8>)>,
}

impl<'a> Request<'a> {
    /// A call without a body.
    pub fn get(url: Url) -> Request<'a> {
        Request { method: Method::Get, url, bearer: None, headers: Vec::new(), body: None }
    }

    /// A call with a JSON body (UTF-8).  Fails, as not sent, if the value cannot be written as JSON.
    pub fn json(method: Method, url: Url, value: &impl Serialize) -> Result<Request<'a>, Failure> {
        let body = serde_json::to_vec(value).map_err(|error| Failure::not_sent(&url, error))?;
        Ok(Request { method, body: Some(("application/json; charset=utf-8", body)), ..Request::get(url) })
    }

    /// A `POST` with a form, as OAuth token endpoints want it.
    pub fn form(url: Url, fields: &[(&str, &str)]) -> Request<'a> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let body = Some(("application/x-www-form-urlencoded", body.into_bytes()));
        Request { method: Method::Post, body, ..Request::get(url) }
    }
}
