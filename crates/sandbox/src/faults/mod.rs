//! Faults on command: which call fails, when, and how. Decisions follow from the seed, the rule, the
//! endpoint, and how often it has been called for that order, so that concurrency does not change them.

mod book;
mod demo;
mod target;

pub use book::Active;
pub(crate) use book::{Book, Plan};
pub use target::{Endpoint, Target, Vendor};

use serde::{Deserialize, Serialize};

/// Whether a fault strikes before or after the call has taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// The call has no effect.
    #[default]
    Before,
    /// The call has taken effect, and the caller does not learn it.
    After,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// An error answer in the vendor's shape. At Salesforce 401 is `INVALID_SESSION_ID` and 403 `REQUEST_LIMIT_EXCEEDED`.
    Status {
        /// HTTP status.
        code: u16,
        /// Before or after taking effect.
        #[serde(default)]
        moment: Moment,
        /// `Retry-After` in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
        /// `RateLimit-Reset` in seconds (and `RateLimit-Remaining: 0`).
        #[serde(default)]
        reset: Option<u64>,
    },
    /// An HTML page where JSON is expected, as proxies and maintenance windows answer. No effect.
    Html {
        /// HTTP status.
        code: u16,
    },
    /// The answer takes longer. It adds to whatever else goes wrong with the call. A client that has
    /// given up meanwhile does not stop the effect.
    Delay {
        /// Milliseconds.
        ms: u64,
        /// Before or after taking effect.
        #[serde(default)]
        moment: Moment,
    },
    /// The connection is reset without an answer.
    Cut {
        /// Before or after taking effect.
        #[serde(default)]
        moment: Moment,
    },
    /// Yotpo answers 200 and creates nothing.
    SilentDrop,
    /// Every session (Salesforce) or utoken (Yotpo) becomes invalid just before this call is looked at.
    ExpireTokens,
}

impl Fault {
    /// An error status before taking effect, without headers that say when to come again.
    pub const fn status(code: u16) -> Self {
        Self::Status { code, moment: Moment::Before, retry_after: None, reset: None }
    }
}

/// A fault and the calls it strikes: those of `target` (and `order_id`, if given) past the first
/// `after`, at most `next` of them, for `seconds`, each with the probability `share`. What is absent does not limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The endpoint, vendor, or `*`.
    pub target: Target,
    /// What goes wrong.
    pub fault: Fault,
    /// Only calls about this order: Yotpo's `order_id`, or the `app_key` for a utoken request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// Probability from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// How often it strikes at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// Calls that pass before the rule begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// How long it lasts, from its beginning (the moment it was added, or the first call past `after`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

impl Rule {
    /// Strikes every call until it is cleared; limit it with the fields.
    pub fn always(target: impl Into<Target>, fault: Fault) -> Self {
        Self { target: target.into(), fault, order_id: None, share: None, next: None, after: None, seconds: None }
    }

    /// An outage: every call to `target` is answered 503 for so many seconds, or until cleared.
    pub fn outage(target: impl Into<Target>, seconds: Option<f64>) -> Self {
        Self { seconds, ..Self::always(target, Fault::status(503)) }
    }

    /// An outage in which nobody answers at all: every connection is reset.
    pub fn unreachable(target: impl Into<Target>, seconds: Option<f64>) -> Self {
        Self { seconds, ..Self::always(target, Fault::Cut { moment: Moment::Before }) }
    }
}
