//! `relay`, the operator's command line: what is waiting, what went wrong, and the way out of it. Against AWS or the local
//! emulator, by the usual AWS environment variables.
//!
//! A file a command. Each finds a [`place`] (the deployed stack and its configuration), does what the flow's own crate
//! does, and gives an [`answer`] that is printed for people or, with `--json`, for scripts. Nothing is logged.

mod anew;
mod answer;
mod audit;
mod backfill;
mod balance;
mod certificate;
mod check;
mod cli;
mod completions;
mod day;
mod deployed;
mod discard;
mod dlq;
mod estimate;
mod failure;
mod flow;
mod forget;
mod hand;
mod judging;
mod keep;
mod look;
mod machinery;
mod mapped;
mod operator;
mod options;
mod order;
mod parked;
mod part;
mod pause;
mod place;
mod plan;
mod preview;
mod probe;
mod producing;
mod progress;
mod reasons;
mod report;
mod resend;
mod run;
mod settings;
mod source;
mod status;
mod text;
mod when;

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    cli::run().await
}
