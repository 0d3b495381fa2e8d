//! Error classes: what an operator groups failures by. docs/RUNBOOK.md has a line for each.

use std::fmt;

/// Why a delivery failed, in the words of logs, metrics and the dead-letter queue's attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The record itself cannot be delivered; only a change at the source helps.
    BadRecord,
    /// The destination does not accept our credentials.
    Unauthorized,
    /// The destination asked us to slow down.
    RateLimited,
    /// The destination, or the ledger, holds something that contradicts the message.
    Conflict,
    /// The destination cannot be reached, or failed before doing anything.
    Unavailable,
    /// A call was made and nobody knows whether it took effect.
    Uncertain,
    /// The configuration or a secret does not fit the message.
    Misconfigured,
    /// Every attempt that the queue allows was used up.
    Exhausted,
    /// A fault of ours.
    Internal,
}

impl ErrorClass {
    /// Every class.
    pub const ALL: [Self; 9] = [
        Self::BadRecord,
        Self::Unauthorized,
        Self::RateLimited,
        Self::Conflict,
        Self::Unavailable,
        Self::Uncertain,
        Self::Misconfigured,
        Self::Exhausted,
        Self::Internal,
    ];

    /// The class as it is written everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRecord => "bad_record",
            Self::Unauthorized => "unauthorized",
            Self::RateLimited => "rate_limited",
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
            Self::Uncertain => "uncertain",
            Self::Misconfigured => "misconfigured",
            Self::Exhausted => "exhausted",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
