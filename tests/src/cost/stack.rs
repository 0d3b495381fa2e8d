//! What a stack consists of, as far as it costs money: counted in the templates as they are.

use std::{fs, path::Path};

/// The templates' text, the nested ones after their parent.
pub(super) struct Stack(String);

impl Stack {
    pub(super) fn read() -> Self {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let mut text = fs::read_to_string(root.join("template.yaml")).unwrap();
        let nested: Vec<_> = text.lines().filter_map(|line| line.trim().strip_prefix("TemplateURL: ")).collect();
        let nested: Vec<_> = nested.iter().map(|path| fs::read_to_string(root.join(path)).unwrap()).collect();
        text.extend(nested);
        Self(text)
    }

    /// Resources of a type.
    pub(super) fn resources(&self, kind: &str) -> f64 {
        self.0.lines().map(|line| u32::from(line.trim() == format!("Type: {kind}"))).map(f64::from).sum()
    }

    /// The metrics that alarms look at: one each, and those of an alarm that computes.
    pub(super) fn alarm_metrics(&self) -> f64 {
        let lines =
            |wanted: &str| -> f64 { self.0.lines().map(|line| f64::from(u8::from(line.trim() == wanted))).sum() };
        self.resources("AWS::CloudWatch::Alarm") - lines("Metrics:") + lines("MetricStat:")
    }

    pub(super) fn traces(&self) -> bool {
        self.0.contains("Tracing: Active")
    }

    /// A parameter's default.
    pub(super) fn default(&self, parameter: &str) -> &str {
        let (_, rest) = self.0.split_once(&format!("\n  {parameter}:\n")).unwrap();
        rest.lines().find_map(|line| line.trim().strip_prefix("Default: ")).unwrap().trim()
    }

    pub(super) fn number(&self, parameter: &str) -> f64 {
        self.default(parameter).parse().unwrap()
    }

    /// Memory of a function, in GB.
    pub(super) fn memory(&self, function: &str) -> f64 {
        let (_, rest) = self.0.split_once(&format!("\n  {function}:\n")).unwrap();
        let megabytes = rest.lines().find_map(|line| line.trim().strip_prefix("MemorySize: ")).unwrap();
        megabytes.parse::<f64>().unwrap() / 1024.0
    }

    /// Starts of the producer in a day.
    pub(super) fn starts_a_day(&self) -> f64 {
        let (first, last) = self.default("ScheduleHours").split_once('-').unwrap();
        assert!(self.0.contains("cron(0/15 ${ScheduleHours} * * ? *)"), "the schedule is another one");
        (last.parse::<f64>().unwrap() - first.parse::<f64>().unwrap() + 1.0) * 4.0
    }

    /// Starts of the reconciler in a day.
    pub(super) fn looks_a_day(&self) -> f64 {
        assert_eq!(self.default("ReconcilerSchedule"), "cron(30 * * * ? *)", "the schedule is another one");
        24.0
    }
}
