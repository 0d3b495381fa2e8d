//! What must become of an order.

use serde::Serialize;

/// What must become of an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It takes effect at Yotpo, once.
    Delivered,
    /// It is not sent, by rule.
    Skipped {
        /// `no_email`, `invalid_email`, `no_valid_products`, `test_order`
        reason: String,
    },
    /// It needs a person's decision.
    Parked {
        /// `unknown_store`, `no_completion_date`, `future_completion_date` (the latter two in a scheduled run only: a run for
        /// a given business day selects by the completion date alone and does not see such an order)
        reason: String,
    },
    /// Yotpo refuses it with 400.
    Rejected,
    /// It is none of this day's completed orders and must not be touched. (`AtDayEnd` and `DayAfter` are the next day's.)
    OutOfScope,
}
