//! What makes the functions work without anybody: the queue's mapping, the schedules, the versions that are live, and whoever is
//! told by the alarms. With any of it off, everything else looks well.

mod ask;
mod judge;

pub(crate) use ask::look;
pub(crate) use judge::Part;

use serde::Deserialize;
use std::collections::BTreeMap;

/// What AWS said, or why it is not known.
pub(crate) type Known<T> = Result<T, String>;

/// The machinery as AWS describes it.
#[derive(Debug)]
pub(crate) struct Machinery {
    /// The mapping from the queue to the consumer.
    mapping: Known<Mapping>,
    /// By the schedule's name.
    schedules: BTreeMap<String, Known<Schedule>>,
    /// By the function's name.
    versions: BTreeMap<String, Known<Versions>>,
    /// Whoever is subscribed to the alarms' topic.
    subscriptions: Known<Vec<Subscription>>,
    /// The stack's alarms.
    alarms: Known<Vec<Alarm>>,
}

/// An event source mapping.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_GetEventSourceMapping.html>
#[derive(Debug)]
struct Mapping {
    uuid: String,
    /// `Enabled`, `Disabled`, and what is between them.
    state: String,
    /// The function that it starts, with its qualifier.
    function: String,
}

/// A schedule of `EventBridge` Scheduler.
#[derive(Debug)]
struct Schedule {
    enabled: bool,
    /// The stack's parameter has it so.
    by_parameter: bool,
}

/// A function's versions.
#[derive(Debug)]
struct Versions {
    live: String,
    latest: Option<u64>,
    /// Versions that get a part of the work while a deployment goes on.
    shifting_to: Vec<String>,
}

/// A subscription to a topic.
#[derive(Debug)]
struct Subscription {
    protocol: String,
    confirmed: bool,
}

/// An alarm of CloudWatch's.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Alarm {
    #[serde(rename = "AlarmName")]
    name: String,
    /// `OK`, `ALARM`, `INSUFFICIENT_DATA`.
    #[serde(rename = "StateValue")]
    state: String,
    actions_enabled: bool,
}
