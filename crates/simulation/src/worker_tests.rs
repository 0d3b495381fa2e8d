//! What no flow uses yet, carried out by the worker as it is shipped, in the simulated AWS: a destination that creates again at
//! each call, one that upserts, and one where a delivery waits for another. What counts is what is at the destination.

use crate::{
    DEAD_LETTERS, Effect, Function, Kill, Moment, QUEUE, TABLE,
    aws::sdk_config,
    clock::{self, MACHINES},
    fault::Odds,
    lambda::PRODUCERS_TRACE,
    sqs, vendors,
    world::{Caller, Sim, World},
};
use chrono::{DateTime, TimeDelta, Utc};
use config::Relay;
use delivery::{Account, Claim, Message, Pace, Undelivered, Worker};
use ledger::{DeliveryKey, ErrorClass, Flow, Ledger, Policies, Policy, Repeat};
use queue::Queue;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use sandbox::InProcess;
use serde::Deserialize;
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use telemetry::Metrics;
use tokio::{select, time::sleep};

const NOON: DateTime<Utc> = DateTime::UNIX_EPOCH;
const SETTLES: Duration = Duration::from_mins(15);
/// All processes run on one machine, one after the other.
const MACHINE: usize = 0;
const INVOCATION: TimeDelta = TimeDelta::seconds(60);

/// What a delivery asks for.
#[derive(Deserialize)]
struct Payload {
    /// What is to stand at the destination under its key.
    value: i64,
    /// What has to be accepted first.
    needs: Option<String>,
}

/// What is at the destination: every effect, in order.
#[derive(Default)]
struct There {
    effects: Vec<(String, i64)>,
    /// Calls that take effect and whose answers are lost, so many.
    losing: usize,
    read_back: usize,
    /// From now on, the flow finds that nothing is to be sent.
    skips: bool,
}

impl There {
    fn of(&self, key: &str) -> Vec<i64> {
        self.effects.iter().filter(|(known, _)| known == key).map(|(_, value)| *value).collect()
    }
}

#[derive(Clone)]
struct Stage {
    sim: Sim,
    there: Arc<Mutex<There>>,
    config: Arc<Relay>,
}

/// Customers are upserted; awards are created, and a repeat is ignored; orders and refunds are created, and a repeat would harm.
fn flow() -> Flow {
    let skew = Duration::from_secs(10);
    let creates = Policy { repeat: Repeat::ReadBack, supersedes: false, settle: SETTLES, clock_skew: skew };
    let awards = Policy { repeat: Repeat::Harmless, ..creates };
    let upserts = Policy { supersedes: true, ..awards };
    Flow { name: "reviews", policies: Policies::all(creates).but("customer", upserts).but("award", awards) }
}

fn stage(kill: Option<Kill>) -> Stage {
    fastrand::seed(1);
    clock::begin(NOON, [TimeDelta::zero(); MACHINES]);
    let mut world = World::new(ChaCha8Rng::seed_from_u64(1), Odds::NONE, NOON, 200);
    world.kill = kill;
    let sim = Sim::new(world, InProcess::new(1, vendors::URL, clock::now));
    let config = Relay::parse(include_str!("../../../infra/config/relay.toml"), "relay.toml").unwrap();
    Stage { sim, there: Arc::default(), config: Arc::new(config) }
}

fn key(kind: &str) -> String {
    format!("reviews/default/{kind}/1")
}

impl Stage {
    fn send(&self, key: &str, revision: i64, value: i64, needs: Option<&str>) {
        let body = json!({
            "key": key, "revision": revision, "hash": format!("{value:032x}"), "store": "default",
            "value": value, "needs": needs,
        });
        let trace = json!({"AWSTraceHeader": {"DataType": "String", "StringValue": PRODUCERS_TRACE}});
        let entry = json!({"Id": "0", "MessageBody": body.to_string(), "MessageSystemAttributes": trace});
        let request = json!({"QueueUrl": QUEUE, "Entries": [entry]});
        sqs::send(&mut self.sim.lock(), Function::Producer, &request).unwrap();
    }

    /// The flow: it does what it is told to, or reads what is there first.
    async fn call(&self, message: &Message<Payload>, claim: &Claim<'_>) -> Result<(), Undelivered> {
        let key = claim.delivery.key.as_str();
        let Payload { value, needs } = &message.payload;
        if self.there.lock().unwrap().skips {
            return Err(Undelivered::Skipped("no_email".to_owned()));
        }
        if let Some(needs) = needs
            && self.there.lock().unwrap().of(needs).is_empty()
        {
            return Err(Undelivered::Waits(DeliveryKey::try_from(needs.clone()).unwrap()));
        }
        claim.turn().await?;
        if claim.read_back_first {
            let mut there = self.there.lock().unwrap();
            there.read_back += 1;
            if !there.of(key).is_empty() {
                return Ok(());
            }
        }
        sleep(Duration::from_millis(300)).await;
        let mut there = self.there.lock().unwrap();
        there.effects.push((key.to_owned(), *value));
        if there.losing > 0 {
            there.losing -= 1;
            return Err(Undelivered::Failed { class: ErrorClass::Uncertain, may_land: true, floor: None });
        }
        Ok(())
    }

    fn worker(&self, caller: Caller) -> Worker {
        let aws = sdk_config(&self.sim, caller, 1);
        Worker {
            ledger: Ledger::new(&aws, TABLE, flow(), clock::now),
            queue: Queue::new(&aws, QUEUE),
            dead_letters: Queue::new(&aws, DEAD_LETTERS),
            accounts: [("default".to_owned(), Account::new(Pace::new(50.0, 1)))].into(),
            times: self.config.protocol.clone(),
            max_receives: 200,
            random: fastrand::f64,
        }
    }

    async fn work(&self, hours: i64) {
        self.work_for(TimeDelta::hours(hours)).await;
    }

    /// Polls the queue for so long, one process after another if they are killed.
    async fn work_for(&self, time: TimeDelta) {
        let end = clock::now() + time;
        let mut warm: Option<(Caller, Worker)> = None;
        while clock::now() < end {
            let records = sqs::receive(&mut self.sim.lock(), 10);
            if records.is_empty() {
                sleep(Duration::from_secs(20)).await;
                continue;
            }
            let (caller, worker) = warm.take().unwrap_or_else(|| {
                let caller = Caller { function: Function::Consumer, machine: MACHINE, process: self.sim.lock().born() };
                (caller, self.worker(caller))
            });
            let ids: Vec<String> = records.iter().map(|it| it["messageId"].as_str().unwrap().to_owned()).collect();
            let event = serde_json::from_value(json!({"Records": records})).unwrap();
            let (deadline, metrics) = (clock::now() + INVOCATION, Metrics::new("reviews", "test", "r"));
            let call = async |message: &Message<Payload>, claim: &Claim<'_>| self.call(message, claim).await;
            let work = Box::pin(worker.consume(event, deadline, metrics, 10, call));
            let answer = select! {
                biased;
                () = self.sim.killed(MACHINE) => continue,
                answer = work => answer.unwrap().0,
            };
            let back: Vec<&str> = answer.batch_item_failures.iter().map(|it| it.item_identifier.as_str()).collect();
            for id in ids.iter().filter(|id| !back.contains(&id.as_str())) {
                sqs::delete(&mut self.sim.lock(), id);
            }
            warm = Some((caller, worker));
        }
    }

    fn state(&self, key: &str) -> String {
        self.sim.lock().table.text(key, "state").unwrap_or("absent").to_owned()
    }

    fn letters(&self) -> Vec<String> {
        let world = self.sim.lock();
        assert_eq!(world.problems, Vec::<String>::new());
        world.queues.letters.iter().map(|letter| letter.class.clone().unwrap_or_default()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_answer_is_lost_is_read_back_before_it_is_made_again() {
    let (stage, refund) = (stage(None), key("refund"));
    stage.there.lock().unwrap().losing = 1;
    stage.send(&refund, 1, 7, None);
    stage.work_for(TimeDelta::minutes(5)).await;
    assert_eq!((stage.state(&refund).as_str(), stage.there.lock().unwrap().of(&refund)), ("uncertain", vec![7]));
    stage.work(3).await;
    let there = stage.there.lock().unwrap();
    assert_eq!((there.of(&refund), there.read_back), (vec![7], 1));
    drop(there);
    assert_eq!((stage.state(&refund).as_str(), stage.letters()), ("accepted", vec![]));
}

#[tokio::test(start_paused = true)]
async fn where_the_destination_upserts_the_last_version_is_there_and_never_an_older_one() {
    let (stage, customer) = (stage(None), key("customer"));
    for (revision, value) in [(1, 10), (3, 30), (2, 20), (4, 40)] {
        stage.send(&customer, revision, value, None);
        stage.work(1).await;
    }
    assert_eq!(stage.there.lock().unwrap().of(&customer), [10, 30, 40]);
    // Another effect at the revision that the ledger knows: nothing tells which is newer.
    stage.send(&customer, 4, 41, None);
    stage.work(1).await;
    assert_eq!(stage.there.lock().unwrap().of(&customer), [10, 30, 40]);
    assert_eq!((stage.state(&customer).as_str(), stage.letters()), ("parked", vec!["conflict".to_owned()]));
    assert!(stage.sim.lock().queues.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_may_be_there_already_is_not_said_to_be_skipped() {
    let award = key("award");
    for (losing, state, letters) in [(0, "skipped", vec![]), (1, "parked", vec!["uncertain".to_owned()])] {
        let stage = stage(None);
        *stage.there.lock().unwrap() = There { losing, skips: losing == 0, ..There::default() };
        stage.send(&award, 1, 5, None);
        stage.work_for(TimeDelta::minutes(5)).await;
        stage.there.lock().unwrap().skips = true;
        stage.work(3).await;
        assert_eq!((stage.state(&award).as_str(), stage.letters()), (state, letters));
        assert_eq!(stage.there.lock().unwrap().effects.len(), losing);
        assert!(stage.sim.lock().queues.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn what_needs_another_delivery_waits_for_it_and_shares_its_fate() {
    let (order, customer) = (key("order"), key("customer"));
    let waiting = |stage: &Stage| stage.send(&order, 1, 1, Some(&customer));
    // It comes after a while.
    let first = stage(None);
    waiting(&first);
    first.work(2).await;
    assert_eq!((first.state(&order).as_str(), first.there.lock().unwrap().effects.len()), ("pending", 0));
    first.send(&customer, 1, 9, None);
    first.work(1).await;
    assert_eq!(first.there.lock().unwrap().effects, [(customer.clone(), 9), (order.clone(), 1)]);
    assert_eq!((first.state(&order).as_str(), first.letters()), ("accepted", vec![]));
    // It never comes.
    let second = stage(None);
    waiting(&second);
    second.work(50).await;
    assert_eq!((second.state(&order).as_str(), second.letters()), ("parked", vec!["exhausted".to_owned()]));
    // It is parked, or is not to be sent.
    for (settled, state, letters) in [
        (ledger::Settled::Parked("unknown_store".to_owned()), "parked", 1),
        (ledger::Settled::Skipped("no_email".to_owned()), "skipped", 0),
    ] {
        let stage = stage(None);
        let caller = Caller { function: Function::Producer, machine: MACHINE, process: stage.sim.lock().born() };
        let ledger = Ledger::new(&sdk_config(&stage.sim, caller, 1), TABLE, flow(), clock::now);
        let delivery = json!({"key": customer, "revision": 1, "hash": "h", "store": "default"});
        let delivery = serde_json::from_value(delivery).unwrap();
        ledger.put(&ledger::Event::Settle { delivery, settled }).await.unwrap();
        waiting(&stage);
        stage.work(1).await;
        assert_eq!((stage.state(&order).as_str(), stage.letters().len()), (state, letters));
        assert!(stage.there.lock().unwrap().effects.is_empty() && stage.sim.lock().queues.is_empty());
    }
}

/// A worker that dies at any of its effects doubles nothing where a repeat would harm, and loses nothing anywhere.
#[test]
fn a_kill_at_every_effect_of_the_worker_leaves_one_effect_a_delivery() {
    let run = |kill: Option<Kill>| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(tokio::task::LocalSet::new().run_until(async {
            let stage = stage(kill);
            stage.there.lock().unwrap().losing = 1;
            let customer = key("customer");
            stage.send(&key("refund"), 1, 7, None);
            stage.send(&key("order"), 1, 1, Some(&customer));
            stage.send(&customer, 1, 9, None);
            stage.work(1).await;
            stage.send(&customer, 1, 8, None);
            stage.work(30).await;
            for (kind, value) in [("refund", 7), ("order", 1), ("customer", 9)] {
                let there = stage.there.lock().unwrap().of(&key(kind));
                let repeats = kind == "customer" && there.iter().all(|it| *it == value);
                assert!(there == [value] || repeats, "{kind}: {there:?}, {kill:?}");
            }
            let parked = stage.state(&customer);
            assert_eq!(parked, "parked", "{kill:?}");
            assert!(stage.letters().iter().all(|class| class == "conflict"), "{kill:?}");
            let world = stage.sim.lock();
            assert!(world.queues.is_empty(), "{kill:?}");
            (world.effects.clone(), world.kill_struck)
        }))
    };
    let (effects, _) = run(None);
    let of_worker: BTreeMap<Effect, u64> = effects.into_iter().collect();
    assert!(of_worker.len() >= 4, "{of_worker:?}");
    for (effect, times) in of_worker {
        for occurrence in 1..=times.min(6) {
            for moment in Moment::ALL {
                let kill = Kill { effect, moment, occurrence };
                assert!(run(Some(kill)).1, "{kill:?} did not strike");
            }
        }
    }
}
