//! One meaning a word: no two crates that run in a function give a public type the same name.

use regex::Regex;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Names that mean the same wherever they stand.
const SHARED: [(&str, &str); 20] = [
    ("Error", "why a crate's work failed"),
    ("Failed", "why a run, or a step of one, failed"),
    ("Answer", "what a function answers its event with"),
    ("BadRow", "a row of the org that a flow cannot read"),
    ("Client", "what speaks to a vendor, in the vendor's words or in HTTP's"),
    ("Consumer", "a flow's function that brings its queue's messages to their destination"),
    ("Credentials", "what a vendor's secret says"),
    ("Currency", "a code of ISO 4217, in the settings or of an amount"),
    ("Outage", "a vendor that does not work, with that vendor's codes"),
    ("Event", "what happens, to a delivery or to a function"),
    ("Payload", "what a flow's message carries beside its delivery"),
    ("Producer", "a flow's function that finds at the source what is to be sent"),
    ("Reconciler", "a flow's function that proves its business days"),
    ("Platform", "what a Yotpo Loyalty account was made for, in the settings or at Yotpo"),
    ("Record", "a row, of the org or of the ledger"),
    ("Reviews", "Yotpo Reviews: its client and its settings"),
    ("Webhook", "a flow's function that takes what a vendor tells of"),
    ("Skip", "why a flow does not deliver something, by rule"),
    ("Unasked", "why the source could not be asked for single records"),
    ("Unsent", "why a page of the source is not published as a whole"),
];

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|it| it == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn a_public_name_has_one_meaning() {
    let public = Regex::new(r"(?m)^pub (?:struct|enum|trait) (\w+)").unwrap();
    let mut names: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for name in telemetry::OURS {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(name).join("src");
        let mut all = Vec::new();
        if source.is_dir() {
            files(&source, &mut all);
        }
        for path in all {
            let text = fs::read_to_string(path).unwrap();
            for found in public.captures_iter(&text) {
                names.entry(found[1].to_owned()).or_default().insert(name);
            }
        }
    }
    assert!(names.len() > 200, "only {} names", names.len());
    let shared: BTreeMap<_, _> = SHARED.into();
    let twice = names.iter().filter(|(name, crates)| crates.len() > 1 && !shared.contains_key(name.as_str()));
    assert_eq!(twice.collect::<Vec<_>>(), Vec::new());
    let needless = SHARED.iter().filter(|(name, _)| names.get(*name).is_none_or(|crates| crates.len() < 2));
    assert_eq!(needless.collect::<Vec<_>>(), Vec::<&(&str, &str)>::new());
}
