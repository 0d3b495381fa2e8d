//! Links of the documents: each leads to a file that is there, and one that names a test leads to that test.

use std::{fs, path::Path};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The targets of a page's links into the repository.
fn targets(page: &str) -> impl Iterator<Item = &str> {
    let links = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links.filter(|target| !target.contains("://") && !target.starts_with('#'))
}

/// What is wrong with a link from a page in `folder`, if anything is.
fn broken(folder: &Path, target: &str) -> Option<String> {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = folder.join(file);
    if !path.exists() {
        return Some(format!("{target}: no such file"));
    }
    if anchor.is_empty() || path.extension().is_none_or(|extension| extension != "rs") {
        return None;
    }
    let test = format!("fn {anchor}(");
    let is_there = fs::read_to_string(&path).is_ok_and(|text| text.contains(&test));
    (!is_there).then(|| format!("{target}: no such test"))
}

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(ROOT);
    let pages = fs::read_dir(root.join("docs")).unwrap().chain(fs::read_dir(root).unwrap());
    let pages = pages.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "md"));
    let mut found = 0;
    for path in pages {
        let page = fs::read_to_string(&path).unwrap();
        let folder = path.parent().unwrap();
        found += targets(&page).count();
        let wrong: Vec<_> = targets(&page).filter_map(|target| broken(folder, target)).collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", path.display());
    }
    assert!(found > 50, "only {found} links");
}

#[test]
fn a_test_that_is_gone_is_noticed() {
    let folder = Path::new(ROOT).join("docs");
    assert_eq!(broken(&folder, "../tests/src/documents.rs#every_link_leads_somewhere"), None);
    assert!(broken(&folder, "../tests/src/documents.rs#no_such_thing").is_some());
    assert!(broken(&folder, "../tests/src/no_such_file.rs").is_some());
}
