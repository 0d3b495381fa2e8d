//! The allowed arrows between the workspace's crates (ARCHITECTURE.md), and who owns which SDK.

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};

/// Crate to the crates of ours that it may use. A crate that is not here may not exist.
const ARROWS: [(&str, &[&str]); 15] = [
    ("aws", &[]),
    ("rest", &[]),
    ("queue", &[]),
    ("ledger", &[]),
    ("secrets", &[]),
    ("telemetry", &[]),
    ("config", &[]),
    ("salesforce", &["rest"]),
    ("yotpo", &["rest"]),
    ("reviews", &["salesforce", "yotpo", "aws", "config", "queue", "ledger", "secrets", "telemetry"]),
    ("sandbox", &[]),
    ("local", &["sandbox", "queue"]),
    // It plays AWS's and the vendors' part for a flow's functions, and hands them the clients that end in it.
    ("simulation", &["aws", "config", "queue", "rest", "reviews", "sandbox", "telemetry"]),
    ("relay", &["aws", "config", "ledger", "queue", "reviews", "salesforce", "secrets", "telemetry", "yotpo"]),
    (
        "tests",
        &[
            "aws",
            "config",
            "ledger",
            "local",
            "queue",
            "reviews",
            "salesforce",
            "sandbox",
            "secrets",
            "telemetry",
            "yotpo",
        ],
    ),
];

/// Libraries that one crate alone may use.
const OWNERS: [(&str, &[&str]); 5] = [
    ("reqwest", &["rest"]),
    ("aws-sdk-sqs", &["queue"]),
    ("aws-sdk-dynamodb", &["ledger"]),
    ("aws-sdk-secretsmanager", &["secrets"]),
    ("aws-smithy-http-client", &["aws", "local"]),
];

type Graph = BTreeMap<String, BTreeSet<String>>;

/// The workspace's crates and what they depend on, build and run; what only their tests use is their affair.
fn graph() -> Graph {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
    metadata
        .packages
        .into_iter()
        .map(|package| {
            let dependencies = package.dependencies.into_iter().filter(|d| d.kind != DependencyKind::Development);
            (package.name.to_string(), dependencies.map(|d| d.name).collect())
        })
        .collect()
}

fn violations(graph: &Graph) -> Vec<String> {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    let owners: BTreeMap<&str, &[&str]> = OWNERS.into_iter().collect();
    let mut found = Vec::new();
    for (package, dependencies) in graph {
        let Some(allowed) = arrows.get(package.as_str()) else {
            found.push(format!("{package} is not in the list"));
            continue;
        };
        for dependency in dependencies {
            let ours = graph.contains_key(dependency) && !allowed.contains(&dependency.as_str());
            let owned = owners.get(dependency.as_str()).is_some_and(|owners| !owners.contains(&package.as_str()));
            if ours || owned {
                found.push(format!("{package} -> {dependency}"));
            }
        }
    }
    found
}

#[test]
fn the_crates_use_each_other_as_drawn() {
    let graph = graph();
    assert!(graph.len() > 10, "the workspace was not read: {graph:?}");
    assert_eq!(violations(&graph), Vec::<String>::new());
}

#[test]
fn an_added_arrow_fails() {
    for (from, to) in
        [("rest", "ledger"), ("yotpo", "config"), ("reviews", "rest"), ("reviews", "reqwest"), ("ledger", "queue")]
    {
        let mut graph = graph();
        graph.get_mut(from).unwrap().insert(to.to_owned());
        assert_eq!(violations(&graph), [format!("{from} -> {to}")]);
    }
    let mut graph = graph();
    graph.insert("common".to_owned(), BTreeSet::new());
    assert_eq!(violations(&graph), ["common is not in the list"]);
}
