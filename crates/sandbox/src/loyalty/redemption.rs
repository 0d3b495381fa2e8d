//! Rewards: points for a coupon code.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// A reward that a customer has taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Redemption {
    /// Yotpo's number.
    pub id: u64,
    /// The customer's number.
    #[serde(skip)]
    pub(super) member: u64,
    /// The coupon code.
    pub code: String,
    /// What it is: its number and name.
    pub option: (u64, String),
    /// What it cost.
    pub points: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether the points are gone.
    pub deducted: bool,
    /// The first order that used it.
    pub used_by: Option<String>,
}
