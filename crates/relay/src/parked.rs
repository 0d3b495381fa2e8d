//! `relay parked`: what waits for a person's decision, and the way out of it.

mod list;
mod open;
mod release;

use crate::{answer, options::Options};
use clap::Subcommand;
use std::process::ExitCode;

/// What can be done with what waits for a person.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What waits, why, and what to do about it
    List(list::Arguments),
    #[command(about = "Sends what its reason no longer keeps")]
    Release(release::Arguments),
}

impl Command {
    pub(crate) async fn run(self, at: &Options) -> ExitCode {
        match self {
            Self::List(arguments) => answer::tell(list::run(at, arguments).await, at),
            Self::Release(arguments) => answer::tell(release::run(at, arguments).await, at),
        }
    }
}
