//! A purchase that is posted to find something out.

use chrono::NaiveDate;
use serde::Serialize;

/// One of them.
#[derive(Debug, Serialize)]
pub(crate) struct Post {
    pub(super) order_id: String,
    pub(super) order_date: NaiveDate,
    pub(super) again: bool,
}
