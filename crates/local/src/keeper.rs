//! A process and all its descendants, which end with us.

use crate::{Error, Workspace};
use std::{
    ffi::OsStr,
    fs::File,
    path::Path,
    process::{Child, Command, Stdio},
};

/// Holds standard input of the process that the tree hangs on.
const SCRIPT: &str = include_str!("keep.py");

/// A command and everything it starts. All of it is killed when this value is dropped, and also when our process ends
/// without dropping anything (Ctrl-C, SIGKILL): the kept tree watches a pipe that only we hold.
#[derive(Debug)]
pub struct Keeper {
    child: Child,
}

impl Keeper {
    /// Starts `command` (program and arguments) in `directory` with nothing but `environment`; what it prints goes to `log`.
    ///
    /// # Errors
    /// When the tools are not installed or the log cannot be written.
    pub fn start(
        workspace: &Workspace,
        command: &[&OsStr],
        directory: &Path,
        environment: &[(&str, &OsStr)],
        log: &Path,
    ) -> Result<Self, Error> {
        let python = workspace.emulator("python")?;
        let out = File::create(log).map_err(Error::io(format!("write {}", log.display())))?;
        let err = out.try_clone().map_err(Error::io(format!("write {}", log.display())))?;
        let child = Command::new(python)
            .args(["-c", SCRIPT])
            .args(command)
            .current_dir(directory)
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(Error::io(format!("start {}", command.first().unwrap_or(&OsStr::new("nothing")).display())))?;
        Ok(Self { child })
    }

    /// Whether the command has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// The process that the tree hangs on.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // Nothing can be done about an error, and nobody would read it.
        let _ = self.child.wait();
    }
}
