//! The machinery as AWS describes it.

use serde::Deserialize;
use std::collections::BTreeMap;

/// What AWS said, or why it is not known.
pub(super) type Known<T> = Result<T, String>;

/// All of it.
#[derive(Debug)]
pub(crate) struct Machinery {
    /// The mappings from queues to functions.
    pub(super) mappings: Known<Vec<Known<Mapping>>>,
    /// By the schedule's name.
    pub(super) schedules: BTreeMap<String, Known<Schedule>>,
    /// By the function's name.
    pub(super) versions: BTreeMap<String, Known<Versions>>,
    /// Whoever is subscribed to the alarms' topic.
    pub(super) subscriptions: Known<Vec<Subscription>>,
    /// The stack's alarms.
    pub(super) alarms: Known<Vec<Alarm>>,
}

/// An event source mapping.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_GetEventSourceMapping.html>
#[derive(Debug)]
pub(super) struct Mapping {
    pub(super) uuid: String,
    /// `Enabled`, `Disabled`, and what is between them.
    pub(super) state: String,
    /// The function that it starts, with its qualifier.
    pub(super) function: String,
}

/// A schedule of `EventBridge` Scheduler.
#[derive(Debug)]
pub(super) struct Schedule {
    pub(super) enabled: bool,
    /// The stack's parameter has it so.
    pub(super) by_parameter: bool,
}

/// A function's versions.
#[derive(Debug)]
pub(super) struct Versions {
    pub(super) live: String,
    pub(super) latest: Option<u64>,
    /// Versions that get a part of the work while a deployment goes on.
    pub(super) shifting_to: Vec<String>,
}

/// A subscription to a topic.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) protocol: String,
    pub(super) confirmed: bool,
}

/// An alarm of CloudWatch's.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Alarm {
    #[serde(rename = "AlarmName")]
    pub(super) name: String,
    /// `OK`, `ALARM`, `INSUFFICIENT_DATA`.
    #[serde(rename = "StateValue")]
    pub(super) state: String,
    pub(super) actions_enabled: bool,
}
