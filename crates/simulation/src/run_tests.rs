//! One consumer's messages over hours, without a producer.

use super::*;
use crate::{
    QUEUE, STACK,
    chance::Chance,
    fault::Odds,
    functions::{PRODUCERS_TRACE, REVIEWS_CONSUMER, REVIEWS_PRODUCER},
    stage::{ACCOUNT, config},
    vendors,
};
use ::config::Relay;
use ::queue::{Taken, TraceHeader};
use delivery::{
    Marked, Publisher,
    letter::{Letter, Plan, Rules},
};
use ledger::{Policy, Repeat};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use reviews::{fields::Fields, produce::Producer, publish::Sender, select::Pass};
use sandbox::{Fault, InProcess, Rule, yotpo};
use std::{sync::Arc, time::Duration};

const NOON: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn key(n: usize) -> String {
    format!("reviews/801RO{n:013}")
}

/// A message of so many bytes at least.
fn message(n: usize, bytes: usize) -> String {
    let message = |description: &str| {
        let product = json!({"name": "Shirt", "description": description});
        json!({
            "key": key(n), "revision": 7, "hash": "h", "store": "default", "day": "1970-01-01",
            "purchase": {
                "email": "jane@example.com", "customer_name": "Jane", "order_id": n.to_string(),
                "order_date": "1970-01-01", "platform": "general", "products": {"4711": product},
            },
        })
        .to_string()
    };
    let rest = bytes.saturating_sub(message("").len());
    message(&"x".repeat(rest))
}

/// A night's consumers, with these messages in their queue.
fn consumers(max_receives: u32, change: impl FnOnce(&mut Relay), bodies: &[String]) -> (Lambda, LocalSet) {
    fastrand::seed(1);
    clock::begin(NOON, [TimeDelta::zero(); MACHINES]);
    let scenario = Scenario { max_receives, ..Scenario::calm(1) };
    let vendors = InProcess::new(1, vendors::URL, clock::now);
    let rng = ChaCha8Rng::seed_from_u64(1);
    let mut world = World::new(Chance { rng, odds: Odds::NONE, faults_end: NOON, broken: None }, max_receives);
    world.secrets.insert(format!("{STACK}/yotpo"), vendors.yotpo.secret(&[("default", ACCOUNT)]));
    for body in bodies {
        let trace = json!({"AWSTraceHeader": {"DataType": "String", "StringValue": PRODUCERS_TRACE}});
        let entry = json!({"Id": "0", "MessageBody": body, "MessageSystemAttributes": trace});
        let World { chance, queues, .. } = &mut world;
        let sent = queues.send(chance, &json!({"QueueUrl": QUEUE, "Entries": [entry]})).unwrap();
        assert_eq!(sent.0["Failed"], json!([]));
    }
    let mut problems = Vec::new();
    let mut config = Relay::clone(&config(&scenario, &mut problems));
    change(&mut config);
    let (sim, config, scenario) = (Sim::new(world, vendors), Arc::new(config), Arc::new(scenario));
    let lambda = Lambda { sim, config, scenario, logs: Logs::default() };
    let tasks = LocalSet::new();
    tasks.spawn_local(consume(lambda.clone(), 0));
    (lambda, tasks)
}

impl Lambda {
    /// How often the consumer did that.
    fn times(&self, operation: &str, about: &str) -> u64 {
        self.sim.lock().effects.get(&REVIEWS_CONSUMER.effect(operation, about)).copied().unwrap_or_default()
    }

    fn posts(&self) -> u64 {
        self.times(yotpo::CREATE.name(), "")
    }

    fn invocations(&self) -> u64 {
        self.sim.lock().bill.of(REVIEWS_CONSUMER).invocations
    }

    fn letters(&self) -> Vec<String> {
        let world = self.sim.lock();
        assert_eq!(world.problems, Vec::<String>::new());
        world.queues.letters.iter().map(|letter| letter.class.clone().unwrap_or_else(|| "none".into())).collect()
    }
}

async fn wait(tasks: &LocalSet, time: Duration) {
    tasks.run_until(tokio::time::sleep(time)).await;
}

/// The longest that we send, and one of a version that left its letter no room.
#[tokio::test(start_paused = true)]
async fn a_body_just_under_the_limit_that_yotpo_refuses_is_a_dead_letter_after_one_attempt() {
    for (bytes, class) in [(::queue::BODY_BYTES, "bad_record"), (1_048_556, "none")] {
        let (lambda, tasks) = consumers(200, |_| (), &[message(1, bytes)]);
        lambda.sim.vendors().add_fault(Rule::always(yotpo::CREATE, Fault::status(400)));
        wait(&tasks, Duration::from_mins(1)).await;
        assert_eq!((lambda.letters(), lambda.posts()), (vec![class.to_owned()], 1));
    }
}

#[tokio::test(start_paused = true)]
async fn who_asks_to_be_left_alone_for_a_day_is_asked_twice_a_day_at_most() {
    let (lambda, tasks) = consumers(200, |_| (), &[message(1, 0)]);
    let limited = Fault::Status { code: 429, moment: sandbox::Moment::Before, retry_after: Some(86_400), reset: None };
    lambda.sim.vendors().add_fault(Rule::always(yotpo::CREATE, limited));
    wait(&tasks, Duration::from_hours(24)).await;
    let (invocations, posts) = (lambda.invocations(), lambda.posts());
    assert!((2..=3).contains(&invocations) && posts <= 2, "{invocations} invocations, {posts} posts");
}

#[tokio::test(start_paused = true)]
async fn an_account_that_refuses_our_keys_is_hardly_asked_and_the_secret_is_read_once_an_invocation() {
    let messages: Vec<String> = (0..30).map(|n| message(n, 0)).collect();
    let (lambda, tasks) = consumers(200, |_| (), &messages);
    let secret = format!("{STACK}/yotpo");
    let good = lambda.sim.lock().secrets[&secret].clone();
    let mut bad = good.clone();
    bad["stores"]["default"]["secret_key"] = json!("another");
    lambda.sim.lock().secrets.insert(secret.clone(), bad);
    wait(&tasks, Duration::from_hours(2)).await;
    // A cold start, and the first batch, whose deliveries find out together.
    let invocations = lambda.invocations();
    let (secrets, tokens) = (lambda.times("GetSecretValue", "yotpo"), lambda.times(yotpo::TOKEN.name(), ""));
    let (claims, posts) = (lambda.times("UpdateItem", "reviews claimed"), lambda.posts());
    assert!(invocations > 20, "{invocations} invocations");
    let bounds = [(secrets, 1 + invocations), (tokens, 10 + 2 * invocations), (claims, 10 + invocations)];
    assert!(bounds.iter().all(|(times, most)| times <= most) && posts == 0, "{invocations}: {bounds:?}, {posts} posts");
    // The keys are put right, and a warm function finds out by itself.
    lambda.sim.lock().secrets.insert(secret, good);
    wait(&tasks, Duration::from_hours(1)).await;
    assert_eq!((lambda.letters(), lambda.sim.vendors().yotpo.arrivals().len()), (vec![], 30));
}

#[tokio::test(start_paused = true)]
async fn a_pace_that_runs_out_on_the_last_receive_gives_no_order_up() {
    let messages: Vec<String> = (0..12).map(|n| message(n, 0)).collect();
    // A call every eighty seconds, and invocations of sixty.
    let (lambda, tasks) = consumers(3, |config| config.pace.yotpo_reviews = 0.05, &messages);
    wait(&tasks, Duration::from_hours(12)).await;
    assert_eq!((lambda.letters(), lambda.sim.vendors().yotpo.arrivals().len()), (vec![], 12));
}

/// Product ids alone are more than a message holds: there is nothing to shorten.
#[tokio::test(start_paused = true)]
async fn an_order_that_no_message_holds_is_rejected_with_a_copy_that_brings_it_back() {
    let (lambda, tasks) = consumers(200, |_| (), &[]);
    let secret = lambda.sim.vendors().salesforce.secret();
    lambda.sim.lock().secrets.insert(format!("{STACK}/salesforce"), secret);
    let (_, environment, http) = lambda.born(REVIEWS_PRODUCER, 1);
    let line = |n: usize| {
        let product = json!({"ProductCode": format!("{n:0>250}"), "Name": "Shirt", "StockKeepingUnit": null});
        json!({"Id": "802RO000000AbcDYAS", "UnitPrice": 1, "Product2": product})
    };
    let row = |id: &str, lines: usize| {
        let lines: Vec<_> = (0..lines).map(line).collect();
        let row = json!({
            "Id": id, "OrderNumber": id, "ActivatedDate": "1969-12-31T10:00:00Z", "SystemModstamp": "1969-12-31T10:00:00Z",
            "BillToContact": {"Email": "jane@example.com", "Name": "Jane"}, "Account": null, "Store__c": "default",
            "Is_Test__c": false, "OrderItems": {"totalSize": lines.len(), "done": true, "records": lines},
        });
        serde_json::from_value(row).unwrap()
    };
    let rows = [row("801RO000000AbcDYAS", 5_000), row("801RO000000AbcEYAS", 1)];
    let mut report = delivery::report::Report::default();
    let published = async {
        let producer = Producer::of(environment, http).await.unwrap();
        let fields = Fields::find(&producer.salesforce.schema(), &lambda.config).await.unwrap();
        let trace = TraceHeader::parse(PRODUCERS_TRACE);
        let publisher = Publisher {
            ledger: &producer.ledger,
            queue: &producer.queue,
            dead_letters: &producer.dead_letters,
            batch_size: lambda.config.reviews.batch_size,
            trace,
            until: NOON + TimeDelta::minutes(15),
            marked: Marked::default(),
        };
        let orders = Sender { config: &lambda.config, fields: &fields, salesforce: &producer.salesforce, publisher };
        let pass = Pass::of_day("1969-12-31".parse().unwrap(), None, &lambda.config, NOON + EVERY).unwrap();
        orders.page(&pass, &rows, &mut report).await
    };
    Box::pin(tasks.run_until(published)).await.unwrap();
    wait(&tasks, Duration::from_mins(1)).await;
    let counts = report.of(&"default".to_owned().try_into().unwrap(), "1969-12-31".parse().unwrap()).clone();
    assert_eq!((counts.fetched, counts.enqueued), (2, 1));
    assert_eq!(counts.rejected, BTreeMap::from([("bad_record: MessageTooLong".to_owned(), 1)]));
    assert_eq!((lambda.letters(), lambda.sim.vendors().yotpo.arrivals().len()), (vec!["bad_record".to_owned()], 1));
    let key = "reviews/801RO000000AbcDYAS";
    assert_eq!(lambda.sim.lock().table.text(key, "state"), Some("rejected"));
    let letter = Letter::of(
        Taken {
            id: "1".to_owned(),
            receipt_handle: "1".to_owned(),
            body: lambda.sim.lock().queues.letters[0].body.clone(),
            attributes: BTreeMap::new(),
            sent_at: Some(NOON),
            receives: 1,
            trace: None,
            taken_at: tokio::time::Instant::now(),
        },
        reviews::FLOW,
    );
    assert_eq!(letter.delivery().unwrap().key.as_str(), key);
    let rules = Rules { now: (NOON + TimeDelta::hours(1)).into(), older_than: Duration::ZERO, limit: 5 };
    let (repeat, settle, clock_skew) = (Repeat::Harmless, Duration::ZERO, Duration::ZERO);
    let policy = Policy { repeat, supersedes: false, settle, clock_skew };
    assert_eq!(letter.plan(None, &rules, &policy), Plan::Anew);
}

/// What would have no end has one.
#[test]
fn a_run_of_too_many_calls_is_stopped_and_says_so() {
    let report = run(&Scenario { most_calls: 100, ..Scenario::calm(1) });
    assert_eq!(report.problems, ["100 calls were made, and there is no end in sight"]);
    assert_eq!(report.effects.values().sum::<u64>(), 100);
    assert!(report.trace.contains(yotpo::CREATE.name()), "it does not show what happened");
}
