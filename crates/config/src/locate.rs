//! From an error to the place in the file: line and value of a key.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::Error;
use crate::fault::Fault;

/// Longest value that an error shows, in characters.
const SHOWN: usize = 80;

/// The text is no TOML.
pub(crate) fn syntax(text: &str, origin: &str, error: &toml::de::Error) -> Error {
    Error::Syntax {
        origin: origin.to_owned(),
        line: line(text, error.span().map_or(0, |span| span.start)),
        message: error.message().replace('\n', ", "),
    }
}

/// A value has the wrong type, or a key is unknown or missing.
pub(crate) fn typed(text: &str, origin: &str, error: &serde_path_to_error::Error<toml::de::Error>) -> Error {
    let fault = Fault { key: error.path().to_string(), expected: error.inner().message().replace('\n', ", ") };
    place(text, origin, &fault, error.inner().span())
}

/// A value is of the right type, and wrong.
pub(crate) fn fault(text: &str, origin: &str, fault: &Fault) -> Error {
    place(text, origin, fault, None)
}

fn place(text: &str, origin: &str, fault: &Fault, span: Option<Range<usize>>) -> Error {
    let (span, is_table) = find(text, &fault.key).unwrap_or((span.unwrap_or(0..0), true));
    Error::Invalid {
        origin: origin.to_owned(),
        line: line(text, span.start),
        key: fault.key.clone(),
        value: text.get(span).filter(|_| !is_table).map(shorten),
        expected: fault.expected.clone(),
    }
}

/// Where the value of `key` is, and whether it is a table. The longest part of the path that exists counts as the
/// place, and as a table, so that an absent key is reported where it should be.
fn find(text: &str, key: &str) -> Option<(Range<usize>, bool)> {
    let root = DeTable::parse(text).ok()?;
    let mut table: Option<&DeTable<'_>> = Some(root.get_ref());
    let mut found = None;
    let mut rest = key;
    while !rest.is_empty() {
        let Some((name, mut value)) = table.and_then(|table| entry(table, rest)) else {
            return found.map(|(span, _)| (span, true));
        };
        let (indices, behind) =
            rest[name.get_ref().len()..].split_once('.').unwrap_or((&rest[name.get_ref().len()..], ""));
        rest = behind;
        for index in indices.split(['[', ']']).filter_map(|i| i.parse::<usize>().ok()) {
            value = value.get_ref().get(index).unwrap_or(value);
        }
        table = value.get_ref().as_table();
        // A table's own span may be its header's or empty; its name's is not.
        found = Some(match value.get_ref() {
            DeValue::Table(_) => (name.span(), true),
            _ => (value.span(), false),
        });
    }
    found
}

/// The entry that the path begins with. Names of shops have dots of their own: the longest name that fits is meant.
fn entry<'a, 'b>(table: &'a DeTable<'b>, path: &str) -> Option<(&'a Spanned<Cow<'b, str>>, &'a Spanned<DeValue<'b>>)> {
    let begins =
        |name: &str| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    table.iter().filter(|(name, _)| begins(name.get_ref())).max_by_key(|(name, _)| name.get_ref().len())
}

fn line(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|b| *b == b'\n').count()
}

fn shorten(value: &str) -> String {
    let one_line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &one_line[..end]),
        None => one_line,
    }
}
