//! What can go wrong around the functions, never within them.

use aws_sdk_cloudformation::error::{DisplayErrorContext, SdkError};
use std::{error::Error as StdError, io, path::PathBuf};

/// The local stack cannot be had, or did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something that the Makefile installs or builds is not there.
    #[error("{} is missing: run `{mend}`", path.display())]
    Missing {
        /// What is not there.
        path: PathBuf,
        /// The command that makes it.
        mend: String,
    },
    /// A file or a process of this machine.
    #[error("cannot {what}")]
    Io {
        /// What was tried.
        what: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The emulator ended or did not answer; the end of what it said.
    #[error("the emulator did not start:\n{said}")]
    NotStarted {
        /// Its last lines.
        said: String,
    },
    /// The emulator refused a call.
    #[error("the emulator did not {what}: {detail}")]
    Refused {
        /// What was asked.
        what: String,
        /// Its answer.
        detail: String,
    },
    /// `template.yaml` has no place where a package belongs, or one too many.
    #[error("template.yaml, line {line}: {problem}")]
    Template {
        /// Counted from 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// CloudFormation gave up.
    #[error("stack `{stack}` is {status}: {}", reasons.join("; "))]
    NotDeployed {
        /// The stack.
        stack: String,
        /// Its status.
        status: String,
        /// What its events say.
        reasons: Vec<String>,
    },
    /// The template has no such output.
    #[error("stack `{stack}` has no output `{name}`")]
    NoOutput {
        /// The stack.
        stack: String,
        /// The output asked for.
        name: String,
    },
}

impl Error {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

/// What AWS, or the emulator in its place, says to `what`.
pub(crate) fn refused<E: StdError + 'static, R: std::fmt::Debug + 'static>(
    what: &str,
) -> impl FnOnce(SdkError<E, R>) -> Error {
    let what = what.to_owned();
    move |error| Error::Refused { what, detail: DisplayErrorContext(error).to_string() }
}
