//! A change of code, settings or parameters reaches the alias that schedule and queue start.

use crate::template::{Template, text};
use regex::Regex;
use serde_json::Value;
use std::collections::BTreeSet;

/// What is no part of the function itself: an alias, an event or a deployment is changed without a new version.
const AROUND_IT: [&str; 6] =
    ["AutoPublishAlias", "DeploymentPreference", "Events", "EventInvokeConfig", "FunctionName", "VersionDescription"];

/// The template's parameters that a value is made of.
fn parameters(value: &Value, all: &BTreeSet<&str>) -> BTreeSet<String> {
    let reference = Regex::new(r#"\$\{(\w+)\}|"Ref":"(\w+)""#).unwrap();
    let text = value.to_string();
    let names = reference.captures_iter(&text).filter_map(|it| it.get(1).or_else(|| it.get(2)));
    names.map(|it| it.as_str().to_owned()).filter(|name| all.contains(name.as_str())).collect()
}

/// SAM makes a version when the text of a property changes, which a parameter's value does not.
#[test]
fn a_version_is_described_by_every_parameter_of_its_function() {
    let template = Template::shipped();
    let all: BTreeSet<&str> = template.0["Parameters"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut seen = 0;
    for (name, function) in template.of_type("AWS::Serverless::Function") {
        if function["AutoPublishAlias"].is_null() {
            assert!(function["Events"].is_null(), "{name} is started, and not by its alias");
            continue;
        }
        assert_eq!(function["AutoPublishAlias"], "live", "{name}");
        assert_eq!(function["AutoPublishAliasAllProperties"], true, "{name}");
        let mut own = function.clone();
        own.as_object_mut().unwrap().retain(|key, _| !AROUND_IT.contains(&key.as_str()));
        let mut made_of = parameters(&own, &all);
        made_of.extend(parameters(&template.0["Globals"]["Function"], &all));
        let description = text(&function["VersionDescription"]);
        for parameter in &made_of {
            assert!(
                description.contains(&format!("${{{parameter}}}")),
                "{name}: no new version when {parameter} changes"
            );
        }
        assert!(made_of.len() >= 3, "{name}");
        seen += 1;
    }
    assert!(seen >= 2);
    for (name, layer) in template.of_type("AWS::Serverless::LayerVersion") {
        assert_eq!(layer["PublishLambdaVersion"], true, "{name}: no new version when the settings change");
    }
}

/// Nothing gets work that has not been asked whether it could do it, and no alarm of it has gone off.
#[test]
fn every_version_is_checked_and_watched() {
    let template = Template::shipped();
    let check = &template.0["Resources"]["RolloutCheck"]["Properties"];
    let targets = check["Environment"]["Variables"]["TARGETS"].to_string();
    let policies = template.0["Resources"]["RolloutCheckRole"]["Properties"]["Policies"].to_string();
    let deployer = template.0["Resources"]["DeploymentRole"]["Properties"]["Policies"].to_string();
    for (name, function) in template.of_type("AWS::Serverless::Function") {
        if function["AutoPublishAlias"].is_null() {
            continue;
        }
        let preference = &function["DeploymentPreference"];
        assert_eq!(preference["Hooks"]["PreTraffic"]["Ref"], "RolloutCheck", "{name}");
        assert_eq!(preference["Alarms"].as_array().map(Vec::len), Some(1), "{name}");
        let version = format!("{{\"Ref\":\"{name}.Version\"}}");
        assert!(targets.contains(&version), "{name} is not asked");
        assert!(policies.contains(&version), "{name} may not be asked");
        assert!(deployer.contains(&format!("${{{name}.Arn}}:live")), "{name} may not be shifted");
    }
}
