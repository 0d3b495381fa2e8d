use std::time::Duration;

use chrono::{DateTime, Utc};
use rest::{Class, Failure, Reply, Unreadable};
use serde::Deserialize;

/// Why a call to Salesforce failed, by what the caller can do about it.  Error codes that are not known here are
/// values of [`Error::Refused`].
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The session was refused, and so was the one minted anew: the next run may have more luck.
    #[error("Salesforce refuses the session, also a fresh one")]
    SessionExpired,
    /// The login was refused, or the session may not use this API: a fault of the set-up.  Read the secret again, once;
    /// then it takes a person.  Never repeated here.
    #[error("Salesforce refuses the login or the access: {error}: {description}")]
    Unauthorized {
        /// OAuth's `error`, or the API's error code.
        error: String,
        /// What Salesforce says about it.
        description: String,
    },
    /// The configured share of the org's daily calls is used up; not sent.  Stop, and go on next run.
    #[error("{used} of the org's {max} API calls are used, the configured share is {share}; the call was not made")]
    QuotaNearEnd {
        /// Calls used in the last 24 hours by everything in the org.
        used: u64,
        /// Calls allowed in 24 hours.
        max: u64,
        /// The configured share, 0 to 1.
        share: f64,
    },
    /// The org's daily calls are used up.  Stop; they come back over the next 24 hours.
    #[error("the org has no API calls left: {message}")]
    QuotaExceeded {
        /// What Salesforce says about it.
        message: String,
    },
    /// The query is wrong, or the org lacks what it names: a fault of the configuration.
    #[error("Salesforce refuses the query: {code}: {message}")]
    BadQuery {
        /// `MALFORMED_QUERY`, `INVALID_FIELD`, `INVALID_TYPE` and their like.
        code: String,
        /// What Salesforce says about it.
        message: String,
    },
    /// The cursor of the query is gone: ask again from the start or the checkpoint.
    #[error("the query's cursor has expired")]
    CursorExpired,
    /// One request asks for more than Salesforce does at a time: the same request fails again, one that asks for less need not.
    #[error("Salesforce cannot do so much in one query: {}", code.as_deref().unwrap_or("no answer in time"))]
    TooMuch {
        /// `QUERY_TIMEOUT` and its like, `HTTP 414`, `HTTP 431`; none: there was no answer in time.
        code: Option<String>,
    },
    /// The org does not have this version of the API: a fault of the configuration.
    #[error("the org does not have version {version} of the API{}", offered(offers.as_ref()))]
    NoSuchVersion {
        /// The version asked for, as in `v66.0`.
        version: String,
        /// The oldest and the newest that it has, if it could be asked.
        offers: Option<(String, String)>,
    },
    /// A name in a field path does not exist in the org, or the user may not see it.
    #[error("{object} has no {piece} `{name}`")]
    Missing {
        /// The object that was searched.
        object: String,
        /// What was looked for.
        piece: Piece,
        /// Its name as configured.
        name: String,
    },
    /// Salesforce understood and refuses, in its own words: repeating the call changes nothing.
    #[error("Salesforce refuses the call (HTTP {status}): {code}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Salesforce's error code.
        code: String,
        /// What Salesforce says about it, or empty.
        message: String,
    },
    /// No usable answer: try later.
    #[error("Salesforce is not available")]
    Unavailable {
        /// How long Salesforce asks to wait.
        retry_after: Option<Duration>,
        /// What came instead.
        #[source]
        source: Outage,
    },
}

/// What came instead of a usable answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Outage {
    /// No answer.
    #[error(transparent)]
    Transport(#[from] Failure),
    /// An answer that cannot be read, such as a maintenance page.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// An answer that says so.
    #[error("HTTP {status} {code}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// Salesforce's error code, or empty.
        code: String,
    },
    /// An answer that breaks Salesforce's own documentation.
    #[error("{0}")]
    Undocumented(&'static str),
}

/// The kinds of names in a field path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// An object, the start of a path.
    Object,
    /// A field, the last name of a path.
    Field,
    /// A lookup's relationship, a name before a dot.
    Relationship,
    /// A child relationship, the name after `FROM` in a subquery.
    ChildRelationship,
}

impl std::fmt::Display for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Piece::Object => "object",
            Piece::Field => "field",
            Piece::Relationship => "relationship",
            Piece::ChildRelationship => "child relationship",
        })
    }
}

impl Error {
    /// Whether the org's quota of calls is used up, as far as it is ours.
    pub fn is_quota(&self) -> bool {
        matches!(self, Self::QuotaNearEnd { .. } | Self::QuotaExceeded { .. })
    }
}

impl<T: Into<Outage>> From<T> for Error {
    fn from(source: T) -> Error {
        Error::Unavailable { retry_after: None, source: source.into() }
    }
}

/// One entry of the array that data calls answer with:
/// <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm>.
#[derive(Deserialize)]
struct ApiError {
    #[serde(rename = "errorCode", default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// Messages that come with `INVALID_SESSION_ID` and that no new session cures (jsforce keeps the same list).
const NOT_THE_SESSIONS_FAULT: [&str; 2] =
    ["Connected app is not attached to Agent", "This session is not valid for use with the REST API"];

/// Takes apart the answer to a data call: the one table from status and error code to [`Error`].
pub(crate) fn judge(reply: Reply, now: DateTime<Utc>) -> Result<Reply, Error> {
    if reply.class() == Class::Success {
        return Ok(reply);
    }
    let status = reply.status;
    // An HTML page, an empty body or a single object: no code, so it is not Salesforce's.
    let first = reply.json::<Vec<ApiError>>().ok().and_then(|errors| errors.into_iter().next());
    let (code, message) = first.map_or_else(Default::default, |error| (error.code, shortened(error.message)));
    let unavailable =
        |code| Error::Unavailable { retry_after: reply.retry_after(now), source: Outage::Status { status, code } };
    Err(match (status, code.as_str()) {
        (401 | 403, "INVALID_SESSION_ID") if NOT_THE_SESSIONS_FAULT.iter().any(|fault| message.contains(fault)) => {
            Error::Unauthorized { error: code, description: message }
        }
        (401, "INVALID_SESSION_ID") => Error::SessionExpired,
        // The request line is too long, whoever says so.
        (414 | 431, _) => Error::TooMuch { code: Some(format!("HTTP {status}")) },
        // Whatever stands before Salesforce speaks the same statuses.
        (_, "") => unavailable(code),
        (401, _) | (403, "API_DISABLED_FOR_ORG" | "API_CURRENTLY_DISABLED" | "INSUFFICIENT_ACCESS" | "FORBIDDEN") => {
            Error::Unauthorized { error: code, description: message }
        }
        // The same code for the daily pool and for too many calls at a time.
        (_, "REQUEST_LIMIT_EXCEEDED") if message.contains("Concurrent") => unavailable(code),
        (_, "REQUEST_LIMIT_EXCEEDED") => Error::QuotaExceeded { message },
        (_, "QUERY_TIMEOUT" | "OPERATION_TOO_LARGE" | "EXCEEDED_ID_LIMIT" | "QUERY_TOO_COMPLICATED") => {
            Error::TooMuch { code: Some(code) }
        }
        (_, "INVALID_QUERY_LOCATOR") => Error::CursorExpired,
        (400 | 404, "MALFORMED_QUERY" | "INVALID_FIELD" | "INVALID_TYPE" | "INVALID_QUERY_FILTER_OPERATOR") => {
            Error::BadQuery { code, message }
        }
        // 406 comes and goes (tap-salesforce repeats it), 420 is jsforce's.
        (_, "UNABLE_TO_LOCK_ROW" | "SERVER_UNAVAILABLE" | "UNKNOWN_EXCEPTION") | (406 | 420, _) => unavailable(code),
        _ => match Class::of(status) {
            Class::Refused => Error::Refused { status, code, message },
            _ => unavailable(code),
        },
    })
}

fn offered(offers: Option<&(String, String)>) -> String {
    offers.map_or_else(String::new, |(oldest, newest)| format!("; it has {oldest} to {newest}"))
}

/// Error messages quote the query, which may be long.
pub(crate) fn shortened(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(400) {
        message.truncate(end);
        message.push('…');
    }
    message
}
