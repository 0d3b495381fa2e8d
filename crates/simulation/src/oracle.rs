//! Whether all is well: source and destination are compared, and what lies in the dead-letter queue. The functions' own
//! word, the ledger, is asked for nothing.

use crate::{
    clock,
    functions::{REVIEWS_CONSUMER, REVIEWS_PRODUCER, REVIEWS_RECONCILER},
    scenario::Scenario,
    sqs::Letter,
    world::World,
};
use sandbox::{Arrival, Expected, Manifest, Outcome};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Whether the reconciler has had its time. What producer and consumer lose it finds, so that they are judged before; what
/// the destination said yes to and dropped they cannot know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mended {
    NotYet,
    All,
}

/// What is wrong, in sentences.
pub(crate) fn judge(
    scenario: &Scenario,
    manifest: &Manifest,
    arrivals: &[Arrival],
    world: &World,
    mended: Mended,
) -> Vec<String> {
    let mut wrong = Vec::new();
    if !world.queues.is_empty() {
        wrong.push(format!("the queue is not empty a day later ({})", clock::now()));
    }
    let letters = by_order(&world.queues.letters, &world.books.names);
    let verdict = manifest.compare(arrivals);
    for order in &verdict.lost {
        if mended == Mended::NotYet && arrivals.iter().any(|a| a.order_id == *order && a.dropped > 0) {
            continue;
        }
        // A queue that gives up early parks what it gives up; so does a reconciler whose repairs come to nothing.
        let dropped = arrivals.iter().any(|arrival| arrival.order_id == *order && arrival.dropped > 5);
        if scenario.doomed
            && dropped
            && letters.get(order.as_str()).is_some_and(|classes| classes.contains("exhausted"))
        {
            continue;
        }
        if scenario.is_production() || !letters.contains_key(order.as_str()) {
            let before = if mended == Mended::NotYet { ", and no reconciler has run yet" } else { "" };
            wrong.push(format!("{order} is lost{before}"));
        }
    }
    wrong.extend(verdict.unexpected.iter().map(|order| format!("{order} arrived and should not have")));
    wrong.extend(verdict.altered.iter().map(|order| format!("{order} arrived with other content")));
    for arrival in arrivals {
        let doubts = world.books.doubts(&arrival.order_id);
        let most = if scenario.repeats_create { 1 + doubts } else { 1 };
        if arrival.effects > most {
            let (order, effects) = (&arrival.order_id, arrival.effects);
            wrong.push(format!("{order} took effect {effects} times, with {doubts} calls in doubt"));
        }
    }
    if scenario.is_aws_calm() {
        let moved = world.queues.letters.iter().filter(|letter| letter.class.is_none() && !letter.excused);
        wrong.extend(moved.map(|letter| format!("SQS had to move {} itself", letter.key().unwrap_or_default())));
    }
    if scenario.is_calm() {
        wrong.extend(needless(manifest, arrivals, world));
    }
    for expected in &manifest.expected {
        let found = letters.get(expected.order_id.as_str());
        if let Some(sentence) = misfiled(scenario, expected, found) {
            wrong.push(sentence);
        }
    }
    wrong
}

/// What was done more than once in a run in which nothing goes wrong.
fn needless(manifest: &Manifest, arrivals: &[Arrival], world: &World) -> Vec<String> {
    let mut wrong = Vec::new();
    for (order, messages) in world.watch.messages().filter(|(_, messages)| *messages > 1) {
        wrong.push(format!("{order} is sent to the queue {messages} times"));
    }
    for arrival in arrivals.iter().filter(|arrival| arrival.posted > 1) {
        wrong.push(format!("{} is posted {} times", arrival.order_id, arrival.posted));
    }
    let counted = |of: fn(&Outcome) -> bool| manifest.expected.iter().filter(|expected| of(&expected.outcome)).count();
    let sent = counted(|outcome| matches!(outcome, Outcome::Delivered | Outcome::Rejected));
    // What waited for its date was parked before.
    let released = manifest.expected.iter().filter(|one| one.waits_for_its_date() && one.outcome == Outcome::Delivered);
    let excluded = counted(|outcome| matches!(outcome, Outcome::Skipped { .. } | Outcome::Parked { .. }));
    let excluded = excluded + released.count();
    let not_sent: &[&str] = &["parked", "rejected", "skipped"];
    for (function, states, most) in [
        (REVIEWS_CONSUMER, &["claimed"][..], sent),
        (REVIEWS_CONSUMER, &["accepted", "pending", "parked", "rejected"], sent),
        (REVIEWS_RECONCILER, &["confirmed"], sent),
        (REVIEWS_PRODUCER, not_sent, excluded),
        (REVIEWS_RECONCILER, &["pending", "parked", "rejected", "skipped"], 0),
    ] {
        let written = world.effects.iter().filter(|(effect, _)| effect.function == function && effect.writes(states));
        let times: u64 = written.map(|(_, times)| times).sum();
        if times > most as u64 {
            wrong.push(format!("{function:?} writes {states:?} {times} times, and {most} times are needed"));
        }
    }
    let again = world.effects.get(&REVIEWS_RECONCILER.effect("SendMessageBatch", "queue")).copied().unwrap_or(0);
    if again > 0 {
        wrong.push(format!("{REVIEWS_RECONCILER:?} sends {again} times, and nothing is missing"));
    }
    wrong
}

/// Whether an order lies in the dead-letter queue without reason, or not there for none.
fn misfiled(scenario: &Scenario, expected: &Expected, found: Option<&BTreeSet<String>>) -> Option<String> {
    let (order, kind) = (&expected.order_id, &expected.kind);
    let class = match &expected.outcome {
        // Its copy is from before its date; there is none where the first pass came when its day had begun.
        _ if expected.kind == "DateSoonToCome" => return None,
        Outcome::Parked { reason } if reason == "unknown_store" => "misconfigured",
        Outcome::Parked { .. } | Outcome::Rejected => "bad_record",
        Outcome::Delivered | Outcome::Skipped { .. } | Outcome::OutOfScope => {
            let found =
                found.filter(|found| scenario.is_production() && !(scenario.doomed && found.contains("exhausted")))?;
            return Some(format!("{order} ({kind}) lies in the dead-letter queue: {found:?}"));
        }
    };
    let classes = found.cloned().unwrap_or_default();
    let given_up = !scenario.is_production() && !classes.is_empty();
    let filed = classes.contains(class) || given_up;
    (!filed).then(|| format!("{order} ({kind}) is not in the dead-letter queue as {class}: {classes:?}"))
}

/// The error classes under which each order lies in the dead-letter queue.
fn by_order<'a>(letters: &[Letter], order_ids: &'a BTreeMap<String, String>) -> BTreeMap<&'a str, BTreeSet<String>> {
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for letter in letters {
        let body: Value = serde_json::from_str(&letter.body).unwrap_or_default();
        if let Some(order) = body["key"].as_str().and_then(|key| order_ids.get(key)) {
            let class = letter.class.clone().unwrap_or_else(|| "moved by SQS".to_owned());
            found.entry(order).or_default().insert(class);
        }
    }
    found
}
