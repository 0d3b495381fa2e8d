//! Characters that nobody sees at the ends of a text: white space, and what tells a program how to show the rest (a byte order
//! mark, zero-width spaces, marks of direction), which come along when a text is copied.

/// The text without them.
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_format(c))
}

/// Unicode's general category Cf: <https://www.unicode.org/reports/tr44/#General_Category_Values>.
fn is_format(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{890}'..='\u{891}' | '\u{8E2}' | '\u{180E}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1343F}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0001}' | '\u{E0020}'..='\u{E007F}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    #[test]
    fn what_nobody_sees_goes_from_the_ends_and_stays_within() {
        for (text, trimmed) in [
            ("buyer@example.com\u{200B}", "buyer@example.com"),
            ("\u{200F}buyer@example.com", "buyer@example.com"),
            ("\u{FEFF} \u{202A}buyer@example.com\u{202C}\u{A0}\n", "buyer@example.com"),
            ("\u{AD}A-1\u{2069}", "A-1"),
            ("A-1\u{7}", "A-1\u{7}"),
            ("a\u{200D}b", "a\u{200D}b"),
            ("\u{200B}\u{2060} ", ""),
            ("\u{301}e", "\u{301}e"),
        ] {
            assert_eq!(trim(text), trimmed, "{text:?}");
        }
    }

    #[test]
    fn the_list_is_the_category() {
        let format = Regex::new(r"^\p{Cf}$").unwrap();
        let wrong: Vec<char> =
            ('\0'..=char::MAX).filter(|c| is_format(*c) != format.is_match(c.encode_utf8(&mut [0; 4]))).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
