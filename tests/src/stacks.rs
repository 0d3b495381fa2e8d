//! One HTTP and one TLS implementation in each function: they are most of what is in a binary, and of what a start takes.

use cargo_metadata::MetadataCommand;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

/// In one version, if at all.
const ONCE: [&str; 11] = [
    "aws-lc-rs",
    "h2",
    "http",
    "http-body",
    "hyper",
    "hyper-rustls",
    "hyper-util",
    "reqwest",
    "rustls",
    "rustls-webpki",
    "tokio-rustls",
];

/// Others that do the same.
const NEVER: [&str; 14] = [
    "attohttpc",
    "aws-smithy-http-client",
    "boring",
    "curl",
    "hyper-tls",
    "isahc",
    "mbedtls",
    "minreq",
    "native-tls",
    "openssl",
    "ring",
    "rustls-openssl",
    "s2n-tls",
    "ureq",
];

/// Who uses what connections are opened and encrypted with: whoever else does is another client. `lambda_runtime`'s speaks to the
/// runtime next door, without TLS.
const USERS: [(&str, &[&str]); 3] = [
    ("hyper-util", &["hyper-rustls", "lambda_runtime_api_client", "reqwest"]),
    ("reqwest", &["aws", "rest"]),
    ("rustls", &["aws", "hyper-rustls", "reqwest", "rest", "rustls-platform-verifier", "tokio-rustls"]),
];

/// What is built into the functions.
#[derive(Clone, Default)]
struct BuiltIn {
    /// Each package's versions.
    versions: BTreeMap<String, BTreeSet<String>>,
    /// Who uses it.
    users: BTreeMap<String, BTreeSet<String>>,
}

/// The binaries that the template deploys.
fn binaries() -> BTreeSet<String> {
    let template = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap();
    let named = template.lines().filter_map(|line| line.split_once("Binary: "));
    named.map(|(_, name)| name.trim_end_matches([' ', '}']).to_owned()).collect()
}

/// The crates whose binaries they are.
fn functions() -> BTreeSet<String> {
    let (manifest, binaries) = (concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"), binaries());
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
    let is_function = |target: &cargo_metadata::Target| target.is_bin() && binaries.contains(&target.name);
    let functions = metadata.packages.into_iter().filter(|package| package.targets.iter().any(is_function));
    functions.map(|package| package.name.to_string()).collect()
}

/// By `cargo tree`: unlike `cargo metadata` it leaves out what a feature only speaks of and nobody asks for.
fn built_in() -> BuiltIn {
    let mut tree = Command::new(env!("CARGO"));
    tree.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    tree.args(["tree", "--locked", "--edges=normal", "--prefix=depth", "--target=x86_64-unknown-linux-gnu"]);
    for function in functions() {
        tree.args(["--package", &function]);
    }
    let answer = tree.output().unwrap();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    parse(&String::from_utf8(answer.stdout).unwrap())
}

/// Lines such as `3hyper v1.12.0 (*)`: how deep, what, and whether what it uses has been told already.
fn parse(tree: &str) -> BuiltIn {
    let (mut found, mut way): (_, Vec<&str>) = (BuiltIn::default(), Vec::new());
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let (depth, package) = line.split_at(line.find(|c: char| !c.is_ascii_digit()).unwrap());
        let mut words = package.split(' ');
        let (name, version) = (words.next().unwrap(), words.next().unwrap());
        found.versions.entry(name.to_owned()).or_default().insert(version.to_owned());
        way.truncate(depth.parse().unwrap());
        if let Some(user) = way.last() {
            found.users.entry(name.to_owned()).or_default().insert((*user).to_owned());
        }
        way.push(name);
    }
    found
}

fn violations(built_in: &BuiltIn) -> Vec<String> {
    let mut found = Vec::new();
    for (name, versions) in &built_in.versions {
        if ONCE.contains(&name.as_str()) && versions.len() > 1 {
            found.push(format!("{name} in the versions {versions:?}"));
        }
        if NEVER.contains(&name.as_str()) {
            found.push(format!("{name}, of {:?}", built_in.users.get(name)));
        }
    }
    for (name, users) in USERS {
        let others = built_in.users.get(name).into_iter().flatten().filter(|user| !users.contains(&user.as_str()));
        found.extend(others.map(|user| format!("{user} -> {name}")));
    }
    found
}

#[test]
fn the_functions_have_one_http_and_one_tls_stack() {
    let built_in = built_in();
    for name in ["aws-lc-rs", "aws-sdk-dynamodb", "hyper", "hyper-util", "lambda_runtime", "reqwest", "rustls"] {
        assert!(built_in.versions.contains_key(name), "{name}: what the functions are made of was not read");
    }
    assert_eq!(violations(&built_in), Vec::<String>::new());
}

#[test]
fn a_second_one_is_found() {
    let one = "0reviews v0.1.0 (/reviews)\n1rest v0.1.0 (/rest)\n2reqwest v0.13.5\n3hyper v1.12.0\n3rustls v0.23.46\n1aws v0.1.0 (/aws)\n2reqwest v0.13.5 (*)\n";
    assert_eq!(violations(&parse(one)), Vec::<String>::new());
    let with = |more: &str| violations(&parse(&format!("{one}{more}")));
    let another = with("1aws-config v1.13.0\n2aws-smithy-http-client v1.5.2\n3hyper-util v0.1.21");
    let expected = ["aws-smithy-http-client, of Some({\"aws-config\"})", "aws-smithy-http-client -> hyper-util"];
    assert_eq!(another, expected);
    assert_eq!(with("2rustls v0.21.12"), ["rustls in the versions {\"v0.21.12\", \"v0.23.46\"}"]);
    assert_eq!(with("1yotpo v0.1.0 (/yotpo)\n2reqwest v0.13.5 (*)"), ["yotpo -> reqwest"]);
}

/// `.cargo/config.toml` says why; a cargo that reads another one would build it in.
#[test]
fn no_start_measures_the_jitter_of_the_cpu() {
    let binary = local::Workspace::here().binary(local::Profile::Dev, "reviews-consumer").unwrap();
    let symbols = fs::read(binary).unwrap();
    let has = |name: &[u8]| symbols.windows(name.len()).any(|window| window == name);
    assert!(has(b"RAND_bytes"), "the binary's symbols were not read");
    assert!(!has(b"jent_entropy_collector_alloc"), "AWS-LC is built with CPU jitter as a source of randomness");
}
