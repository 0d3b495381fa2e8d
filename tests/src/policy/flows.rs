//! A flow that is off makes no resource, and nothing that is left speaks of one.

use crate::template::{FLOWS, Template};
use regex::Regex;
use serde_json::Value;
use std::collections::BTreeSet;

/// What a stack has whatever its flows are.
const SHARED: [&str; 7] = [
    "ConfigLayer",
    "DeploymentRole",
    "Ledger",
    "Observability",
    "RolloutCheck",
    "RolloutCheckLogs",
    "RolloutCheckRole",
];

/// The flows that have these vendors' secrets in common.
const WITH_SALESFORCE_AND_YOTPO: [&str; 2] = [FLOWS[0], FLOWS[2]];

/// The template of a stack with these flows, of which the others are off.
fn with(on: &[&str]) -> Template {
    let value = |flow: &&str| if on.contains(flow) { "true" } else { "false" };
    Template::shipped().with(&FLOWS.map(|flow| (flow, value(&flow))))
}

fn resources(template: &Template) -> BTreeSet<String> {
    template.section("Resources").map(|(id, _)| id.to_owned()).collect()
}

/// Everything that is referred to by its logical id.
fn referred(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| referred(value, into)),
        Value::Object(members) => {
            let logical = |text: &str| text.split('.').next().unwrap_or_default().to_owned();
            let one = ["Ref", "Fn::GetAtt"].into_iter().find_map(|key| members.get(key));
            into.extend(one.and_then(|it| it.as_str().or_else(|| it[0].as_str())).map(logical));
            if let Some(text) = members.get("Fn::Sub").and_then(Value::as_str) {
                let names = Regex::new(r"\$\{([A-Za-z0-9.]+)\}").unwrap();
                into.extend(names.captures_iter(text).map(|found| logical(&found[1])));
            }
            members.values().for_each(|value| referred(value, into));
        }
        _ => {}
    }
}

#[test]
fn a_flow_that_is_off_makes_no_resource() {
    let of = FLOWS.map(|flow| resources(&with(&[flow])));
    let set = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| (*name).to_owned()).collect() };
    for (one, of_one) in FLOWS.iter().zip(&of) {
        assert!(of_one.len() > 20, "{one}: {}", of_one.len());
        for (other, of_other) in FLOWS.iter().zip(&of).filter(|(other, _)| *other != one) {
            let mut shared = set(&SHARED);
            if [one, other].iter().all(|flow| WITH_SALESFORCE_AND_YOTPO.contains(flow)) {
                shared.extend(set(&["SalesforceSecret", "YotpoSecret"]));
            }
            let both: BTreeSet<_> = of_one.intersection(of_other).cloned().collect();
            assert_eq!(both, shared, "{one} and {other}");
        }
    }
    let all: BTreeSet<_> = of.iter().flatten().cloned().collect();
    assert_eq!(resources(&Template::whole()), all);
    // Out of the box there is the first alone.
    assert_eq!(resources(&Template::shipped().with(&[])), of[0]);
}

#[test]
fn what_is_left_refers_to_nothing_that_is_off() {
    let all = resources(&Template::shipped());
    for on in FLOWS {
        let template = with(&[on]);
        let there = resources(&template);
        let mut named = BTreeSet::new();
        referred(&template.0["Resources"], &mut named);
        referred(&template.0["Outputs"], &mut named);
        let gone: Vec<_> = named.iter().filter(|name| all.contains(*name) && !there.contains(*name)).collect();
        assert!(gone.is_empty(), "with {on} alone: {gone:?}");
    }
}

/// Who is told is told whichever flow there is; the rest of that part is the reviews flow's.
#[test]
fn without_the_reviews_flow_its_alarms_are_off_too() {
    let off =
        Template::shipped().part("Observability").with(&[("ReviewsFlow", "false"), ("AlarmEmail", "a@example.com")]);
    let left: BTreeSet<_> = resources(&off);
    assert_eq!(left, ["AlarmEmailSubscription", "AlarmTopic", "AlarmTopicPolicy"].map(str::to_owned).into());
}

#[test]
fn a_stack_without_any_flow_is_refused() {
    let rule = &Template::shipped().0["Rules"]["SomeFlow"];
    assert!(rule["RuleCondition"].is_null(), "{rule}");
    let on = FLOWS.map(|flow| serde_json::json!({"Fn::Equals": [{"Ref": flow}, "true"]}));
    assert_eq!(rule["Assertions"][0]["Assert"], serde_json::json!({"Fn::Or": on}));
}
