//! The event source mapping: receives messages, invokes the function that consumes them, and deletes what is done.

use crate::{
    clock,
    functions::Function,
    lambda::{Lambda, Process},
    sqs::Received,
    world::World,
};
use chrono::TimeDelta;
use rand::RngExt as _;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use tokio::select;

/// Of a hundred invocations two are the last of their process.
const COLD: f64 = 0.02;

/// One of the mapping's concurrent pollers, on a machine of its own: `start` starts a process, `consume` hands it a batch.
pub(crate) async fn poll<T>(
    lambda: &Lambda,
    function: Function,
    start: impl AsyncFn() -> Option<Process<T>>,
    consume: impl AsyncFn(&Process<T>, queue::Event) -> Option<queue::Response>,
) {
    let sim = &lambda.sim;
    let mut warm: Option<Process<T>> = None;
    loop {
        let pause = sim.lock().chance.rng.random_range(5..200);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let records = receive(&mut sim.lock(), function.batch);
        if records.is_empty() {
            let next = sim.lock().queues.next_visible();
            let next = next.unwrap_or_else(|| clock::now() + TimeDelta::days(1));
            select! {
                biased;
                () = sim.sent().notified() => {}
                () = clock::until(next) => {}
            }
            continue;
        }
        let bytes = records.iter().map(|record| record["body"].as_str().map_or(0, str::len)).sum();
        sim.lock().bill.of(function).sqs("ReceiveMessage", bytes);
        let ids: Vec<String> = records.iter().filter_map(|r| r["messageId"].as_str().map(str::to_owned)).collect();
        if warm.is_none() {
            warm = start().await;
        }
        let answer = match (&warm, serde_json::from_value(json!({"Records": records}))) {
            (Some(process), Ok(event)) => consume(process, event).await,
            _ => None,
        };
        let mut world = sim.lock();
        if warm.as_ref().is_some_and(|process| world.is_dead(process.caller.process)) || world.chance.odd(COLD) {
            warm = None;
        }
        let answer = answer.and_then(|answer| serde_json::to_value(answer).ok());
        match answer.and_then(|answer| returned(&answer, &ids)) {
            Some(returned) => delete(&mut world, function, &ids, &returned),
            None => world.say(&format!("a batch of {} failed as a whole", ids.len())),
        }
    }
}

fn receive(world: &mut World, batch: usize) -> Vec<Value> {
    let World { chance, queues, .. } = world;
    let Received { records, moved } = queues.receive(chance, batch);
    for id in moved {
        world.say(&format!("SQS moves {id} to the dead-letter queue"));
    }
    records
}

fn delete(world: &mut World, function: Function, ids: &[String], returned: &BTreeSet<String>) {
    if returned.len() < ids.len() {
        world.bill.of(function).sqs("DeleteMessageBatch", 0);
    }
    let World { chance, queues, .. } = world;
    for id in ids.iter().collect::<BTreeSet<_>>() {
        if !returned.contains(id) {
            queues.delete(chance, id);
        }
    }
}

/// Which messages come back, or none if the whole batch does.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>
fn returned(answer: &Value, ids: &[String]) -> Option<BTreeSet<String>> {
    let failures = match (answer, answer.get("batchItemFailures")) {
        (Value::Null, _) | (Value::Object(_), None | Some(Value::Null)) => return Some(BTreeSet::new()),
        (Value::Object(_), Some(Value::Array(failures))) => failures,
        _ => return None,
    };
    let of_batch = |failure: &Value| {
        let id = failure.get("itemIdentifier")?.as_str()?;
        ids.iter().any(|known| known == id).then(|| id.to_owned())
    };
    failures.iter().map(of_batch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AWS's list, one by one: "Success and failure conditions" of the page above.
    #[test]
    fn the_mapping_reads_answers_as_aws_says() {
        let ids = ["a".to_owned(), "b".to_owned()];
        let of = |answer: Value| returned(&answer, &ids).map(|ids| ids.into_iter().collect::<Vec<_>>());
        let named = |id: Value| json!({"batchItemFailures": [{"itemIdentifier": id}]});
        for success in [json!(null), json!({}), json!({"batchItemFailures": []}), json!({"batchItemFailures": null})] {
            assert_eq!(of(success.clone()), Some(Vec::new()), "{success}");
        }
        assert_eq!(of(named(json!("b"))), Some(vec!["b".to_owned()]));
        for failure in [
            json!("no object"),
            json!({"batchItemFailures": "no list"}),
            json!({"batchItemFailures": [{"itemId": "b"}]}),
            named(json!("")),
            named(json!(null)),
            named(json!("unknown")),
        ] {
            assert_eq!(of(failure.clone()), None, "{failure}");
        }
    }
}
