use std::time::Duration;

use rest::{Failure, Unreadable};

use crate::Invalid;

/// Why a call to Yotpo failed, by what the caller can do about it.  Codes that are not known here are values.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The token was refused, and so was the one minted anew, or none was given.  Read the secret again, once; then
    /// it takes a person.
    #[error("Yotpo refuses the app key or its secret")]
    Unauthorized,
    /// Too many calls; nothing took effect.
    #[error("Yotpo asks for fewer calls")]
    RateLimited {
        /// How long Yotpo asks to wait.
        retry_after: Option<Duration>,
    },
    /// Yotpo understood and refuses, in its own words: repeating the call changes nothing, and nothing took effect.
    #[error("Yotpo refuses the call (HTTP {status}, code {code}, field {}): {message}", field.as_deref().unwrap_or("not named"))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The code in the body, or the status again.
        code: u64,
        /// What Yotpo says about it, the buyer's data blacked out.
        message: String,
        /// The field Yotpo names.
        field: Option<String>,
    },
    /// The purchase breaks a rule by which Yotpo drops orders without a word; not sent.
    #[error("the purchase was not sent")]
    Invalid(#[from] Invalid),
    /// No usable answer: try later.
    #[error("Yotpo is not available")]
    Unavailable {
        /// Whether the call may have taken effect.
        effect: Effect,
        /// How long Yotpo asks to wait.
        retry_after: Option<Duration>,
        /// What came instead.
        #[source]
        source: Outage,
    },
}

/// Whether a call that failed may have taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Certainly not.
    None,
    /// Perhaps.
    Unknown,
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
    #[error("HTTP {status}, code {code}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The code in the body, or the status again.
        code: u64,
    },
}

impl Error {
    /// Whether the call was sent and not answered in time.
    pub fn is_late(&self) -> bool {
        matches!(self, Error::Unavailable { source: Outage::Transport(failure), .. } if failure.is_late())
    }

    /// Whether the call may have taken effect.
    pub fn effect(&self) -> Effect {
        match self {
            Error::Unavailable { effect, .. } => *effect,
            Error::Unauthorized | Error::RateLimited { .. } | Error::Refused { .. } | Error::Invalid(_) => Effect::None,
        }
    }

    /// How long Yotpo asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::Unavailable { retry_after, .. } | Error::RateLimited { retry_after } => *retry_after,
            Error::Unauthorized | Error::Refused { .. } | Error::Invalid(_) => None,
        }
    }

    /// The same failure of a call that only prepares another: that other call has had no effect.
    pub(crate) fn before_the_call(self) -> Error {
        match self {
            Error::Unavailable { retry_after, source, .. } => {
                Error::Unavailable { effect: Effect::None, retry_after, source }
            }
            other => other,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        let effect = match failure {
            Failure::NotSent { .. } => Effect::None,
            Failure::Unknown { .. } => Effect::Unknown,
        };
        Error::Unavailable { effect, retry_after: None, source: Outage::Transport(failure) }
    }
}

impl From<Unreadable> for Error {
    fn from(unreadable: Unreadable) -> Error {
        Error::Unavailable { effect: Effect::Unknown, retry_after: None, source: Outage::Unreadable(unreadable) }
    }
}
