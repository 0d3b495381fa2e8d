//! What can be typed, and where it goes.

use crate::{
    answer::{self, Answer},
    backfill, certificate, check, completions, dlq,
    failure::Failure,
    forget,
    options::Options,
    order, parked, pause, plan, preview, probe, report, run, settings, status,
};
use clap::{CommandFactory as _, Parser, Subcommand};
use std::process::ExitCode;

const ABOUT: &str = "What became of the orders, and the way out of what went wrong";

const EXIT_CODES: &str = "\
Exit codes:
  0  done, and all is well
  1  done, and something is not well: a check failed, a day is not complete, nothing was found
  2  wrong input; nothing was done
  3  it could not be done, or not all of it be looked at: AWS, a vendor, the configuration, messages in somebody's hand; \
what was done so far stays, and doing it again is safe
130  interrupted by Ctrl-C, which is safe at any time: what was done so far is said, and stays

Credentials, region and endpoint are AWS's usual environment variables. A profile with single sign-on:
  eval \"$(aws configure export-credentials --format env)\"";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "relay", version, about = ABOUT, after_help = EXIT_CODES, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Whether everything is as it must be: you, settings, secrets, functions, vendors
    Check(check::Arguments),
    /// How everything stands, and what wants attention
    Status(status::Arguments),
    /// What is proven of a day
    Certificate(certificate::Arguments),
    /// Many days as one page that can be sent around
    Report(report::Arguments),
    /// What a run of a day would do, without doing it
    Preview(preview::Arguments),
    /// The settings that the stack was deployed with
    Settings(settings::Arguments),
    /// What other settings would change, of the last days' orders
    Plan(plan::Arguments),
    /// Run one day now
    Run(run::Arguments),
    /// Run many days, one after the other
    Backfill(backfill::Arguments),
    /// The life of one order
    Order(order::Arguments),
    /// The dead-letter queue: what is in it, and the way out
    #[command(subcommand)]
    Dlq(dlq::Command),
    /// What waits for a person, and the way out
    #[command(subcommand)]
    Parked(parked::Command),
    /// Stops a flow or one store: nothing is called or sent until it is resumed
    Pause(pause::Pausing),
    /// Ends a pause
    Resume(pause::Resuming),
    /// Deletes what the queues hold of a person
    Forget(forget::Arguments),
    /// Whether a vendor does what is assumed of it
    Probe(probe::Arguments),
    /// A script that completes commands and options in your shell
    Completions(completions::Arguments),
}

/// Runs what was typed, until it ends or somebody has had enough.
pub(crate) async fn run() -> ExitCode {
    let Cli { options, command } = Cli::parse();
    let interrupted = async {
        // Without a handler Ctrl-C ends the process, without a word.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        code = Box::pin(command.run(&options)) => return code,
        () = interrupted => {}
    }
    answer::fail(&options.context.interrupted(), options.json)
}

impl Command {
    async fn run(self, at: &Options) -> ExitCode {
        match self {
            Self::Check(arguments) => told(at, check::run(at, &arguments).await),
            Self::Status(arguments) => told(at, status::run(at, &arguments).await),
            Self::Certificate(arguments) => told(at, certificate::run(at, arguments).await),
            Self::Report(arguments) => told(at, report::run(at, arguments).await),
            Self::Preview(arguments) => told(at, Box::pin(preview::run(at, arguments)).await),
            Self::Settings(arguments) => told(at, settings::run(at, &arguments).await),
            Self::Plan(arguments) => told(at, Box::pin(plan::run(at, &arguments)).await),
            Self::Run(arguments) => told(at, run::run(at, arguments).await),
            Self::Backfill(arguments) => told(at, Box::pin(backfill::run(at, arguments)).await),
            Self::Order(arguments) => told(at, Box::pin(order::run(at, arguments)).await),
            Self::Dlq(command) => command.run(at).await,
            Self::Parked(command) => command.run(at).await,
            Self::Pause(arguments) => told(at, pause::pause(at, arguments).await),
            Self::Resume(arguments) => told(at, pause::resume(at, arguments).await),
            Self::Forget(arguments) => told(at, forget::run(at, arguments).await),
            Self::Probe(arguments) => told(at, probe::run(at, arguments).await),
            Self::Completions(arguments) => told(at, Ok(completions::run(&arguments, &mut Cli::command()))),
        }
    }
}

fn told<A: Answer>(options: &Options, result: Result<A, Failure>) -> ExitCode {
    answer::tell(result, options)
}

#[cfg(test)]
#[path = "cli_tests.rs"]
mod tests;
