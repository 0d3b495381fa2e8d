//! What is wrong with a file that can be read: a key, and what was expected of it.

use std::time::Duration;

/// A key whose value, right by type, is wrong.
pub(crate) struct Fault {
    pub(crate) key: String,
    pub(crate) expected: String,
}

pub(crate) fn within(value: Duration, least: Duration, most: Duration, key: &str) -> Result<(), Fault> {
    let expected = format!(
        "expected at least {} and at most {}",
        humantime::format_duration(least),
        humantime::format_duration(most)
    );
    require((least..=most).contains(&value), key, &expected)
}

pub(crate) fn require(holds: bool, key: &str, expected: &str) -> Result<(), Fault> {
    if holds {
        return Ok(());
    }
    Err(Fault { key: key.to_owned(), expected: expected.to_owned() })
}
