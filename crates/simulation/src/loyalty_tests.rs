//! The loyalty flow's producer as it is shipped, in the simulated AWS: what it sends, what it records, and that no run which is cut
//! short loses anything.

use crate::{
    STACK,
    chance::Chance,
    clock::{self, MACHINES},
    effect::{Effect, Kill, Moment},
    fault::Odds,
    lambda::Lambda,
    logs::Logs,
    loyalty_flow::{produce, producer},
    scenario::Scenario,
    vendors,
    world::{Sim, World},
};
use chrono::{DateTime, TimeDelta, Utc};
use config::Relay;
use delivery::report::Answer;
use function::Event;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use sandbox::InProcess;
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};

fn noon() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// An org with three customers' orders: one that is sent, with a return; one of nobody's address, with a return; one that is cancelled.
struct Org {
    lambda: Lambda,
    good: String,
    nameless: String,
    returned: [String; 2],
    cancelled: String,
    jane: String,
}

impl Org {
    fn new() -> Self {
        fastrand::seed(1);
        clock::begin(noon(), [TimeDelta::zero(); MACHINES]);
        let vendors = InProcess::new(1, vendors::URL, clock::now);
        let put = |object: &str, document: Value| vendors.salesforce.put(object, &document).unwrap();
        let order = |number: &str, status: &str, contact: Value| {
            put(
                "Order",
                json!({"OrderNumber": number, "Status": status, "ActivatedDate": "2026-11-23T09:00:00Z", "TotalAmount": 49.99,
                       "SystemModstamp": format!("2026-11-23T10:00:{number}Z"), "BillToContact": contact}),
            )
        };
        let jane = json!({"Email": "jane@example.com", "SystemModstamp": "2026-11-23T08:00:00Z"});
        let good = order("01", "Completed", jane);
        let nameless = order("02", "Completed", json!(null));
        let cancelled =
            order("03", "Cancelled", json!({"Email": "joe@example.com", "SystemModstamp": "2026-11-23T08:00:00Z"}));
        let returned = [&good, &nameless].map(|original| {
            put(
                "Order",
                json!({"IsReductionOrder": true, "StatusCode": "Activated", "OriginalOrderId": original, "TotalAmount": -9.99,
                       "SystemModstamp": "2026-11-23T10:30:00Z"}),
            )
        });
        let jane = vendors.salesforce.record("Order", "01").unwrap()["BillToContactId"].as_str().unwrap().to_owned();
        let chance = Chance { rng: ChaCha8Rng::seed_from_u64(1), odds: Odds::NONE, faults_end: noon(), broken: None };
        let mut world = World::new(chance, 200);
        world.secrets.insert(format!("{STACK}/salesforce"), vendors.salesforce.secret());
        let shipped = include_str!("../../../infra/config/relay.toml");
        let priced = shipped.replacen("\n[stores.default]", "\n[stores.default]\ncurrency = \"USD\"\n", 1);
        let config = Relay::parse(&priced, "relay.toml").unwrap();
        let scenario = Arc::new(Scenario { max_receives: 200, ..Scenario::calm(1) });
        let lambda =
            Lambda { sim: Sim::new(world, vendors), config: Arc::new(config), scenario, logs: Logs::default() };
        Self { lambda, good, nameless, returned, cancelled, jane }
    }

    /// A run on a process of its own.
    async fn run(&self, event: Event) -> Option<Answer> {
        let process = producer(&self.lambda, 0).await?;
        produce(&self.lambda, &process, event).await
    }

    async fn scheduled(&self) -> Answer {
        self.run(Event::Scheduled { at: clock::now() }).await.unwrap()
    }

    /// The keys of the messages that were sent since the last look.
    fn sent(&self) -> BTreeSet<String> {
        let mut world = self.lambda.sim.lock();
        let World { queues, chance, .. } = &mut *world;
        let mut keys = BTreeSet::new();
        while let Some(record) = queues.receive(chance, 1).records.pop() {
            let body: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
            keys.insert(body["key"].as_str().unwrap().to_owned());
            queues.delete(chance, record["receiptHandle"].as_str().unwrap());
        }
        keys
    }

    /// What the ledger says of a delivery.
    fn stands(&self, key: &str) -> Option<String> {
        self.lambda.sim.lock().table.text(key, "state").map(str::to_owned)
    }

    fn problems(&self) -> Vec<String> {
        self.lambda.sim.lock().problems.clone()
    }

    /// What is to be sent of it, once.
    fn expected(&self) -> BTreeSet<String> {
        let joe = self.lambda.sim.vendors().salesforce.record("Order", "03").unwrap()["BillToContactId"].clone();
        let key = |rest: String| format!("loyalty/default/{rest}");
        let refund = |order: &str, refund: &str| key(format!("refund/{order}/{refund}"));
        [
            key(format!("order/{}", self.good)),
            refund(&self.good, &self.returned[0]),
            // Its order is skipped; that is its consumer's to find out.
            refund(&self.nameless, &self.returned[1]),
            refund(&self.cancelled, "cancel"),
            key(format!("customer/{}", self.jane)),
            key(format!("customer/{}", joe.as_str().unwrap())),
        ]
        .into()
    }

    fn skipped(&self) -> String {
        format!("loyalty/default/order/{}", self.nameless)
    }
}

#[tokio::test(start_paused = true)]
async fn what_changed_is_sent_or_recorded_and_a_quiet_run_writes_hardly_anything() {
    let org = Org::new();
    let answer = org.scheduled().await;
    assert!(answer.settled, "{answer:?}");
    assert_eq!((org.sent(), org.stands(&org.skipped()).as_deref()), (org.expected(), Some("skipped")));
    assert_eq!(org.lambda.sim.lock().table.number("cursor/loyalty/default", "settled_until"), Some(1_795_392_000_000));
    // Three quarters of an hour later nothing of it is within the overlap but what shares the newest stamps.
    clock::until(noon() + TimeDelta::minutes(45)).await;
    org.scheduled().await;
    org.sent();
    let writes = |org: &Org| {
        let world = org.lambda.sim.lock();
        let mut of =
            world.effects.iter().filter(|(effect, _)| effect.operation == "UpdateItem" && effect.about == "pass");
        of.next().map_or(0, |(_, times)| *times)
    };
    let before = writes(&org);
    org.scheduled().await;
    assert_eq!(writes(&org), before, "no checkpoint is written where nothing has happened");
    assert_eq!(org.problems(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_sent_over_a_skip_brings_its_returns_along() {
    let org = Org::new();
    org.scheduled().await;
    org.sent();
    // A day later somebody gives it an address; its return is long past the overlap.
    clock::until(noon() + TimeDelta::days(1)).await;
    let newer = json!({"OrderNumber": "77", "Status": "Draft", "IsReductionOrder": true, "StatusCode": "Activated",
                       "OriginalOrderId": org.good, "TotalAmount": -1});
    org.lambda.sim.vendors().salesforce.put("Order", &newer).unwrap();
    org.scheduled().await;
    org.sent();
    let contact = json!({"BillToContact": {"Email": "jim@example.com"}});
    org.lambda.sim.vendors().salesforce.patch("Order", "02", &contact).unwrap();
    org.scheduled().await;
    let refund = format!("loyalty/default/refund/{}/{}", org.nameless, org.returned[1]);
    let sent = org.sent();
    assert!(sent.contains(&org.skipped()) && sent.contains(&refund), "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_day_by_hand_is_that_day_and_none_of_before_the_start() {
    let org = Org::new();
    let day = |day: &str, history| Event::Day { day: day.parse().unwrap(), store: None, history };
    assert!(org.run(day("2026-11-20", false)).await.unwrap().settled);
    assert_eq!(org.sent(), BTreeSet::new());
    assert!(org.run(day("2025-11-20", false)).await.is_none(), "it needs `history`");
    assert!(org.run(day("2025-11-20", true)).await.unwrap().settled);
    clock::until(noon() + TimeDelta::days(1)).await;
    assert!(org.run(day("2026-11-23", false)).await.unwrap().settled);
    let customers = |key: &String| !key.contains("/customer/");
    assert_eq!(org.sent(), org.expected().into_iter().filter(customers).collect());
    assert_eq!(org.problems(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_fitted_no_store_is_sent_once_the_settings_know_it() {
    let mut org = Org::new();
    let routed = |routes: &str| {
        let shipped = include_str!("../../../infra/config/relay.toml");
        let settings = shipped
            .replacen("\n[stores.default]", "\n[stores.default]\ncurrency = \"USD\"\n", 1)
            .replacen("[loyalty.route_by]", "[loyalty.route_by]\nstore = \"Store__c\"", 1)
            .replacen("[loyalty.stores.default]", &format!("[loyalty.stores.default]\nroutes = [{routes}]"), 1);
        Arc::new(Relay::parse(&settings, "relay.toml").unwrap())
    };
    org.lambda.sim.vendors().salesforce.patch("Order", "01", &json!({"Store__c": "EU"})).unwrap();
    org.lambda.config = routed(r#"{ store = "US" }"#);
    org.scheduled().await;
    let good = org.good.clone();
    let key = |store: &str| format!("loyalty/{store}/order/{good}");
    assert_eq!((org.stands(&key("unrouted")).as_deref(), org.stands(&key("default"))), (Some("parked"), None));
    org.sent();
    // A day later nothing of it has changed but the settings.
    clock::until(noon() + TimeDelta::days(1)).await;
    org.scheduled().await;
    assert!(!org.sent().contains(&key("default")));
    org.lambda.config = routed(r#"{ store = "US" }, { store = "EU" }"#);
    org.scheduled().await;
    let sent = org.sent();
    assert!(sent.contains(&key("default")), "{sent:?}");
    assert_eq!(org.stands(&key("unrouted")).as_deref(), Some("rejected"));
    assert_eq!(org.problems(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_order_of_a_day_to_come_is_sent_by_the_first_run_on_that_day() {
    let org = Org::new();
    let order = json!({"OrderNumber": "50", "Status": "Completed", "ActivatedDate": "2026-11-26T09:00:00Z", "TotalAmount": 9.99,
                       "SystemModstamp": "2026-11-23T11:00:00Z", "BillToContact": {"Email": "jim@example.com"}});
    let key = format!("loyalty/default/order/{}", org.lambda.sim.vendors().salesforce.put("Order", &order).unwrap());
    org.scheduled().await;
    assert_eq!((org.stands(&key).as_deref(), org.sent().contains(&key)), (Some("parked"), false));
    // What is newer moves the checkpoint on, so that nobody meets it any more.
    clock::until(noon() + TimeDelta::days(1)).await;
    let newer = json!({"OrderNumber": "77", "Status": "Completed", "ActivatedDate": "2026-11-24T09:00:00Z", "TotalAmount": 1,
                       "BillToContact": {"Email": "joan@example.com"}});
    org.lambda.sim.vendors().salesforce.put("Order", &newer).unwrap();
    org.scheduled().await;
    org.sent();
    clock::until(noon() + TimeDelta::days(2)).await;
    org.scheduled().await;
    assert!(!org.sent().contains(&key));
    clock::until(noon() + TimeDelta::hours(60) + TimeDelta::minutes(1)).await;
    org.scheduled().await;
    assert!(org.sent().contains(&key));
    assert_eq!(org.problems(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_job_that_touches_every_customer_costs_a_query_a_page_and_keeps_no_order_waiting() {
    let org = Org::new();
    org.scheduled().await;
    org.sent();
    clock::until(noon() + TimeDelta::days(1)).await;
    let salesforce = &org.lambda.sim.vendors().salesforce;
    salesforce.set(|settings| settings.page_size = None);
    for n in 0..1_998 {
        let contact =
            json!({"Email": format!("customer-{n:04}@example.com"), "SystemModstamp": clock::now().to_rfc3339()});
        salesforce.put("Contact", &contact).unwrap();
    }
    salesforce.touch_all("Contact", clock::now()).unwrap();
    salesforce.touch("Order", "01", clock::now()).unwrap();
    let done = |org: &Org, operation: &str| -> u64 {
        let world = org.lambda.sim.lock();
        world.effects.iter().filter(|(effect, _)| effect.operation == operation).map(|(_, times)| times).sum()
    };
    let calls = |org: &Org| [done(org, "salesforce.query"), done(org, "UpdateItem")];
    let before = calls(&org);
    assert!(org.scheduled().await.settled);
    let [queries, writes] = calls(&org);
    // Customers, with a look for who shares an address, 200 at a time; orders with their customer and theirs; returns, cancellations.
    assert_eq!(queries - before[0], 1 + 10 + 1 + 2 + 2);
    assert!(writes - before[1] <= 20, "{} writes: checkpoints, and none for a customer", writes - before[1]);
    // The order, and what of the returns nobody has taken yet: within the overlap of the last it is sent again.
    assert_eq!(org.sent().len(), 2_000 + 1 + 3);
    assert_eq!(org.problems(), Vec::<String>::new());
}

/// Before, in and after everything that a run does: the next one makes up for it.
#[tokio::test(start_paused = true)]
async fn a_run_that_is_killed_anywhere_loses_nothing() {
    let org = Org::new();
    org.scheduled().await;
    org.scheduled().await;
    let done: Vec<Effect> = org.lambda.sim.lock().effects.keys().copied().collect();
    let named: Vec<String> = done.iter().map(Effect::to_string).collect();
    for effect in ["SendMessageBatch queue", "UpdateItem pass first", "UpdateItem order skipped", "UpdateItem due"] {
        assert!(named.iter().any(|name| name == effect), "{effect} is not done: {named:?}");
    }
    for effect in done {
        for moment in Moment::ALL {
            let org = Org::new();
            org.lambda.sim.lock().kill = Some(Kill { effect, moment, occurrence: 1 });
            // Some of it only a second run does.
            let mut sent = BTreeSet::new();
            for _ in 0..2 {
                org.run(Event::Scheduled { at: clock::now() }).await;
                sent.extend(org.sent());
            }
            assert!(org.lambda.sim.lock().kill_struck, "{effect}");
            // Whoever was killed holds nothing up: a checkpoint has no lease.
            assert!(org.scheduled().await.settled, "{effect} {moment:?}");
            sent.extend(org.sent());
            assert_eq!(
                (sent, org.stands(&org.skipped()).as_deref()),
                (org.expected(), Some("skipped")),
                "{effect} {moment:?}"
            );
            assert_eq!(org.problems(), Vec::<String>::new(), "{effect} {moment:?}");
        }
    }
}
