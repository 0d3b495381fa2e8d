//! The file that keeps what is dropped: a JSON value a line, the whole message. It holds buyers' data: only its owner may read it.

use crate::failure::Failure;
use chrono::{DateTime, Utc};
use queue::Taken;
use serde_json::json;
use std::{
    fs::{File, OpenOptions, Permissions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// Nobody but the owner.
const MODE: u32 = 0o600;

/// An open file, appended to.
pub(crate) struct Keep {
    file: File,
    path: PathBuf,
}

impl Keep {
    /// Opens it; wrong input if that cannot be done.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let opened = OpenOptions::new().append(true).create(true).mode(MODE).open(path);
        let closed_to_others = opened.and_then(|file| {
            file.set_permissions(Permissions::from_mode(MODE))?;
            Ok(file)
        });
        match closed_to_others {
            Ok(file) => Ok(Self { file, path: path.to_owned() }),
            Err(error) => {
                Err(Failure::input(format!("`--keep` is `{}`, which cannot be written: {error}", path.display())))
            }
        }
    }

    /// Writes these messages, down to the disk.
    pub(crate) fn append(&mut self, messages: &[&Taken], at: DateTime<Utc>) -> Result<(), Failure> {
        let written = self.write(messages, at);
        written.map_err(|error| Failure::undone(&format!("write `{}`", self.path.display()), &error))
    }

    fn write(&mut self, messages: &[&Taken], at: DateTime<Utc>) -> io::Result<()> {
        let mut lines = Vec::new();
        for message in messages {
            let line = json!({
                "dropped_at": at, "message_id": message.id, "sent_at": message.sent_at, "receives": message.receives,
                "trace": message.trace.as_ref().map(queue::TraceHeader::as_str), "attributes": message.attributes,
                "body": message.body,
            });
            serde_json::to_writer(&mut lines, &line)?;
            lines.push(b'\n');
        }
        self.file.write_all(&lines)?;
        self.file.sync_all()
    }
}
