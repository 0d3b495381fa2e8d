//! `relay`, the operator's command line: what is waiting, what went wrong, and the way out of it. Against AWS or the local
//! emulator, by the usual AWS environment variables.
//!
//! A file a command. Each finds a [`place`] (the deployed stack and its configuration), does what the flow's own crate
//! does, and gives an [`answer`] that is printed for people or, with `--json`, for scripts. Nothing is logged.

mod answer;
mod certificate;
mod cli;
mod completions;
mod day;
mod failure;
mod place;
mod probe;
mod progress;
mod report;
#[expect(dead_code, reason = "commands that are on their way use the rest")]
mod text;

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    cli::run().await
}
