//! What was looked at, for scripts.

use crate::part::Part;
use serde::Serialize;

/// What is looked at together.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) parts: Vec<Part>,
}

impl Group {
    pub(super) fn new(name: impl Into<String>, parts: Vec<Part>) -> Self {
        Self { name: name.into(), parts }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    pub(super) group: String,
    pub(super) name: String,
    /// Whether it is as it must be; null where nobody can tell, or not without changing something.
    pub(super) ok: Option<bool>,
    /// Worth knowing, though nothing is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hint: Option<String>,
}

impl Check {
    fn of(group: &str, Part { name, ok, said, hint }: Part) -> Self {
        let (note, error) = if ok == Some(false) { (None, said) } else { (said, None) };
        Self { group: group.to_owned(), name, ok, note, error, hint }
    }
}

/// Everything that was looked at.
#[derive(Debug, Serialize)]
pub(crate) struct Checked {
    /// Nothing is wrong.
    pub(super) ok: bool,
    pub(super) checks: Vec<Check>,
}

impl Checked {
    pub(super) fn of(groups: impl IntoIterator<Item = Group>) -> Self {
        let checks = |Group { name, parts }| parts.into_iter().map(move |part| Check::of(&name, part));
        let checks: Vec<Check> = groups.into_iter().flat_map(checks).collect();
        Self { ok: checks.iter().all(|check| check.ok != Some(false)), checks }
    }
}
