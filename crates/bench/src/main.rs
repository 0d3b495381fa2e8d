//! `make bench`: each function's release binary on a bare Lambda Runtime API, with constant answers on loopback instead of AWS, TLS on, and
//! instead of the vendor; in between a function that does nothing, the floor.
//!
//! [`functions`] says which functions there are and what each is fed: another one is another entry there. [`run`] starts a process in a
//! CPU share ([`share`]), hands it its events ([`host`]), and looks at what it took ([`process`]); [`aws`] answers whatever it calls,
//! under a certificate that a copy of the binary trusts ([`trust`]), and [`vendor`]; [`size`] weighs it, [`table`] makes medians of it.

mod aws;
mod error;
mod functions;
mod host;
mod process;
mod run;
mod settings;
mod share;
mod size;
mod table;
mod trust;
mod vendor;

use clap::Parser;
use error::Error;
use functions::{Event, Function};
use share::Share;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};
use table::{Figures, Measured};

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

/// A function as it is started.
struct Ready {
    function: Function,
    binary: PathBuf,
    environment: Vec<(String, String)>,
}

#[expect(clippy::print_stdout, reason = "a command that prints its tables")]
async fn bench(arguments: &Arguments) -> Result<(), Error> {
    let authority = trust::Authority::new()?;
    let (backends, vendor) = (aws::Backends::start(&authority).await?, vendor::start().await?);
    let folder = tempfile::tempdir().map_err(Error::io("make a folder for the binaries"))?;
    let config = folder.path().join("relay.toml");
    let settings = fs::read_to_string(&arguments.config);
    let settings = settings.map_err(Error::io(format!("read {}", arguments.config.display())))?;
    fs::write(&config, settings::unpaced(&settings)).map_err(Error::io("copy the settings"))?;
    let floor = arguments.binaries.join("floor");
    let mut figures = Figures {
        machine: share::machine(),
        rounds: arguments.rounds,
        warm: arguments.warm,
        sizes: BTreeMap::new(),
        floor: size::of(&floor)?,
        measured: Vec::new(),
    };
    let mut ready = Vec::new();
    for function in functions::all(&vendor).into_iter().filter(|function| function.name.contains(&arguments.only)) {
        let shipped = arguments.binaries.join(function.name);
        figures.sizes.insert(function.name, size::of(&shipped)?);
        let binary = trust::trusting(&shipped, folder.path(), &authority)?;
        let environment = backends.environment(&config, &function)?;
        ready.push(Ready { function, binary, environment });
    }
    for round in 1..=arguments.rounds {
        for Ready { function, binary, environment } in &ready {
            backends.fill(function);
            for case in &function.cases {
                for share in Share::ALL {
                    eprintln!("{} {round}/{}: {}, {share}", function.name, arguments.rounds, case.name);
                    let take = async |binary: &Path, event: &Event| {
                        run::Run { binary, environment, share, warm: arguments.warm }.of(event).await
                    };
                    let (taken, floor) = (take(binary, &case.event).await?, take(&floor, &case.event).await?);
                    figures.measured.push(Measured { function: function.name, case: case.name, share, taken, floor });
                }
            }
        }
    }
    let text = table::markdown(&figures);
    if let Some(document) = &arguments.write {
        return table::write(document, &text);
    }
    println!("{text}");
    Ok(())
}
