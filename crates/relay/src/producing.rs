//! The producer, run by hand for a day until that day is settled. Doing it again is harmless: what is delivered is not sent
//! again, and a run goes on where the last one stopped.

use crate::{failure::Failure, flow::Flow, place::Place, progress};
use config::{BusinessDay, StoreName};
use ledger::Ledger;
use queue::Queue;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// So many tries in a row without progress are given up.
const TRIES: u32 = 5;
/// The pause after the first of them; it doubles.
const PAUSE: Duration = Duration::from_secs(2);
/// How often a queue's depth is asked for.
const POLL: Duration = Duration::from_secs(1);
/// SQS's numbers are approximate: a queue is empty that says so as often in a row.
const QUIET: u32 = 3;

/// What runs of a day did, as far as their answers came through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Done {
    /// Runs that the producer was asked for.
    pub(crate) runs: u32,
    /// Orders that were met.
    pub(crate) fetched: u64,
    /// Messages that the queue accepted.
    pub(crate) enqueued: u64,
    pub(crate) already_delivered: u64,
    pub(crate) skipped: u64,
    pub(crate) parked: u64,
    pub(crate) rejected: u64,
}

impl Done {
    fn add(&mut self, answer: &Value) {
        for run in answer["runs"].as_array().into_iter().flatten() {
            let number = |name: &str| run[name].as_u64().unwrap_or_default();
            let by_reason = |name: &str| {
                let reasons = run[name].as_object().into_iter().flatten();
                reasons.filter_map(|(_, count)| count.as_u64()).sum::<u64>()
            };
            self.fetched += number("fetched");
            self.enqueued += number("enqueued");
            self.already_delivered += number("already_delivered");
            self.skipped += by_reason("skipped");
            self.parked += by_reason("parked");
            self.rejected += by_reason("rejected");
        }
    }
}

/// The event that asks producer or reconciler for a day.
pub(crate) fn event(day: BusinessDay, store: Option<&StoreName>) -> Value {
    match store {
        Some(store) => json!({"business_day": day, "store": store}),
        None => json!({"business_day": day}),
    }
}

/// A day that a producer is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) flow: Flow,
    pub(crate) day: BusinessDay,
    pub(crate) store: Option<&'a StoreName>,
    /// Though it is of before the start.
    pub(crate) history: bool,
}

impl Asked<'_> {
    fn event(&self) -> Value {
        let mut event = event(self.day, self.store);
        if self.history {
            event["history"] = true.into();
        }
        event
    }

    /// What its readings are kept under.
    fn passes(&self) -> Vec<String> {
        match self.flow {
            Flow::Loyalty => loyalty::produce::pass_names(self.day, self.store),
            Flow::Reviews | Flow::Erp => vec![reviews::produce::pass_name(self.day, self.store)],
        }
    }
}

/// Starts the producer again and again until it says that the day is settled.
pub(crate) async fn until_settled(place: &Place, ledger: &Ledger, asked: Asked<'_>) -> Result<Done, Failure> {
    let Asked { flow, day, .. } = asked;
    let Some(producer) = flow.producer() else {
        return Err(Failure::input(format!("no run brings what the {} flow carries", flow.as_str())));
    };
    let passes = asked.passes();
    // Every page that is published moves a checkpoint's version. If it cannot be read, there is no progress to be seen.
    let version = async || {
        let mut versions = Vec::with_capacity(passes.len());
        for name in &passes {
            versions.push(ledger.checkpoint(name).await.ok().flatten().map(|checkpoint| checkpoint.version));
        }
        versions
    };
    let (mut done, mut tries, mut stood) = (Done::default(), 0, version().await);
    loop {
        done.runs += 1;
        let last = match place.invoke(producer.output, &asked.event()).await {
            Ok(answer) => {
                done.add(&answer);
                if answer["settled"] == true {
                    return Ok(done);
                }
                "the last run said that it is not settled (is the org's quota of API calls used up?)".to_owned()
            }
            Err(failure) => failure.what().to_owned(),
        };
        let mut stands = version().await;
        tries = if stands == stood { tries + 1 } else { 0 };
        if tries >= TRIES {
            let what = format!("{day} is not settled after {TRIES} runs in a row without progress: {last}");
            return Err(Failure::because(what).hint("what was done stays; `relay check` looks at what is needed"));
        }
        // While the checkpoint moves, somebody is at it: perhaps the very run whose connection was lost.
        loop {
            stood = stands;
            sleep(PAUSE * 2_u32.pow(tries.saturating_sub(1))).await;
            stands = version().await;
            if stands == stood {
                break;
            }
        }
    }
}

/// Waits until the queue holds at most so many messages.
pub(crate) async fn until_at_most(queue: &Queue, most: u64, doing: String) -> Result<(), Failure> {
    let depth = async || queue.depth().await.map_err(|error| Failure::undone("ask how much is in the queue", &error));
    let first = depth().await?.total();
    let bar = progress::bar(first.saturating_sub(most), doing);
    let mut quiet = 0;
    while quiet < QUIET {
        let total = depth().await?.total();
        bar.set_position(first.saturating_sub(total));
        quiet = if total <= most { quiet + 1 } else { 0 };
        // A backlog that is small enough now may grow again; an empty queue must be seen to be one.
        if most > 0 && quiet > 0 {
            break;
        }
        sleep(POLL).await;
    }
    bar.finish_and_clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_of_all_runs_are_added_up() {
        let answer = json!({"settled": false, "runs": [
            {"store": "a", "fetched": 9, "enqueued": 3, "already_delivered": 1, "skipped": {"x": 1, "y": 1}, "parked": {"z": 2},
             "rejected": {"w": 1}},
            {"store": "b", "fetched": 1, "enqueued": 1, "already_delivered": 0, "skipped": {}, "parked": {}, "rejected": {}},
        ]});
        let mut done = Done::default();
        done.add(&answer);
        done.add(&json!({"settled": true, "runs": []}));
        done.add(&Value::Null);
        let expected =
            Done { runs: 0, fetched: 10, enqueued: 4, already_delivered: 1, skipped: 2, parked: 2, rejected: 1 };
        assert_eq!(done, expected);
    }
}
