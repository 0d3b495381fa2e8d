use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An ISO 4217 code, three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// Text that is no currency's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a currency's code of three capital letters")]
pub struct BadCurrency;

/// An amount in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Exact, without zeros at its end, whichever way it was written.
    #[serde(with = "decimal")]
    pub amount: Decimal,
    /// Its currency.
    #[serde(rename = "currency_code")]
    pub currency: Currency,
}

/// One amount in the shop's currency and in the one the buyer saw; equal unless the shop sells in several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MoneyBag {
    /// In the shop's currency.
    pub shop_money: Money,
    /// In the buyer's.
    pub presentment_money: Money,
}

impl Currency {
    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Currency {
    type Err = BadCurrency;

    fn from_str(text: &str) -> Result<Currency, BadCurrency> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| BadCurrency)?;
        if code.iter().all(u8::is_ascii_uppercase) { Ok(Currency(code)) } else { Err(BadCurrency) }
    }
}

impl TryFrom<String> for Currency {
    type Error = BadCurrency;

    fn try_from(text: String) -> Result<Currency, BadCurrency> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A decimal number, which Shopify writes as text (`"89.99"`), and in a refund's lines and rates as a JSON number (`89.99`).
pub(crate) mod decimal {
    use super::{Decimal, Deserializer, Serializer, Written};

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        deserializer.deserialize_any(Written)
    }

    pub(crate) fn serialize<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(amount)
    }
}

/// The same where it may be absent or null.
pub(crate) mod optional_decimal {
    use super::{Decimal, Deserialize, Deserializer, Serializer, decimal};

    #[derive(Deserialize)]
    struct Wrapped(#[serde(with = "decimal")] Decimal);

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
        Ok(Option::<Wrapped>::deserialize(deserializer)?.map(|Wrapped(amount)| amount))
    }

    #[expect(clippy::ref_option, reason = "serde's signature")]
    pub(crate) fn serialize<S: Serializer>(amount: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
        match amount {
            Some(amount) => decimal::serialize(amount, serializer),
            None => serializer.serialize_none(),
        }
    }
}

struct Written;

const EXPECTED: &str = "a decimal number, such as \"89.99\"";

/// `-` and digits with at most one point in them: neither an exponent nor what else a parser of decimals takes.
fn read(text: &str) -> Option<Decimal> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    let amount = if plain { Decimal::from_str_exact(text).ok()? } else { return None };
    Some(amount.normalize())
}

impl Visitor<'_> for Written {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Decimal, E> {
        read(text).ok_or_else(|| E::invalid_value(Unexpected::Other("text"), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Decimal, E> {
        Ok(number.into())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Decimal, E> {
        Ok(number.into())
    }

    /// The shortest text that means this `f64` is what was written, for all numbers of up to 15 digits.
    fn visit_f64<E: Error>(self, number: f64) -> Result<Decimal, E> {
        read(&number.to_string()).ok_or_else(|| E::invalid_value(Unexpected::Other("a number"), &self))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn amount(written: &Value) -> Option<String> {
        let money = json!({"amount": written, "currency_code": "USD"});
        serde_json::from_value::<Money>(money).ok().map(|money| money.amount.to_string())
    }

    #[test]
    fn text_and_numbers_give_one_amount() {
        for (written, read) in [
            (json!("89.99"), Some("89.99")),
            (json!(89.99), Some("89.99")),
            (json!("10.00"), Some("10")),
            (json!("10.0"), Some("10")),
            (json!(10), Some("10")),
            (json!(-5), Some("-5")),
            (json!("-0.00"), Some("0")),
            (json!(0.1), Some("0.1")),
            (json!("79228162514264337593543950335"), Some("79228162514264337593543950335")),
            (json!("792281625142643375935439503350"), None),
            (json!(1e300), None),
            (json!("1e3"), None),
            (json!("1_000"), None),
            (json!("1,5"), None),
            (json!("٣"), None),
            (json!(""), None),
            (json!("."), None),
            (json!("-"), None),
            (json!("1-2"), None),
            (json!(null), None),
            (json!([]), None),
        ] {
            assert_eq!(amount(&written).as_deref(), read, "{written}");
        }
    }

    #[test]
    fn a_currency_is_three_capitals() {
        assert!("JPY".parse::<Currency>().is_ok());
        for bad in ["", "usd", "US", "USDT", "€€€", "12A"] {
            assert_eq!(bad.parse::<Currency>(), Err(BadCurrency), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_json_number_reads_as_the_text_that_it_is_written_with(cents in -99_999_999_999_999_i64..99_999_999_999_999) {
            let (whole, rest) = (cents / 100, (cents % 100).abs());
            let text = format!("{}{}.{rest:02}", if cents < 0 && whole == 0 { "-" } else { "" }, whole);
            let number: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(amount(&number), amount(&Value::String(text)));
        }
    }
}
