//! A process and all its descendants, which end with us.

use crate::{Error, Workspace};
use std::{
    ffi::OsStr,
    fs::File,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

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
        let python = workspace.tool("emulator", "python")?;
        let out = File::create(log).map_err(Error::io(format!("write {}", log.display())))?;
        let err = out.try_clone().map_err(Error::io(format!("write {}", log.display())))?;
        let child = Command::new(python)
            .arg(workspace.script("keep.py"))
            .args(command)
            .current_dir(directory)
            .env_clear()
            .envs(environment.iter().copied())
            // Whoever kills our whole group must not kill the keeper first.
            .process_group(0)
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

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::{
        fs, thread,
        time::{Duration, Instant},
    };

    /// A tree: a child, one in the background, and one that has moved to a session of its own.
    const TREE: &str = "setsid sleep 611 & sleep 611 & echo started; sleep 611";

    fn running(directory: &Path) -> usize {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let here = processes.filter(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == directory));
        here.count()
    }

    fn until(mut condition: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !condition() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it takes too long");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn start(directory: &Path, script: &str) -> Keeper {
        let path = std::env::var_os("PATH").unwrap();
        let log = directory.join("log");
        let command = ["sh", "-c", script].map(OsStr::new);
        Keeper::start(&Workspace::here(), &command, directory, &[("PATH", &path)], &log).unwrap()
    }

    #[test]
    fn dropping_it_ends_every_descendant() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap();
        let keeper = start(&path, TREE);
        // The keeper itself, the shell, three sleepers.
        until(|| running(&path) == 5);
        drop(keeper);
        assert_eq!(running(&path), 0);
    }

    #[test]
    fn when_the_command_ends_so_do_its_descendants() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap();
        let mut keeper = start(&path, "setsid sleep 612 & sleep 0.2");
        until(|| keeper.has_ended());
        assert_eq!(running(&path), 0);
    }
}
