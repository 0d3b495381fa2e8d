//! What the functions print: one file a process, written by the process itself ([`crate::package`]).
//!
//! The emulator's CloudWatch Logs would do too, but it has a process's lines only after an invocation ended, drops the
//! oldest beyond 10,000, and has none of a cold start that failed.

use crate::Error;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

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

/// Reads on where it stopped the last time.
#[derive(Clone, Debug)]
pub struct Tail {
    folder: PathBuf,
    read: BTreeMap<PathBuf, u64>,
}

impl Tail {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, read: BTreeMap::new() }
    }

    /// The whole lines that are new since the last call, by function and process; a line that is still being written is
    /// left for the next time.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn lines(&mut self) -> Result<Vec<Line>, Error> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed(&self.folder))? {
            let path = entry.map_err(failed(&self.folder))?.path();
            files.extend(owner(&path).map(|(function, pid)| (function, pid, path)));
        }
        files.sort();
        let mut lines = Vec::new();
        for (function, pid, path) in files {
            let offset = self.read.entry(path.clone()).or_default();
            let new = rest(&path, *offset).map_err(failed(&path))?;
            let Some(end) = new.iter().rposition(|byte| *byte == b'\n') else { continue };
            *offset += end as u64 + 1;
            let text = String::from_utf8_lossy(&new[..end]);
            lines.extend(text.split('\n').map(|text| Line { function: function.clone(), pid, text: text.to_owned() }));
        }
        Ok(lines)
    }
}

fn rest(path: &Path, offset: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut rest = Vec::new();
    file.read_to_end(&mut rest)?;
    Ok(rest)
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    Error::io(format!("read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_of_every_process_are_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("stack-consumer.7.log", "one\n\ntwo\nthr");
        write("stack-consumer.12.log", "");
        write("stack-producer.9.log", "four\n");
        write("notes.txt", "not a log\n");
        let mut tail = Tail::new(folder.path().to_owned());
        let mut seen =
            || -> Vec<(u32, String)> { tail.lines().unwrap().into_iter().map(|l| (l.pid, l.text)).collect() };
        assert_eq!(seen(), [(7, "one".into()), (7, String::new()), (7, "two".into()), (9, "four".into())]);
        assert_eq!(seen(), []);
        write("stack-consumer.7.log", "one\n\ntwo\nthree\n");
        assert_eq!(seen(), [(7, "three".into())]);
    }
}
