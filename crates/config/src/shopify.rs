//! `[shopify]`.

use crate::duration;
use crate::fault::{Fault, require, within};
use serde::Deserialize;
use std::time::Duration;

/// What the shops' API speaks, and how it is read again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shopify {
    /// The version of Shopify's API, `2026-10`: that of the Admin API's calls, and the one that webhooks should come in.
    pub api_version: String,
    /// How far before its last look the reconciler reads orders again.
    #[serde(deserialize_with = "duration::read")]
    pub overlap: Duration,
}

impl Default for Shopify {
    fn default() -> Self {
        Self { api_version: "2026-10".to_owned(), overlap: Duration::from_hours(1) }
    }
}

impl Shopify {
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let quarterly = self.api_version.split_once('-').is_some_and(|(year, month)| {
            year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()) && ["01", "04", "07", "10"].contains(&month)
        });
        require(quarterly, "shopify.api_version", "expected a version of Shopify's API such as \"2026-10\"")?;
        within(self.overlap, Duration::ZERO, Duration::from_hours(24), "shopify.overlap")
    }
}
