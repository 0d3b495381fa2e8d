use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::lenient;

/// A line of a customer's history, as far as it is not the customer's own words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HistoryItem {
    /// When it happened.
    #[serde(default, deserialize_with = "lenient::instant")]
    pub created_at: Option<DateTime<Utc>>,
    /// What the customer sees it as: `Create an Account`, `$5 Coupon`, an action's title.
    #[serde(default, deserialize_with = "lenient::text")]
    pub action: Option<String>,
    /// Added; below zero: taken.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub points: Option<i64>,
    /// `Approved`; of a coupon, its code.
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: Option<String>,
}
