//! Literals of SOQL:
//! <https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm>.

use std::fmt::Write;

use chrono::{DateTime, NaiveDate, Utc};

/// A string literal with its quotes: `O'Neil` becomes `'O\'Neil'`.  Nothing in the text can end the literal.
pub fn quote(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for character in text.chars() {
        match character {
            '\'' | '\\' | '"' => literal.extend(['\\', character]),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            control if control.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(literal, "\\u{:04X}", u32::from(control));
            }
            other => literal.push(other),
        }
    }
    literal.push('\'');
    literal
}

/// A dateTime literal, in UTC with `Z` (a `+` in an offset would have to be encoded in the URL) and milliseconds:
/// `2026-11-20T00:00:00.000Z`.  Compares with dateTime fields only.
pub fn datetime(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A date literal, `2026-11-20`.  Compares with date fields only.
pub fn date(day: NaiveDate) -> String {
    day.format("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;

    /// Reads a literal back as SOQL would; `None` if it ends early or not at all.
    fn unquote(literal: &str) -> Option<String> {
        let mut rest = literal.strip_prefix('\'')?.chars();
        let mut text = String::new();
        loop {
            match rest.next()? {
                '\'' => return rest.as_str().is_empty().then_some(text),
                '\\' => text.push(match rest.next()? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        let code: String = rest.by_ref().take(4).collect();
                        char::from_u32(u32::from_str_radix(&code, 16).ok()?)?
                    }
                    escaped @ ('\'' | '\\' | '"') => escaped,
                    _ => return None,
                }),
                plain => text.push(plain),
            }
        }
    }

    #[test]
    fn literals_as_documented() {
        assert_eq!(quote("O'Neil"), r"'O\'Neil'");
        assert_eq!(quote(r"x\' OR Name != '"), r"'x\\\' OR Name != \''");
        assert_eq!(quote("a\nb\u{1}"), r"'a\nb\u0001'");
        let instant = Utc.with_ymd_and_hms(2026, 11, 20, 18, 4, 31).unwrap();
        assert_eq!(datetime(instant), "2026-11-20T18:04:31.000Z");
        assert_eq!(datetime(instant + chrono::TimeDelta::microseconds(7999)), "2026-11-20T18:04:31.007Z");
        assert_eq!(date(instant.date_naive()), "2026-11-20");
    }

    proptest! {
        #[test]
        fn a_quoted_text_is_one_literal_and_reads_back(text in r#"([\\'"]|\PC|\pC){0,40}"#) {
            let literal = quote(&text);
            prop_assert!(!literal.chars().any(char::is_control));
            prop_assert_eq!(unquote(&literal), Some(text));
        }
    }
}
