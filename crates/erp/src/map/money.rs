//! Whether lines add up.

use super::{Parked, Settings};
use config::OnDifference;
use rust_decimal::Decimal;

/// What our lines add up to, and what Shopify says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// Our lines, tax included however it is sent.
    pub ours: Decimal,
    /// For an order: Shopify's current total and what its memos give back. For a refund: the payments back.
    pub shopify: Decimal,
}

impl Sums {
    /// By how much ours are too high.
    pub fn difference(&self) -> Decimal {
        self.ours - self.shopify
    }

    /// Whether they differ at all.
    pub fn differ(&self) -> bool {
        !self.difference().is_zero()
    }

    /// As the settings want it.
    pub(super) fn check(self, settings: &Settings<'_>) -> Result<Self, Parked> {
        if self.differ() && settings.erp.on_difference == OnDifference::Park {
            let Self { ours, shopify } = self;
            return Err(Parked::new(
                "sums_differ",
                format!("the lines add up to {ours}, Shopify's total is {shopify}"),
            ));
        }
        Ok(self)
    }
}
