//! `relay dlq`: what is in the dead-letter queue, and the way out of it.

mod drop;
mod letters;
mod line;
mod list;
mod redrive;
pub(crate) mod selection;
mod show;

use crate::{answer, options::Options};
use clap::Subcommand;
use std::process::ExitCode;

/// What can be done with dead letters.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What is there, grouped by error class and reason, and what would become of it
    List(list::Arguments),
    /// Each message: what it is about, what the ledger says of it
    Show(show::Arguments),
    /// Sends messages again, by the ledger's leave
    Redrive(redrive::Arguments),
    /// Deletes messages that do not count any more, or that you decide not to send
    Drop(drop::Arguments),
}

impl Command {
    pub(crate) async fn run(self, at: &Options) -> ExitCode {
        match self {
            Self::List(arguments) => answer::tell(list::run(at, arguments).await, at),
            Self::Show(arguments) => answer::tell(show::run(at, arguments).await, at),
            Self::Redrive(arguments) => answer::tell(redrive::run(at, arguments).await, at),
            Self::Drop(arguments) => answer::tell(drop::run(at, arguments).await, at),
        }
    }
}
