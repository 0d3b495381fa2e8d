//! Why an invocation failed, as Lambda is told: a name to tell failures apart by and a sentence. One line of the log says
//! the same.

use crate::{environment::ColdStart, event::BadEvent};
use lambda_runtime::Diagnostic;
use serde_json::error::Category;
use std::{error::Error, fmt};

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The event is none that the function knows, or asks for what cannot be done.
    BadEvent,
    /// Configuration, secrets or the org do not fit each other; a person mends it.
    Misconfigured,
    /// A vendor refuses our credentials.
    Unauthorized,
    /// A system that the function needs did not do its part now; a later run tries again.
    Unavailable,
    /// It did not end in time.
    OutOfTime,
    /// A fault of ours.
    Internal,
}

impl Kind {
    /// The name, Lambda's `errorType`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadEvent => "BadEvent",
            Self::Misconfigured => "Misconfigured",
            Self::Unauthorized => "Unauthorized",
            Self::Unavailable => "Unavailable",
            Self::OutOfTime => "OutOfTime",
            Self::Internal => "Internal",
        }
    }
}

/// An invocation that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of failure it was.
    pub kind: Kind,
    /// The error with its causes, without personal data.
    pub message: String,
    /// Whether a line of the log has said it.
    said: bool,
}

impl Fault {
    /// For this error.
    pub fn of(kind: Kind, error: &dyn Error) -> Self {
        Self { kind, message: chain(error), said: false }
    }

    /// The event is no batch of messages: what is wrong with it, without a word of it.
    pub(crate) fn no_batch(error: &serde_json::Error) -> Self {
        let expected = match error.classify() {
            Category::Data => {
                "a field is missing or of another type; expected `Records`, a list of messages as SQS delivers them"
            }
            Category::Eof | Category::Syntax | Category::Io => "it is not JSON",
        };
        Self { kind: Kind::BadEvent, message: format!("the event is not an SQS batch: {expected}"), said: false }
    }

    /// The event is no request of an HTTP API; what serde says of it may quote it.
    pub(crate) fn no_request(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let message = format!(
            "the event is not a request of an HTTP API: expected payload format 2.0 with `headers`, `body` and \
             `requestContext` (line {line}, column {column})"
        );
        Self { kind: Kind::BadEvent, message, said: false }
    }

    /// The function panicked; where is in the log.
    pub(crate) fn panicked() -> Self {
        let message = "the function panicked; a line `panicked` of its log says where".to_owned();
        Self { kind: Kind::Internal, message, said: true }
    }

    /// Says it in a line of the log, once.
    pub(crate) fn say(&mut self) {
        if !std::mem::replace(&mut self.said, true) {
            tracing::error!(error_type = self.kind.as_str(), error = self.message, "the run failed");
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Fault> for Diagnostic {
    fn from(fault: Fault) -> Self {
        Self { error_type: fault.kind.as_str().to_owned(), error_message: fault.message }
    }
}

/// A cold start says why it failed itself.
impl From<ColdStart> for Fault {
    fn from(error: ColdStart) -> Self {
        let kind = if matches!(error, ColdStart::Unavailable(_)) { Kind::Unavailable } else { Kind::Misconfigured };
        Self { said: true, ..Self::of(kind, &error) }
    }
}

impl From<BadEvent> for Fault {
    fn from(error: BadEvent) -> Self {
        Self::of(Kind::BadEvent, &error)
    }
}

impl From<queue::InvalidBatch> for Fault {
    fn from(error: queue::InvalidBatch) -> Self {
        Self::of(Kind::BadEvent, &error)
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::of(Kind::Internal, &error)
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::of(Kind::Internal, &error)
    }
}

impl From<&ledger::Error> for Kind {
    fn from(error: &ledger::Error) -> Self {
        match error {
            ledger::Error::Unavailable { .. } => Self::Unavailable,
            ledger::Error::Unreadable { .. } => Self::Internal,
        }
    }
}

/// The error and its causes in their own words. Never their `Debug` output, which may have an answer's body in it.
pub fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
