//! What saved queries and the dashboard's ask for is what the functions write.

use super::{RUNBOOK, dashboard, parts, sources};
use crate::template::text;
use regex::Regex;
use std::collections::BTreeSet;
use telemetry::Metric;

/// The keys of every line, and what Logs Insights finds by itself.
const OF_EVERY_LINE: [&str; 9] =
    ["timestamp", "level", "message", "function", "request_id", "target", "delivery_key", "@timestamp", "@message"];
/// What a query's words are when they are no fields.
const WORDS: [&str; 24] = [
    "fields",
    "filter",
    "stats",
    "sort",
    "limit",
    "by",
    "as",
    "in",
    "like",
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
    "pct",
];

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
    let mut all = Vec::new();
    for part in parts() {
        for (name, it) in part.template.of_type("AWS::Logs::QueryDefinition") {
            all.push((format!("{}: {name}", part.flow), it["QueryString"].as_str().unwrap().to_owned()));
        }
    }
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
    let (alias, word) = (Regex::new(r"\bas (\w+)").unwrap(), Regex::new(r"@\w+|\b[A-Za-z_]\w*").unwrap());
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
    let sample = Regex::new(
        r"^(reviews/[0-9A-Za-z]{18}|erp/acme\.myshopify\.com/order/1|#1001|1|(?:loyalty/default/order/)?[0-9A-Za-z]{18}|[0-]{36})$",
    ).unwrap();
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
    let saved = parts().into_iter().flat_map(|part| {
        let saved = part.template.of_type("AWS::Logs::QueryDefinition");
        saved.iter().map(|(_, it)| text(&it["Name"]).trim_start_matches("${Name}/").to_owned()).collect::<Vec<_>>()
    });
    let saved: BTreeSet<_> = saved.collect();
    let asked = Regex::new(r#"ask "([^"]+)""#).unwrap();
    let asked: BTreeSet<_> = asked.captures_iter(RUNBOOK).map(|it| it[1].to_owned()).collect();
    assert_eq!(asked, saved);
}
