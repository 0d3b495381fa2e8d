//! The one table from what NetSuite answers to [`Error`].

use chrono::{DateTime, Utc};
use rest::{Class, Reply};
use serde::Deserialize;
use serde_json::Value;

use crate::{Error, Outage, RefusalReason, Said, known::without_values};

/// What an answer comes to.
#[derive(Clone, Copy)]
enum Sort {
    Limited,
    Unauthorized,
    InDoubt,
    Conflict,
    Refused(RefusalReason),
}

/// Answers that mean one thing: any of the statuses or codes, or a text with any of these in it, in lower case.
struct Row {
    sort: Sort,
    statuses: &'static [u16],
    codes: &'static [&'static str],
    texts: &'static [&'static str],
}

/// The first that fits counts; what fits none is refused for its content. Codes and texts of web services
/// (<https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156570709583.html>), of RESTlets
/// (<https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4634920277.html>) and of SuiteScript. REST calls most
/// of them `USER_ERROR`, and then the text tells; it is English if the integration's user is.
const TABLE: [Row; 10] = [
    Row {
        sort: Sort::Limited,
        statuses: &[429],
        codes: &[
            "CONCURRENCY_LIMIT_EXCEEDED",
            "SSS_REQUEST_LIMIT_EXCEEDED",
            "SSS_CONCURRENCY_LIMIT_EXCEEDED",
            "EXCEEDED_CONCURRENT_REQUEST_LIMIT",
            "EXCEEDED_REQUEST_LIMIT",
            "WS_CONCUR_SESSION_DISALLWD",
            "WS_REQUEST_BLOCKED",
        ],
        texts: &["concurrent request limit exceeded"],
    },
    Row {
        sort: Sort::Unauthorized,
        statuses: &[401],
        codes: &["INVALID_LOGIN", "INVALID_LOGIN_ATTEMPT", "INVALID_LOGIN_CREDENTIALS", "SESSION_TIMED_OUT"],
        texts: &["invalid login attempt"],
    },
    Row {
        sort: Sort::Refused(RefusalReason::AlreadyExists),
        statuses: &[],
        codes: &["DUP_RCRD"],
        texts: &["record already exists", "entity already exists"],
    },
    // A script that broke off may have saved before.
    Row {
        sort: Sort::InDoubt,
        statuses: &[],
        codes: &[
            "UNEXPECTED_ERROR",
            "SSS_TIME_LIMIT_EXCEEDED",
            "SSS_USAGE_LIMIT_EXCEEDED",
            "SSS_INSTRUCTION_COUNT_EXCEEDED",
        ],
        texts: &["an unexpected error occurred"],
    },
    Row {
        sort: Sort::Conflict,
        statuses: &[408, 409, 423],
        codes: &["RCRD_HAS_BEEN_CHANGED"],
        texts: &["record has been changed"],
    },
    Row {
        sort: Sort::Refused(RefusalReason::Locked),
        statuses: &[],
        codes: &[],
        texts: &["locked by a user defined workflow"],
    },
    Row {
        sort: Sort::Refused(RefusalReason::ClosedPeriod),
        statuses: &[],
        codes: &["TRAN_PERIOD_CLOSED", "TRAN_PRD_CLOSED"],
        texts: &["accounting period", "period is closed", "closed period", "period is locked", "locked period"],
    },
    Row {
        sort: Sort::Refused(RefusalReason::Permission),
        statuses: &[403],
        codes: &["INSUFFICIENT_PERMISSION", "INSUFFICIENT_PERMISSIONS", "FORBIDDEN"],
        texts: &["does not have permission", "permission violation"],
    },
    Row {
        sort: Sort::Refused(RefusalReason::Missing),
        statuses: &[],
        codes: &["NONEXISTENT_ID", "RCRD_DSNT_EXIST"],
        texts: &["record does not exist", "record instance does not exist"],
    },
    Row {
        sort: Sort::Refused(RefusalReason::SetUp),
        statuses: &[404, 405, 406, 415],
        codes: &["SSS_INVALID_SCRIPTLET_ID", "FEATURE_DISABLED"],
        texts: &[],
    },
];

/// Statuses by which something before NetSuite refuses a call that it has not passed on.
const REFUSED_BEFORE: [u16; 14] = [400, 401, 403, 404, 405, 406, 407, 410, 411, 413, 414, 415, 421, 431];

/// One thing that NetSuite complains of.
struct Complaint {
    code: String,
    text: String,
    path: Option<String>,
}

/// The body of an error: of web services, or of a RESTlet.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(rename = "o:errorDetails")]
    details: Vec<Detail>,
    error: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Detail {
    #[serde(rename = "detail")]
    text: String,
    #[serde(rename = "o:errorCode")]
    code: String,
    #[serde(rename = "o:errorPath")]
    path: Option<String>,
}

/// Takes apart an answer, of whichever service.
///
/// Refused for good is only what NetSuite itself refuses, in a body of its own: proxies, gateways and maintenance pages speak the
/// same statuses.
pub(crate) fn judge(reply: &Reply, now: DateTime<Utc>) -> Result<(), Error> {
    if reply.class() == Class::Success {
        return Ok(());
    }
    Err(match complaints(reply) {
        complaints if complaints.is_empty() => foreign(reply, now),
        complaints => sorted(reply, &complaints, now),
    })
}

/// The same for a RESTlet, whose script may have caught the error and answer HTTP 200 with it.
pub(crate) fn judge_restlet(reply: &Reply, now: DateTime<Utc>) -> Result<(), Error> {
    match complaints(reply) {
        complaints if !complaints.is_empty() => Err(sorted(reply, &complaints, now)),
        _ if reply.class() == Class::Success && reply.json().is_ok_and(|Body { error, .. }| is_said(&error)) => {
            Err(Outage::Undocumented("an error without a code").into())
        }
        _ => judge(reply, now),
    }
}

/// Whether an `error` is one: some scripts have `"error":null` or `false` in what went well.
fn is_said(error: &Value) -> bool {
    !matches!(error, Value::Null | Value::Bool(false))
}

/// Everything NetSuite complains of; nothing, if the body is not an error of NetSuite's.
fn complaints(reply: &Reply) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if let Ok(Body { details, error }) = reply.json() {
        let field = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        complaints.extend(details.into_iter().map(|Detail { text, code, path }| Complaint { code, text, path }));
        complaints.push(Complaint { code: field("code"), text: field("message"), path: None });
    } else {
        complaints.extend(of_text(&reply.body));
    }
    complaints.retain(|complaint| is_code(&complaint.code));
    complaints
}

/// A RESTlet's error as plain text: `error code: X`, `error message: Y`.
fn of_text(body: &[u8]) -> Option<Complaint> {
    let (code, rest) = std::str::from_utf8(body).ok()?.trim().strip_prefix("error code: ")?.split_once('\n')?;
    let text = rest.trim().strip_prefix("error message: ")?;
    Some(Complaint { code: code.trim().to_owned(), text: text.to_owned(), path: None })
}

/// By the complaint that the table knows best.
fn sorted(reply: &Reply, complaints: &[Complaint], now: DateTime<Utc>) -> Error {
    let status = reply.status;
    let place = |complaint: &Complaint| TABLE.iter().position(|row| row.fits(status, complaint)).unwrap_or(TABLE.len());
    let Some((place, complaint)) = complaints.iter().map(|it| (place(it), it)).min_by_key(|(place, _)| *place) else {
        return foreign(reply, now);
    };
    let said = Said {
        status,
        code: complaint.code.clone(),
        path: complaint.path.clone().filter(|path| is_path(path)),
        detail: without_values(&complaint.text),
    };
    let retry_after = reply.retry_after(now);
    let in_doubt = |said| Error::Unavailable { may_land: true, retry_after, source: Outage::Said(said) };
    match TABLE.get(place).map_or(Sort::Refused(RefusalReason::Content), |row| row.sort) {
        Sort::Limited => Error::RateLimited { retry_after },
        Sort::Unauthorized => Error::Unauthorized { code: said.code },
        Sort::InDoubt => in_doubt(said),
        _ if status >= 500 => in_doubt(said),
        Sort::Conflict => Error::Conflict(said),
        Sort::Refused(reason) => Error::Refused { reason, said },
    }
}

/// An answer without NetSuite's words.
fn foreign(reply: &Reply, now: DateTime<Utc>) -> Error {
    let (status, retry_after) = (reply.status, reply.retry_after(now));
    match reply.class() {
        Class::RateLimited => Error::RateLimited { retry_after },
        // The documented refusal of a token, whose body is not.
        Class::Unauthorized if reply.header("www-authenticate").is_some() => {
            Error::Unauthorized { code: "HTTP 401".to_owned() }
        }
        _ => {
            let may_land = !REFUSED_BEFORE.contains(&status) && !(300..400).contains(&status);
            Error::Unavailable { may_land, retry_after, source: Outage::Foreign(status) }
        }
    }
}

impl Row {
    fn fits(&self, status: u16, complaint: &Complaint) -> bool {
        let text = complaint.text.to_lowercase();
        self.statuses.contains(&status)
            || self.codes.contains(&complaint.code.as_str())
            || self.texts.iter().any(|known| text.contains(known))
    }
}

/// `USER_ERROR`: letters, digits and `_`. What is no code is not repeated, and makes no error of NetSuite's.
fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `item.items[0].item`: names and numbers, no room for a value.
fn is_path(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_.[]".contains(&byte);
    (1..=120).contains(&text.len()) && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests;
