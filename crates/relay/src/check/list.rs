//! What was looked at, one thing after the other.

use crate::failure::{Failure, chain};
use serde::Serialize;
use std::error::Error as StdError;

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

/// The checks of one group.
pub(super) struct List {
    group: String,
    pub(super) checks: Vec<Check>,
}

impl List {
    pub(super) fn new(group: impl Into<String>) -> Self {
        Self { group: group.into(), checks: Vec::new() }
    }

    pub(super) fn is_well(&self) -> bool {
        self.checks.iter().all(|check| check.ok != Some(false))
    }

    fn put(&mut self, name: &str, ok: Option<bool>) -> &mut Check {
        let (group, name) = (self.group.clone(), name.to_owned());
        self.checks.push_mut(Check { group, name, ok, note: None, error: None, hint: None })
    }

    /// It is as it must be.
    pub(super) fn tick(&mut self, name: &str) {
        self.put(name, Some(true));
    }

    /// It is as it must be, and there is something to know about it.
    pub(super) fn noted(&mut self, name: &str, note: impl Into<String>) {
        self.put(name, Some(true)).note = Some(note.into());
    }

    /// Nobody can tell whether it is as it must be, and a person should look at it.
    pub(super) fn doubtful(&mut self, name: &str, note: impl Into<String>, hint: &str) {
        let check = self.put(name, None);
        (check.note, check.hint) = (Some(note.into()), Some(hint.to_owned()));
    }

    /// It cannot be tried without changing something.
    pub(super) fn untried(&mut self, name: &str, note: &str) {
        self.put(name, None).note = Some(note.to_owned());
    }

    /// It is not as it must be.
    pub(super) fn cross(&mut self, name: &str, error: impl Into<String>, hint: Option<String>) {
        let check = self.put(name, Some(false));
        (check.error, check.hint) = (Some(error.into()), hint);
    }

    /// A command's failure as a cross.
    pub(super) fn failure(&mut self, name: &str, failure: Failure) {
        let (error, hint) = failure.into_parts();
        self.cross(name, error, hint);
    }

    /// What came of trying: a tick, or a cross with what to do.
    pub(super) fn tried<T, E: StdError + 'static>(
        &mut self,
        name: &str,
        result: Result<T, E>,
        hint: impl FnOnce() -> Option<String>,
    ) -> Option<T> {
        match result {
            Ok(value) => {
                self.tick(name);
                Some(value)
            }
            Err(error) => {
                self.cross(name, chain(&error), hint());
                None
            }
        }
    }

    /// What the flow's own check found, under the names that it gives.
    pub(super) fn flow(&mut self, checks: Vec<reviews::check::Check>, hint: impl Fn(&str) -> Option<String>) {
        for reviews::check::Check { name, ok, error, note, .. } in checks {
            let hint = if ok { None } else { hint(&name) };
            let check = self.put(&name, Some(ok));
            (check.error, check.note, check.hint) = (error, note, hint);
        }
    }
}
