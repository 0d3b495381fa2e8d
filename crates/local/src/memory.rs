//! How much memory the function processes need.

use crate::logs;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

/// A process that ends between two looks is missed by no more than what it took in since the last.
const EVERY: Duration = Duration::from_millis(100);

/// A function process that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The function's name.
    pub function: String,
    /// Its id.
    pub pid: u32,
}

/// The most memory that a process had resident at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peak {
    /// The process.
    pub process: Process,
    /// KiB (`VmHWM` of `/proc/PID/status`).
    pub kib: u64,
}

/// Looks at the function processes until it is asked for the result.
#[derive(Debug)]
pub struct Memory {
    stop: mpsc::Sender<()>,
    thread: thread::JoinHandle<BTreeMap<(String, u32), u64>>,
}

impl Memory {
    pub(crate) fn watch(logs: PathBuf) -> Self {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut peaks = BTreeMap::new();
            loop {
                for process in processes(&logs) {
                    if let Some(kib) = peak(process.pid) {
                        peaks.insert((process.function, process.pid), kib);
                    }
                }
                if stopped.recv_timeout(EVERY) != Err(mpsc::RecvTimeoutError::Timeout) {
                    return peaks;
                }
            }
        });
        Self { stop, thread }
    }

    /// The peaks, by function and process. Empty where there is no `/proc`.
    pub fn peaks(self) -> Vec<Peak> {
        drop(self.stop);
        let peaks = self.thread.join().unwrap_or_default();
        peaks.into_iter().map(|((function, pid), kib)| Peak { process: Process { function, pid }, kib }).collect()
    }
}

/// Those of the processes that have a log whose binary still runs.
pub(crate) fn processes(logs: &Path) -> Vec<Process> {
    let files = fs::read_dir(logs).into_iter().flatten().flatten();
    let owners = files.filter_map(|entry| logs::owner(&entry.path()));
    owners
        .filter(|(_, pid)| {
            let program = fs::read_link(format!("/proc/{pid}/exe"));
            program.is_ok_and(|path| path.file_name() == Some(crate::package::PROGRAM.as_ref()))
        })
        .map(|(function, pid)| Process { function, pid })
        .collect()
}

fn peak(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn our_own_peak_is_read() {
        assert!(peak(std::process::id()).unwrap() > 100);
        assert_eq!(peak(u32::MAX), None);
    }
}
