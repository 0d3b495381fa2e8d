//! `relay completions`.

use crate::answer::Answer;
use clap::{Args, Command};
use clap_complete::Shell;
use serde::Serialize;
use std::io::{self, Write};

const EXAMPLES: &str = "\
Examples:
  relay completions bash >/etc/bash_completion.d/relay
  relay completions zsh >\"${fpath[1]}/_relay\"
  relay completions fish >~/.config/fish/completions/relay.fish";

/// What `relay completions` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Which shell
    shell: Shell,
}

/// The script.
#[derive(Debug, Serialize)]
pub(crate) struct Script {
    script: String,
}

/// Of `command`, the whole command line.
pub(crate) fn run(arguments: &Arguments, command: &mut Command) -> Script {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, command, "relay", &mut script);
    Script { script: String::from_utf8_lossy(&script).into_owned() }
}

impl Answer for Script {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        to.write_all(self.script.as_bytes())
    }
}
