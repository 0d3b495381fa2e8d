//! The write-back as it is shipped, in the simulated AWS, between Loyalty and Salesforce in the sandbox. What counts is what is in the
//! org, and how few calls brought it there.

use crate::{
    DEAD_LETTERS, Effect, Kill, Moment, QUEUE, STACK, TABLE,
    aws::sdk_config,
    chance::Chance,
    clock::{self, MACHINES},
    fault::Odds,
    functions::{Caller, Function, PRODUCERS_TRACE, REVIEWS_CONSUMER, Service},
    vendors,
    world::{Sim, World},
};
use chrono::{DateTime, TimeDelta, Utc};
use config::{Relay, StoreName};
use function::{Environment, Invoked};
use loyalty::{
    hint::{self, HintMessage, RewardHint},
    refresh::Refresher,
    webhook::Webhook,
};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use sandbox::{InProcess, loyalty as yotpo, salesforce};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use telemetry::Metrics;
use tokio::{select, time::sleep};

const GUID: &str = "guid-default";
const MACHINE: usize = 0;
const INVOCATION: TimeDelta = TimeDelta::seconds(300);

fn noon() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// `loyalty-writeback`, and all that it does.
const WRITEBACK: Function = Function {
    name: loyalty::WRITEBACK,
    flow: loyalty::FLOW,
    timeout: INVOCATION,
    batch: 200,
    calls: &[
        (Service::Secrets, "GetSecretValue", &["salesforce", "yotpo"]),
        (Service::Table, "GetItem", &["pause"]),
        (Service::Table, "UpdateItem", &["state claimed", "state accepted", "state confirmed", "state pending"]),
        (Service::Table, "UpdateItem", &["state parked", "state skipped"]),
        (Service::Table, "UpdateItem", &["reward claimed", "reward accepted", "reward confirmed", "reward pending"]),
        (Service::Table, "UpdateItem", &["reward parked", "reward skipped"]),
        (Service::Queue, "SendMessageBatch", &["dead-letters"]),
        (Service::Queue, "ChangeMessageVisibilityBatch", &["queue"]),
        (Service::Salesforce, salesforce::TOKEN.name(), &[""]),
        (Service::Salesforce, salesforce::QUERY.name(), &[""]),
        (Service::Salesforce, salesforce::UPDATE.name(), &[""]),
        (Service::Salesforce, salesforce::UPSERT.name(), &[""]),
        (Service::Loyalty, yotpo::READ.name(), &[""]),
    ],
    ..REVIEWS_CONSUMER
};

/// `loyalty-webhook`, and all that it does.
const WEBHOOK: Function = Function {
    name: loyalty::WEBHOOK,
    flow: loyalty::FLOW,
    timeout: TimeDelta::seconds(4),
    consumes: false,
    batch: 0,
    calls: &[(Service::Secrets, "GetSecretValue", &["yotpo"]), (Service::Queue, "SendMessageBatch", &["queue"])],
};

struct Stage {
    sim: Sim,
    config: Arc<Relay>,
}

fn stage(kill: Option<Kill>) -> Stage {
    staged(kill, |settings| settings)
}

/// With other settings than those that are shipped.
fn staged(kill: Option<Kill>, change: impl FnOnce(String) -> String) -> Stage {
    fastrand::seed(1);
    clock::begin(noon(), [TimeDelta::zero(); MACHINES]);
    let rng = ChaCha8Rng::seed_from_u64(1);
    let mut world = World::new(Chance { rng, odds: Odds::NONE, faults_end: noon(), broken: None }, 200);
    world.kill = kill;
    let vendors = InProcess::new(1, vendors::URL, clock::now);
    let secret = vendors.loyalty.add_to_secret(json!({}), &[("default", GUID)]);
    world.secrets.insert(format!("{STACK}/yotpo"), secret);
    world.secrets.insert(format!("{STACK}/salesforce"), vendors.salesforce.secret());
    let shipped = include_str!("../../../infra/config/relay.toml").replace("yotpo_loyalty = 4", "yotpo_loyalty = 100");
    let config = Arc::new(Relay::parse(&change(shipped), "relay.toml").unwrap());
    Stage { sim: Sim::new(world, vendors), config }
}

fn store() -> StoreName {
    StoreName::try_from("default".to_owned()).unwrap()
}

impl Stage {
    fn vendors(&self) -> InProcess {
        self.sim.vendors().clone()
    }

    /// Somebody who is in both: the record's id is the customer's.
    fn customer(&self, name: &str) -> String {
        let contact = json!({"LastName": name, "Email": format!("{name}@example.com"), "Account": {"Name": name}});
        let id = self.vendors().salesforce.put("Contact", &contact).unwrap();
        self.vendors().loyalty.enrol(GUID, Some(&id), &format!("{name}@example.com"), Some(true));
        id
    }

    fn post(&self, message: &HintMessage) {
        let trace = json!({"AWSTraceHeader": {"DataType": "String", "StringValue": PRODUCERS_TRACE}});
        let body = serde_json::to_string(message).unwrap();
        let entry = json!({"Id": "0", "MessageBody": body, "MessageSystemAttributes": trace});
        let World { chance, queues, .. } = &mut *self.sim.lock();
        queues.send(chance, &json!({"QueueUrl": QUEUE, "Entries": [entry]})).unwrap();
    }

    fn hint(&self, customer: &str) {
        self.post(&hint::state(&store(), clock::now(), customer).unwrap());
    }

    fn contact(&self, id: &str) -> Value {
        self.vendors().salesforce.record("Contact", id).unwrap()
    }

    /// Every reward that the org has.
    fn rewards(&self) -> Vec<Value> {
        self.vendors().salesforce.records("Yotpo_Reward__c")
    }

    fn environment(&self, caller: Caller) -> Environment {
        Environment {
            config: Arc::clone(&self.config),
            aws: sdk_config(&self.sim, caller, 1),
            stack: STACK.to_owned(),
            table: TABLE.to_owned(),
            queue: QUEUE.to_owned(),
            dead_letters: DEAD_LETTERS.to_owned(),
            now: clock::now,
        }
    }

    async fn refresher(&self, caller: Caller) -> Refresher {
        let environment = self.environment(caller);
        let http = vendors::client(&self.sim, caller, self.config.protocol.call_timeout);
        Box::pin(Refresher::of(environment, http, 1, 200, fastrand::f64)).await.unwrap()
    }

    /// Polls the queue for so long, one process after another if they are killed.
    async fn work(&self, time: TimeDelta) {
        let end = clock::now() + time;
        let mut warm: Option<Refresher> = None;
        while clock::now() < end {
            let records = {
                let World { chance, queues, .. } = &mut *self.sim.lock();
                queues.receive(chance, WRITEBACK.batch).records
            };
            if records.is_empty() {
                sleep(Duration::from_secs(20)).await;
                continue;
            }
            let ids: Vec<String> = records.iter().map(|it| it["messageId"].as_str().unwrap().to_owned()).collect();
            let event = serde_json::from_value(json!({"Records": records})).unwrap();
            let known = warm.take();
            let work = Box::pin(async {
                let refresher = if let Some(known) = known {
                    known
                } else {
                    let caller = self.sim.lock().born(WRITEBACK, MACHINE);
                    self.refresher(caller).await
                };
                let metrics = Metrics::new(loyalty::FLOW, "test", "r");
                let answer = refresher.consume(event, clock::now() + INVOCATION, metrics).await;
                (refresher, answer.unwrap().0)
            });
            let (refresher, answer) = select! {
                biased;
                () = self.sim.killed(MACHINE) => continue,
                done = work => done,
            };
            let back: Vec<&str> = answer.batch_item_failures.iter().map(|it| it.item_identifier.as_str()).collect();
            for id in ids.iter().filter(|id| !back.contains(&id.as_str())) {
                let World { chance, queues, .. } = &mut *self.sim.lock();
                queues.delete(chance, id);
            }
            warm = Some(refresher);
        }
    }

    fn state(&self, customer: &str) -> String {
        let key = format!("loyalty/default/state/{customer}");
        self.sim.lock().table.text(&key, "state").unwrap_or("absent").to_owned()
    }

    fn letters(&self) -> usize {
        let world = self.sim.lock();
        assert_eq!(world.problems, Vec::<String>::new());
        world.queues.letters.len()
    }

    fn calls(&self, endpoint: sandbox::Endpoint) -> u64 {
        self.vendors().report().counters.get(&endpoint).map_or(0, |counters| counters.calls)
    }

    /// What is in the org is what Yotpo has.
    fn agrees(&self, customer: &str) {
        let (contact, standing) = (self.contact(customer), self.vendors().loyalty.standing(GUID, customer).unwrap());
        assert_eq!(
            contact["Yotpo_Points_Balance__c"].as_f64(),
            Some(f64::from(i32::try_from(standing.balance).unwrap()))
        );
        assert_eq!(contact["Yotpo_VIP_Tier__c"].as_str(), standing.tier.as_deref());
        assert_eq!(contact["Yotpo_Customer_Id__c"].as_str(), Some(customer));
        assert_eq!(contact["Yotpo_Opt_In__c"], true);
    }
}

#[tokio::test(start_paused = true)]
async fn many_are_written_by_a_look_up_and_a_collection_for_each_200() {
    let stage = stage(None);
    let people: Vec<String> = (0..400).map(|n| stage.customer(&format!("p{n}"))).collect();
    for (n, id) in people.iter().enumerate() {
        stage.vendors().loyalty.adjust(GUID, id, i64::try_from(n).unwrap() - 50, "Correction");
        stage.hint(id);
    }
    stage.work(TimeDelta::minutes(20)).await;
    for id in &people {
        stage.agrees(id);
        assert_eq!(stage.state(id), "confirmed");
    }
    let calls = [yotpo::READ, salesforce::QUERY, salesforce::UPDATE, salesforce::UPSERT].map(|call| stage.calls(call));
    assert_eq!((calls, stage.letters()), ([400, 2, 2, 0], 0));
    // Touched, and as it was: read again, and not written.
    let before = stage.contact(&people[0]);
    stage.hint(&people[0]);
    stage.work(TimeDelta::minutes(1)).await;
    assert_eq!((stage.calls(yotpo::READ), stage.calls(salesforce::UPDATE)), (401, 2));
    assert_eq!(stage.contact(&people[0]), before, "the time of the reading is no difference");
}

#[tokio::test(start_paused = true)]
async fn many_hints_are_one_reading_and_one_that_is_older_than_a_reading_is_done() {
    let stage = stage(None);
    let id = stage.customer("jane");
    let late = hint::state(&store(), clock::now(), &id).unwrap();
    for _ in 0..10 {
        sleep(Duration::from_millis(10)).await;
        stage.hint(&id);
    }
    stage.work(TimeDelta::minutes(1)).await;
    assert_eq!((stage.calls(yotpo::READ), stage.state(&id).as_str()), (1, "confirmed"));
    stage.post(&late);
    stage.work(TimeDelta::minutes(1)).await;
    assert_eq!(stage.calls(yotpo::READ), 1);
    stage.agrees(&id);
}

#[tokio::test(start_paused = true)]
async fn each_row_ends_by_itself_and_nobody_is_made() {
    let stage = stage(None);
    let salesforce = stage.vendors().salesforce.clone();
    let [good, locked, deleted, refused, stranger] =
        ["good", "locked", "deleted", "refused", "stranger"].map(|name| stage.customer(name));
    let account = stage.contact(&locked)["AccountId"].as_str().unwrap().to_owned();
    salesforce.set(|settings| {
        settings.locked.insert(account.clone());
        settings.refused_rows.insert(refused.clone(), "FIELD_CUSTOM_VALIDATION_EXCEPTION".to_owned());
        // Deleted between the look-up and the writing.
        settings.refused_rows.insert(deleted.clone(), "ENTITY_IS_DELETED".to_owned());
    });
    salesforce.remove("Contact", &stranger).unwrap();
    let people = salesforce.records("Contact").len();
    for id in [&good, &locked, &deleted, &refused, &stranger] {
        stage.hint(id);
    }
    stage.hint("nobody-at-yotpo");
    stage.work(TimeDelta::minutes(2)).await;
    let states = [&good, &deleted, &refused, &stranger].map(|id| stage.state(id));
    assert_eq!(states, ["confirmed", "skipped", "parked", "skipped"]);
    assert_eq!((stage.state(&locked).as_str(), stage.state("nobody-at-yotpo").as_str()), ("pending", "skipped"));
    salesforce.set(|settings| settings.locked.clear());
    stage.work(TimeDelta::minutes(40)).await;
    stage.agrees(&locked);
    assert_eq!((stage.state(&locked).as_str(), stage.letters()), ("confirmed", 1));
    assert_eq!(salesforce.records("Contact").len(), people);
}

fn told(customer: &str, reward: &yotpo::Redemption) -> RewardHint {
    RewardHint {
        customer: customer.to_owned(),
        redemption: reward.id.to_string(),
        code: reward.code.clone(),
        option: Some(reward.option.0.to_string()),
        points: Some(reward.points),
    }
}

#[tokio::test(start_paused = true)]
async fn a_reward_is_found_without_its_event_takes_its_id_and_is_traced_to_its_order() {
    let stage = stage(None);
    let id = stage.customer("jane");
    let loyalty = stage.vendors().loyalty.clone();
    loyalty.adjust(GUID, &id, 2_000, "Welcome");
    let reward = loyalty.redeem(GUID, &id, (149, "$5 off"), 500).unwrap();
    stage.hint(&id);
    stage.work(TimeDelta::seconds(30)).await;
    assert_eq!(stage.rewards().len(), 0, "its event may be under way");
    stage.work(TimeDelta::minutes(3)).await;
    let found = stage.rewards();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["Redemption_Id__c"], format!("default:{id}:{}", reward.code));
    let order = json!({
        "BillToContactId": id, "Status": "Completed", "ActivatedDate": "2026-11-20T10:00:00Z", "Coupon_Code__c": reward.code,
    });
    let order = stage.vendors().salesforce.put("Order", &order).unwrap();
    let message = hint::reward(&store(), told(&id, &reward)).unwrap();
    for _ in 0..2 {
        stage.post(&message);
        stage.work(TimeDelta::minutes(1)).await;
    }
    let rows = stage.rewards();
    assert_eq!((rows.len(), &rows[0]["Redemption_Id__c"]), (1, &json!(reward.id.to_string())));
    assert_eq!((&rows[0]["Redemption_Option_Id__c"], &rows[0]["Points__c"]), (&json!("149"), &json!(500.0)));
    assert_eq!((&rows[0]["Order__c"], &rows[0]["Status__c"]), (&json!(order), &json!("Used")));
    assert_eq!((&rows[0]["Contact__c"], stage.letters()), (&json!(id), 0));
}

#[tokio::test(start_paused = true)]
async fn what_the_history_does_not_show_is_looked_at_again_and_then_waits_for_a_person() {
    let stage = stage(None);
    let id = stage.customer("jane");
    let forged = RewardHint {
        customer: id,
        redemption: "17".to_owned(),
        code: "FORGED".to_owned(),
        option: None,
        points: Some(9_000),
    };
    stage.post(&hint::reward(&store(), forged).unwrap());
    stage.work(TimeDelta::hours(6)).await;
    assert_eq!((stage.rewards().len(), stage.letters()), (0, 1));
    let key = "loyalty/default/reward/17";
    assert_eq!(stage.sim.lock().table.text(key, "reason"), Some("unproven_reward"));
}

/// One customer with points and a reward, told of twice; killed, or not.
async fn killed_at(kill: Option<Kill>) -> (Stage, String) {
    let stage = stage(kill);
    let id = stage.customer("jane");
    let loyalty = stage.vendors().loyalty.clone();
    loyalty.adjust(GUID, &id, 2_000, "Welcome");
    let reward = loyalty.redeem(GUID, &id, (149, "$5 off"), 500).unwrap();
    stage.post(&hint::reward(&store(), told(&id, &reward)).unwrap());
    stage.hint(&id);
    stage.work(TimeDelta::hours(2)).await;
    stage.hint(&id);
    stage.work(TimeDelta::minutes(5)).await;
    (stage, id)
}

#[tokio::test(start_paused = true)]
async fn killed_at_every_effect_it_ends_as_if_nothing_had_happened() {
    let (calm, _) = killed_at(None).await;
    let effects: Vec<(Effect, u64)> = calm.sim.lock().effects.iter().map(|(effect, n)| (*effect, *n)).collect();
    assert!(effects.len() > 8, "{effects:?}");
    for (effect, occurrences) in effects {
        for occurrence in 1..=occurrences {
            for moment in Moment::ALL {
                let (stage, id) = killed_at(Some(Kill { effect, moment, occurrence })).await;
                stage.agrees(&id);
                let rows = stage.rewards();
                assert_eq!((rows.len(), stage.letters()), (1, 0), "{effect:?} {moment:?} {occurrence}");
                assert_eq!(rows[0]["Redemption_Id__c"], "1", "{effect:?} {moment:?} {occurrence}");
            }
        }
    }
}

/// What the webhook answers to a body sent to the address with this token.
async fn told_at(stage: &Stage, webhook: &Webhook, token: Option<&str>, body: &str) -> u16 {
    let mut request = json!({
        "version": "2.0", "routeKey": "POST /{token}", "rawPath": "/x", "rawQueryString": "", "headers": {}, "body": body,
        "isBase64Encoded": false, "requestContext": {"http": {"method": "POST", "path": "/x"}, "timeEpoch": 0},
    });
    if let Some(token) = token {
        request["pathParameters"] = json!({"token": token});
    }
    let trace = queue::TraceHeader::parse(PRODUCERS_TRACE);
    let invoked = Invoked { deadline: clock::now() + WEBHOOK.timeout, trace };
    let mut metrics = Metrics::new(loyalty::FLOW, "test", "r");
    let status = webhook.answer(serde_json::from_value(request).unwrap(), &invoked, &mut metrics).await;
    assert_eq!(stage.sim.lock().problems, Vec::<String>::new());
    status.0
}

#[tokio::test(start_paused = true)]
async fn only_a_token_says_whose_an_event_is_and_nothing_that_it_says_is_believed() {
    let stage = stage(None);
    let id = stage.customer("jane");
    let caller = stage.sim.lock().born(WEBHOOK, MACHINE);
    let webhook = Webhook::of(stage.environment(caller)).await.unwrap();
    let token = stage.vendors().loyalty.webhook_token(GUID);
    let other = stage.vendors().loyalty.webhook_token("guid-of-somebody-else");
    let event =
        json!({"topic": "swell/points/earned", "customer": {"thirty_party_id": id, "points_balance": 1_000_000}})
            .to_string();
    for wrong in [None, Some(""), Some("short"), Some(&token[1..]), Some(other.as_str()), Some(" ")] {
        let status = told_at(&stage, &webhook, wrong, &event).await;
        assert_eq!(status, if wrong.is_none_or(str::is_empty) { 404 } else { 401 });
    }
    let long = format!("{{\"topic\":\"{}\"}}", "x".repeat(1 << 20));
    for useless in ["", "no JSON", "[]", "{}", "{\"customer\":{}}", &long] {
        assert_eq!(told_at(&stage, &webhook, Some(&token), useless).await, 200);
    }
    stage.work(TimeDelta::minutes(1)).await;
    assert_eq!(stage.calls(yotpo::READ), 0);
    assert_eq!(told_at(&stage, &webhook, Some(&token), &event).await, 200);
    stage.work(TimeDelta::minutes(1)).await;
    stage.agrees(&id);
    assert_eq!(stage.contact(&id)["Yotpo_Points_Balance__c"], 0.0, "what the event says is not what is written");
}

#[tokio::test(start_paused = true)]
async fn events_that_come_late_and_twice_end_at_what_yotpo_has() {
    let stage = stage(None);
    let id = stage.customer("jane");
    let loyalty = stage.vendors().loyalty.clone();
    for n in 1..=20 {
        loyalty.adjust(GUID, &id, 100, &format!("Correction {n}"));
        loyalty.redeem(GUID, &id, (149, "$5 off"), 10).unwrap();
    }
    let mischief =
        yotpo::Mischief { seed: 3, double: 0.5, late: 0.5, late_within: Duration::from_mins(30), never: 0.2 };
    let caller = stage.sim.lock().born(WEBHOOK, MACHINE);
    let webhook = Webhook::of(stage.environment(caller)).await.unwrap();
    let token = loyalty.webhook_token(GUID);
    let begun = clock::now();
    for event in loyalty.events(&mischief) {
        let due = begun + TimeDelta::from_std(event.after).unwrap();
        stage.work((due - clock::now()).max(TimeDelta::zero())).await;
        assert_eq!(told_at(&stage, &webhook, Some(&token), &event.body.to_string()).await, 200);
    }
    stage.work(TimeDelta::hours(1)).await;
    stage.agrees(&id);
    let rewards = stage.rewards();
    assert_eq!((rewards.len(), stage.letters()), (20, 0));
    let untold = rewards.iter().filter(|row| row["Redemption_Id__c"].as_str().unwrap().contains(':')).count();
    assert!((1..10).contains(&untold), "{untold} rewards have no event");
}

#[tokio::test(start_paused = true)]
async fn a_coupon_of_the_promotion_is_made_with_each_reward_and_a_reward_waits_for_it() {
    let stage = staged(None, |settings| {
        let (off, on) = ("#coupon_promotion = ", "coupon_promotion = ");
        assert!(settings.contains(off));
        settings.replacen(off, on, 1)
    });
    let (id, salesforce) = (stage.customer("jane"), stage.vendors().salesforce.clone());
    stage.vendors().loyalty.adjust(GUID, &id, 2_000, "Welcome");
    let reward = stage.vendors().loyalty.redeem(GUID, &id, (149, "$5 off"), 500).unwrap();
    stage.hint(&id);
    stage.work(TimeDelta::minutes(1)).await;
    assert_eq!((stage.rewards().len(), stage.state(&id).as_str()), (0, "pending"), "this org has no coupons");
    salesforce.put("Coupon", &json!({"CouponCode": "ANOTHER"})).unwrap();
    stage.work(TimeDelta::hours(1)).await;
    let coupons: Vec<Value> = salesforce.records("Coupon").into_iter().map(|row| row["CouponCode"].clone()).collect();
    assert!(coupons.len() == 2 && coupons.contains(&json!(reward.code)), "{coupons:?}");
    assert_eq!((stage.rewards().len(), stage.state(&id).as_str()), (1, "confirmed"));
}
