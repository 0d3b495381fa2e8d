//! Alarms, dashboard and saved queries against the code: what they name is emitted or written, under that very name.

use crate::template::{read, resources, text};
use regex::Regex;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use telemetry::Metric;

const RUNBOOK: &str = include_str!("../../docs/RUNBOOK.md");
/// What AWS measures by itself and we look at: namespace, metrics, dimensions.
const OF_AWS: [(&str, &[&str], &[&str]); 4] = [
    (
        "AWS/SQS",
        &[
            "ApproximateNumberOfMessagesVisible",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateAgeOfOldestMessage",
        ],
        &["QueueName"],
    ),
    ("AWS/Lambda", &["Errors", "Throttles", "Duration"], &["FunctionName"]),
    ("AWS/Lambda", &["Errors"], &["FunctionName", "Resource"]),
    (
        "AWS/DynamoDB",
        &["WriteThrottleEvents", "ConsumedWriteCapacityUnits", "ConsumedReadCapacityUnits"],
        &["TableName"],
    ),
];
/// Named in the contract, and by alarms and dashboard, before a function counts them. (Missing is written as 0 by every one.)
const NOT_EMITTED_YET: [Metric; 7] = [
    Metric::Missing,
    Metric::Uncertain,
    Metric::Confirmed,
    Metric::OpenDeliveries,
    Metric::OldestOpenSeconds,
    Metric::OldestUncertainSeconds,
    Metric::CredentialDaysLeft,
];
/// The keys of every line, and what Logs Insights finds by itself.
const OF_EVERY_LINE: [&str; 9] =
    ["timestamp", "level", "message", "function", "request_id", "target", "delivery_key", "@timestamp", "@message"];
/// What a query's words are when they are no fields.
const WORDS: [&str; 22] = [
    "fields",
    "filter",
    "stats",
    "sort",
    "limit",
    "by",
    "as",
    "in",
    "and",
    "or",
    "not",
    "asc",
    "desc",
    "count",
    "count_distinct",
    "max",
    "min",
    "latest",
    "sum",
    "avg",
    "ispresent",
    "bin",
];

fn observability() -> Value {
    read("infra/observability.yaml")
}

/// A metric with its dimensions, in the order in which they are given.
fn assert_known(place: &str, namespace: &str, metric: &str, dimensions: &[(&str, &str)]) {
    let names: Vec<&str> = dimensions.iter().map(|(name, _)| *name).collect();
    if namespace == "OrderRelay" {
        assert!(Metric::ALL.iter().any(|it| it.name() == metric), "{place}: nothing emits {metric}");
        assert_eq!(dimensions, [("Flow", reviews::FLOW)], "{place}: {metric}");
    } else {
        let known =
            OF_AWS.iter().any(|(ns, metrics, dims)| *ns == namespace && metrics.contains(&metric) && *dims == names);
        assert!(known, "{place}: {namespace} has no {metric} by {names:?}");
    }
}

/// The dashboard's body, names of resources in the place of references.
fn dashboard() -> Value {
    let template = observability();
    let [(_, dashboard)] = resources(&template, "AWS::CloudWatch::Dashboard")[..] else { panic!("one dashboard") };
    let body = Regex::new(r"\$\{([A-Za-z:.]+)\}").unwrap().replace_all(text(&dashboard["DashboardBody"]), "$1");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn every_metric_of_an_alarm_is_emitted_with_these_dimensions() {
    let template = observability();
    let alarms = resources(&template, "AWS::CloudWatch::Alarm");
    assert!(alarms.len() > 15);
    for (name, alarm) in alarms {
        let dimensions: Vec<_> = alarm["Dimensions"].as_array().unwrap().iter().collect();
        let dimensions: Vec<_> = dimensions
            .iter()
            .map(|it| (it["Name"].as_str().unwrap(), it["Value"].as_str().unwrap_or_default()))
            .collect();
        let (namespace, metric) = (alarm["Namespace"].as_str().unwrap(), alarm["MetricName"].as_str().unwrap());
        assert_known(name, namespace, metric, &dimensions);
    }
}

#[test]
fn every_metric_of_the_dashboard_is_emitted_with_these_dimensions() {
    let mut count = 0;
    for widget in dashboard()["widgets"].as_array().unwrap() {
        for series in widget["properties"]["metrics"].as_array().into_iter().flatten() {
            let words: Vec<&str> = series.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            let [namespace, metric, dimensions @ ..] = &words[..] else { panic!("no metric: {series}") };
            let (pairs, rest) = dimensions.as_chunks::<2>();
            assert!(rest.is_empty(), "{series}");
            let pairs: Vec<_> = pairs.iter().map(|[name, value]| (*name, *value)).collect();
            assert_known(widget["properties"]["title"].as_str().unwrap(), namespace, metric, &pairs);
            count += 1;
        }
    }
    assert!(count > 30);
}

#[test]
fn what_is_looked_at_is_emitted_by_some_function() {
    let sources: String =
        sources().into_iter().filter(|(path, _)| !path.contains("telemetry")).map(|(_, it)| it).collect();
    for metric in Metric::ALL {
        let emitted = sources.contains(&format!("Metric::{}", metric.name()));
        assert_eq!(emitted, !NOT_EMITTED_YET.contains(&metric), "{}", metric.name());
    }
}

#[test]
fn widgets_fit_side_by_side() {
    let dashboard = dashboard();
    let mut taken = BTreeMap::new();
    for widget in dashboard["widgets"].as_array().unwrap() {
        let number = |key: &str| widget[key].as_u64().unwrap();
        let title = widget["properties"]["title"].as_str().unwrap();
        assert!(number("x") + number("width") <= 24, "{title}");
        for x in number("x")..number("x") + number("width") {
            for y in number("y")..number("y") + number("height") {
                assert_eq!(taken.insert((x, y), title), None, "{title}");
            }
        }
    }
}

/// CloudWatch refuses an alarm that looks back further.
#[test]
fn alarms_look_back_no_further_than_cloudwatch_does() {
    for (name, alarm) in resources(&observability(), "AWS::CloudWatch::Alarm") {
        let number = |key: &str| alarm[key].as_u64().unwrap();
        let limit = if number("Period") < 3600 { 24 * 3600 } else { 7 * 24 * 3600 };
        assert!(number("Period") * number("EvaluationPeriods") <= limit, "{name}");
    }
}

#[test]
fn silence_is_an_alarm_where_something_must_be_said() {
    let template = observability();
    let alarms: BTreeMap<_, _> = resources(&template, "AWS::CloudWatch::Alarm").into_iter().collect();
    let night = alarms["NoSettledNightAlarm"];
    let looked_back = night["Period"].as_u64().unwrap() * night["EvaluationPeriods"].as_u64().unwrap();
    assert_eq!(looked_back, 26 * 3600);
    assert_eq!(night["DatapointsToAlarm"], night["EvaluationPeriods"]);
    let loud: Vec<_> =
        alarms.iter().filter(|(_, it)| it["TreatMissingData"] == "breaching").map(|(name, _)| *name).collect();
    assert_eq!(loud, ["NoSettledNightAlarm", "ReconcilerSilentAlarm"]);
    assert!(alarms.values().all(|it| it["TreatMissingData"].is_string()), "each says what silence means");
}

/// Alarm and dashboard warn where the configuration stops a run.
#[test]
fn the_quotas_alarm_is_the_configurations_share() {
    let relay = config::Relay::parse(include_str!("../../infra/config/relay.toml"), "relay.toml").unwrap();
    let share = serde_json::json!((relay.salesforce.quota_share * 100.0).round()).as_f64();
    let template = observability();
    let alarm = &template["Resources"]["QuotaAlarm"]["Properties"];
    assert_eq!(alarm["Threshold"].as_f64(), share);
    let dashboard = dashboard();
    let lines =
        dashboard["widgets"].as_array().unwrap().iter().map(|it| &it["properties"]["annotations"]["horizontal"][0]);
    let lines: Vec<_> =
        lines.filter(|line| line["label"] == "runs stop here").map(|line| line["value"].as_f64()).collect();
    assert_eq!(lines, [share]);
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
    let template = observability();
    let mut sections = BTreeSet::new();
    let kinds = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"];
    for (name, alarm) in kinds.into_iter().flat_map(|kind| resources(&template, kind)) {
        let description = alarm["AlarmDescription"].as_str().unwrap();
        let (what, anchor) = description.split_once(" Runbook: docs/RUNBOOK.md#").unwrap_or_else(|| panic!("{name}"));
        assert!(what.len() > 40, "{name} says too little");
        assert!(anchors().contains(anchor), "{name}: the runbook has no section {anchor}");
        sections.insert(anchor.to_owned());
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
    let (template, main) = (observability(), read("template.yaml").to_string());
    let rules: String = resources(&template, "AWS::CloudWatch::CompositeAlarm")
        .iter()
        .inspect(|(name, it)| assert!(it["AlarmActions"].is_array(), "{name}"))
        .map(|(_, it)| text(&it["AlarmRule"]))
        .collect();
    let on_dashboard = dashboard()["widgets"][0]["properties"]["alarms"].to_string();
    for (name, alarm) in resources(&template, "AWS::CloudWatch::Alarm") {
        let told = alarm["AlarmActions"].is_array() || rules.contains(&format!("${{{name}}}"));
        let rolled_back = main.contains(&format!("Observability.Outputs.{name}"));
        assert!(told != rolled_back, "{name}");
        assert!(rolled_back || on_dashboard.contains(&format!("\"{name}.Arn\"")), "{name} is not on the dashboard");
    }
}

/// The shipped sources of the functions, by path.
fn sources() -> Vec<(String, String)> {
    fn collect(folder: &Path, into: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect(&path, into);
            } else if path.extension().is_some_and(|it| it == "rs") {
                into.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut all = Vec::new();
    for name in ["reviews", "ledger", "queue", "rest", "salesforce", "secrets", "telemetry", "yotpo", "rollout"] {
        let folder = crates.join(name).join("src");
        if folder.is_dir() {
            collect(&folder, &mut all);
        }
    }
    all
}

/// The text between the parentheses of every `tracing` macro.
fn log_calls() -> Vec<String> {
    let call = Regex::new(r"(?:tracing::(?:error|warn|info|debug)|error_span)!\(").unwrap();
    let mut calls = Vec::new();
    for (_, source) in sources() {
        for start in call.find_iter(&source).map(|found| found.end()) {
            let (mut depth, mut quoted) = (1, false);
            let end = source[start..].char_indices().find(|(_, it)| {
                quoted ^= *it == '"';
                depth += i32::from(!quoted && *it == '(') - i32::from(!quoted && *it == ')');
                depth == 0
            });
            calls.push(source[start..start + end.unwrap().0].to_owned());
        }
    }
    assert!(calls.len() > 20);
    calls
}

/// All saved queries, and those of the dashboard.
fn queries() -> Vec<(String, String)> {
    let template = observability();
    let saved = resources(&template, "AWS::Logs::QueryDefinition");
    let mut all: Vec<_> =
        saved.iter().map(|(name, it)| ((*name).to_owned(), it["QueryString"].as_str().unwrap().to_owned())).collect();
    let dashboard = dashboard();
    for widget in dashboard["widgets"].as_array().unwrap().iter().filter(|it| it["type"] == "log") {
        let query = widget["properties"]["query"].as_str().unwrap();
        let parts: Vec<_> = query.split('|').filter(|part| !part.contains("SOURCE ")).collect();
        all.push((widget["properties"]["title"].as_str().unwrap().to_owned(), parts.join("|")));
    }
    assert!(all.len() > 10);
    all
}

#[test]
fn every_field_of_a_query_is_written_by_the_code() {
    let calls = log_calls();
    let (comment, quoted) = (Regex::new("(?m)^#.*$").unwrap(), Regex::new("'[^']*'").unwrap());
    let (alias, word) = (Regex::new(r"\bas (\w+)").unwrap(), Regex::new(r"@?[A-Za-z_]\w*").unwrap());
    for (name, query) in queries() {
        let query = quoted.replace_all(&comment.replace_all(&query, ""), "").into_owned();
        let own: BTreeSet<_> = alias.captures_iter(&query).map(|it| it[1].to_owned()).collect();
        for field in word.find_iter(&query).map(|it| it.as_str()) {
            let known = WORDS.contains(&field)
                || own.contains(field)
                || OF_EVERY_LINE.contains(&field)
                || Metric::ALL.iter().any(|it| it.name() == field);
            let logged = Regex::new(&format!(r"(?:^|[\s,(%?]){field}(?:\s*=[^=]|\s*,)")).unwrap();
            assert!(known || calls.iter().any(|it| logged.is_match(it)), "{name}: nobody writes {field}");
        }
    }
}

#[test]
fn every_message_of_a_query_is_written_by_the_code() {
    let calls = log_calls();
    let (comment, quoted) = (Regex::new("(?m)^#.*$").unwrap(), Regex::new("'([^']*)'").unwrap());
    let sample = Regex::new("^(reviews/[0-9A-Za-z]{18}|[0-]{36})$").unwrap();
    let mut messages = 0;
    for (name, query) in queries() {
        let query = comment.replace_all(&query, "");
        for text in quoted.captures_iter(&query).map(|it| it[1].to_owned()).filter(|it| !sample.is_match(it)) {
            assert!(calls.iter().any(|it| it.contains(&format!("\"{text}\""))), "{name}: nobody says {text:?}");
            messages += 1;
        }
    }
    assert!(messages > 10);
}

/// What the runbook asks is saved, under the name it uses.
#[test]
fn every_query_of_the_runbook_is_saved() {
    let template = observability();
    let saved = resources(&template, "AWS::Logs::QueryDefinition");
    let saved: BTreeSet<_> = saved.iter().map(|(_, it)| text(&it["Name"]).trim_start_matches("${Name}/")).collect();
    let asked = Regex::new(r#"ask "([^"]+)""#).unwrap();
    let asked: BTreeSet<_> = asked.captures_iter(RUNBOOK).map(|it| it.get(1).unwrap().as_str()).collect();
    assert_eq!(asked, saved);
}
