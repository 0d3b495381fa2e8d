//! `[reviews]`.

use std::time::Duration;

use serde::Deserialize;

use crate::{FieldPath, duration};

/// How the reviews flow selects, packs and labels orders.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reviews {
    /// Yotpo's `platform` of every purchase.
    pub platform: String,
    /// How far before the oldest cursor a pass reads again, for rows that became visible late; at most 7 days.
    #[serde(deserialize_with = "duration::read")]
    pub overlap: Duration,
    /// Messages published together, 1 to 1000.
    pub batch_size: usize,
    /// A checkbox of Order, or above it: ticked, the order is skipped as `test_order`.
    pub test_order: Option<FieldPath>,
}

impl Default for Reviews {
    fn default() -> Self {
        Self { platform: "general".to_owned(), overlap: Duration::from_mins(30), batch_size: 50, test_order: None }
    }
}
