//! What a demo of any flow stands on: a directory of its own, the settings, the emulator and the stack.

use crate::{
    options::{Options, Switch},
    progress::Progress,
};
use local::{Deploy, Emulator, Profile, Stack, Workspace, with_values};
use std::{
    error::Error,
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

const STACK: &str = "order-relay";

/// Why there was no demo, or none to its end.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// Settings that differ from the shipped ones.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    /// Table, key, value.
    pub(crate) values: &'static [(&'static str, &'static str, &'static str)],
    /// Tables that the shipped file does not have, as TOML.
    pub(crate) tables: &'static str,
}

/// A directory that no other demo uses, with the settings in it.
pub(crate) struct Ground {
    workspace: Workspace,
    directory: PathBuf,
    settings: PathBuf,
    profile: Profile,
    _lock: Option<File>,
}

impl Ground {
    pub(crate) fn new(options: &Options, changed: Settings) -> Result<Self, Failure> {
        let workspace = Workspace::here();
        let (directory, lock) = fresh_directory(&workspace, options)?;
        let settings = directory.join("relay.toml");
        let shipped = with_values(&fs::read_to_string(workspace.relay_toml())?, changed.values)?;
        fs::write(&settings, shipped + changed.tables)?;
        let profile = if options.dev || options.watch { Profile::Dev } else { Profile::Local };
        Ok(Self { workspace, directory, settings, profile, _lock: lock })
    }

    /// What is about to run, and with which settings.
    pub(crate) fn announcement(&self, options: &Options, changed: Settings) -> String {
        let values: Vec<String> =
            changed.values.iter().map(|(table, key, value)| format!("  [{table}] {key} = {value}\n")).collect();
        let tables = changed.tables.lines().filter(|line| !line.is_empty()).map(|line| format!("  {line}\n"));
        let changed = values.concat() + &tables.collect::<String>();
        format!(
            "{} orders, faults {}, seed {}; logs in {}\n\
             Settings are those of infra/config/relay.toml but for\n{changed}\
             and the schedule's 15 minutes are a second: the vendors are simulated, there is nobody to be spared.",
            options.orders(),
            if options.faults == Switch::On { "on" } else { "off" },
            options.seed,
            self.directory.display(),
        )
    }

    pub(crate) fn emulator(&self) -> Result<Emulator, Failure> {
        Ok(Emulator::start(&self.workspace, &self.directory, &[])?)
    }

    /// The stack, with these values of the template's parameters.
    pub(crate) async fn deploy<'a>(
        &self,
        emulator: &'a Emulator,
        parameters: &[(&str, &str)],
    ) -> Result<Stack<'a>, Failure> {
        let mut deploy = Deploy::new(STACK, self.profile, &self.settings);
        for (name, value) in parameters {
            deploy = deploy.with(name, value);
        }
        Ok(local::deploy(emulator, &deploy).await?)
    }

    /// The end of a demo: at once, or, where it is to be kept, with Ctrl-C.
    pub(crate) async fn end(&self, options: &Options, emulator: Emulator, progress: &Progress) -> Result<(), Failure> {
        if options.keep == Switch::On {
            let relay = self.command(&emulator)?;
            progress.say(&format!("Everything goes on running until Ctrl-C. Try: {} status", relay.display()));
            std::future::pending::<()>().await;
        }
        drop(emulator);
        fs::remove_dir_all(self.directory.join("tmp"))?;
        Ok(())
    }

    /// A script that runs the operator's command line against this emulator.
    fn command(&self, emulator: &Emulator) -> Result<PathBuf, Failure> {
        let program = self.workspace.binary(Profile::Local, "relay")?;
        let variables = emulator.variables_for_a_client();
        let variables =
            variables.map(|(name, value)| format!("export {name}='{value}'\n")).collect::<Vec<_>>().concat();
        let (program, settings) = (program.display(), self.settings.display());
        let script = format!("#!/bin/sh\n{variables}export RELAY_CONFIG='{settings}'\nexec '{program}' \"$@\"\n");
        let path = self.directory.join("relay");
        fs::write(&path, script)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(path)
    }
}

/// An empty directory, and what keeps other demos out of it meanwhile.
fn fresh_directory(workspace: &Workspace, options: &Options) -> io::Result<(PathBuf, Option<File>)> {
    let (directory, lock) = match &options.directory {
        Some(directory) => (directory.clone(), None),
        None => free_directory(&workspace.root().join(".demo"))?,
    };
    match fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::create_dir_all(&directory)?;
    Ok((directory, lock))
}

/// The first of `1`, `2`, … that no running demo uses.
fn free_directory(parent: &Path) -> io::Result<(PathBuf, Option<File>)> {
    fs::create_dir_all(parent)?;
    let mut number = 1;
    loop {
        let lock = File::create(parent.join(format!("{number}.lock")))?;
        match lock.try_lock() {
            Ok(()) => return Ok((parent.join(number.to_string()), Some(lock))),
            Err(TryLockError::WouldBlock) => number += 1,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}
