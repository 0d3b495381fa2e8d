//! What a stack consists of, as far as it costs money: counted in the templates as CloudFormation makes them.

use crate::template::{FLOWS, Function, Template, list, referred, text};
use serde_json::Value;

/// The template of a stack with some flows, and the nested ones.
pub(super) struct Stack(Vec<Template>);

impl Stack {
    /// Of a stack with these flows, and parameters as they are out of the box.
    pub(super) fn with(flows: &[&str]) -> Self {
        let shipped = Template::shipped();
        let main = shipped.with(&FLOWS.map(|flow| (flow, if flows.contains(&flow) { "true" } else { "false" })));
        let mut templates = Vec::new();
        for (stack, nested) in main.of_type("AWS::CloudFormation::Stack") {
            let given = nested["Parameters"].as_object().unwrap().iter();
            let given: Vec<_> = given.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect();
            templates.push(shipped.part(stack).with(&given));
        }
        templates.insert(0, main);
        Self(templates)
    }

    fn of_type(&self, kind: &str) -> Vec<&Value> {
        self.0.iter().flat_map(|template| template.of_type(kind)).map(|(_, properties)| properties).collect()
    }

    /// Resources of a type.
    pub(super) fn resources(&self, kind: &str) -> f64 {
        self.of_type(kind).iter().map(|_| 1.0).sum()
    }

    /// The metrics that alarms look at: one each, and those of an alarm that computes.
    pub(super) fn alarm_metrics(&self) -> f64 {
        let of = |alarm: &Value| -> f64 {
            let computed = alarm["Metrics"].as_array();
            computed.map_or(1.0, |all| all.iter().filter(|it| it["MetricStat"].is_object()).map(|_| 1.0).sum())
        };
        self.of_type("AWS::CloudWatch::Alarm").into_iter().map(of).sum()
    }

    pub(super) fn traces(&self) -> bool {
        self.0[0].functions().iter().all(|function| function.properties["Tracing"] == "Active")
    }

    pub(super) fn number(&self, parameter: &str) -> f64 {
        self.0[0].0["Parameters"][parameter]["Default"].as_f64().unwrap_or_else(|| panic!("no number: {parameter}"))
    }

    /// Memory of a function, in GB.
    pub(super) fn memory(&self, function: &str) -> f64 {
        gigabytes(&self.0[0].0["Resources"][function]["Properties"])
    }

    /// Queues whose messages Lambda polls for.
    pub(super) fn polled_queues(&self) -> f64 {
        self.0[0].functions().iter().flat_map(|function| function.mappings()).map(|_| 1.0).sum()
    }

    /// The functions that a schedule starts.
    pub(super) fn scheduled(&self) -> Vec<Scheduled> {
        let of = |function: Function| {
            let [schedule] = function.schedules()[..] else { return None };
            let starts_a_day = match text(&schedule["ScheduleExpression"]) {
                // Every quarter of six hours, or once an hour.
                "cron(0/15 0-5 * * ? *)" | "cron(30 * * * ? *)" => 24.0,
                // Every quarter of the whole day.
                "cron(0/15 * * * ? *)" => 96.0,
                other => panic!("not known here: {other}"),
            };
            let role = &self.0[0].0["Resources"][referred(&function.properties["Role"]).unwrap()]["Properties"];
            let statements = list(&role["Policies"][0]["PolicyDocument"]["Statement"]);
            let secrets = statements.iter().filter(|it| it["Action"] == "secretsmanager:GetSecretValue");
            let secrets = secrets.flat_map(|it| list(&it["Resource"])).map(|_| 1.0).sum();
            Some(Scheduled { starts_a_day, gigabytes: gigabytes(&function.properties), secrets })
        };
        self.0[0].functions().into_iter().filter_map(of).collect()
    }
}

/// A function that a schedule starts.
pub(super) struct Scheduled {
    pub(super) starts_a_day: f64,
    pub(super) gigabytes: f64,
    /// Secrets that it reads when it starts.
    pub(super) secrets: f64,
}

fn gigabytes(function: &Value) -> f64 {
    function["MemorySize"].as_f64().unwrap() / 1024.0
}
