//! The metrics that a flow's functions can emit: `Metric::…` in their sources.

use regex::Regex;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use telemetry::Metric;

/// What an invocation says as 0 too.
const ALWAYS: [Metric; 3] = [Metric::Rejected, Metric::Parked, Metric::Missing];

/// The series of the reviews flow: of all its metrics, those by store of the one store out of the box too.
pub(super) fn of_reviews() -> f64 {
    series(&named(&["delivery/src", "reconciliation/src", "reviews/src"]))
}

/// The series that the erp flow has while there are no orders: what the reconciler says, of one shop.
pub(super) fn of_idle_erp() -> f64 {
    let mut names = named(&["reconciliation/src", "erp/src/reconcile", "erp/src/reconcile.rs"]);
    names.extend(ALWAYS.map(|metric| metric.name().to_owned()));
    series(&names)
}

/// The series that the loyalty flow has while nothing happens: what producer and reconciler say, of one store.
pub(super) fn of_idle_loyalty() -> f64 {
    let places = ["reconciliation/src", "loyalty/src/produce.rs", "loyalty/src/reconcile", "loyalty/src/reconcile.rs"];
    let mut names = named(&places);
    names.extend(ALWAYS.map(|metric| metric.name().to_owned()));
    series(&names)
}

fn series(names: &BTreeSet<String>) -> f64 {
    let by_store = ["Delivered", "Rejected", "Parked", "Missing"];
    names.iter().map(|name| if by_store.contains(&name.as_str()) { 2.0 } else { 1.0 }).sum()
}

/// The metrics that these files name, relative to `crates`; one that is not there names none.
fn named(places: &[&str]) -> BTreeSet<String> {
    let metric = Regex::new(r"Metric::([A-Z]\w+)").unwrap();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let files = places.iter().flat_map(|place| files(&crates.join(place)));
    let texts: Vec<String> = files.map(|file| fs::read_to_string(file).unwrap()).collect();
    let names: BTreeSet<String> =
        texts.iter().flat_map(|text| metric.captures_iter(text)).map(|found| found[1].to_owned()).collect();
    assert!(names.len() > 5, "{places:?}: {names:?}");
    names.into_iter().filter(|name| Metric::ALL.iter().any(|metric| metric.name() == name)).collect()
}

fn files(place: &Path) -> Vec<PathBuf> {
    if place.is_dir() {
        return fs::read_dir(place).unwrap().flat_map(|entry| files(&entry.unwrap().path())).collect();
    }
    if place.is_file() { vec![place.to_owned()] } else { Vec::new() }
}
