//! Which calls a fault strikes.

use serde::{Deserialize, Serialize};

use super::fault::{Fault, Moment};
use super::target::Target;

/// A fault and the calls it strikes: those of `target` (and about `subject`, if given) past the first
/// `after`, at most `next` of them, for `seconds`, each with the probability `share`. What is absent does not limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The endpoint, vendor, or `*`.
    pub target: Target,
    /// What goes wrong.
    pub fault: Fault,
    /// Only calls about this: at Yotpo an `order_id`, or the `app_key` for a utoken request; at Loyalty a customer's, order's or
    /// refund's id, or an action's title; at NetSuite an external id, at Shopify a shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
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
        Self { target: target.into(), fault, subject: None, share: None, next: None, after: None, seconds: None }
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
