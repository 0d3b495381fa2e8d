//! Alarms, dashboard and saved queries against the code: what they name is emitted or written, under that very name.

mod alarms;
mod course;
mod dashboard;
mod plays;
mod queries;
mod reasons;

use crate::template::{Template, list, text};
use regex::Regex;
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};
use telemetry::Metric;

pub(super) const RUNBOOK: &str = include_str!("../../../docs/RUNBOOK.md");
/// What AWS measures by itself and we look at: namespace, metrics, dimensions.
const OF_AWS: [(&str, &[&str], &[&str]); 5] = [
    ("AWS/ApiGateway", &["5xx", "Latency"], &["ApiId"]),
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

/// A flow's alarms and saved queries.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) flow: &'static str,
    /// The nested stack's logical id.
    pub(super) stack: &'static str,
    pub(super) template: Template,
}

impl Part {
    fn of(flow: &'static str, stack: &'static str) -> Self {
        Self { flow, stack, template: Template::shipped().part(stack) }
    }
}

pub(super) fn reviews() -> Part {
    Part::of("reviews", "Observability")
}

pub(super) fn erp() -> Part {
    Part::of("erp", "ObservabilityErp")
}

pub(super) fn loyalty() -> Part {
    Part::of("loyalty", "ObservabilityLoyalty")
}

pub(super) fn parts() -> [Part; 3] {
    [reviews(), erp(), loyalty()]
}

/// The alarms that *stopped* is made of.
pub(super) fn stopped_by(template: &Template) -> BTreeSet<String> {
    let rule = text(&template.0["Resources"]["StoppedAlarm"]["Properties"]["AlarmRule"]);
    Regex::new(r"\$\{(\w+)\}").unwrap().captures_iter(rule).map(|it| it[1].to_owned()).collect()
}

/// The reviews flow's dashboard, its body, names of resources in the place of references.
pub(super) fn dashboard() -> Value {
    let Part { template, .. } = reviews();
    let [(_, dashboard)] = template.of_type("AWS::CloudWatch::Dashboard")[..] else { panic!("one dashboard") };
    let body = Regex::new(r"\$\{([A-Za-z:.]+)\}").unwrap().replace_all(text(&dashboard["DashboardBody"]), "$1");
    serde_json::from_str(&body).unwrap()
}

/// A metric with its dimensions, in the order in which they are given.
pub(super) fn assert_known(part: &Part, place: &str, namespace: &str, metric: &str, dimensions: &[(&str, &str)]) {
    let names: Vec<&str> = dimensions.iter().map(|(name, _)| *name).collect();
    if namespace == "OrderRelay" {
        assert!(Metric::ALL.iter().any(|it| it.name() == metric), "{place}: nothing emits {metric}");
        assert_eq!(dimensions, [("Flow", part.flow)], "{place}: {metric}");
    } else if namespace.starts_with("OrderRelay/") {
        // Counted in a log of AWS's, which has no dimensions to give.
        let filters = part.template.of_type("AWS::Logs::MetricFilter");
        let mut made = filters.iter().flat_map(|(_, filter)| list(&filter["MetricTransformations"]));
        let is_made = made.any(|it| it["MetricNamespace"] == namespace && text(&it["MetricName"]) == metric);
        assert!(is_made && dimensions.is_empty(), "{place}: no filter makes {metric}");
    } else {
        let known =
            OF_AWS.iter().any(|(ns, metrics, dims)| *ns == namespace && metrics.contains(&metric) && *dims == names);
        assert!(known, "{place}: {namespace} has no {metric} by {names:?}");
    }
}

/// The shipped sources of the functions, by path.
pub(super) fn sources() -> Vec<(String, String)> {
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
    for name in telemetry::OURS {
        let folder = crates.join(name).join("src");
        if folder.is_dir() {
            collect(&folder, &mut all);
        }
    }
    all
}

#[test]
fn what_is_looked_at_is_emitted_by_some_function() {
    let sources: String =
        sources().into_iter().filter(|(path, _)| !path.contains("telemetry")).map(|(_, it)| it).collect();
    for metric in Metric::ALL {
        assert!(sources.contains(&format!("Metric::{}", metric.name())), "{}", metric.name());
    }
}
