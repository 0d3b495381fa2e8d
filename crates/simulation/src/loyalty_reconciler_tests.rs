//! The loyalty flow's reconciler as it is shipped, with producer and consumers, in the simulated AWS: what was lost is sent, a day is
//! proven though Yotpo shows no orders, and what the org says wrongly of a customer is mended.

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
use reconciliation::{Balances, Certificate};
use sandbox::{InProcess, loyalty as yotpo, salesforce};
use serde_json::{Value, json};
use std::sync::Arc;
use telemetry::Metrics;
use tokio::task::{JoinHandle, LocalSet, spawn_local};

const GUID: &str = "guid-default";
const MACHINE: usize = CONSUMERS as usize;
const DAY: &str = "2026-11-20";

fn at(hours: i64) -> DateTime<Utc> {
    "2026-11-20T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(hours)
}

/// `loyalty-writeback`, as far as it mends a customer.
const WRITEBACK: Function = Function {
    name: loyalty::WRITEBACK,
    consumes: true,
    batch: 10,
    calls: &[
        (Service::Secrets, "GetSecretValue", &["salesforce", "yotpo"]),
        (Service::Table, "UpdateItem", &["state claimed", "state accepted", "state confirmed"]),
        (Service::Salesforce, salesforce::TOKEN.name(), &[""]),
        (Service::Salesforce, salesforce::QUERY.name(), &[""]),
        (Service::Salesforce, salesforce::UPDATE.name(), &[""]),
        (Service::Loyalty, yotpo::READ.name(), &[""]),
    ],
    ..LOYALTY_RECONCILER
};

struct Town {
    lambda: Lambda,
    pollers: Vec<JoinHandle<()>>,
}

/// Plays with a town, on a clock that stands on the morning of the day.
fn in_town(seed: u64, odds: Odds, broken: Option<BrokenPromise>, play: impl AsyncFnOnce(&Town)) {
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
    fn order(&self, number: u32, hour: i64) -> (String, String) {
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
    fn give_back(&self, order: &str, hour: i64) {
        let returned = json!({"IsReductionOrder": true, "StatusCode": "Activated", "OriginalOrderId": order,
                              "TotalAmount": -10, "SystemModstamp": at(hour).to_rfc3339()});
        self.lambda.sim.vendors().salesforce.put("Order", &returned).unwrap();
    }

    /// The producer's runs, one an hour, up to that hour.
    async fn produce_until(&self, hour: i64) {
        while clock::now() < at(hour) {
            if let Some(process) = producer(&self.lambda, MACHINE).await {
                produce(&self.lambda, &process, Event::Scheduled { at: clock::now() }).await;
            }
            clock::until(clock::now() + TimeDelta::hours(1)).await;
        }
    }

    /// A run of the reconciler by the schedule; its certificate of the day.
    async fn look(&self) -> Option<Certificate> {
        self.look_by(Event::Scheduled { at: clock::now() }).await
    }

    async fn look_by(&self, event: Event) -> Option<Certificate> {
        let (certificates, _) = reconcile(&self.lambda, MACHINE, event).await;
        certificates.into_iter().find(|certificate| certificate.business_day.to_string() == DAY)
    }

    /// Points and what was given back of an order at Yotpo.
    fn sale(&self, order: &str) -> Option<(i64, i64)> {
        let sales = self.lambda.sim.vendors().loyalty.sales();
        let sale = sales.into_iter().find(|sale| sale.order_id == order)?;
        assert_eq!(sale.effects, 1, "{sale:?}");
        Some((sale.points, sale.refunded))
    }

    fn contact(&self, id: &str) -> Value {
        self.lambda.sim.vendors().salesforce.record("Contact", id).unwrap()
    }

    /// How many hints say that the org was seen to differ.
    fn differing(&self) -> usize {
        let world = self.lambda.sim.lock();
        world.queues.hints.iter().filter(|(_, body)| body.contains(r#""differs":true"#)).count()
    }

    /// Hands the hints to the write-back; how many of them say that the org was seen to differ.
    async fn write_back(&self) -> usize {
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
        assert!(answer.0.batch_item_failures.is_empty(), "{:?}", answer.0);
        differing
    }
}

#[test]
fn a_day_with_drops_and_kills_ends_complete() {
    let mut lost = 0;
    for seed in 0..12 {
        let odds = Odds {
            aws: [0.01; 8],
            vendor: [0.01; 10],
            slow: 0.05,
            kill: 0.01,
            duplicate: 0.1,
            entry: 0.03,
            stale: 0.05,
            ..Odds::NONE
        };
        in_town(seed, odds, Some(BrokenPromise::Delivery), async |town| {
            let orders: Vec<(u32, String)> = (0..8).map(|n| (n, town.order(n, 7 + i64::from(n)).0)).collect();
            for (n, order) in &orders {
                if n % 3 == 0 {
                    town.give_back(order, 16);
                }
            }
            town.produce_until(27).await;
            lost += orders.iter().filter(|(_, order)| town.sale(order).is_none()).count();
            let mut certificate = None;
            for hour in 28..60 {
                clock::until(at(hour)).await;
                certificate = town.look().await.or(certificate);
                if certificate.as_ref().is_some_and(|certificate| certificate.complete) && hour > 40 {
                    break;
                }
            }
            let certificate = certificate.unwrap();
            let trace = town.lambda.sim.lock().trace().to_owned();
            assert!(certificate.complete, "{seed}: {certificate:?} {trace}");
            assert_eq!((certificate.source.completed, certificate.ledger.accepted), (8, 8), "{seed}");
            assert_eq!(certificate.destination, None);
            for (n, order) in &orders {
                let expected = if n % 3 == 0 { (40, 1_000) } else { (50, 0) };
                assert_eq!(town.sale(order), Some(expected), "{seed}: {order} {trace}");
            }
        });
    }
    assert!(lost > 0, "nothing was lost that the reconciler had to find");
}

#[test]
fn an_order_that_nobody_sent_is_delivered_with_its_return() {
    in_town(1, Odds::NONE, None, async |town| {
        let (usual, _) = town.order(1, 20);
        town.give_back(&usual, 21);
        town.produce_until(26).await;
        // Its stamp is older than whatever a pass reads again, and it was not there then.
        let (order, _) = town.order(2, 8);
        town.give_back(&order, 9);
        town.produce_until(30).await;
        assert_eq!((town.sale(&usual), town.sale(&order)), (Some((40, 1_000)), None));
        let first = town.look().await.unwrap();
        assert_eq!((first.complete, first.ledger.pending, first.source.completed), (false, 1, 2), "{first:?}");
        clock::until(at(31)).await;
        // While its message waits nothing else counts as lost: the return is found by the next look.
        assert_eq!(town.sale(&order), Some((50, 0)));
        let second = town.look().await.unwrap();
        assert_eq!((second.complete, second.ledger.accepted), (true, 2), "{second:?}");
        clock::until(at(32)).await;
        assert_eq!(town.sale(&order), Some((40, 1_000)));
        let said = serde_json::to_value(&second).unwrap();
        assert_eq!((&said["destination"], &said["balances"]["sampled"]), (&Value::Null, &json!(2)));
    });
}

#[test]
fn a_balance_that_differs_is_reported_and_mended() {
    in_town(1, Odds::NONE, None, async |town| {
        let (_, contact) = town.order(1, 8);
        town.order(2, 9);
        town.produce_until(26).await;
        // Nobody has written anything back yet.
        let by_hand = || Event::Day { day: DAY.parse().unwrap(), store: None, history: false };
        let balances = |certificate: Option<Certificate>| certificate.unwrap().balances;
        assert_eq!(balances(town.look().await), Some(Balances { sampled: 2, differ: 2 }));
        assert_eq!(town.write_back().await, 2);
        assert_eq!(town.contact(&contact)["Yotpo_Points_Balance__c"].as_f64(), Some(50.0));
        clock::until(at(28)).await;
        assert_eq!(balances(town.look_by(by_hand()).await), Some(Balances { sampled: 2, differ: 0 }));
        // Somebody writes over it: what was written back last is what would be written.
        let wrong = json!({"Yotpo_Points_Balance__c": 5000});
        town.lambda.sim.vendors().salesforce.patch("Contact", &contact, &wrong).unwrap();
        clock::until(at(29)).await;
        let certificate = town.look_by(by_hand()).await.unwrap();
        assert_eq!((certificate.balances, certificate.complete), (Some(Balances { sampled: 2, differ: 1 }), true));
        assert_eq!(town.write_back().await, 1);
        assert_eq!(town.contact(&contact)["Yotpo_Points_Balance__c"].as_f64(), Some(50.0));
        clock::until(at(30)).await;
        assert_eq!(balances(town.look_by(by_hand()).await), Some(Balances { sampled: 2, differ: 0 }));
    });
}

/// An order that is worth something else there than it was sent for is found by what its customer has spent.
#[test]
fn a_spend_that_differs_is_reported() {
    in_town(1, Odds::NONE, None, async |town| {
        let (order, contact) = town.order(1, 8);
        town.produce_until(26).await;
        town.look().await.unwrap();
        town.write_back().await;
        let vendors = town.lambda.sim.vendors();
        vendors.loyalty.set(|settings| settings.repeated_order = yotpo::Repeats::Replace);
        vendors.loyalty.program(GUID, |program| program.statuses.clear());
        let body = json!({"customer_email": "c1@example.com", "customer_id": contact, "order_id": order,
                          "total_amount_cents": 4_000, "currency_code": "USD", "status": "paid"});
        let request = http::Request::post(format!("{}/api/v2/orders", vendors::URL))
            .header("x-guid", GUID)
            .header("x-api-key", format!("{GUID}-api-key"))
            .header("content-type", "application/json")
            .body(body.to_string().into())
            .unwrap();
        assert_eq!(vendors.call(request).await.status(), 200);
        let points = vendors.loyalty.standing(GUID, &contact).unwrap().balance;
        vendors.salesforce.patch("Contact", &contact, &json!({"Yotpo_Points_Balance__c": points})).unwrap();
        vendors.salesforce.patch("Contact", &contact, &json!({"Yotpo_Points_Earned__c": points})).unwrap();
        let by_hand = Event::Day { day: DAY.parse().unwrap(), store: None, history: false };
        let certificate = town.look_by(by_hand).await.unwrap();
        assert_eq!((certificate.balances, certificate.complete), (Some(Balances { sampled: 1, differ: 1 }), true));
        assert_eq!(town.differing(), 0, "no reading mends it");
    });
}

/// No event of Yotpo's ever comes, and no hint of the consumer's.
#[test]
fn a_day_of_which_nothing_is_told_is_right_after_the_night() {
    in_town(1, Odds::NONE, None, async |town| {
        let people: Vec<(String, String)> = (0..30).map(|n| town.order(n, 7 + i64::from(n % 12))).collect();
        town.give_back(&people[3].0, 20);
        town.produce_until(26).await;
        town.lambda.sim.lock().queues.hints.clear();
        town.look().await;
        let read =
            || town.lambda.sim.vendors().report().counters.get(&yotpo::READ).map_or(0, |counters| counters.calls);
        let before = read();
        town.write_back().await;
        assert_eq!(read() - before, 30, "each is read once");
        for (n, (_, contact)) in people.iter().enumerate() {
            let points = if n == 3 { 40.0 } else { 50.0 };
            assert_eq!(town.contact(contact)["Yotpo_Points_Balance__c"].as_f64(), Some(points), "{n}");
        }
        // Once a night.
        clock::until(at(29)).await;
        town.look().await;
        assert_eq!(town.lambda.sim.lock().queues.hints.len(), 0);
    });
}
