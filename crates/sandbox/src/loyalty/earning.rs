//! A line of a customer's history: points that came or went, and why.

use chrono::{DateTime, Utc};

/// Points, one way or the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Earning {
    /// When it is shown to have happened.
    pub(super) at: DateTime<Utc>,
    /// When that for which it counts in a tier's term happened: a refund takes from the order's.
    pub(super) counts_at: DateTime<Utc>,
    pub(super) title: String,
    pub(super) points: i64,
    /// `Approved`, or a coupon's code.
    pub(super) status: String,
    /// Whether it belongs to what was earned, and not only to what can be spent.
    pub(super) earned: bool,
}

impl Earning {
    /// Points that were earned.
    pub(super) fn earned(at: DateTime<Utc>, counts_at: DateTime<Utc>, title: String, points: i64) -> Self {
        Self { at, counts_at, title, points, status: "Approved".to_owned(), earned: true }
    }

    /// Points that went for a coupon.
    pub(super) fn spent(at: DateTime<Utc>, title: String, points: i64, code: &str) -> Self {
        Self { at, counts_at: at, title, points: -points, status: code.to_owned(), earned: false }
    }
}
