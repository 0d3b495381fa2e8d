//! What the functions print: one file a process, written by the process itself ([`crate::package`]).
//!
//! The emulator's CloudWatch Logs would do too, but it has a process's lines only after an invocation ended, drops the
//! oldest beyond 10,000, and has none of a cold start that failed.

use crate::Error;
use std::{fs, path::Path};

/// In the environment of every function: the folder of the files.
pub(crate) const VARIABLE: &str = "ORDER_RELAY_LOCAL_LOGS";

/// One line that a function printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The function's name.
    pub function: String,
    /// The process.
    pub pid: u32,
    /// The line, without its end.
    pub text: String,
}

/// The function and the process that a file `{function}.{pid}.log` belongs to.
pub(crate) fn owner(path: &Path) -> Option<(String, u32)> {
    let (function, pid) = path.file_name()?.to_str()?.strip_suffix(".log")?.rsplit_once('.')?;
    Some((function.to_owned(), pid.parse().ok()?))
}

/// Every whole line of every file, by function and process; a line that is being written is left for the next time.
pub(crate) fn read(folder: &Path) -> Result<Vec<Line>, Error> {
    let failed = || format!("read {}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io(failed()))? {
        let path = entry.map_err(Error::io(failed()))?.path();
        files.extend(owner(&path).map(|(function, pid)| (function, pid, path)));
    }
    files.sort();
    let mut lines = Vec::new();
    for (function, pid, path) in files {
        let text = fs::read(&path).map_err(Error::io(format!("read {}", path.display())))?;
        let text = String::from_utf8_lossy(&text);
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        lines.extend(whole.lines().map(|text| Line { function: function.clone(), pid, text: text.to_owned() }));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_of_every_process_are_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("stack-consumer.7.log"), "one\ntwo\nhal").unwrap();
        fs::write(folder.path().join("stack-consumer.12.log"), "").unwrap();
        fs::write(folder.path().join("stack-producer.9.log"), "three\n").unwrap();
        fs::write(folder.path().join("notes.txt"), "not a log\n").unwrap();
        let lines = read(folder.path()).unwrap();
        let seen: Vec<_> = lines.iter().map(|l| (l.function.as_str(), l.pid, l.text.as_str())).collect();
        assert_eq!(seen, [("stack-consumer", 7, "one"), ("stack-consumer", 7, "two"), ("stack-producer", 9, "three")]);
    }
}
