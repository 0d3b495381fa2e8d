//! What an alarm does when its metric takes a course: CloudWatch's evaluation in small.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html>

use crate::template::{Template, text};
use regex::Regex;
use serde_json::Value;
use std::collections::BTreeMap;

/// Minutes since the course began, at a full hour.
pub(super) type Minute = u32;
/// The samples of each alarm's metric, by the alarm.
pub(super) type Samples = BTreeMap<String, Vec<(Minute, f64)>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    InsufficientData,
    Ok,
    Alarm,
}

/// How an alarm went through a course.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// When it was raised.
    pub(super) raised: Vec<Minute>,
    /// When somebody was told that it is over.
    pub(super) ok: Vec<Minute>,
    /// Whether it was on at the end.
    pub(super) on: bool,
}

/// How CloudWatch cuts time into periods and how far it looks: it says neither in full, so that courses are played both ways.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Whether a period ends at any time, and not only at a full one.
    pub(super) slides: bool,
    /// How many periods before those that count are looked at where some are missing.
    pub(super) further: usize,
}

/// What was measured, and when.
type Values = Vec<(Minute, f64)>;

/// The alarm through `minutes` minutes, and with it those of its rule.
pub(super) fn play(template: &Template, name: &str, samples: &Samples, minutes: Minute, reading: Reading) -> Told {
    let resources = &template.0["Resources"];
    let properties = &resources[name]["Properties"];
    let rule = properties.get("AlarmRule").map(|_| rule(properties));
    let names = rule.iter().flatten().flatten().map(|(_, member)| member.as_str());
    let members: Vec<(&str, Alarm, Values)> = names
        .chain(rule.is_none().then_some(name))
        .map(|name| {
            let mut own = samples.get(name).cloned().unwrap_or_default();
            own.sort_by_key(|(at, _)| *at);
            (name, Alarm::of(&resources[name]["Properties"]), own)
        })
        .collect();
    for alarm in samples.keys() {
        assert!(resources[alarm].is_object(), "there is no alarm {alarm}");
    }
    let (mut states, mut told) = (BTreeMap::new(), Told::default());
    let mut state = if rule.is_some() { State::Ok } else { State::InsufficientData };
    for minute in 1..=minutes {
        for (member, alarm, own) in &members {
            let step = if reading.slides { alarm.period.min(5) } else { alarm.period };
            // What was before the course began is not known.
            let begun = own.first().is_none_or(|(first, _)| *first < minute);
            if minute % step == 0
                && begun
                && let Some(after) = alarm.evaluate(own, minute, reading.further)
            {
                states.insert(*member, after);
            }
        }
        let is_on = |member: &str| states.get(member) == Some(&State::Alarm);
        let after = match &rule {
            Some(rule) if rule.iter().any(|all| all.iter().all(|(on, member)| is_on(member) == *on)) => State::Alarm,
            Some(_) => State::Ok,
            None => states.get(name).copied().unwrap_or(State::InsufficientData),
        };
        tell(&mut told, properties, state, after, minute);
        state = after;
    }
    told
}

fn tell(told: &mut Told, alarm: &Value, before: State, after: State, minute: Minute) {
    if before != State::Alarm && after == State::Alarm {
        told.raised.push(minute);
    }
    if before == State::Alarm && after == State::Ok && alarm["OKActions"].is_array() {
        told.ok.push(minute);
    }
    told.on = after == State::Alarm;
}

/// The one metric that an alarm is about: itself, or what its expression is made of.
pub(super) fn metric_stat(alarm: &Value) -> Value {
    let Some(metrics) = alarm["Metrics"].as_array() else {
        let stat = alarm.get("Statistic").unwrap_or(&alarm["ExtendedStatistic"]);
        return serde_json::json!({"Metric": alarm, "Period": alarm["Period"], "Stat": stat});
    };
    let stats: Vec<_> = metrics.iter().map(|it| &it["MetricStat"]).filter(|it| it.is_object()).collect();
    let [stat] = stats[..] else { panic!("one metric: {alarm}") };
    stat.clone()
}

/// What an alarm compares, and when it is raised.
struct Alarm {
    period: Minute,
    statistic: fn(&[f64]) -> f64,
    /// It compares how much a value is greater than the one before.
    is_difference: bool,
    count: usize,
    wanted: usize,
    is_bad: fn(f64, f64) -> bool,
    threshold: f64,
    missing: String,
}

impl Alarm {
    fn of(alarm: &Value) -> Self {
        let stat = metric_stat(alarm);
        let number = |key: &str| alarm[key].as_u64().map(|it| usize::try_from(it).unwrap());
        let count = number("EvaluationPeriods").unwrap();
        let expression =
            alarm["Metrics"].as_array().and_then(|all| all.iter().find_map(|it| it["Expression"].as_str()));
        assert!(expression.is_none_or(|it| it == "DIFF(FILL(letters, REPEAT))"), "not known here: {expression:?}");
        Self {
            period: u32::try_from(stat["Period"].as_u64().unwrap() / 60).unwrap(),
            statistic: match stat["Stat"].as_str().unwrap() {
                "Sum" => |values| values.iter().sum(),
                "SampleCount" => |values| values.iter().map(|_| 1.0).sum(),
                "Maximum" => |values| values.iter().copied().fold(f64::MIN, f64::max),
                "Minimum" => |values| values.iter().copied().fold(f64::MAX, f64::min),
                "p99" => |values| {
                    let mut values = values.to_vec();
                    values.sort_by(f64::total_cmp);
                    values[values.len() - 1 - values.len() / 100]
                },
                other => panic!("{other}"),
            },
            is_difference: expression.is_some(),
            count,
            wanted: number("DatapointsToAlarm").unwrap_or(count),
            is_bad: match alarm["ComparisonOperator"].as_str().unwrap() {
                "GreaterThanThreshold" => |value, threshold| value > threshold,
                "GreaterThanOrEqualToThreshold" => |value, threshold| value >= threshold,
                "LessThanThreshold" => |value, threshold| value < threshold,
                "LessThanOrEqualToThreshold" => |value, threshold| value <= threshold,
                other => panic!("{other}"),
            },
            threshold: alarm["Threshold"].as_f64().unwrap(),
            missing: alarm["TreatMissingData"].as_str().unwrap().to_owned(),
        }
    }

    /// The state at the end of a period; `None` keeps the one before.
    fn evaluate(&self, samples: &[(Minute, f64)], minute: Minute, further: usize) -> Option<State> {
        let values = (0..self.count + further).filter_map(|index| self.value(samples, minute, index));
        let real: Vec<f64> = values.take(self.count).collect();
        let bad = real.iter().filter(|value| (self.is_bad)(**value, self.threshold)).count();
        let missing = self.count - real.len();
        let judged = |bad: usize| Some(if bad >= self.wanted { State::Alarm } else { State::Ok });
        match self.missing.as_str() {
            _ if missing == 0 => judged(bad),
            "breaching" => judged(bad + missing),
            "notBreaching" => judged(bad),
            // What is there decides, as far as it can.
            "ignore" if bad >= self.wanted => Some(State::Alarm),
            "ignore" if bad + missing < self.wanted => Some(State::Ok),
            "ignore" => None,
            other => panic!("{other}: say what silence means"),
        }
    }

    /// What is compared of a period: 0 is the one that ends with `minute`, 1 the one before.
    fn value(&self, samples: &[(Minute, f64)], minute: Minute, index: usize) -> Option<f64> {
        // A missing value is the one before it, within what is looked at.
        let filled = |index: usize| (index..index + 4).find_map(|index| self.measured(samples, minute, index));
        if self.is_difference {
            return Some(filled(index)? - filled(index + 1)?);
        }
        self.measured(samples, minute, index)
    }

    fn measured(&self, samples: &[(Minute, f64)], minute: Minute, index: usize) -> Option<f64> {
        let end = minute.checked_sub(self.period * u32::try_from(index).ok()?)?;
        let start = end.saturating_sub(self.period);
        let place = |minute: Minute| samples.partition_point(|(at, _)| *at < minute);
        let within: Vec<f64> = samples[place(start)..place(end)].iter().map(|(_, value)| *value).collect();
        (!within.is_empty()).then(|| (self.statistic)(&within))
    }
}

/// A rule of the shape `ALARM("${A}") AND NOT ALARM("${B}") OR …`: any of these, of which all are on or off.
fn rule(composite: &Value) -> Vec<Vec<(bool, String)>> {
    let one = Regex::new(r#"^(NOT )?ALARM\("\$\{(\w+)\}"\)$"#).unwrap();
    let term = |term: &str| {
        let found = one.captures(term.trim()).unwrap_or_else(|| panic!("not known here: {term}"));
        (found.get(1).is_none(), found[2].to_owned())
    };
    text(&composite["AlarmRule"]).split(" OR ").map(|all| all.split(" AND ").map(term).collect()).collect()
}

/// The table of CloudWatch's documentation for three of three, with five periods looked at: `X` is bad, `-` missing, the latest
/// last; the states for breaching, ignore and notBreaching.
#[test]
fn missing_data_are_treated_as_cloudwatch_says() {
    let (alarm, ok) = (Some(State::Alarm), Some(State::Ok));
    for (course, breaching, ignore, not_breaching) in [
        ("0-X-X", ok, ok, ok),
        ("----0", ok, ok, ok),
        ("-----", alarm, None, ok),
        ("0XX-X", alarm, alarm, alarm),
        ("--X--", alarm, None, ok),
    ] {
        for (treated, expected) in [("breaching", breaching), ("ignore", ignore), ("notBreaching", not_breaching)] {
            let alarm = serde_json::json!({
                "Period": 60, "Statistic": "Sum", "EvaluationPeriods": 3, "Threshold": 0,
                "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": treated,
            });
            let values = course.chars().zip(0..).filter(|(c, _)| *c != '-');
            let samples: Vec<_> = values.map(|(c, at)| (at, f64::from(u8::from(c == 'X')))).collect();
            assert_eq!(Alarm::of(&alarm).evaluate(&samples, 5, 2), expected, "{course} {treated}");
        }
    }
}
