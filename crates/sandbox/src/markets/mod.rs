//! What Salesforce and Loyalty have in common: customers who buy in several markets, and both ends held against each other.

mod points;
mod purchases;

use rust_decimal::Decimal;

pub use points::{Ends, Points};
pub use purchases::Purchases;

/// A market: its orders bear its name in `Store__c`, and go to one Loyalty account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Market {
    /// The store, as the settings call it.
    pub store: &'static str,
    /// The value of `Store__c`.
    pub name: &'static str,
    /// ISO 4217.
    pub currency: &'static str,
    /// Digits of the currency after the point.
    pub digits: u32,
    /// The Loyalty account.
    pub guid: &'static str,
}

impl Market {
    /// What the org has as a number, in the currency's smallest unit.
    fn minor(self, amount: &serde_json::Value) -> i64 {
        let amount: Decimal = amount.to_string().parse().unwrap_or_default();
        let units = amount.abs() * Decimal::from(10_i64.pow(self.digits));
        i64::try_from(units.round()).unwrap_or(i64::MAX)
    }
}
