//! Literals, and what is inside the quotes of a string.

use chrono::{DateTime, NaiveDate, Utc};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    DateTime(DateTime<Utc>),
    Date(NaiveDate),
    /// As between the quotes, escapes and all.
    Text(String),
}

/// One place of a `LIKE` pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glob {
    Char(char),
    AnyOne,
    AnyMany,
}

/// Characters allowed after a backslash.
pub(super) const ESCAPES: [char; 16] =
    ['n', 'N', 'r', 'R', 't', 'T', 'b', 'B', 'f', 'F', '"', '\'', '\\', '_', '%', 'u'];

impl Literal {
    /// An unquoted literal that begins with a digit or a sign: dateTime, date, or number.
    pub(super) fn from_digits(text: &str) -> Option<Self> {
        let shape: Vec<bool> = text.bytes().map(|byte| byte.is_ascii_digit()).collect();
        if text.contains('T') {
            return DateTime::parse_from_rfc3339(text).ok().map(|at| Self::DateTime(at.to_utc()));
        }
        if shape == [true, true, true, true, false, true, true, false, true, true] {
            return text.parse().ok().map(Self::Date);
        }
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
        is_number.then(|| text.parse().ok().map(Self::Number)).flatten()
    }
}

/// The text that a quoted string stands for.
pub(super) fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw.chars();
    while let Some(next) = rest.next() {
        text.push(if next == '\\' { escaped(&mut rest) } else { next });
    }
    text
}

/// The pattern that a quoted string after `LIKE` stands for.
pub(super) fn pattern(raw: &str) -> Vec<Glob> {
    let mut globs = Vec::new();
    let mut rest = raw.chars();
    while let Some(next) = rest.next() {
        globs.push(match next {
            '%' => Glob::AnyMany,
            '_' => Glob::AnyOne,
            '\\' => Glob::Char(escaped(&mut rest)),
            _ => Glob::Char(next),
        });
    }
    globs
}

fn escaped(rest: &mut std::str::Chars<'_>) -> char {
    match rest.next() {
        Some('n' | 'N') => '\n',
        Some('r' | 'R') => '\r',
        Some('t' | 'T') => '\t',
        Some('b' | 'B') => '\u{8}',
        Some('f' | 'F') => '\u{c}',
        Some('u') => {
            let code: String = rest.by_ref().take(4).collect();
            u32::from_str_radix(&code, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
        }
        Some(other) => other,
        None => '\\',
    }
}
