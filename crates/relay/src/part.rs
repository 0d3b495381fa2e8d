//! One thing that was looked at: how it is, and what to do where it is not as it must be.

use crate::failure::{Failure, chain};
use serde::Serialize;
use std::error::Error as StdError;

/// A part of the whole.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// Whether it is as it must be; null where that is not known, not without changing something, or for a person to say.
    pub(crate) ok: Option<bool>,
    /// What it is, what is wrong with it, or why it is not known.
    pub(crate) said: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

impl Part {
    /// It is as it must be.
    pub(crate) fn well(name: impl Into<String>) -> Self {
        Self { name: name.into(), ok: Some(true), said: None, hint: None }
    }

    /// It is as it must be, and there is something to know about it.
    pub(crate) fn noted(name: impl Into<String>, said: impl Into<String>) -> Self {
        Self { said: Some(said.into()), ..Self::well(name) }
    }

    /// Nobody can tell whether it is as it must be, for this reason.
    pub(crate) fn open(name: impl Into<String>, said: impl Into<String>) -> Self {
        Self { ok: None, ..Self::noted(name, said) }
    }

    /// This is wrong with it.
    pub(crate) fn wrong(name: impl Into<String>, said: impl Into<String>) -> Self {
        Self { ok: Some(false), ..Self::noted(name, said) }
    }

    /// It was tried.
    pub(crate) fn tried<T>(name: impl Into<String>, result: &Result<T, impl StdError + 'static>) -> Self {
        match result {
            Ok(_) => Self::well(name),
            Err(error) => Self::wrong(name, chain(error)),
        }
    }

    /// A command's failure is what is wrong with it.
    pub(crate) fn failed(name: impl Into<String>, failure: Failure) -> Self {
        let (said, hint) = failure.into_parts();
        Self { hint, ..Self::wrong(name, said) }
    }

    /// With what to do, where there is something to do.
    #[must_use]
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        if self.ok == Some(true) { self } else { Self { hint: Some(hint.into()), ..self } }
    }
}
