//! Text as a field has it, made fit for a destination.

use crate::unseen::trim;

/// Without control characters, and without space and what else nobody sees around it; `None` if nothing is left.
pub fn clean(text: &str) -> Option<String> {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = trim(&text);
    (!text.is_empty()).then(|| text.to_owned())
}

/// An ISO 4217 code in capitals; `None` for text that is none, such as `US Dollar`.
pub fn currency(text: &str) -> Option<String> {
    let code = text.trim().to_ascii_uppercase();
    (code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_currency_is_three_capitals_or_left_out() {
        for (text, code) in [("EUR", "EUR"), ("eur", "EUR"), (" Usd\t", "USD")] {
            assert_eq!(currency(text).as_deref(), Some(code), "{text}");
        }
        for text in ["", "US Dollar", "€", "EURO", "E1R", "ſek", "eu\u{131}", "$US"] {
            assert_eq!(currency(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_as_it_must_be(text in "[a-zA-Z ]{0,5}|\\PC{0,10}|[\\x00-\\xff]{0,20}") {
            if let Some(code) = currency(&text) {
                prop_assert!(code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()));
            }
            if let Some(kept) = clean(&text) {
                prop_assert!(!kept.is_empty() && !kept.contains(char::is_control));
                prop_assert_eq!(clean(&kept), Some(kept.clone()), "mended once, mended for good");
            }
        }
    }
}
