//! The texts that may be repeated. NetSuite's `detail` quotes what was sent: a text that is none of these is not repeated at all.

/// What stands before the sentence that matters, or not.
const PREFIXES: [&str; 3] = ["Error while accessing a resource. ", "Error while accessing resource: ", "Error: "];

/// `…` stands for a value and is left out, `{}` for a field's name or an error's number, which is kept if it looks like one.
const KNOWN: [&str; 17] = [
    "You have entered an Invalid Field Value … for the following field: {}",
    "Invalid Field Value … for the following field: {}",
    "Invalid reference key … for …",
    "Please enter a value for …",
    "Please enter value(s) for: …",
    "You must enter a value for …",
    "Invalid property name: {}",
    "This entity already exists.…",
    "This record already exists…",
    "This record has been locked by a user defined workflow…",
    "Record has been changed…",
    "Your current role does not have permission to perform this action.…",
    "The transaction date is not within an open accounting period.…",
    "Invalid login attempt…",
    "Concurrent request limit exceeded. Request blocked.",
    "An unexpected error occurred. Error ID: {}",
    "The record instance does not exist…",
];

/// What may be repeated of a text: the known one that it is an instance of.
pub(crate) fn without_values(text: &str) -> Option<String> {
    let text = text.trim();
    let text = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text);
    KNOWN.iter().find_map(|known| instance(known, text))
}

/// The known text with the names of this instance, or nothing.
fn instance(known: &str, text: &str) -> Option<String> {
    let Some(at) = known.find(['…', '{']) else { return (known == text).then(|| known.to_owned()) };
    let rest = text.strip_prefix(&known[..at])?;
    let (mark, after) =
        if known[at..].starts_with('{') { ("{}", &known[at + 2..]) } else { ("…", &known[at + '…'.len_utf8()..]) };
    // Up to the next piece of fixed text, the last time that it occurs: a value may contain it as well.
    let fixed = &after[..after.find(['…', '{']).unwrap_or(after.len())];
    let end = if fixed.is_empty() { rest.len() } else { rest.rfind(fixed)? };
    let filled = match mark {
        "{}" => rest[..end].trim_end_matches('.'),
        _ => "…",
    };
    let filled = if mark == "{}" && !is_name(filled) { "…" } else { filled };
    Some(format!("{}{filled}{}", &known[..at], instance(after, &rest[end..])?))
}

/// A script id, `custbody_order_relay`, or an error's number.
fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=40).contains(&text.len()) && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_known_text_is_repeated_without_its_values() {
        for (text, known) in [
            (
                "Error while accessing resource: You have entered an Invalid Field Value 9999 for the following field: item",
                Some("You have entered an Invalid Field Value … for the following field: item"),
            ),
            (
                "Error while accessing a resource. You have entered an Invalid Field Value Jane Doe, 1 Elm St for the following \
                 field: for the following field: shipaddress",
                Some("You have entered an Invalid Field Value … for the following field: shipaddress"),
            ),
            (
                "Invalid Field Value x for the following field: Jane Doe",
                Some("Invalid Field Value … for the following field: …"),
            ),
            ("Error while accessing a resource. This entity already exists.", Some("This entity already exists.…")),
            (
                "An unexpected error occurred. Error ID: jrgbpyylphhishmmlxyt",
                Some("An unexpected error occurred. Error ID: jrgbpyylphhishmmlxyt"),
            ),
            ("Please enter value(s) for: Jane Doe", Some("Please enter value(s) for: …")),
            ("The customer Jane Doe <jane@example.com> is on hold.", None),
            ("Concurrent request limit exceeded. Request blocked. Jane", None),
            ("", None),
        ] {
            assert_eq!(without_values(text).as_deref(), known, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_value_gets_through(value in "[A-Z][a-z]{2,9} [A-Z][a-z]{2,9}", known in prop::sample::select(KNOWN.to_vec())) {
            let text = known.replace('…', &value).replace("{}", &value);
            let kept = without_values(&text);
            prop_assert!(kept.as_ref().is_none_or(|kept| !kept.contains(&value)), "{:?}", kept);
            prop_assert_eq!(kept.is_some(), true);
        }
    }
}
