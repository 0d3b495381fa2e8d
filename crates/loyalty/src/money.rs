//! Amounts as Yotpo counts them: whole minor units of a currency, from decimal text, never from floats.

use config::Currency;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// Digits after the point of a currency that ISO 4217 does not know, as Yotpo's own cartridge has it.
const OTHERWISE: u32 = 2;

/// An amount in minor units of its currency: cents, yen, fils. Yotpo takes 32 bits.
/// <https://loyaltyapi.yotpo.com/reference/create-refund>
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MinorAmount {
    /// How many.
    pub units: i64,
    /// Of what.
    pub currency: Currency,
}

/// Text that is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAmount {
    /// Not digits with at most one point in them.
    #[error("expected a decimal number such as 49.99")]
    Text,
    /// More than 32 bits of minor units.
    #[error("expected an amount of at most {} minor units", i32::MAX)]
    TooLarge,
}

/// How many digits after the point each currency has: those of ISO 4217, but for what the settings say.
#[derive(Clone, Copy, Debug)]
pub struct Digits<'a>(pub &'a BTreeMap<Currency, u32>);

impl Digits<'_> {
    /// Of one currency: 0 for yen, 2 for dollars, 3 for Kuwaiti dinars.
    pub fn of(self, currency: &Currency) -> u32 {
        let iso = || iso_currency::Currency::from_code(currency.as_str())?.exponent();
        self.0.get(currency).copied().or_else(|| iso().map(u32::from)).unwrap_or(OTHERWISE)
    }

    /// Decimal text as Salesforce writes it, rounded half to even; the sign is kept.
    ///
    /// # Errors
    /// When the text is no decimal number, or the amount is too large.
    pub fn read(self, text: &str, currency: &Currency) -> Result<MinorAmount, BadAmount> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
        let amount = if plain { Decimal::from_str_exact(text).ok() } else { None };
        self.round(amount.ok_or(BadAmount::Text)?, currency)
    }

    /// The nearest whole number of minor units, the even one of two.
    ///
    /// # Errors
    /// When the amount is too large.
    pub fn round(self, amount: Decimal, currency: &Currency) -> Result<MinorAmount, BadAmount> {
        let one = Decimal::from(10_u32.pow(self.of(currency)));
        let scaled = amount.checked_mul(one).ok_or(BadAmount::TooLarge)?;
        let rounded = scaled.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven);
        let units = i64::try_from(rounded).map_err(|_| BadAmount::TooLarge)?;
        if i32::try_from(units).is_err() {
            return Err(BadAmount::TooLarge);
        }
        Ok(MinorAmount { units, currency: currency.clone() })
    }
}

impl fmt::Display for MinorAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} minor units of {}", self.units, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::try_from(code.to_owned()).unwrap()
    }

    fn units(text: &str, code: &str) -> Result<i64, BadAmount> {
        Digits(&BTreeMap::new()).read(text, &currency(code)).map(|amount| amount.units)
    }

    #[test]
    fn each_currency_has_its_digits() {
        for (text, code, expected) in [
            ("49.99", "USD", 4999),
            ("49.9", "USD", 4990),
            ("-49.99", "EUR", -4999),
            ("0", "USD", 0),
            ("1200", "JPY", 1200),
            ("1200.5", "JPY", 1200),
            ("1201.5", "JPY", 1202),
            ("12.345", "KWD", 12345),
            ("0.005", "USD", 0),
            ("0.015", "USD", 2),
            ("0.025", "USD", 2),
            ("33.333333333333333333", "USD", 3333),
            ("1.99", "ZZZ", 199),
        ] {
            assert_eq!(units(text, code), Ok(expected), "{text} {code}");
        }
        let overridden = BTreeMap::from([(currency("ISK"), 2)]);
        assert_eq!(Digits(&overridden).read("5", &currency("ISK")).unwrap().units, 500);
        assert_eq!(units("5", "ISK"), Ok(5));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", " ", "1e3", "1,5", "1_000", "USD 5", "٣", "--1", "."] {
            assert_eq!(units(text, "USD"), Err(BadAmount::Text), "{text}");
        }
        for text in ["21474836.48", "99999999999999999999999999", "-21474836.49"] {
            assert_eq!(units(text, "USD"), Err(BadAmount::TooLarge), "{text}");
        }
        assert_eq!(units("21474836.47", "USD"), Ok(i64::from(i32::MAX)));
    }

    proptest! {
        #[test]
        fn what_is_written_with_the_currencys_digits_is_read_exactly(units in 0..i32::MAX) {
            let text = format!("{}.{:02}", units / 100, units % 100);
            prop_assert_eq!(super::tests::units(&text, "USD"), Ok(units.into()));
        }
    }
}
