//! `relay settings`: what the stack was deployed with.

use crate::{answer::Answer, failure::Failure, options::Options, place};
use clap::Args;
use serde::Serialize;
use std::io::{self, Write};

const EXAMPLES: &str = "\
Examples:
  relay settings                         the deployed relay.toml, as it was written
  relay settings >relay.toml             to change it, then: relay plan --config relay.toml
  relay settings --json                  with its SHA-256, which functions log when they start

The stack's functions hand them out: no file is needed, and --config is not read.";

/// What `relay settings` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {}

/// The settings' file.
#[derive(Debug, Serialize)]
pub(crate) struct Deployed {
    sha256: String,
    toml: String,
}

pub(crate) async fn run(options: &Options, _: &Arguments) -> Result<Deployed, Failure> {
    let stack = place::Stack::find(&options.stack, place::sdk().await?).await?;
    let toml = stack.settings_file().await?;
    let sha256 = place::parse(&toml, place::OF_THE_STACK)?.sha256;
    Ok(Deployed { sha256, toml })
}

impl Answer for Deployed {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        write!(to, "{}", self.toml)
    }
}
