//! The operator's policy grants exactly the calls that `relay` makes: they are read from the sources of the crates that own an
//! SDK and that `relay` works with.

use crate::template::{Template, list, workspace};
use cargo_metadata::{Metadata, MetadataCommand};
use regex::Regex;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The crates in which `relay`'s calls to AWS are made.
const CRATES: [&str; 4] = ["relay", "ledger", "queue", "secrets"];
/// Calls that are made without an SDK of the service: `crates/relay/src/machinery/alarms.rs`.
const BY_HAND: [&str; 1] = ["cloudwatch:DescribeAlarms"];
/// Calls that AWS grants for everything or not at all.
const OF_ALL: [&str; 1] = ["cloudwatch:DescribeAlarms"];
/// Calls that AWS lets everybody make.
const NEEDS_NOTHING: [&str; 1] = ["sts:GetCallerIdentity"];
/// With the stack's own key, to read and write what is encrypted with it.
const WITH_KEY: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey"];
/// The stack that the policy is made for here.
const STACK: (&str, &str) = ("StackName", "acme");
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The operations of an SDK: each has a module.
fn operations(metadata: &Metadata, sdk: &str) -> BTreeSet<String> {
    let package = metadata.packages.iter().find(|package| package.name.as_str() == sdk).unwrap();
    let folder = package.manifest_path.parent().unwrap().join("src/operation");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let operations: BTreeSet<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert!(operations.len() > 5, "{sdk}: {operations:?}");
    operations
}

/// What a permission calls an operation; batch calls need the permission of the single one at SQS.
fn action(service: &str, operation: &str) -> String {
    let name: String = operation.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
    match (service, name.as_str()) {
        ("lambda", "Invoke") => "lambda:InvokeFunction".to_owned(),
        ("sqs", name) => format!("sqs:{}", name.trim_end_matches("Batch")),
        (service, name) => format!("{service}:{name}"),
    }
}

/// The actions that these sources call on the SDKs, by the text of a call without arguments: `.get_item()`.
fn called<'a>(sdks: &BTreeMap<String, BTreeSet<String>>, sources: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let call = Regex::new(r"\.\s*([a-z_]+)\(\)").unwrap();
    let mut called = BTreeSet::new();
    for source in sources {
        for (service, operations) in sdks {
            let names = call.captures_iter(source).map(|found| found[1].to_owned());
            called.extend(names.filter(|name| operations.contains(name)).map(|name| action(service, &name)));
        }
    }
    called
}

/// Everything that `relay` calls.
fn calls() -> BTreeSet<String> {
    let mut command = MetadataCommand::new();
    let metadata =
        command.manifest_path(workspace("Cargo.toml")).other_options(["--locked".to_owned()]).exec().unwrap();
    let mut calls: BTreeSet<String> = BY_HAND.map(str::to_owned).into();
    for name in CRATES {
        let package = metadata.workspace_packages().into_iter().find(|package| package.name.as_str() == name).unwrap();
        let sdks = package.dependencies.iter().filter_map(|dependency| {
            let service = dependency.name.strip_prefix("aws-sdk-")?;
            Some((service.to_owned(), operations(&metadata, &dependency.name)))
        });
        let sdks = sdks.collect();
        let files = sources(&workspace(&format!("crates/{name}/src")));
        let texts: Vec<String> = files.into_iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        let of_crate = called(&sdks, texts.iter().map(String::as_str));
        assert!(!of_crate.is_empty(), "{name} calls nothing: the test looks in the wrong place");
        calls.extend(of_crate);
    }
    calls
}

fn statements(template: &Template) -> Vec<Value> {
    let statements = &template.0["Resources"]["Operator"]["Properties"]["PolicyDocument"]["Statement"];
    list(statements).into_iter().cloned().collect()
}

/// What is wrong with the policy, in sentences.
fn wrong(template: &Template, calls: &BTreeSet<String>, key: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut granted = BTreeSet::new();
    for statement in statements(template) {
        assert_eq!(statement["Effect"], "Allow", "{statement}");
        let actions: Vec<&str> = list(&statement["Action"]).into_iter().filter_map(Value::as_str).collect();
        granted.extend(actions.iter().map(|action| (*action).to_owned()));
        if actions.iter().all(|action| OF_ALL.contains(action)) {
            continue;
        }
        // A resource whose name AWS has chosen is the stack's by a condition.
        let condition = statement["Condition"].to_string();
        for resource in list(&statement["Resource"]) {
            let text = resource["Fn::Sub"].as_str().or_else(|| resource.as_str()).unwrap_or_default();
            let named = [":acme-", "/acme-", "/acme/", ":acme/"];
            if text != KEY && !named.iter().any(|name| text.contains(name) || condition.contains(name)) {
                wrong.push(format!("{} is about more than the stack: {resource}", statement["Sid"]));
            }
        }
    }
    let mut needed: BTreeSet<_> =
        calls.iter().filter(|call| !NEEDS_NOTHING.contains(&call.as_str())).cloned().collect();
    if key {
        needed.extend(WITH_KEY.map(str::to_owned));
    }
    wrong.extend(needed.difference(&granted).map(|action| format!("relay calls {action}, which nobody grants")));
    wrong.extend(granted.difference(&needed).map(|action| format!("{action} is granted, and relay never calls it")));
    wrong
}

#[test]
fn the_operators_policy_grants_exactly_what_relay_calls() {
    let (template, calls) = (Template::read("infra/operator.yaml"), calls());
    assert_eq!(wrong(&template.with(&[STACK]), &calls, false), Vec::<String>::new());
    assert_eq!(wrong(&template.with(&[STACK, ("KeyArn", KEY)]), &calls, true), Vec::<String>::new());
    // What the stack names, and what CloudFormation names by its logical id, the policy names alike.
    let shipped = Template::shipped();
    let mut names: BTreeSet<String> = shipped.functions().into_iter().map(|f| format!("{}:live", f.binary)).collect();
    names.extend(shipped.functions().into_iter().map(|f| f.binary));
    names.extend(shipped.section("Resources").map(|(id, _)| format!("{id}-*")));
    names.insert("Ledger-*/index/open".to_owned());
    for (queue, name) in
        [("ReviewsQueue", "reviews"), ("ErpQueue", "erp"), ("LoyaltyQueue", "loyalty"), ("WritebackQueue", "writeback")]
    {
        let given = &shipped.0["Resources"][queue]["Properties"]["QueueName"]["Fn::Sub"];
        assert_eq!(*given, format!("${{AWS::StackName}}-{name}"));
        names.insert(name.to_owned());
    }
    for statement in statements(&template.with(&[STACK])) {
        for resource in list(&statement["Resource"]).into_iter().filter_map(|resource| resource["Fn::Sub"].as_str()) {
            let is_there = resource.split_once("acme-").is_none_or(|(_, name)| names.contains(name));
            assert!(is_there, "{resource} is not in the stack");
        }
    }
}

#[test]
fn an_action_too_few_or_too_many_is_named() {
    let (template, calls) = (Template::read("infra/operator.yaml").with(&[STACK]), calls());
    let shipped = statements(&template);
    let mut tried = 0;
    for (index, statement) in shipped.iter().enumerate() {
        for action in list(&statement["Action"]) {
            let left: Vec<_> =
                list(&statement["Action"]).into_iter().filter(|other| *other != action).cloned().collect();
            let mut poorer = template.clone();
            poorer.0["Resources"]["Operator"]["Properties"]["PolicyDocument"]["Statement"][index]["Action"] =
                json!(left);
            let action = action.as_str().unwrap();
            assert_eq!(wrong(&poorer, &calls, false), [format!("relay calls {action}, which nobody grants")]);
            tried += 1;
        }
    }
    assert!(tried > 8, "only {tried} actions");
    let mut richer = template.clone();
    let more = json!({"Sid": "More", "Effect": "Allow", "Action": "sqs:PurgeQueue", "Resource": "*"});
    let place = &mut richer.0["Resources"]["Operator"]["Properties"]["PolicyDocument"]["Statement"];
    place.as_array_mut().unwrap().push(more);
    assert_eq!(
        wrong(&richer, &calls, false),
        ["\"More\" is about more than the stack: \"*\"", "sqs:PurgeQueue is granted, and relay never calls it"]
    );
    let sqs = [("sqs".to_owned(), BTreeSet::from(["purge_queue".to_owned()]))].into();
    let seen = called(&sqs, ["client\n    .purge_queue()\n    .send()"].into_iter());
    assert_eq!(seen, BTreeSet::from(["sqs:PurgeQueue".to_owned()]));
}
