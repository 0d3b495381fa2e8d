//! The file that a report goes to: whole, or not at all.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Why a path cannot be a report's, as far as can be said before there is one.
pub(super) fn unfit(path: &Path) -> Option<String> {
    let folder = folder(path);
    if path.file_name().is_none() || path.is_dir() {
        return Some(format!("`--out` is `{}`; expected the name of a file", path.display()));
    }
    (!folder.is_dir())
        .then(|| format!("`--out` is `{}`, and there is no directory `{}`", path.display(), folder.display()))
}

/// Writes beside it and renames: who opens it meanwhile sees the old one or the new one.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = folder(path).join(format!(".{name}.{}.part", std::process::id()));
    let written = File::create_new(&part).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&part, path)
    });
    if written.is_err() {
        // The error that counts is the first.
        let _ = fs::remove_file(&part);
    }
    written
}

fn folder(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or_else(|| PathBuf::from("."), Path::to_owned)
}
