//! Why a command could not do what it was asked.

use crate::text::ERROR;
use serde_json::{Value, json};
use std::{
    error::Error as StdError,
    fmt::Display,
    io::{self, Write},
};

/// A command that came to no answer.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    what: String,
    /// What to do about it.
    hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Wrong input.
    Input,
    /// It could not be done.
    Undone,
    /// Somebody interrupted it.
    Interrupted,
}

impl Failure {
    /// Wrong input: says which, what was expected, and that nothing was done.
    pub(crate) fn input(what: impl Display) -> Self {
        Self { kind: Kind::Input, what: what.to_string(), hint: None }
    }

    /// Something that was needed could not be used; `doing` is what was being done, in words such as `read the ledger`.
    pub(crate) fn undone(doing: &str, error: &(dyn StdError + 'static)) -> Self {
        Self { kind: Kind::Undone, what: format!("could not {doing}: {}", chain(error)), hint: None }
    }

    /// The same, where there is a sentence and no error.
    pub(crate) fn because(what: impl Display) -> Self {
        Self { kind: Kind::Undone, what: what.to_string(), hint: None }
    }

    /// Somebody interrupted it; what was done until then.
    pub(crate) fn interrupted(done: impl Display) -> Self {
        Self { kind: Kind::Interrupted, what: format!("interrupted: {done}"), hint: None }
    }

    pub(crate) fn output(error: &io::Error) -> Self {
        Self::undone("write the answer", error)
    }

    /// With what to do about it.
    #[must_use]
    pub(crate) fn hint(self, hint: impl Display) -> Self {
        Self { hint: Some(hint.to_string()), ..self }
    }

    /// What went wrong, and what to do about it.
    pub(crate) fn into_parts(self) -> (String, Option<String>) {
        (self.what, self.hint)
    }

    /// What went wrong, without what to do about it.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Input => 2,
            Kind::Undone => 3,
            Kind::Interrupted => 130,
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({"error": self.what, "hint": self.hint, "exit": self.exit_code()})
    }

    pub(crate) fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        writeln!(to, "{ERROR}error:{ERROR:#} {}", self.what)?;
        self.hint.iter().try_for_each(|hint| writeln!(to, "  {hint}"))
    }
}

/// The error and its causes in their own words. Never their `Debug` output, which may have an answer's body in it.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut causes: Vec<String> = Vec::new();
    for cause in std::iter::successors(Some(error), |&error| error.source()) {
        let cause = cause.to_string();
        // Some errors repeat what caused them.
        if causes.last().is_none_or(|last| !last.contains(&cause)) {
            causes.push(cause);
        }
    }
    causes.join(": ")
}
