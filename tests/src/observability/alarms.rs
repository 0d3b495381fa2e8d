//! What alarms look at, what they say, and whom they reach.

use super::{Part, RUNBOOK, assert_known, course::metric_stat, dashboard, erp, loyalty, parts, reviews};
use crate::template::{Template, text};
use regex::Regex;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn every_metric_of_an_alarm_is_emitted_with_these_dimensions() {
    for part in parts() {
        let alarms = part.template.of_type("AWS::CloudWatch::Alarm");
        assert!(alarms.len() > 15);
        for (name, alarm) in alarms {
            let alarm = &metric_stat(alarm)["Metric"];
            let dimensions: Vec<_> = alarm["Dimensions"].as_array().into_iter().flatten().collect();
            let dimensions: Vec<_> = dimensions
                .iter()
                .map(|it| (it["Name"].as_str().unwrap(), it["Value"].as_str().unwrap_or_default()))
                .collect();
            let (namespace, metric) = (alarm["Namespace"].as_str().unwrap(), text(&alarm["MetricName"]));
            assert_known(&part, name, namespace, metric, &dimensions);
        }
    }
}

/// CloudWatch refuses an alarm that looks back further.
#[test]
fn alarms_look_back_no_further_than_cloudwatch_does() {
    for part in parts() {
        for (name, alarm) in part.template.of_type("AWS::CloudWatch::Alarm") {
            let period = metric_stat(alarm)["Period"].as_u64().unwrap();
            let limit = if period < 3600 { 24 * 3600 } else { 7 * 24 * 3600 };
            assert!(period * alarm["EvaluationPeriods"].as_u64().unwrap() <= limit, "{name}");
        }
    }
}

#[test]
fn silence_is_an_alarm_where_something_must_be_said() {
    let alarms_of = |part: &Part| -> BTreeMap<String, Value> {
        let alarms = part.template.of_type("AWS::CloudWatch::Alarm");
        alarms.into_iter().map(|(name, alarm)| (name.to_owned(), alarm.clone())).collect()
    };
    let loud = |alarms: &BTreeMap<String, Value>| -> Vec<String> {
        assert!(alarms.values().all(|it| it["TreatMissingData"].is_string()), "each says what silence means");
        alarms.iter().filter(|(_, it)| it["TreatMissingData"] == "breaching").map(|(name, _)| name.clone()).collect()
    };
    let alarms = alarms_of(&reviews());
    let night = &alarms["NoSettledNightAlarm"];
    let looked_back = night["Period"].as_u64().unwrap() * night["EvaluationPeriods"].as_u64().unwrap();
    assert_eq!(looked_back, 26 * 3600);
    assert_eq!(night["DatapointsToAlarm"], night["EvaluationPeriods"]);
    assert_eq!(loud(&alarms), ["NoSettledNightAlarm", "ReconcilerSilentAlarm"]);
    assert_eq!(loud(&alarms_of(&erp())), ["ReconcilerSilentAlarm"]);
    // The producer of the loyalty flow is never at rest, and a shop's customers always get points for something.
    assert_eq!(loud(&alarms_of(&loyalty())), ["ProducerSilentAlarm", "ReconcilerSilentAlarm", "SilentStoresAlarm"]);
}

/// Alarm and dashboard warn where the configuration stops a run.
#[test]
fn the_quotas_alarm_is_the_configurations_share() {
    let relay = config::Relay::parse(include_str!("../../../infra/config/relay.toml"), "relay.toml").unwrap();
    let share = serde_json::json!((relay.salesforce.quota_share * 100.0).round()).as_f64();
    let Part { template, .. } = reviews();
    for template in [&template, &loyalty().template] {
        assert_eq!(template.0["Resources"]["QuotaAlarm"]["Properties"]["Threshold"].as_f64(), share);
    }
    let dashboard = dashboard();
    let lines =
        dashboard["widgets"].as_array().unwrap().iter().map(|it| &it["properties"]["annotations"]["horizontal"][0]);
    let lines: Vec<_> =
        lines.filter(|line| line["label"] == "runs stop here").map(|line| line["value"].as_f64()).collect();
    assert_eq!(lines, [share]);
}

/// What is posted stays JSON, whatever alarm it is about: the texts are put in as they are.
#[test]
fn a_channel_is_told_of_this_stacks_alarms_in_json() {
    let template = Template::shipped();
    let rule = &template.0["Resources"]["AlarmWebhookRule"]["Properties"];
    let prefix = text(&rule["EventPattern"]["detail"]["alarmName"][0]["prefix"]["Fn::Sub"]).to_owned();
    let parts = parts();
    for Part { stack, .. } in &parts {
        assert!(format!("${{AWS::StackName}}-{stack}").starts_with(&prefix), "{stack}");
    }
    let transformer = &rule["Targets"][0]["InputTransformer"];
    let formats = transformer["InputTemplate"]["Fn::If"].as_array().unwrap();
    let names: Vec<&String> = transformer["InputPathsMap"].as_object().unwrap().keys().collect();
    for (_, alarm) in parts.iter().flat_map(|part| part.template.of_type("AWS::CloudWatch::Alarm")) {
        let means = text(&alarm["AlarmDescription"]);
        for format in &formats[1..] {
            let mut body = format.as_str().unwrap().to_owned();
            for name in &names {
                let value = if *name == "means" { means } else { "order-relay-Observability-X" };
                assert!(body.contains(&format!("<{name}>")), "{name} is not used");
                body = body.replace(&format!("<{name}>"), value);
            }
            let posted: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
            assert!(posted.to_string().contains(means), "{posted}");
        }
    }
}

/// GitHub's anchors of the runbook's headings, and those it sets itself.
fn anchors() -> BTreeSet<String> {
    let headings = RUNBOOK.lines().filter_map(|line| line.strip_prefix("### "));
    let headings = headings.map(|title| title.to_lowercase().replace(' ', "-"));
    let set = Regex::new(r#"<a id="([a-z-]+)">"#).unwrap();
    headings.chain(set.captures_iter(RUNBOOK).map(|it| it[1].to_owned())).collect()
}

#[test]
fn every_alarm_says_what_to_do_and_where_that_is_written() {
    let mut sections = BTreeSet::new();
    let kinds = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"];
    for Part { template, .. } in parts() {
        for (name, alarm) in kinds.into_iter().flat_map(|kind| template.of_type(kind)) {
            let description = alarm["AlarmDescription"].as_str().unwrap();
            let (what, anchor) =
                description.split_once(" Runbook: docs/RUNBOOK.md#").unwrap_or_else(|| panic!("{name}"));
            assert!(what.len() > 40, "{name} says too little");
            assert!(anchors().contains(anchor), "{name}: the runbook has no section {anchor}");
            sections.insert(anchor.to_owned());
        }
    }
    let headings = RUNBOOK.lines().filter_map(|line| line.strip_prefix("### "));
    let idle: Vec<_> = headings.filter(|title| !sections.contains(&title.to_lowercase().replace(' ', "-"))).collect();
    assert!(idle.is_empty(), "sections without an alarm: {idle:?}");
    for link in Regex::new(r"\]\(#([a-z-]+)\)").unwrap().captures_iter(RUNBOOK) {
        assert!(anchors().contains(&link[1]), "a link to nowhere: {}", &link[1]);
    }
}

/// By itself, through a composite alarm, or by taking a deployment back.
#[test]
fn every_alarm_reaches_somebody() {
    let (main, on_dashboard) = (Template::shipped().0.to_string(), dashboard()["widgets"][0]["properties"].to_string());
    for Part { stack, template, .. } in parts() {
        let rules: String = template
            .of_type("AWS::CloudWatch::CompositeAlarm")
            .iter()
            .inspect(|(name, it)| assert!(it["AlarmActions"].is_array(), "{name}"))
            .map(|(_, it)| text(&it["AlarmRule"]))
            .collect();
        let has_dashboard = !template.of_type("AWS::CloudWatch::Dashboard").is_empty();
        for (name, alarm) in template.of_type("AWS::CloudWatch::Alarm") {
            let told = alarm["AlarmActions"].is_array() || rules.contains(&format!("${{{name}}}"));
            let rolled_back = main.contains(&format!("[\"{stack}\",\"Outputs.{name}\"]"));
            assert!(told != rolled_back, "{name}");
            // What the emulator does not make can be no part of the dashboard, which it does.
            let on_aws = template.0["Resources"][name]["Condition"] == "ReviewsOnAws";
            assert!(
                !has_dashboard || rolled_back || on_aws || on_dashboard.contains(&format!("\"{name}.Arn\"")),
                "{name} is not on the dashboard"
            );
        }
    }
}
