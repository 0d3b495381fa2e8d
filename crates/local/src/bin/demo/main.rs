//! A night of orders through the whole system on one machine: see README, "Try it".

mod day;
mod ground;
mod members;
mod night;
mod options;
mod points;
mod progress;
mod proof;
mod running;
mod summary;
mod table;

use clap::Parser;
use options::{Flow, Options};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// What a shell reports for a process that a signal ended is 128 and the signal's number.
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;

#[tokio::main]
#[expect(clippy::print_stderr, reason = "a command says why it failed")]
async fn main() -> ExitCode {
    let options = Options::parse();
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let (Ok(mut interrupt), Ok(mut terminate)) = signals else { return ExitCode::FAILURE };
    let run = async {
        match options.flow {
            Flow::Reviews => Box::pin(night::run(&options)).await,
            Flow::Erp => Box::pin(day::run(&options)).await,
            Flow::Loyalty => Box::pin(members::run(&options)).await,
        }
    };
    // Whatever ends first, dropping the run ends every process it started.
    let ended = tokio::select! {
        ended = run => ended,
        _ = interrupt.recv() => return ExitCode::from(INTERRUPTED),
        _ = terminate.recv() => return ExitCode::from(TERMINATED),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}
