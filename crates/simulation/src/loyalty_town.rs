//! A town with the loyalty flow as it is shipped, in the simulated AWS: customers and orders in the org, producer, consumers, write-back
//! and reconciler.

use crate::{
    CONSUMERS, DEAD_LETTERS, Function, HINTS, QUEUE, STACK, TABLE,
    aws::sdk_config,
    chance::Chance,
    clock::{self, MACHINES},
    fault::{BrokenPromise, Odds},
    functions::{LOYALTY_RECONCILER, Service},
    lambda::Lambda,
    logs::Logs,
    loyalty_flow::{self, produce, producer, reconcile},
    scenario::Scenario,
    vendors,
    world::{Sim, World},
};
use chrono::{DateTime, TimeDelta, Utc};
use config::Relay;
use function::{Environment, Event};
use loyalty::refresh::Refresher;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use reconciliation::Certificate;
use sandbox::{InProcess, loyalty as yotpo, salesforce};
use serde_json::{Value, json};
use std::sync::Arc;
use telemetry::Metrics;
use tokio::task::{JoinHandle, LocalSet, spawn_local};

pub(crate) const GUID: &str = "guid-default";
pub(crate) const MACHINE: usize = CONSUMERS as usize;
pub(crate) const DAY: &str = "2026-11-20";

/// Something goes wrong with AWS and the vendors, and processes die.
pub(crate) const TROUBLED: Odds = Odds {
    aws: [0.01; 8],
    vendor: [0.01; 10],
    slow: 0.05,
    kill: 0.01,
    duplicate: 0.1,
    entry: 0.03,
    stale: 0.05,
    ..Odds::NONE
};

pub(crate) fn at(hours: i64) -> DateTime<Utc> {
    "2026-11-20T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(hours)
}

/// `loyalty-writeback`, as far as it mends a customer.
const WRITEBACK: Function = Function {
    name: loyalty::WRITEBACK,
    consumes: true,
    batch: 10,
    calls: &[
        (Service::Secrets, "GetSecretValue", &["salesforce", "yotpo"]),
        (Service::Table, "GetItem", &["pause"]),
        (Service::Table, "UpdateItem", &["state claimed", "state accepted", "state confirmed", "state pending"]),
        (Service::Queue, "ChangeMessageVisibilityBatch", &["hints"]),
        (Service::Salesforce, salesforce::TOKEN.name(), &[""]),
        (Service::Salesforce, salesforce::QUERY.name(), &[""]),
        (Service::Salesforce, salesforce::UPDATE.name(), &[""]),
        (Service::Loyalty, yotpo::READ.name(), &[""]),
    ],
    ..LOYALTY_RECONCILER
};

pub(crate) struct Town {
    pub(crate) lambda: Lambda,
    pollers: Vec<JoinHandle<()>>,
}

/// Plays with a town, on a clock that stands on the morning of the day.
pub(crate) fn in_town(seed: u64, odds: Odds, broken: Option<BrokenPromise>, play: impl AsyncFnOnce(&Town)) {
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let played = async {
        let town = Town::new(seed, odds, broken);
        Box::pin(play(&town)).await;
        town.pollers.iter().for_each(JoinHandle::abort);
        assert_eq!(town.lambda.sim.lock().problems, Vec::<String>::new());
    };
    runtime.block_on(LocalSet::new().run_until(Box::pin(played)));
}

impl Town {
    fn new(seed: u64, odds: Odds, broken: Option<BrokenPromise>) -> Self {
        clock::begin(at(6), [TimeDelta::zero(); MACHINES]);
        let vendors = InProcess::new(seed, vendors::URL, clock::now);
        let chance = Chance { rng: ChaCha8Rng::seed_from_u64(seed), odds, faults_end: at(26), broken };
        let mut world = World::new(chance, 200);
        world.secrets.insert(format!("{STACK}/salesforce"), vendors.salesforce.secret());
        let secret = vendors.loyalty.add_to_secret(json!({"stores": {}}), &[("default", GUID)]);
        world.secrets.insert(format!("{STACK}/yotpo"), secret);
        let shipped = include_str!("../../../infra/config/relay.toml");
        let priced = shipped.replacen("\n[stores.default]", "\n[stores.default]\ncurrency = \"USD\"\n", 1);
        let config = Arc::new(Relay::parse(&priced, "relay.toml").unwrap());
        let scenario = Arc::new(Scenario { max_receives: 200, ..Scenario::calm(seed) });
        let lambda = Lambda { sim: Sim::new(world, vendors), config, scenario, logs: Logs::default() };
        let work = |machine| spawn_local(loyalty_flow::work(lambda.clone(), machine));
        let pollers = (0..CONSUMERS as usize).map(work).collect();
        Self { lambda, pollers }
    }

    /// An order of a customer of its own, completed and last written at that hour; the ids of order and customer.
    pub(crate) fn order(&self, number: u32, hour: i64) -> (String, String) {
        let stamp = at(hour).to_rfc3339();
        let email = format!("c{number}@example.com");
        let buyer = json!({"Email": email, "LastName": "Doe", "SystemModstamp": stamp, "Account": {"Name": "Doe"}});
        let order = json!({"OrderNumber": format!("{number:08}"), "Status": "Completed", "ActivatedDate": stamp,
                           "TotalAmount": 50, "SystemModstamp": stamp, "BillToContact": buyer});
        let id = self.lambda.sim.vendors().salesforce.put("Order", &order).unwrap();
        let row = self.lambda.sim.vendors().salesforce.record("Order", &id).unwrap();
        (id, row["BillToContactId"].as_str().unwrap().to_owned())
    }

    /// A return of ten, written at that hour.
    pub(crate) fn give_back(&self, order: &str, hour: i64) {
        let returned = json!({"IsReductionOrder": true, "StatusCode": "Activated", "OriginalOrderId": order,
                              "TotalAmount": -10, "SystemModstamp": at(hour).to_rfc3339()});
        self.lambda.sim.vendors().salesforce.put("Order", &returned).unwrap();
    }

    /// The producer's runs, one an hour, up to that hour.
    pub(crate) async fn produce_until(&self, hour: i64) {
        while clock::now() < at(hour) {
            if let Some(process) = producer(&self.lambda, MACHINE).await {
                produce(&self.lambda, &process, Event::Scheduled { at: clock::now() }).await;
            }
            clock::until(clock::now() + TimeDelta::hours(1)).await;
        }
    }

    /// A run of the reconciler by the schedule; its certificate of the day.
    pub(crate) async fn look(&self) -> Option<Certificate> {
        self.look_by(Event::Scheduled { at: clock::now() }).await
    }

    pub(crate) async fn look_by(&self, event: Event) -> Option<Certificate> {
        let (certificates, _) = reconcile(&self.lambda, MACHINE, event).await;
        certificates.into_iter().find(|certificate| certificate.business_day.to_string() == DAY)
    }

    /// Points and what was given back of an order at Yotpo.
    pub(crate) fn sale(&self, order: &str) -> Option<(i64, i64)> {
        let sales = self.lambda.sim.vendors().loyalty.sales();
        let sale = sales.into_iter().find(|sale| sale.order_id == order)?;
        assert_eq!(sale.effects, 1, "{sale:?}");
        Some((sale.points, sale.refunded))
    }

    pub(crate) fn contact(&self, id: &str) -> Value {
        self.lambda.sim.vendors().salesforce.record("Contact", id).unwrap()
    }

    /// How many hints say that the org was seen to differ.
    pub(crate) fn differing(&self) -> usize {
        let world = self.lambda.sim.lock();
        world.queues.hints.iter().filter(|(_, body)| body.contains(r#""differs":true"#)).count()
    }

    /// Hands the hints to the write-back, and keeps those that come back; how many of them say that the org was seen to differ.
    pub(crate) async fn write_back(&self) -> usize {
        let differing = self.differing();
        let hints = std::mem::take(&mut self.lambda.sim.lock().queues.hints);
        let caller = self.lambda.sim.lock().born(WRITEBACK, MACHINE);
        let environment = Environment {
            config: Arc::clone(&self.lambda.config),
            aws: sdk_config(&self.lambda.sim, caller, 1),
            stack: STACK.to_owned(),
            table: TABLE.to_owned(),
            queue: HINTS.to_owned(),
            dead_letters: DEAD_LETTERS.to_owned(),
            now: clock::now,
        };
        let http = vendors::client(&self.lambda.sim, caller, self.lambda.config.protocol.call_timeout);
        let refresher = Box::pin(Refresher::of(environment, http, 1, 200, fastrand::f64)).await.unwrap();
        let record = |(n, (_, body)): (usize, &(i64, String))| {
            json!({"messageId": n.to_string(), "receiptHandle": n.to_string(), "body": body, "eventSourceARN": QUEUE,
                   "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {}})
        };
        let records: Vec<Value> = hints.iter().enumerate().map(record).collect();
        let event = serde_json::from_value(json!({"Records": records})).unwrap();
        let metrics = Metrics::new(loyalty::FLOW, "test", "r");
        let answer = refresher.consume(event, clock::now() + TimeDelta::minutes(5), metrics).await.unwrap();
        let left = serde_json::to_value(&answer.0).unwrap();
        let is_left = |n: usize| {
            let failures = left["batchItemFailures"].as_array().unwrap();
            failures.iter().any(|one| one["itemIdentifier"] == n.to_string().as_str())
        };
        let left = hints.into_iter().enumerate().filter(|(n, _)| is_left(*n)).map(|(_, hint)| hint);
        self.lambda.sim.lock().queues.hints.extend(left);
        differing
    }
}
