//! An order as an account has it.

use chrono::{DateTime, Utc};

#[derive(Debug, Clone)]
pub(super) struct Booked {
    /// The customer's number.
    pub(super) member: u64,
    pub(super) amount: i64,
    pub(super) currency: Option<String>,
    pub(super) created_at: DateTime<Utc>,
    /// Whether its status earns, and its customer may.
    pub(super) earns: bool,
    pub(super) refunded: i64,
    /// What it has awarded until now, refunds taken off.
    pub(super) points: i64,
    pub(super) posted: u64,
    /// How often it counted. Two is a double.
    pub(super) effects: u64,
    pub(super) coupon: Option<String>,
}
