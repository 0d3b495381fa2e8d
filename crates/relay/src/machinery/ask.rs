//! Asks AWS. What it does not say is not known, and no reason to fail.

use super::{
    alarms,
    described::{Known, Machinery, Mapping, Schedule, Subscription, Versions},
};
use crate::{failure::chain, flow::Function, place::Place};
use aws_sdk_scheduler::types::ScheduleState;
use futures_util::future::join_all;

/// The type of the queue's mapping in the stack.
const MAPPING: &str = "AWS::Lambda::EventSourceMapping";

/// The machinery of a stack.
pub(crate) async fn look(place: &Place) -> Machinery {
    let name = |output: &str| place.output(output).map(str::to_owned).map_err(|failure| failure.what().to_owned());
    let by_day = place.flows.iter().flat_map(|flow| flow.by_day());
    let (mappings, schedules, versions, subscriptions, alarms) = tokio::join!(
        mappings(place),
        join_all(by_day.map(async |Function { output, .. }| match name(output) {
            Ok(name) => (name.clone(), schedule(place, &name).await),
            Err(why) => (output.to_owned(), Err(why)),
        })),
        join_all(place.functions().map(async |output| match name(output) {
            Ok(name) => (name.clone(), versions(place, &name).await),
            Err(why) => (output.to_owned(), Err(why)),
        })),
        subscriptions(place),
        alarms::of_stack(&place.aws, &place.stack),
    );
    let (schedules, versions) = (schedules.into_iter().collect(), versions.into_iter().collect());
    Machinery { mappings, schedules, versions, subscriptions, alarms }
}

fn said(error: impl std::error::Error + 'static) -> String {
    chain(&error)
}

/// Of every queue that the stack maps to a function.
async fn mappings(place: &Place) -> Known<Vec<Known<Mapping>>> {
    let stack = aws_sdk_cloudformation::Client::new(&place.aws).describe_stack_resources().stack_name(&place.stack);
    let stack = stack.send().await.map_err(said)?;
    let resources = stack.stack_resources().iter().filter(|resource| resource.resource_type() == Some(MAPPING));
    let uuids: Vec<&str> = resources.filter_map(|resource| resource.physical_resource_id()).collect();
    if uuids.is_empty() {
        return Err(format!("stack `{}` has no {MAPPING}", place.stack));
    }
    let lambda = aws_sdk_lambda::Client::new(&place.aws);
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let found = uuids.into_iter().map(async |uuid| {
        let found = lambda.get_event_source_mapping().uuid(uuid).send().await.map_err(said)?;
        Ok(Mapping { uuid: uuid.to_owned(), state: text(found.state()), function: text(found.function_arn()) })
    });
    Ok(join_all(found).await)
}

async fn schedule(place: &Place, name: &str) -> Known<Schedule> {
    let found = aws_sdk_scheduler::Client::new(&place.aws).get_schedule().name(name).send().await.map_err(said)?;
    Ok(Schedule {
        enabled: found.state() == Some(&ScheduleState::Enabled),
        by_parameter: place.parameter("ScheduleState") == Some("DISABLED"),
    })
}

async fn versions(place: &Place, function: &str) -> Known<Versions> {
    let lambda = aws_sdk_lambda::Client::new(&place.aws);
    let live = lambda.get_alias().function_name(function).name("live").send().await.map_err(said)?;
    let weights = live.routing_config().and_then(|routing| routing.additional_version_weights());
    let mut latest = None;
    let mut next = None;
    loop {
        let page = lambda.list_versions_by_function().function_name(function).set_marker(next).send().await;
        let page = page.map_err(said)?;
        let numbers = page.versions().iter().filter_map(|version| version.version()?.parse::<u64>().ok());
        latest = latest.into_iter().chain(numbers).max();
        next = page.next_marker().map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    Ok(Versions {
        live: live.function_version().unwrap_or_default().to_owned(),
        latest,
        shifting_to: weights.into_iter().flatten().map(|(version, _)| version.clone()).collect(),
    })
}

async fn subscriptions(place: &Place) -> Known<Vec<Subscription>> {
    let topic = place.output("AlarmTopic").map_err(|failure| failure.what().to_owned())?;
    let sns = aws_sdk_sns::Client::new(&place.aws);
    let found = sns.list_subscriptions_by_topic().topic_arn(topic).send().await.map_err(said)?;
    Ok(found
        .subscriptions()
        .iter()
        .map(|subscription| Subscription {
            protocol: subscription.protocol().unwrap_or_default().to_owned(),
            // One that nobody has confirmed has no name yet: `PendingConfirmation`.
            confirmed: subscription.subscription_arn().is_some_and(|arn| arn.starts_with("arn:")),
        })
        .collect())
}
