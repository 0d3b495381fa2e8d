//! What an order is worth, and what a return gives back: one rule for both, so that a full return gives back the whole order.

use crate::{
    money::{BadAmount, Digits, MinorAmount},
    source::fields::Worth,
};
use config::{Clause, Currency};
use org::{LINES, holds};
use rust_decimal::Decimal;
use salesforce::Record;

impl Worth {
    /// The amount of `row`, with its sign.
    ///
    /// # Errors
    /// When there is none, or it cannot be one.
    pub(crate) fn of(&self, row: &Record, digits: Digits<'_>, currency: &Currency) -> Result<MinorAmount, BadAmount> {
        match self {
            Self::Field(path) => digits.read(&row.text(path).ok_or(BadAmount::Text)?, currency),
            Self::Line { amount, keep } if keeps(keep, row) => {
                digits.read(&row.text(amount).ok_or(BadAmount::Text)?, currency)
            }
            Self::Line { .. } => digits.round(Decimal::ZERO, currency),
            // Added up before it is rounded: the parts of a price that does not divide make the whole again.
            Self::Lines { sum, .. } => {
                let mut lines = row.children(LINES).iter().filter(|line| self.counts(line));
                let total = lines.try_fold(Decimal::ZERO, |total, line| {
                    let text = line.text(sum).ok_or(BadAmount::Text)?;
                    let amount = Decimal::from_str_exact(&text).map_err(|_| BadAmount::Text)?;
                    total.checked_add(amount).ok_or(BadAmount::TooLarge)
                })?;
                digits.round(total, currency)
            }
        }
    }

    /// Whether a line is a part of what an order is worth.
    pub(crate) fn counts(&self, line: &Record) -> bool {
        if let Self::Lines { keep, .. } = self { keeps(keep, line) } else { true }
    }
}

fn keeps(keep: &[(String, Clause)], row: &Record) -> bool {
    keep.iter().all(|(path, clause)| holds(path, clause, row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn currency(code: &str) -> Currency {
        Currency::try_from(code.to_owned()).unwrap()
    }

    fn row(json: serde_json::Value) -> Record {
        serde_json::from_value(json).unwrap()
    }

    /// The sum of the lines that are neither tax nor shipping.
    fn lines() -> Worth {
        let clause = |toml: &str| -> Clause {
            #[derive(serde::Deserialize)]
            struct One {
                one: Clause,
            }
            toml::from_str::<One>(&format!("one = {toml}")).unwrap().one
        };
        let keep = vec![("Kind__c".to_owned(), clause(r#"{ field = "Kind__c", is_not = ["Tax", "Shipping"] }"#))];
        Worth::Lines { sum: "TotalPrice".to_owned(), keep }
    }

    fn units(worth: &Worth, row: &Record, code: &str) -> Result<i64, BadAmount> {
        worth.of(row, Digits(&BTreeMap::new()), &currency(code)).map(|amount| amount.units)
    }

    #[test]
    fn a_field_or_the_lines_that_count() {
        let order = row(json!({"TotalAmount": 59.97, "Odd": null, "OrderItems": {"done": true, "records": [
            {"TotalPrice": 19.99, "Kind__c": null}, {"TotalPrice": 29.98, "Kind__c": "Goods"},
            {"TotalPrice": 5.0, "Kind__c": "shipping"}, {"TotalPrice": 5.0, "Kind__c": "Tax"},
        ]}}));
        let field = |name: &str| Worth::Field(name.to_owned());
        assert_eq!(units(&field("TotalAmount"), &order, "USD"), Ok(5997));
        assert_eq!(units(&lines(), &order, "USD"), Ok(4997));
        assert_eq!(units(&field("Odd"), &order, "USD"), Err(BadAmount::Text));
        let none = row(json!({"OrderItems": null}));
        assert_eq!(units(&lines(), &none, "USD"), Ok(0));
        let unknown = row(json!({"OrderItems": {"done": true, "records": [{"TotalPrice": null}]}}));
        assert_eq!(units(&lines(), &unknown, "USD"), Err(BadAmount::Text));
        let keep = vec![];
        let line = Worth::Line { amount: "ChangeOrderItem.TotalPrice".to_owned(), keep };
        assert_eq!(units(&line, &row(json!({"ChangeOrderItem": {"TotalPrice": -5.5}})), "USD"), Ok(-550));
    }

    proptest! {
        /// However an order is cut into lines, it is worth the same; and lines that do not count change nothing.
        #[test]
        fn lines_add_up_to_the_field(parts in prop::collection::vec(-50_000_i64..100_000, 1..12), left_out in prop::collection::vec(1_u32..10_000, 0..4), digits in 0_u32..4) {
            let code = ["JPY", "BRL", "USD", "KWD"][digits as usize];
            let text = |units: i64| Decimal::new(units, digits).to_string().parse::<serde_json::Number>().unwrap();
            let counted = parts.iter().map(|units| json!({"TotalPrice": text(*units), "Kind__c": "Goods"}));
            let other = left_out.iter().map(|units| json!({"TotalPrice": text(i64::from(*units)), "Kind__c": "Tax"}));
            let lines_of: Vec<_> = counted.chain(other).collect();
            let total: i64 = parts.iter().sum();
            let order = row(json!({"TotalAmount": text(total), "OrderItems": {"done": true, "records": lines_of}}));
            let expected = if digits == 1 { total * 10 } else { total };
            prop_assert_eq!(units(&lines(), &order, code), Ok(expected));
            prop_assert_eq!(units(&Worth::Field("TotalAmount".to_owned()), &order, code), Ok(expected));
        }

        /// What comes half way goes to the even side, so that many roundings do not lean one way.
        #[test]
        fn half_a_unit_goes_to_the_even_one(units_of in 0_i64..1_000_000) {
            let half = format!("{units_of}.5").parse::<serde_json::Number>().unwrap();
            let order = row(json!({"TotalAmount": half}));
            let got = units(&Worth::Field("TotalAmount".to_owned()), &order, "JPY").unwrap();
            prop_assert!(got % 2 == 0 && (got == units_of || got == units_of + 1));
        }
    }
}
