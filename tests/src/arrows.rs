//! The allowed arrows between the workspace's crates (ARCHITECTURE.md), and who owns which SDK.

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};

/// Crate to the crates of ours that it may use. A crate that is not here may not exist.
const ARROWS: [(&str, &[&str]); 26] = [
    ("aws", &[]),
    ("rest", &[]),
    ("queue", &[]),
    ("ledger", &[]),
    ("secrets", &[]),
    ("telemetry", &[]),
    ("config", &[]),
    ("delivery", &["config", "ledger", "queue", "telemetry"]),
    ("function", &["aws", "config", "ledger", "queue", "secrets", "telemetry"]),
    ("reconciliation", &["config", "delivery", "function", "ledger", "queue", "telemetry"]),
    ("salesforce", &["rest"]),
    ("netsuite", &["rest"]),
    ("shopify", &["rest"]),
    ("yotpo", &["rest"]),
    ("org", &["config", "function", "salesforce", "secrets"]),
    (
        "reviews",
        &[
            "salesforce",
            "yotpo",
            "org",
            "delivery",
            "reconciliation",
            "function",
            "config",
            "queue",
            "ledger",
            "secrets",
            "telemetry",
        ],
    ),
    (
        "erp",
        &[
            "netsuite",
            "shopify",
            "delivery",
            "reconciliation",
            "function",
            "config",
            "queue",
            "ledger",
            "secrets",
            "telemetry",
        ],
    ),
    (
        "loyalty",
        &[
            "salesforce",
            "yotpo",
            "org",
            "delivery",
            "reconciliation",
            "function",
            "config",
            "queue",
            "ledger",
            "secrets",
            "telemetry",
        ],
    ),
    ("rollout", &["aws", "function", "telemetry"]),
    ("sandbox", &[]),
    ("bench", &["sandbox"]),
    ("floor", &[]),
    ("local", &["aws", "sandbox", "queue"]),
    // It plays AWS's and the vendors' part for a flow's functions, and hands them the clients that end in it.
    (
        "simulation",
        &[
            "aws",
            "config",
            "delivery",
            "erp",
            "function",
            "loyalty",
            "queue",
            "reconciliation",
            "rest",
            "reviews",
            "sandbox",
            "telemetry",
        ],
    ),
    (
        "relay",
        &[
            "aws",
            "config",
            "delivery",
            "erp",
            "function",
            "ledger",
            "loyalty",
            "netsuite",
            "org",
            "queue",
            "reconciliation",
            "reviews",
            "salesforce",
            "secrets",
            "shopify",
            "telemetry",
            "yotpo",
        ],
    ),
    (
        "tests",
        &[
            "aws",
            "config",
            "delivery",
            "ledger",
            "local",
            "loyalty",
            "queue",
            "reconciliation",
            "reviews",
            "salesforce",
            "sandbox",
            "secrets",
            "simulation",
            "telemetry",
            "yotpo",
        ],
    ),
];

/// Libraries that one crate alone may use.
const OWNERS: [(&str, &[&str]); 7] = [
    ("reqwest", &["aws", "rest"]),
    ("lambda_runtime", &["floor", "function", "rollout"]),
    ("aws-sdk-sqs", &["queue"]),
    ("aws-sdk-dynamodb", &["ledger"]),
    ("aws-sdk-secretsmanager", &["secrets"]),
    ("aws-sdk-codedeploy", &["rollout"]),
    ("flate2", &["queue"]),
];

/// They use what the functions use, and run on a developer's machine.
const OPERATING: [&str; 4] = ["floor", "relay", "simulation", "tests"];

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

/// A crate that is not in the list is silent below warnings, and with it every saved query and metric filter over its lines.
#[test]
fn every_crate_that_runs_in_a_function_is_heard() {
    let (graph, listed) = (graph(), BTreeSet::from(telemetry::OURS));
    let functions = graph.iter().filter(|(_, uses)| uses.contains("lambda_runtime") || uses.contains("function"));
    let mut left: Vec<&str> =
        functions.map(|(name, _)| name.as_str()).filter(|name| !OPERATING.contains(name)).collect();
    let mut running = BTreeSet::new();
    while let Some(name) = left.pop() {
        if running.insert(name) {
            left.extend(graph[name].iter().filter(|used| graph.contains_key(*used)).map(String::as_str));
        }
    }
    assert!(running.len() > 8, "{running:?}");
    let silent: Vec<_> = running.iter().filter(|name| **name != "aws" && !listed.contains(**name)).collect();
    assert!(silent.is_empty(), "{silent:?} run in a function and are not in telemetry's list");
}
