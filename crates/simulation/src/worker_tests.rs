//! What no flow uses yet, carried out by the worker as it is shipped, in the simulated AWS: a destination that creates again at
//! each call, one that upserts, and one where a delivery waits for another. What counts is what is at the destination.

mod pauses;

use crate::{
    DEAD_LETTERS, Effect, Kill, Moment, QUEUE, TABLE,
    aws::sdk_config,
    chance::Chance,
    clock::{self, MACHINES},
    fault::Odds,
    functions::{Caller, Function, PRODUCERS_TRACE, REVIEWS_CONSUMER, Service},
    vendors,
    world::{Sim, World},
};
use chrono::{DateTime, TimeDelta, Utc};
use config::Relay;
use delivery::{Account, Claim, Hooks, Message, Pace, Reading, Undelivered, Worker};
use function::batch::Consumed;
use ledger::{
    Delivery, DeliveryKey, ErrorClass, Event, Flow, Ledger, Policies, Policy, Repair, Repeat, Revision, Settled,
};
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

/// Whatever may be written of deliveries of these kinds.
macro_rules! written {
    ($($kind:literal)+) => {
        &[$(
            concat!($kind, " accepted"), concat!($kind, " claimed"), concat!($kind, " confirmed"),
            concat!($kind, " parked"), concat!($kind, " pending"), concat!($kind, " skipped"),
            concat!($kind, " uncertain"),
        )+]
    };
}

/// What works here, and all that it does.
const WORKER: Function = Function {
    name: "worker",
    calls: &[
        (Service::Table, "GetItem", &["pause"]),
        (Service::Table, "BatchGetItem", &["buyer", "customer"]),
        (Service::Table, "UpdateItem", written!("award" "buyer" "customer" "order" "refund" "sale")),
        (Service::Queue, "SendMessageBatch", &["queue", "dead-letters"]),
        (Service::Queue, "ChangeMessageVisibilityBatch", &["queue"]),
    ],
    ..REVIEWS_CONSUMER
};

/// What a delivery asks for.
#[derive(Deserialize)]
struct Payload {
    /// What is to stand at the destination under its key.
    value: i64,
    /// What has to be accepted first.
    needs: Option<String>,
    /// What its buyer is to be, who has to be there first.
    #[serde(default)]
    buyer: Option<i64>,
    /// By rule it is not sent.
    #[serde(default)]
    cancelled: bool,
}

/// What is at the destination: every effect, in order.
#[derive(Default)]
struct There {
    effects: Vec<(String, i64)>,
    /// Calls that take effect and whose answers are lost, so many.
    losing: usize,
    /// Calls that take no effect and whose answers are lost, so many.
    vanishing: usize,
    read_back: usize,
    /// Readings while nobody may call.
    looks: usize,
    /// A person has to look at buyers.
    parks: bool,
    /// A part of each call takes effect, and a person has to look at the rest.
    halves: bool,
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

/// Customers are upserted; awards are created, and a repeat is ignored; orders and refunds are created, and a repeat would harm;
/// sales and buyers are upserted, and read back before a repeat.
fn flow() -> Flow {
    let skew = Duration::from_secs(10);
    let creates = Policy { repeat: Repeat::ReadBack, supersedes: false, settle: SETTLES, clock_skew: skew };
    let awards = Policy { repeat: Repeat::Harmless, ..creates };
    let upserts = Policy { supersedes: true, ..awards };
    let reads = Policy { repeat: Repeat::ReadBack, ..upserts };
    let policies = Policies::all(creates).but("customer", upserts).but("award", awards);
    Flow { name: "reviews", policies: policies.but("sale", reads).but("buyer", reads) }
}

fn stage(kill: Option<Kill>) -> Stage {
    fastrand::seed(1);
    clock::begin(NOON, [TimeDelta::zero(); MACHINES]);
    let rng = ChaCha8Rng::seed_from_u64(1);
    let mut world = World::new(Chance { rng, odds: Odds::NONE, faults_end: NOON, broken: None }, 200);
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
        self.post(json!({"key": key, "revision": revision, "value": value, "needs": needs}));
    }

    fn post(&self, mut body: serde_json::Value) {
        body["hash"] = format!("{:032x}", body["value"].as_i64().unwrap()).into();
        body["store"] = "default".into();
        let trace = json!({"AWSTraceHeader": {"DataType": "String", "StringValue": PRODUCERS_TRACE}});
        let entry = json!({"Id": "0", "MessageBody": body.to_string(), "MessageSystemAttributes": trace});
        let request = json!({"QueueUrl": QUEUE, "Entries": [entry]});
        let World { chance, queues, .. } = &mut *self.sim.lock();
        queues.send(chance, &request).unwrap();
    }

    fn shows(&self, key: &str, value: i64) -> bool {
        let mut there = self.there.lock().unwrap();
        there.looks += 1;
        there.of(key).last() == Some(&value)
    }

    /// The flow: it does what it is told to, or reads what is there first.
    async fn call(&self, worker: &Worker, message: &Message<Payload>, claim: &Claim<'_>) -> Result<(), Undelivered> {
        let key = claim.delivery.key.as_str();
        let Payload { value, needs, buyer, cancelled } = &message.payload;
        let is_there =
            claim.applied.is_some() || (claim.read_back_first && !self.there.lock().unwrap().of(key).is_empty());
        if *cancelled && !is_there {
            return Err(Undelivered::Skipped("cancelled".to_owned()));
        }
        if let Some(value) = buyer {
            let (key, hash) = (self::key("buyer"), format!("{value:032x}"));
            let buyer = json!({"key": key, "revision": 0, "hash": hash, "store": "default"});
            let buyer: Delivery = serde_json::from_value(buyer).unwrap();
            let (seen, call) =
                (async || Ok(self.shows(&key, *value)), async |claim: &Claim<'_>| self.write(claim, *value).await);
            worker.within(claim, &buyer, seen, call).await?;
        }
        if claim.is_unchanged() {
            return Ok(());
        }
        if self.there.lock().unwrap().skips {
            return Err(Undelivered::Skipped("no_email".to_owned()));
        }
        if let Some(needs) = needs
            && self.there.lock().unwrap().of(needs).is_empty()
        {
            return Err(Undelivered::Waits(DeliveryKey::try_from(needs.clone()).unwrap()));
        }
        self.write(claim, *value).await
    }

    async fn write(&self, claim: &Claim<'_>, value: i64) -> Result<(), Undelivered> {
        let key = claim.delivery.key.as_str();
        let kind = claim.delivery.key.kind();
        claim.turn().await?;
        if claim.read_back_first {
            let mut there = self.there.lock().unwrap();
            there.read_back += 1;
            let upserts = matches!(kind, Some("sale" | "buyer"));
            if there.of(key).last().is_some_and(|last| !upserts || *last == value) {
                return Ok(());
            }
        }
        if kind == Some("buyer") && self.there.lock().unwrap().parks {
            let (class, error) = (ErrorClass::BadRecord, "a person has to look".to_owned());
            return Err(Undelivered::Parked { class, reason: "duplicate_order_id", error });
        }
        sleep(Duration::from_millis(300)).await;
        let mut there = self.there.lock().unwrap();
        if there.vanishing > 0 {
            there.vanishing -= 1;
            return Err(Undelivered::Failed { class: ErrorClass::Uncertain, may_land: true, floor: None });
        }
        there.effects.push((key.to_owned(), value));
        if there.halves {
            claim.forget_applied();
            let (class, error) = (ErrorClass::BadRecord, "the rest is locked".to_owned());
            return Err(Undelivered::Parked { class, reason: "lines_locked", error });
        }
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
            looks: None,
            max_receives: 200,
            random: fastrand::f64,
        }
    }

    async fn work(&self, hours: i64) {
        self.work_for(TimeDelta::hours(hours)).await;
    }

    /// Polls the queue for so long, and handles one message at a time.
    async fn work_for(&self, time: TimeDelta) {
        let handle = async |worker: &Worker, event, deadline, metrics| {
            let call = async |message: &Message<Payload>, claim: &Claim<'_>| self.call(worker, message, claim).await;
            let hooks = Hooks {
                skip: |message: &Message<Payload>| message.payload.cancelled.then(|| "cancelled".to_owned()),
                read_back: async |message: &Message<Payload>, _: Reading| {
                    Ok(self.shows(message.delivery.key.as_str(), message.payload.value))
                },
                reread: async |_: &Message<Payload>, _: Reading| Ok(None),
            };
            worker.consume_with(event, deadline, metrics, 10, &hooks, call).await
        };
        self.poll(time, handle).await;
    }

    /// Polls the queue for so long, one process after another if they are killed.
    async fn poll(
        &self,
        time: TimeDelta,
        handle: impl AsyncFn(&Worker, queue::Event, DateTime<Utc>, Metrics) -> Consumed,
    ) {
        let end = clock::now() + time;
        let mut warm: Option<(Caller, Worker)> = None;
        while clock::now() < end {
            let records = {
                let World { chance, queues, .. } = &mut *self.sim.lock();
                queues.receive(chance, 10).records
            };
            if records.is_empty() {
                sleep(Duration::from_secs(20)).await;
                continue;
            }
            let (caller, worker) = warm.take().unwrap_or_else(|| {
                let caller = self.sim.lock().born(WORKER, MACHINE);
                (caller, self.worker(caller))
            });
            let ids: Vec<String> = records.iter().map(|it| it["messageId"].as_str().unwrap().to_owned()).collect();
            let event = serde_json::from_value(json!({"Records": records})).unwrap();
            let (deadline, metrics) = (clock::now() + INVOCATION, Metrics::new("reviews", "test", "r"));
            let work = Box::pin(handle(&worker, event, deadline, metrics));
            let answer = select! {
                biased;
                () = self.sim.killed(MACHINE) => continue,
                answer = work => answer.unwrap().0,
            };
            let back: Vec<&str> = answer.batch_item_failures.iter().map(|it| it.item_identifier.as_str()).collect();
            for id in ids.iter().filter(|id| !back.contains(&id.as_str())) {
                let World { chance, queues, .. } = &mut *self.sim.lock();
                queues.delete(chance, id);
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
    stage.work_for(TimeDelta::seconds(15)).await;
    assert_eq!((stage.state(&refund).as_str(), stage.there.lock().unwrap().of(&refund)), ("uncertain", vec![7]));
    // Nobody may call for a quarter of an hour; reading is enough.
    stage.work_for(TimeDelta::minutes(2)).await;
    let there = stage.there.lock().unwrap();
    assert_eq!((there.of(&refund), there.looks, there.read_back), (vec![7], 1, 0));
    drop(there);
    assert_eq!((stage.state(&refund).as_str(), stage.letters()), ("confirmed", vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_never_lands_is_made_again_when_it_cannot_land_any_more() {
    let (stage, refund) = (stage(None), key("refund"));
    stage.there.lock().unwrap().vanishing = 1;
    stage.send(&refund, 1, 7, None);
    stage.work_for(TimeDelta::minutes(14)).await;
    assert_eq!((stage.state(&refund).as_str(), stage.there.lock().unwrap().effects.len()), ("uncertain", 0));
    let looks = stage.there.lock().unwrap().looks;
    assert!((3..=6).contains(&looks), "{looks}: each after as long again");
    stage.work_for(TimeDelta::minutes(3)).await;
    let there = stage.there.lock().unwrap();
    assert_eq!((there.of(&refund), there.read_back), (vec![7], 1));
    drop(there);
    assert_eq!((stage.state(&refund).as_str(), stage.letters()), ("accepted", vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_version_that_asks_for_what_is_there_is_not_called_unless_a_call_since_was_not_answered() {
    let (stage, sale) = (stage(None), key("sale"));
    let revision = |stage: &Stage| stage.sim.lock().table.number(&sale, "revision");
    for (at, value, there) in [(1, 10, vec![10]), (2, 10, vec![10]), (3, 20, vec![10, 20]), (4, 20, vec![10, 20])] {
        stage.send(&sale, at, value, None);
        stage.work_for(TimeDelta::minutes(1)).await;
        assert_eq!(stage.there.lock().unwrap().of(&sale), there);
        assert_eq!((stage.state(&sale).as_str(), revision(&stage)), ("accepted", Some(at)));
    }
    stage.there.lock().unwrap().losing = 1;
    stage.send(&sale, 5, 30, None);
    stage.work_for(TimeDelta::seconds(10)).await;
    stage.send(&sale, 6, 20, None);
    stage.work_for(TimeDelta::seconds(15)).await;
    assert_eq!(stage.state(&sale), "uncertain");
    stage.work(1).await;
    assert_eq!(stage.there.lock().unwrap().of(&sale), [10, 20, 30, 20]);
    assert_eq!((revision(&stage), stage.letters()), (Some(6), vec![]));
    // So long as nobody knows whether it was called, nor is it skipped.
    assert!(stage.sim.lock().queues.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_due_is_skipped_without_a_claim_but_not_once_it_was_sent() {
    let (stage, sale) = (stage(None), key("sale"));
    let cancelled = |revision: i64| {
        stage.post(json!({"key": sale, "revision": revision, "value": 90 + revision, "cancelled": true}));
    };
    cancelled(1);
    stage.work_for(TimeDelta::minutes(1)).await;
    assert_eq!((stage.state(&sale).as_str(), stage.sim.lock().table.number(&sale, "attempts")), ("skipped", None));
    stage.send(&sale, 2, 10, None);
    stage.work_for(TimeDelta::minutes(1)).await;
    cancelled(3);
    stage.work_for(TimeDelta::minutes(1)).await;
    assert_eq!(stage.there.lock().unwrap().of(&sale), [10, 93], "it stays due");
    assert_eq!(stage.state(&sale), "accepted");
    // An older one comes late.
    cancelled(1);
    stage.work_for(TimeDelta::minutes(1)).await;
    assert_eq!((stage.state(&sale).as_str(), stage.letters()), ("accepted", vec![]));
    assert!(stage.sim.lock().queues.is_empty());
}

#[tokio::test(start_paused = true)]
async fn of_two_effects_at_one_revision_the_later_trigger_stays() {
    let (stage, sale) = (stage(None), key("sale"));
    for (trigger, value) in [(5, 10), (7, 30), (6, 20)] {
        stage.post(json!({"key": sale, "revision": 1, "value": value, "triggered_at": trigger}));
        stage.work_for(TimeDelta::minutes(2)).await;
    }
    assert_eq!(stage.there.lock().unwrap().of(&sale), [10, 30]);
    // This one does not say when it was triggered.
    stage.send(&sale, 1, 40, None);
    stage.work_for(TimeDelta::minutes(2)).await;
    assert_eq!(stage.there.lock().unwrap().of(&sale), [10, 30]);
    assert_eq!((stage.state(&sale).as_str(), stage.letters()), ("parked", vec!["conflict".to_owned()]));
}

impl Stage {
    fn order(&self, id: u32, buyer: i64) {
        self.post(json!({"key": format!("reviews/default/order/{id}"), "revision": 1, "value": id, "buyer": buyer}));
    }

    fn ledger(&self) -> Ledger {
        let caller = self.sim.lock().born(WORKER, MACHINE);
        Ledger::new(&sdk_config(&self.sim, caller, 1), TABLE, flow(), clock::now)
    }

    fn delivery(key: &str, revision: i64) -> Delivery {
        let delivery = json!({"key": key, "revision": revision, "hash": "h", "store": "default"});
        serde_json::from_value(delivery).unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_delivery_needs_is_there_first_and_only_once() {
    let (stage, buyer, order) = (stage(None), key("buyer"), key("order"));
    stage.order(1, 9);
    stage.order(2, 9);
    stage.work_for(TimeDelta::minutes(1)).await;
    let there = stage.there.lock().unwrap().effects.clone();
    assert_eq!(there[0], (buyer.clone(), 9));
    assert_eq!((there.len(), stage.state(&order).as_str()), (3, "accepted"));
    // It has changed since, and is not written back.
    stage.send(&buyer, 5, 10, None);
    stage.work_for(TimeDelta::minutes(1)).await;
    stage.order(3, 9);
    stage.work_for(TimeDelta::minutes(1)).await;
    assert_eq!(stage.there.lock().unwrap().of(&buyer), [9, 10]);
    assert_eq!(stage.state("reviews/default/order/3"), "accepted");
    assert!(stage.sim.lock().queues.is_empty() && stage.letters().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_within_a_delivery_costs_a_minute_and_a_skip_holds_nothing_up() {
    let (stage, buyer, order) = (stage(None), key("buyer"), key("order"));
    // It was not to be sent for itself.
    let settled = Settled::Skipped("no_email".to_owned());
    stage.ledger().put(&Event::Settle { delivery: Stage::delivery(&buyer, 3), settled }).await.unwrap();
    stage.there.lock().unwrap().losing = 1;
    stage.order(1, 9);
    stage.work_for(TimeDelta::seconds(90)).await;
    assert_eq!(stage.there.lock().unwrap().effects, [(buyer.clone(), 9), (order.clone(), 1)]);
    assert_eq!((stage.state(&buyer).as_str(), stage.state(&order).as_str()), ("confirmed", "accepted"));
}

#[tokio::test(start_paused = true)]
async fn what_is_parked_within_a_delivery_is_parked_and_released_with_it() {
    let (stage, buyer, order) = (stage(None), key("buyer"), key("order"));
    stage.there.lock().unwrap().parks = true;
    stage.order(1, 9);
    stage.order(2, 9);
    stage.work_for(TimeDelta::minutes(3)).await;
    assert_eq!((stage.state(&buyer).as_str(), stage.state(&order).as_str()), ("parked", "parked"));
    let reasons = ["reviews/default/order/1", "reviews/default/order/2"]
        .map(|key| stage.sim.lock().table.text(key, "reason").unwrap().to_owned());
    assert!(
        reasons.contains(&"duplicate_order_id".to_owned()) && reasons.contains(&"waits_for".to_owned()),
        "{reasons:?}"
    );
    assert_eq!(stage.letters().len(), 2);
    assert!(stage.there.lock().unwrap().effects.is_empty() && stage.sim.lock().queues.is_empty());
    // The first of them is released.
    stage.there.lock().unwrap().parks = false;
    let first = if reasons[0] == "waits_for" { 2 } else { 1 };
    let delivery = Delivery {
        key: DeliveryKey::try_from(format!("reviews/default/order/{first}")).unwrap(),
        revision: Revision(1),
        hash: ledger::EffectHash::stored(format!("{first:032x}")),
        ..Stage::delivery(&order, 1)
    };
    let reopen = Event::Reopen { delivery, repair: Repair::Redrive, limit: 5 };
    assert_eq!(stage.ledger().put(&reopen).await.unwrap(), ledger::Verdict::Recorded);
    stage.order(first, 9);
    // Who parked it may have called.
    stage.work_for(TimeDelta::minutes(20)).await;
    assert_eq!(stage.there.lock().unwrap().effects.len(), 2);
    assert_eq!(stage.state(&buyer), "accepted");
}

/// A worker that dies at any effect of a delivery inside a delivery loses neither, and doubles neither.
#[test]
fn a_kill_at_every_effect_within_a_delivery_leaves_one_effect_each() {
    let run = |kill: Option<Kill>| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(tokio::task::LocalSet::new().run_until(async {
            let stage = stage(kill);
            stage.there.lock().unwrap().losing = 1;
            stage.order(1, 9);
            stage.order(2, 9);
            stage.work(2).await;
            stage.post(json!({"key": key("sale"), "revision": 1, "value": 5, "buyer": 9}));
            stage.work(2).await;
            stage.post(json!({"key": key("sale"), "revision": 2, "value": 5, "buyer": 9}));
            stage.work(4).await;
            let mut there = stage.there.lock().unwrap().effects.clone();
            assert_eq!(there[0], (key("buyer"), 9), "{kill:?}");
            there.sort();
            let all = [("buyer/1", 9), ("order/1", 1), ("order/2", 2), ("sale/1", 5)];
            assert_eq!(there, all.map(|(key, value)| (format!("reviews/default/{key}"), value)), "{kill:?}");
            assert_eq!((stage.letters().len(), stage.sim.lock().queues.is_empty()), (0, true), "{kill:?}");
            let world = stage.sim.lock();
            (world.effects.clone(), world.kill_struck)
        }))
    };
    let (effects, _) = run(None);
    let of_worker: BTreeMap<Effect, u64> = effects.into_iter().collect();
    assert!(of_worker.len() >= 3, "{of_worker:?}");
    for (effect, times) in of_worker {
        for occurrence in 1..=times.min(10) {
            for moment in Moment::ALL {
                let kill = Kill { effect, moment, occurrence };
                assert!(run(Some(kill)).1, "{kill:?} did not strike");
            }
        }
    }
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
        let caller = stage.sim.lock().born(WORKER, MACHINE);
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

/// What the destination has then is neither what it had nor what was asked for: going back is a change.
#[tokio::test(start_paused = true)]
async fn after_a_part_of_a_version_the_one_before_is_sent_again() {
    let (stage, key) = (stage(None), key("sale"));
    for (revision, value, halves) in [(1, 1, false), (2, 2, true), (3, 1, false)] {
        stage.there.lock().unwrap().halves = halves;
        stage.send(&key, revision, value, None);
        stage.work(1).await;
    }
    assert_eq!(stage.there.lock().unwrap().of(&key), [1, 2, 1]);
    let letters = stage.sim.lock().queues.letters.clone();
    let said: Vec<_> = letters.iter().map(|letter| (letter.class.as_deref(), letter.reason.as_deref())).collect();
    assert_eq!(said, [(Some("bad_record"), Some("lines_locked"))]);
}
