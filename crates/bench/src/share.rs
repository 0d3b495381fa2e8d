//! A share of a CPU, as Lambda gives it by memory: a control group's quota. A process is started in it, so that its start is bounded too;
//! Lambda is known to be more generous there.
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>

use crate::error::Error;
use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

/// At this much memory a function has one CPU.
const A_CPU_MB: u64 = 1_769;
/// The kernel's own period, in microseconds.
const PERIOD: u64 = 100_000;
/// Where control groups are mounted, of the first version and of the second.
const FIRST: &str = "/sys/fs/cgroup/cpu";
const SECOND: &str = "/sys/fs/cgroup";

/// How much of a CPU a process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Share {
    /// What Lambda gives with so many megabytes.
    OfMemory(u64),
    /// A CPU of its own.
    Whole,
}

impl Share {
    pub(crate) const ALL: [Self; 3] = [Self::OfMemory(128), Self::OfMemory(256), Self::Whole];

    fn quota(self) -> Option<u64> {
        match self {
            Self::OfMemory(megabytes) => Some(PERIOD * megabytes / A_CPU_MB),
            Self::Whole => None,
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OfMemory(megabytes) => write!(f, "{megabytes} MB"),
            Self::Whole => f.write_str("a whole CPU"),
        }
    }
}

/// A control group with the share's quota. Whoever enters takes what it starts along.
pub(crate) struct Bounded {
    folder: PathBuf,
    /// Where one enters, and where one goes back to.
    door: &'static str,
    outside: PathBuf,
}

impl Bounded {
    /// None where the share is a whole CPU.
    pub(crate) fn of(share: Share) -> Result<Option<Self>, Error> {
        let Some(quota) = share.quota() else { return Ok(None) };
        let name = format!("order-relay-bench-{}", std::process::id());
        let write = |folder: &Path, file: &str, value: String| {
            fs::write(folder.join(file), value)
                .map_err(Error::io("set a CPU quota: it takes root, and a kernel that has them"))
        };
        let first = Path::new(FIRST).join("cpu.cfs_quota_us").exists() || Path::new(FIRST).join("tasks").exists();
        let folder = Path::new(if first { FIRST } else { SECOND }).join(name);
        fs::create_dir_all(&folder).map_err(Error::io("make a control group: it takes root"))?;
        if first {
            write(&folder, "cpu.cfs_period_us", PERIOD.to_string())?;
            write(&folder, "cpu.cfs_quota_us", quota.to_string())?;
            return Ok(Some(Self { folder, door: "tasks", outside: Path::new(FIRST).join("tasks") }));
        }
        write(&folder, "cpu.max", format!("{quota} {PERIOD}"))?;
        Ok(Some(Self { folder, door: "cgroup.procs", outside: Path::new(SECOND).join("cgroup.procs") }))
    }

    /// Starts something inside: this thread goes in, and out again.
    pub(crate) fn inside<T>(&self, start: impl FnOnce() -> T) -> Result<T, Error> {
        let me = rustix::thread::gettid().as_raw_nonzero().to_string();
        let go = |to: &Path| fs::write(to, &me).map_err(Error::io("enter a control group"));
        go(&self.folder.join(self.door))?;
        let started = start();
        go(&self.outside)?;
        Ok(started)
    }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        // Its last process is gone by now, or the next run's folder has another name.
        let _ = fs::remove_dir(&self.folder);
    }
}

/// The machine, for whoever compares figures.
pub(crate) fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("a CPU", |it| it.1)
        .to_owned();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("not known").to_owned();
    format!("{cpu}, {cores} cores, load {load} before it began")
}
