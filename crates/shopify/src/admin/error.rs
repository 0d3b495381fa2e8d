use std::time::Duration;

use rest::{Failure, Unreadable};

use crate::BadShape;

/// Why a call to the Admin API failed, by what the caller can do about it.  Every call reads, so that repeating it is harmless.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The token, or the app's id and secret, are refused.  Read the secret again, once; then it takes a person.
    #[error("Shopify refuses the app's token or secret ({error})")]
    Unauthorized {
        /// What it is refused with: OAuth's `error`, or the HTTP status.
        error: String,
    },
    /// The app lacks a scope, or Shopify's leave to see customers: a person grants it.
    #[error("Shopify denies access: {message}")]
    Denied {
        /// What Shopify says about it; it names fields and scopes.
        message: String,
    },
    /// The app's points for this shop are used up.
    #[error("Shopify asks for fewer calls")]
    Throttled {
        /// When there are enough again.
        wait: Duration,
    },
    /// One call asks for more than Shopify does at a time, even for one order.
    #[error("Shopify cannot do so much in one query")]
    TooMuch,
    /// Shopify understood and refuses: a shop that is closed or not there, a version that lacks a field.
    #[error("Shopify refuses the call (HTTP {status}, {code}): {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The error's code, or empty.
        code: String,
        /// What Shopify says about it.
        message: String,
    },
    /// What was asked for has not the shape that it should have.
    #[error("what Shopify answers has another shape")]
    BadShape(#[from] BadShape),
    /// No usable answer: try later.
    #[error("Shopify is not available")]
    Unavailable {
        /// How long Shopify asks to wait.
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
        /// The error's code, or empty.
        code: String,
    },
    /// An answer that breaks Shopify's own documentation.
    #[error("{0}")]
    Undocumented(&'static str),
}

impl Error {
    /// How long Shopify asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::Throttled { wait } => Some(*wait),
            Error::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl<T: Into<Outage>> From<T> for Error {
    fn from(source: T) -> Error {
        Error::Unavailable { retry_after: None, source: source.into() }
    }
}
