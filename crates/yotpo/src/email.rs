/// Whether Yotpo's server takes this for an e-mail address.
///
/// Its rule, as a comment in Yotpo's own Salesforce cartridge has it, is that of the Ruby gem `email_validator`:
/// `\A\s*([-\p{L}\d+._]{1,64})@((?:[-\p{L}\d]+\.)+\p{L}{2,})\s*\z` in its strict mode, `[^@\s]{1,64}` before the `@` in
/// its other; the comment leaves open which.  Before the `@` this takes what RFC 5322 calls an atom, so `o'neil@…` is
/// sent: if Yotpo is strict it refuses such an address loudly or the read-back misses it, while a buyer left out here
/// would be left out for good.  Otherwise it is stricter where that is simpler: no spaces around, at most 254
/// characters, letters of the scripts listed below.  What stands before the `@` does not end with a dot, which Yotpo's
/// cartridge requires too; and mail to the domains that [`NOWHERE`] lists goes nowhere.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let Some((labels, top)) = domain.rsplit_once('.') else {
        return false;
    };
    text.chars().count() <= 254
        && (1..=64).contains(&local.chars().count())
        && !local.ends_with('.')
        && local.chars().all(|c| is_letter(c) || c.is_ascii_digit() || "!#$%&'*+-/=?^_`{|}~.".contains(c))
        && labels.split('.').all(|label| !label.is_empty() && label.chars().all(is_of_label))
        && top.chars().count() >= 2
        && top.chars().all(is_letter)
        && !NOWHERE.iter().any(|nowhere| top.eq_ignore_ascii_case(nowhere))
}

/// Domains that exist nowhere: <https://www.rfc-editor.org/rfc/rfc6761>.  Salesforce adds `.invalid` to every address of a
/// sandbox.
const NOWHERE: [&str; 3] = ["invalid", "test", "localhost"];

fn is_of_label(c: char) -> bool {
    is_letter(c) || c.is_ascii_digit() || c == '-'
}

/// A part of `\p{L}`: ranges that hold letters and nothing else.  (`char::is_alphabetic` is wider than `\p{L}`.)
fn is_letter(c: char) -> bool {
    matches!(c,
        'A'..='Z' | 'a'..='z'
        // Latin with accents, without × and ÷
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{24F}'
        // Greek, Cyrillic
        | '\u{391}'..='\u{3A1}' | '\u{3A3}'..='\u{3CE}' | '\u{400}'..='\u{481}' | '\u{48A}'..='\u{52F}'
        // Hebrew
        | '\u{5D0}'..='\u{5EA}'
        // Hiragana, Katakana, Han, Hangul
        | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{4E00}'..='\u{9FA5}' | '\u{AC00}'..='\u{D7A3}'
    )
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    /// The lax mode, the larger of the two.
    static YOTPO: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)\A\s*([^@\s]{1,64})@((?:[-\p{L}0-9]+\.)+\p{L}{2,})\s*\z").unwrap());

    #[test]
    fn what_is_sent_and_what_is_not() {
        for good in [
            "jane@example.com",
            "j@a.io",
            "first.last+tag@sub-domain.example.co.uk",
            "_x-1@1.example.museum",
            "o'neil@example.com",
            // Only the last label counts.
            "jane@test.invalid.com",
            ".jane@example.com",
            "m\u{fc}ller@b\u{fc}cher.example",
            "\u{43f}\u{43e}\u{447}\u{442}\u{430}@\u{43f}\u{440}\u{438}\u{43c}\u{435}\u{440}.\u{440}\u{444}",
        ] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "jane",
            "@example.com",
            "jane@",
            "jane@example",
            "jane@.com",
            "jane@example.",
            "jane@example..com",
            "jane@example.c",
            "jane@example.c0m",
            "jane@@example.com",
            "jane@doe@example.com",
            "jane doe@example.com",
            " jane@example.com",
            "jane@example.com\n",
            "jane@exa_mple.com",
            "jane@example.com,joe@example.com",
            "\u{24d0}@example.com",
            "e\u{301}@example.com",
            "jane.@example.com",
            "buyer@example.com.invalid",
            "buyer@example.com.INVALID",
            "buyer@shop.test",
            "buyer@mail.localhost",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
        assert!(is_email(&format!("{}@example.com", "a".repeat(64))));
        assert!(!is_email(&format!("{}@example.com", "a".repeat(65))));
        assert!(!is_email(&format!("a@{}.com", "a".repeat(250))));
    }

    proptest! {
        /// Never laxer.
        #[test]
        fn nothing_is_accepted_that_no_mode_takes(text in r"([-a-z0-9@._+' ]|[\u{c0}-\u{52f}]|\PC){0,12}@?([-a-z0-9.]|\PC){1,8}\.([a-z]|\PC){0,4}") {
            prop_assert!(!is_email(&text) || YOTPO.is_match(&text), "{}", text);
        }

        /// For ASCII without spaces around, not stricter either, but for what is said above.
        #[test]
        fn plain_ascii_is_judged_exactly(text in r"[-a-zA-Z0-9+._]{0,6}@?[-a-zA-Z0-9.]{0,8}\.?([a-z0-9]{0,3}|test|invalid)") {
            let nowhere = NOWHERE.iter().any(|nowhere| text.to_ascii_lowercase().ends_with(&format!(".{nowhere}")));
            prop_assert_eq!(is_email(&text), YOTPO.is_match(&text) && !nowhere && !text.contains(".@"), "{}", text);
        }
    }

    #[test]
    fn every_letter_accepted_is_a_letter() {
        let letter = Regex::new(r"^\p{L}$").unwrap();
        let wrong: Vec<char> =
            ('\0'..=char::MAX).filter(|c| is_letter(*c) && !letter.is_match(&c.to_string())).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
