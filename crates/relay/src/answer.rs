//! What a command says in the end: for people on standard output, or as one JSON value; failures on standard error.

use crate::{
    deployed::{Differ, Settings},
    failure::Failure,
    options::Options,
};
use serde::Serialize;
use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

/// What came of a command.
pub(crate) trait Answer: Serialize {
    /// Writes it for people. Colours are taken out again where nobody would see them.
    ///
    /// # Errors
    /// When it cannot be written.
    fn print(&self, to: &mut dyn Write) -> io::Result<()>;

    /// Whether all is well: exit code 0, else 1.
    fn is_well(&self) -> bool {
        true
    }

    /// Whether everything that was asked for could be looked at; if not, the exit code is 3.
    fn is_whole(&self) -> bool {
        true
    }
}

/// Says something before the answer is there, to people; a script reads the answer alone.
pub(crate) fn say(options: &Options, what: impl Display) -> Result<(), Failure> {
    if options.json {
        return Ok(());
    }
    let mut out = anstream::stdout().lock();
    writeln!(out, "{what}").and_then(|()| out.flush()).map_err(|error| Failure::output(&error))
}

/// Prints a result and says how the process ends.
pub(crate) fn tell<A: Answer>(result: Result<A, Failure>, options: &Options) -> ExitCode {
    let json = options.json;
    match result {
        Ok(answer) => {
            let settings = options.context.settings.get().and_then(Settings::differ);
            let printed = if json {
                print_json(&Told { settings, answer: &answer })
            } else {
                answer.print(&mut anstream::stdout().lock())
            };
            match printed {
                // Whoever read it has seen enough, as `head` does.
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => fail(&Failure::output(&error), json),
                _ if !answer.is_whole() => ExitCode::from(3),
                _ if answer.is_well() => ExitCode::SUCCESS,
                _ => ExitCode::from(1),
            }
        }
        Err(failure) => fail(&failure, json),
    }
}

/// An answer for scripts.
#[derive(Serialize)]
struct Told<'a, A> {
    /// Only where they are not known to be the deployed ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Differ<'a>>,
    #[serde(flatten)]
    answer: &'a A,
}

fn print_json(answer: &impl Serialize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, answer)?;
    out.write_all(b"\n")
}

/// Says why there is no answer, and ends with the failure's exit code.
pub(crate) fn fail(failure: &Failure, json: bool) -> ExitCode {
    let mut out = anstream::stderr().lock();
    // There is nowhere left to say that this failed too.
    let _ = if json { writeln!(out, "{}", failure.json()) } else { failure.print(&mut out) };
    ExitCode::from(failure.exit_code())
}
