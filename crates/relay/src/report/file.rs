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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_a_failure_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page.html");
        for text in ["old", "new"] {
            write(&page, text).unwrap();
        }
        assert_eq!(fs::read_to_string(&page).unwrap(), "new");
        let taken = folder.path().join("taken");
        fs::create_dir(&taken).unwrap();
        fs::write(taken.join("file"), "").unwrap();
        assert!(write(&taken, "new").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        let says = |path: &Path| unfit(path).unwrap_or_default();
        assert!(says(&taken).contains("the name of a file") && says(Path::new("..")).contains("the name of a file"));
        assert!(says(&page.join("x.html")).contains("there is no directory"));
        assert_eq!(unfit(&page), None);
        assert_eq!(unfit(Path::new("page.html")), None);
    }
}
