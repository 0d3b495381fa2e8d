//! One line of a transaction, and NetSuite's arithmetic of it.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Map, Value};

use super::error::Refusal;

/// The custom price level: the rate is the line's own.
pub(crate) const CUSTOM: &str = "-1";

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// `line`: its number, which it keeps.
    pub(crate) number: u64,
    pub(crate) item: u64,
    pub(crate) quantity: Decimal,
    pub(crate) rate: Decimal,
    pub(crate) amount: Decimal,
    pub(crate) price: Option<String>,
    pub(crate) closed: bool,
    /// How many have left.
    pub(crate) fulfilled: Decimal,
    /// How many are invoiced.
    pub(crate) billed: Decimal,
    /// Every other property.
    pub(crate) fields: Map<String, Value>,
}

/// Money of a currency with so many digits.
pub(crate) fn rounded(amount: Decimal, digits: u32) -> Decimal {
    amount.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
}

impl Row {
    pub(crate) fn new(number: u64, item: u64) -> Self {
        Self {
            number,
            item,
            quantity: Decimal::ONE,
            rate: Decimal::ZERO,
            amount: Decimal::ZERO,
            price: None,
            closed: false,
            fulfilled: Decimal::ZERO,
            billed: Decimal::ZERO,
            fields: Map::new(),
        }
    }

    pub(crate) fn is_custom(&self) -> bool {
        self.price.as_deref() == Some(CUSTOM)
    }

    /// Rate and amount follow from what was sent and from the item's own price, which wins where no custom price
    /// level says otherwise.
    pub(crate) fn price(&mut self, rate: Option<Decimal>, amount: Option<Decimal>, own: Option<Decimal>, digits: u32) {
        let own = own.filter(|_| !self.is_custom());
        match (own, rate, amount) {
            (Some(own), _, _) => self.rate = own,
            (None, Some(rate), amount) => {
                self.rate = rate;
                if let Some(amount) = amount {
                    self.amount = rounded(amount, digits);
                    return;
                }
            }
            (None, None, Some(amount)) => {
                self.amount = rounded(amount, digits);
                self.rate = amount.checked_div(self.quantity).unwrap_or(amount).round_dp(8);
                return;
            }
            (None, None, None) => {}
        }
        self.amount = rounded(self.rate * self.quantity, digits);
    }

    /// What has left or is invoiced stays as it was.
    pub(crate) fn check_change(&self, before: &Self, path: &str) -> Result<(), Refusal> {
        let done = before.fulfilled.max(before.billed);
        if done.is_zero() {
            return Ok(());
        }
        if self.item != before.item {
            let text = "You cannot change the item of a line that has been fulfilled or billed.";
            return Err(Refusal::user(text).at(format!("{path}.item")));
        }
        if self.quantity.abs() < done.abs() {
            let text = "The quantity cannot be less than the quantity that has been fulfilled or billed.";
            return Err(Refusal::user(text).at(format!("{path}.quantity")));
        }
        if !before.billed.is_zero() && self.rate != before.rate {
            let text = "You cannot change the rate of a line that has been billed.";
            return Err(Refusal::user(text).at(format!("{path}.rate")));
        }
        Ok(())
    }
}
