//! The operator's command line, as a person uses it: the real binary, against a stage.

mod backfill;
mod browser;
mod certificate;
mod check;
mod dlq;
mod erp;
mod forget;
mod letters;
mod order;
mod outside;
mod parked;
mod pause;
mod preview;
mod probe;
mod report;
mod run;
mod settings;
mod status;
mod transcript;

use crate::stage::Stage;
use local::{Profile, Workspace};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Where a command is typed: a stage of whichever flow.
pub(crate) trait Place {
    fn emulator(&self) -> &local::Emulator;
    fn settings(&self) -> PathBuf;
    fn folder(&self) -> &Path;
}

impl Place for Stage {
    fn emulator(&self) -> &local::Emulator {
        self.emulator
    }

    fn settings(&self) -> PathBuf {
        self.relay_toml()
    }

    fn folder(&self) -> &Path {
        self.directory()
    }
}

/// What became of a command.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Of a process that has ended; -1 for one that was killed.
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Standard output as the one JSON value that it must be.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// `relay` as somebody types it who has nothing but AWS's environment variables and the settings' file.
pub(crate) fn typed(stage: &impl Place, arguments: &[&str]) -> Command {
    let program = Workspace::here().binary(Profile::Dev, "relay").unwrap();
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(stage.emulator().variables_for_a_client())
        .env("RELAY_CONFIG", stage.settings())
        .current_dir(stage.folder());
    command
}

/// Runs it to its end.
pub(crate) fn relay(stage: &impl Place, arguments: &[&str]) -> Ran {
    Ran::of(typed(stage, arguments).output().unwrap())
}

/// The same, in an environment that differs.
pub(crate) fn relay_with(stage: &impl Place, environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
    Ran::of(typed(stage, arguments).envs(environment.iter().copied()).output().unwrap())
}

/// Runs it with `--json`, and asserts how it ended.
pub(crate) fn relay_json(stage: &impl Place, code: i32, arguments: &[&str]) -> Value {
    let ran = relay(stage, &[arguments, &["--json"]].concat());
    assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
    ran.json()
}

/// Wrong input: exit code 2, a sentence that says what was expected, and nothing on standard output.
pub(crate) fn assert_refused(stage: &impl Place, arguments: &[&str], says: &str) {
    let ran = relay(stage, arguments);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}: {ran:?}");
    assert!(ran.err.contains(says), "{arguments:?} should say {says:?}: {}", ran.err);
}
