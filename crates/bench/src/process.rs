//! A process, and what it has taken so far, as the kernel counts it.

use crate::{error::Error, share::Bounded};
use rustix::thread::{CpuSet, sched_setaffinity};
use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The function has the first CPU, whatever measures it the others, where there are several.
const ITS: usize = 0;

/// A function's process.
pub(crate) struct Process {
    child: Child,
    pub(crate) spawned_at: Instant,
}

impl Process {
    /// Started on the first CPU, within the bounds.
    pub(crate) fn spawn(
        binary: &Path,
        environment: &[(String, String)],
        bounds: Option<&Bounded>,
    ) -> Result<Self, Error> {
        let mut command = Command::new(binary);
        command.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut start = || {
            let spawned_at = Instant::now();
            command.spawn().map(|child| Self { child, spawned_at })
        };
        on(&[ITS]);
        let started = match bounds {
            Some(bounds) => bounds.inside(&mut start)?,
            None => start(),
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let others: Vec<usize> = (1..all_cores().max(cores)).collect();
        on(if others.is_empty() { &[ITS] } else { &others });
        started.map_err(Error::io("start the function"))
    }

    /// On a CPU so far, all its threads together.
    pub(crate) fn cpu(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id()));
        let of = |task: std::io::Result<fs::DirEntry>| {
            let schedstat = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            schedstat.split_whitespace().next()?.parse::<u64>().ok()
        };
        Duration::from_nanos(tasks.into_iter().flatten().filter_map(of).sum())
    }

    /// The most memory so far, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        kib.map_or(0, |kib: u64| kib * 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn all_cores() -> usize {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    cpu.lines().filter(|line| line.starts_with("processor")).count()
}

/// This thread, and what it starts, runs there; where that is not allowed, anywhere.
fn on(cpus: &[usize]) {
    let mut set = CpuSet::new();
    for cpu in cpus {
        set.set(*cpu);
    }
    let _ = sched_setaffinity(None, &set);
}
