//! `make bench`: each function's release binary on a bare Lambda Runtime API, with constant answers on loopback instead of AWS, TLS on.
//!
//! [`functions`] says which functions there are and what each is fed: another one is another entry there. [`run`] starts a process in a
//! CPU share ([`share`]), hands it its events ([`host`]), and looks at what it took ([`process`]); [`aws`] answers whatever it calls,
//! under a certificate that a copy of the binary trusts ([`trust`]); [`table`] makes medians of it.

mod aws;
mod error;
mod functions;
mod host;
mod process;
mod run;
mod share;
mod table;
mod trust;

use clap::Parser;
use error::Error;
use share::Share;
use std::{path::PathBuf, process::ExitCode};

/// How often, and where.
#[derive(Debug, Parser)]
#[command(about = "What the functions take, on a bare Lambda Runtime API")]
struct Arguments {
    /// The folder with the release binaries
    #[arg(long, default_value = "target/release")]
    binaries: PathBuf,
    /// The settings that the functions are started with
    #[arg(long, default_value = "infra/config/relay.toml")]
    config: PathBuf,
    /// Cold starts of each function, case and share, interleaved
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Further invocations of each process
    #[arg(long, default_value_t = 20)]
    warm: usize,
    /// Only functions whose name contains this
    #[arg(long, default_value = "")]
    only: String,
    /// The document whose tables are written anew
    #[arg(long)]
    write: Option<PathBuf>,
}

fn main() -> ExitCode {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => match runtime.block_on(bench(&Arguments::parse())) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        },
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "a command that prints its tables")]
async fn bench(arguments: &Arguments) -> Result<(), Error> {
    let authority = trust::Authority::new()?;
    let backends = aws::Backends::start(&authority).await?;
    let folder = tempfile::tempdir().map_err(Error::io("make a folder for the binaries"))?;
    let machine = share::machine();
    let mut taken = Vec::new();
    for function in functions::all().into_iter().filter(|function| function.name.contains(&arguments.only)) {
        let binary = trust::trusting(&arguments.binaries.join(function.name), folder.path(), &authority)?;
        let environment = backends.environment(&arguments.config, &function)?;
        for round in 1..=arguments.rounds {
            for case in &function.cases {
                for share in Share::ALL {
                    eprintln!("{} {round}/{}: {}, {share}", function.name, arguments.rounds, case.name);
                    let run = run::Run { binary: &binary, environment: &environment, share, warm: arguments.warm };
                    backends.fill(&function);
                    taken.push((function.name, case.name, share, run.of(&case.event).await?));
                }
            }
        }
    }
    let text = table::markdown(&taken, &machine, arguments.rounds, arguments.warm);
    if let Some(document) = &arguments.write {
        return table::write(document, &text);
    }
    println!("{text}");
    Ok(())
}
