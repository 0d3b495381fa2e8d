//! Texts that NetSuite's fields take: a record is never refused for a long name or a telephone number of four digits.

use std::collections::BTreeSet;

/// NetSuite's fields that had to be changed or left out to fit, by name.
pub type Mended = BTreeSet<String>;

/// The most characters of a field, as NetSuite's errors name them ("The field memo contained more than the maximum number ( 999 ) of
/// characters allowed"); no page of Oracle's lists them.
const LIMITS: &[(&str, usize)] = &[
    ("firstName", 32),
    ("lastName", 32),
    ("entityId", 80),
    ("email", 254),
    ("phone", 21),
    ("addrPhone", 21),
    ("addressee", 83),
    ("attention", 83),
    ("addr1", 150),
    ("addr2", 150),
    ("city", 50),
    ("state", 50),
    ("zip", 36),
    ("memo", 999),
    ("otherRefNum", 45),
    ("description", 4000),
];

/// Custom fields of type free-form text.
const CUSTOM: usize = 300;

/// NetSuite refuses a telephone number with fewer digits.
const PHONE_DIGITS: usize = 7;

/// States that NetSuite's lists know, of the two countries whose lists every account has: another one is refused.
const STATES: &[(&str, &[&str])] = &[
    (
        "US",
        &[
            "AA", "AE", "AK", "AL", "AP", "AR", "AS", "AZ", "CA", "CO", "CT", "DC", "DE", "FL", "FM", "GA", "GU", "HI",
            "IA", "ID", "IL", "IN", "KS", "KY", "LA", "MA", "MD", "ME", "MH", "MI", "MN", "MO", "MP", "MS", "MT", "NC",
            "ND", "NE", "NH", "NJ", "NM", "NV", "NY", "OH", "OK", "OR", "PA", "PR", "PW", "RI", "SC", "SD", "TN", "TX",
            "UT", "VA", "VI", "VT", "WA", "WI", "WV", "WY",
        ],
    ),
    ("CA", &["AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"]),
];

/// `value` for `field`: without control characters and spaces around it, cut where it is too long. `None` if nothing is left.
pub fn text(field: &str, value: Option<&str>, mended: &mut Mended) -> Option<String> {
    let value = value?;
    let limit = LIMITS.iter().find(|(name, _)| *name == field).map_or(CUSTOM, |(_, limit)| *limit);
    let plain: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let cut: String = plain.trim().chars().take(limit).collect();
    let fitted = cut.trim_end();
    if fitted != value.trim() {
        mended.insert(field.to_owned());
    }
    (!fitted.is_empty()).then(|| fitted.to_owned())
}

/// A telephone number, left out if NetSuite would refuse it; its punctuation goes first.
pub fn phone(field: &str, value: Option<&str>, mended: &mut Mended) -> Option<String> {
    let value = value?.trim();
    let dialled = |c: &char| c.is_ascii_digit() || *c == '+';
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let short: String = value.chars().filter(dialled).collect();
    let limit = LIMITS.iter().find(|(name, _)| *name == field).map_or(CUSTOM, |(_, limit)| *limit);
    if digits < PHONE_DIGITS || short.chars().count() > limit {
        mended.insert(field.to_owned());
        return None;
    }
    if value.chars().count() > limit {
        Some(short).inspect(|_| _ = mended.insert(field.to_owned()))
    } else {
        text(field, Some(value), mended)
    }
}

/// An e-mail address, left out if it is none.
pub fn email(value: Option<&str>, mended: &mut Mended) -> Option<String> {
    let value = value?.trim();
    let is_address =
        value.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !host.contains('@'));
    let limit = LIMITS.iter().find(|(name, _)| *name == "email").map_or(CUSTOM, |(_, limit)| *limit);
    if is_address && value.len() <= limit && !value.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Some(value.to_owned());
    }
    mended.insert("email".to_owned());
    None
}

/// A state: its code where the country has a list, else its name. One that the list does not know is left out.
pub fn state(country: &str, code: Option<&str>, name: Option<&str>, mended: &mut Mended) -> Option<String> {
    let Some((_, known)) = STATES.iter().find(|(listed, _)| *listed == country) else {
        return text("state", name.or(code), mended);
    };
    let code = code.map(str::to_ascii_uppercase);
    let fitted = code.filter(|code| known.contains(&code.as_str()));
    if fitted.is_none() && name.is_some() {
        mended.insert("state".to_owned());
    }
    fitted
}
