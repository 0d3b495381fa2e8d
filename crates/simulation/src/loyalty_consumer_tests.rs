//! The loyalty flow's consumer as it is shipped, in the simulated AWS, before a Yotpo that takes refunds later and loses those that do not
//! fit. What counts is what Yotpo holds in the end: each order once, each refund once, each customer at its newest address.

use crate::{
    CONSUMERS, QUEUE, STACK,
    chance::Chance,
    clock::{self, MACHINES},
    effect::{Effect, Kill, Moment},
    fault::Odds,
    functions::PRODUCERS_TRACE,
    lambda::Lambda,
    logs::Logs,
    loyalty_flow,
    scenario::Scenario,
    vendors,
    world::{Sim, World},
};
use chrono::{DateTime, TimeDelta, Utc};
use config::{Currency, Relay, StoreName};
use ledger::{DeliveryKey, Revision};
use loyalty::{
    message::{
        self, ActionAsked, CancellationAsked, CustomerAsked, Gone, Message, OrderAsked, OrderCustomer, ReturnAsked,
    },
    money::MinorAmount,
};
use rand::{RngExt as _, SeedableRng as _, seq::SliceRandom as _};
use rand_chacha::ChaCha8Rng;
use salesforce::Id;
use sandbox::{InProcess, loyalty as yotpo};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::task::{LocalSet, spawn_local};

const GUID: &str = "guid-default";
/// After the last fault: what waits twenty minutes, backs off to thirty, and settles within ten.
const DRAIN: TimeDelta = TimeDelta::hours(4);

fn noon() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn store() -> StoreName {
    StoreName::try_from("default".to_owned()).unwrap()
}

fn id(prefix: &str, n: u32) -> Id {
    Id::parse(&format!("{prefix}RO{n:010}")).unwrap()
}

fn of(currency: &str, units: i64) -> MinorAmount {
    MinorAmount { units, currency: Currency::try_from(currency.to_owned()).unwrap() }
}

fn usd(units: i64) -> MinorAmount {
    of("USD", units)
}

fn who(n: u32, email: &str) -> CustomerAsked {
    CustomerAsked {
        contact: id("003", n),
        customer_id: format!("C{n}"),
        email: email.to_owned(),
        first_name: Some("Jane".to_owned()),
        last_name: None,
        phone: None,
        country: None,
        has_account: None,
        opt_in: None,
        tags: None,
        twins: vec![],
        absorbed: vec![],
        gone: None,
    }
}

fn customer(revision: i64, asked: CustomerAsked) -> Message {
    message::customer(&store(), Revision(revision), asked).unwrap()
}

fn sale(n: u32, amount: MinorAmount, customer: Option<(i64, CustomerAsked)>) -> OrderAsked {
    let email = customer.as_ref().map_or("guest@example.com".to_owned(), |(_, asked)| asked.email.clone());
    OrderAsked {
        order: id("801", n),
        amount,
        completed_at: noon() - TimeDelta::days(1),
        email,
        customer: customer.map(|(revision, asked)| OrderCustomer { revision: Revision(revision), asked }),
        coupon_code: None,
        ip_address: None,
        user_agent: None,
        items: vec![],
    }
}

fn order(revision: i64, asked: OrderAsked) -> Message {
    message::order(&store(), Revision(revision), &"2026-11-19".parse().unwrap(), asked).unwrap()
}

fn returned(n: u32, refund: &str, amount: MinorAmount) -> Message {
    let asked = ReturnAsked { order: id("801", n), refund: refund.to_owned(), amount, imported: None };
    message::a_return(&store(), asked).unwrap()
}

fn cancelled(n: u32, seen_at: i64) -> Message {
    let asked = CancellationAsked { order: id("801", n), seen_at: Revision(seen_at), imported: None };
    message::cancellation(&store(), asked).unwrap()
}

/// Messages, and what is to go wrong.
struct Scene {
    seed: u64,
    /// Each with when it is sent.
    messages: Vec<(Duration, Message)>,
    odds: Odds,
    kill: Option<Kill>,
    /// The address of each Contact in the org.
    contacts: Vec<(u32, &'static str)>,
    faults: TimeDelta,
    yotpo: fn(&yotpo::Loyalty),
    config: fn(String) -> String,
}

struct Played {
    lambda: Lambda,
}

impl Scene {
    /// All sent at once, and nothing goes wrong.
    fn of(messages: Vec<Message>) -> Self {
        Self {
            seed: 1,
            messages: messages.into_iter().map(|message| (Duration::ZERO, message)).collect(),
            odds: Odds::NONE,
            kill: None,
            contacts: vec![],
            faults: TimeDelta::zero(),
            yotpo: |_| {},
            config: |text| text,
        }
    }

    /// One after the other, each when the one before has long been worked on.
    fn in_turn(messages: Vec<Message>) -> Self {
        let turns = (0..).map(Duration::from_hours);
        Self { messages: turns.zip(messages).collect(), ..Self::of(vec![]) }
    }

    fn play(self) -> Played {
        fastrand::seed(self.seed);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(LocalSet::new().run_until(self.happens()))
    }

    async fn happens(self) -> Played {
        clock::begin(noon(), [TimeDelta::zero(); MACHINES]);
        let vendors = InProcess::new(self.seed, vendors::URL, clock::now);
        (self.yotpo)(&vendors.loyalty);
        for (n, email) in &self.contacts {
            let contact = json!({"Id": id("003", *n).as_str(), "LastName": "Doe", "Email": email});
            vendors.salesforce.put("Contact", &contact).unwrap();
        }
        let rng = ChaCha8Rng::seed_from_u64(self.seed);
        let faults_end = noon() + self.faults;
        let mut world = World::new(Chance { rng, odds: self.odds, faults_end, broken: None }, 200);
        world.kill = self.kill;
        world.secrets.insert(format!("{STACK}/salesforce"), vendors.salesforce.secret());
        let yotpo = vendors.loyalty.add_to_secret(json!({"stores": {}}), &[("default", GUID), ("ca", "guid-ca")]);
        world.secrets.insert(format!("{STACK}/yotpo"), yotpo);
        let sim = Sim::new(world, vendors);
        let text = (self.config)(include_str!("../../../infra/config/relay.toml").to_owned());
        let config = Relay::parse(&text, "relay.toml").unwrap();
        let scenario = Scenario { max_receives: 200, ..Scenario::of(self.seed) };
        let lambda = Lambda { sim, config: Arc::new(config), scenario: Arc::new(scenario), logs: Logs::default() };
        for machine in 0..CONSUMERS as usize {
            spawn_local(loyalty_flow::work(lambda.clone(), machine));
        }
        let mut last = Duration::ZERO;
        for (after, message) in self.messages {
            clock::until(noon() + after).await;
            last = last.max(after);
            post(&lambda, &message);
        }
        clock::until((noon() + last).max(faults_end) + DRAIN).await;
        Played { lambda }
    }
}

fn post(lambda: &Lambda, message: &Message) {
    let body = queue::body::json(message).unwrap();
    let trace = json!({"AWSTraceHeader": {"DataType": "String", "StringValue": PRODUCERS_TRACE}});
    let entry = json!({"Id": "0", "MessageBody": body, "MessageSystemAttributes": trace});
    let request = json!({"QueueUrl": QUEUE, "Entries": [entry]});
    let World { chance, queues, .. } = &mut *lambda.sim.lock();
    queues.send(chance, &request).unwrap();
    lambda.sim.sent().notify_waiters();
}

impl Played {
    fn yotpo(&self) -> &yotpo::Loyalty {
        &self.lambda.sim.vendors().loyalty
    }

    /// The customer with this id: its address, its points.
    fn customer(&self, id: &str) -> Option<(String, i64)> {
        self.yotpo().standing(GUID, id).map(|one| (one.email, one.balance))
    }

    /// An order: its points, what was taken back, how often it counted.
    fn sale(&self, n: u32) -> Option<(i64, i64, u64)> {
        let order = id("801", n);
        let sale = self.yotpo().sales().into_iter().find(|sale| sale.order_id == order.as_str())?;
        Some((sale.points, sale.refunded, sale.effects))
    }

    /// What waits for a person, by delivery.
    fn parked(&self) -> BTreeMap<String, String> {
        let world = self.lambda.sim.lock();
        let reason = |key: &str| world.table.text(key, "reason").unwrap_or_default().to_owned();
        let keys = world.queues.letters.iter().filter_map(crate::sqs::Letter::key);
        keys.map(|key| (key.clone(), reason(&key))).collect()
    }

    fn state(&self, key: &DeliveryKey) -> Option<String> {
        self.lambda.sim.lock().table.text(key.as_str(), "state").map(str::to_owned)
    }

    fn calls(&self, operation: &str) -> u64 {
        let world = self.lambda.sim.lock();
        world.effects.iter().filter(|(effect, _)| effect.operation == operation).map(|(_, times)| times).sum()
    }

    /// The hints for the write-back: after how many seconds, and who is to be read.
    fn hints(&self) -> Vec<(i64, String)> {
        let world = self.lambda.sim.lock();
        let key = |body: &str| loyalty::hint::HintMessage::parse(body).unwrap().delivery.key.to_string();
        world.queues.hints.iter().map(|(delay, body)| (*delay, key(body))).collect()
    }

    fn effects(&self) -> BTreeMap<Effect, u64> {
        self.lambda.sim.lock().effects.clone()
    }

    /// Nothing happened that never may: no double, nothing lost, nobody taken for somebody else, nobody called who is not on the list.
    #[track_caller]
    fn is_sound(&self, what: &str) {
        let world = self.lambda.sim.lock();
        assert_eq!(world.problems, Vec::<String>::new(), "{what}: {}", world.trace());
        drop(world);
        for sale in self.yotpo().sales() {
            assert_eq!(sale.effects, 1, "{what}: {sale:?}");
            assert!(sale.refunds.iter().all(|(_, effects)| *effects == 1), "{what}: {sale:?}");
            assert!((0..=sale.amount).contains(&sale.refunded), "{what}: {sale:?}");
        }
        let lost = self.yotpo().lost();
        assert!(lost.values().all(Vec::is_empty), "{what}: {lost:?}");
        assert!(self.yotpo().standings().iter().all(|one| one.takeovers == 0), "{what}");
    }
}

const OLD: &str = "jane@old.example.com";
const NEW: &str = "jane@new.example.com";

/// A customer who moves, with two orders of which one is returned in parts and then cancelled; a guest; an order in yen.
fn story() -> Vec<Message> {
    let (old, new) = (who(1, OLD), who(1, NEW));
    vec![
        customer(1, old.clone()),
        order(1, sale(1, usd(10_000), Some((1, old.clone())))),
        returned(1, "r1", usd(3_334)),
        returned(1, "r2", usd(3_334)),
        order(1, sale(2, usd(5_000), Some((1, old)))),
        returned(2, "r1", usd(1_000)),
        cancelled(2, 2),
        customer(2, new.clone()),
        order(1, sale(3, of("JPY", 1_200), Some((2, new)))),
        order(1, sale(4, usd(2_050), None)),
        returned(4, "r1", usd(1_000)),
        // A job touched it: nothing that earns has changed.
        order(2, sale(1, usd(10_000), Some((2, who(1, NEW))))),
    ]
}

#[track_caller]
fn ends_well(played: &Played, what: &str) {
    played.is_sound(what);
    assert_eq!(played.parked(), BTreeMap::new(), "{what}: {}", played.lambda.sim.lock().trace());
    // 100.00 less 66.68, nothing, 1,200 yen, 20.50 less 10.00.
    let sales: Vec<_> = [1, 3, 4].into_iter().map(|n| played.sale(n).unwrap()).collect();
    assert_eq!(sales, [(33, 6_668, 1), (1_200, 0, 1), (10, 1_000, 1)], "{what}");
    // Sent and taken back, or never sent, where the cancellation was faster.
    assert!(matches!(played.sale(2), None | Some((0, 5_000, 1))), "{what}: {:?}", played.sale(2));
    assert_eq!(played.customer("C1"), Some((NEW.to_owned(), 1_233)), "{what}: {}", played.lambda.sim.lock().trace());
}

fn told(messages: Vec<Message>) -> Scene {
    Scene { contacts: vec![(1, NEW)], ..Scene::of(messages) }
}

#[test]
fn a_story_told_in_its_order_costs_what_it_must() {
    let played = Scene { contacts: vec![(1, NEW)], ..Scene::in_turn(story()) }.play();
    ends_well(&played, "in turn");
    // Looked up at first and when the address changed; told at first and when it changed.
    assert_eq!((played.calls(yotpo::READ.name()), played.calls(yotpo::CUSTOMERS.name())), (2, 2));
    // Each order and refund once; the cancellation takes what is left.
    assert_eq!((played.calls(yotpo::ORDERS.name()), played.calls(yotpo::REFUNDS.name())), (4, 5));
    let effects = played.effects();
    let writes = |about: &str| {
        effects
            .iter()
            .filter(|(effect, _)| effect.operation == "UpdateItem" && effect.about.starts_with(about))
            .map(|(_, times)| times)
            .sum::<u64>()
    };
    // Two writes each, and a third for the order that was touched: its claim, and that it is as it was.
    assert_eq!((writes("order"), writes("refund")), (10, 10));
    // Its own two, and one refused for each of the three orders that needed it.
    assert_eq!((writes("customer"), writes("balance")), (7, 9));
}

#[test]
fn whatever_the_order_of_events_the_points_are_the_same() {
    for seed in 0..30 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut messages = story();
        let again: Vec<Message> = messages.iter().filter(|_| rng.random_bool(0.3)).cloned().collect();
        messages.extend(again);
        messages.shuffle(&mut rng);
        let mut at = Duration::ZERO;
        let spread = messages.into_iter().map(|message| {
            at += Duration::from_secs(if rng.random_bool(0.5) { 0 } else { rng.random_range(1..900) });
            (at, message)
        });
        let scene = Scene { seed, messages: spread.collect(), ..told(vec![]) };
        ends_well(&scene.play(), &format!("seed {seed}"));
    }
}

/// Calls that are lost before and after they take effect, refused, late or never answered; consumers that die; AWS that fails now and
/// then; a ledger that is read late.
#[test]
fn whatever_goes_wrong_on_the_way_the_points_are_the_same() {
    for seed in 0..12 {
        let odds = Odds {
            aws: [0.02, 0.01, 0.02, 0.01, 0.01, 0.02, 0.01, 0.0],
            vendor: [0.04, 0.02, 0.06, 0.02, 0.02, 0.02, 0.02, 0.01, 0.01, 0.02],
            slow: 0.05,
            kill: 0.02,
            duplicate: 0.1,
            stale: 0.3,
            ..Odds::NONE
        };
        let mut messages = story();
        messages.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let scene = Scene { seed, odds, faults: TimeDelta::hours(1), ..told(messages) };
        let played = scene.play();
        ends_well(&played, &format!("seed {seed}"));
        assert!(played.lambda.sim.lock().faults > 3);
    }
}

/// The points are as if nothing had happened.
#[test]
fn killed_at_every_effect_the_points_are_the_same() {
    let calm = told(story()).play();
    let mut struck = 0;
    for (effect, times) in calm.effects() {
        for moment in Moment::ALL {
            for occurrence in BTreeSet::from([1, times]) {
                let kill = Some(Kill { effect, moment, occurrence });
                let played = Scene { kill, ..told(story()) }.play();
                struck += u32::from(played.lambda.sim.lock().kill_struck);
                ends_well(&played, &format!("{moment:?} {effect} {occurrence}"));
            }
        }
    }
    assert!(struck > 100, "{struck}");
}

/// Where a repeat would count again: a person decides, and nothing counts twice.
#[test]
fn where_nothing_may_be_repeated_what_nobody_answered_is_parked() {
    let never = |text: String| {
        text.replace("orders = \"harmless\"", "orders = \"never\"")
            .replace("refunds = \"harmless\"", "refunds = \"never\"")
    };
    let counting = |yotpo: &yotpo::Loyalty| {
        yotpo.set(|settings| {
            (settings.repeated_order, settings.repeated_refund) =
                (yotpo::Repeats::CountAgain, yotpo::Repeats::CountAgain);
        });
    };
    let scene = || Scene { config: never, yotpo: counting, ..told(story()) };
    let calm = scene().play();
    ends_well(&calm, "calm");
    let mut parked = 0;
    for (effect, _) in calm.effects().into_iter().filter(|(effect, _)| !effect.about.starts_with("customer")) {
        for moment in Moment::ALL {
            let kill = Some(Kill { effect, moment, occurrence: 1 });
            let played = Scene { kill, ..scene() }.play();
            played.is_sound(&format!("{moment:?} {effect}"));
            for reason in played.parked().values() {
                assert!(["uncertain", "waits_for"].contains(&reason.as_str()), "{moment:?} {effect}: {reason}");
                parked += 1;
            }
        }
    }
    assert!(parked > 0);
}

#[test]
fn an_order_that_was_delivered_late_leaves_the_new_address() {
    let late = vec![customer(2, who(1, NEW)), order(1, sale(1, usd(5_000), Some((1, who(1, OLD)))))];
    let played = Scene { contacts: vec![(1, " Jane@New.Example.com ")], ..Scene::in_turn(late) }.play();
    played.is_sound("late");
    assert_eq!(played.customer("C1"), Some((NEW.to_owned(), 50)));
    assert_eq!(played.parked(), BTreeMap::new());
}

#[test]
fn from_a_to_b_to_a_with_bs_message_last_a_stays() {
    let messages = vec![customer(1, who(1, OLD)), customer(3, who(1, OLD)), customer(2, who(1, NEW))];
    let played = Scene::in_turn(messages).play();
    assert_eq!(played.customer("C1"), Some((OLD.to_owned(), 0)));
    assert_eq!(played.calls(yotpo::CUSTOMERS.name()), 1);
}

#[test]
fn a_touch_costs_a_write_pair_and_no_call() {
    let touches: Vec<Message> = (2..12).map(|revision| customer(revision, who(1, OLD))).collect();
    let played = Scene::in_turn([vec![customer(1, who(1, OLD))], touches].concat()).play();
    assert_eq!((played.calls(yotpo::READ.name()), played.calls(yotpo::CUSTOMERS.name())), (1, 1));
    assert_eq!(played.calls("UpdateItem"), 2 * 11);
}

#[test]
fn who_left_at_yotpo_is_not_enrolled_again_by_a_change_of_name() {
    let member = |name: &str, opt_in| CustomerAsked { first_name: Some(name.to_owned()), opt_in, ..who(1, OLD) };
    let opt = |messages: Vec<Message>| {
        let played =
            Scene { yotpo: |yotpo| yotpo.enrol(GUID, Some("C1"), OLD, Some(false)), ..Scene::in_turn(messages) }.play();
        played.yotpo().standing(GUID, "C1").unwrap().opt_in
    };
    assert_eq!(opt(vec![customer(1, member("Jane", None))]), Some(false), "what is not said is not sent");
    assert_eq!(opt(vec![customer(1, member("Jane", Some(true)))]), Some(true));
    let played = Scene { seed: 1, ..Scene::in_turn(vec![customer(1, member("Jane", Some(true)))]) }.play();
    assert_eq!(played.yotpo().standing(GUID, "C1").unwrap().opt_in, Some(true));
    // One that changed in the org is sent; one that did not is not.
    let sent = |second: CustomerAsked| {
        let played = Scene::in_turn(vec![customer(1, member("Jane", Some(true))), customer(2, second)]).play();
        let trace = played.lambda.sim.lock().trace().to_owned();
        (played.yotpo().standing(GUID, "C1").unwrap().opt_in, trace.matches("loyalty.customers").count())
    };
    assert_eq!(sent(member("Jane", Some(false))).0, Some(false));
    assert_eq!(sent(member("Janet", Some(true))).0, Some(true));
}

#[test]
fn nobodys_account_is_taken_over() {
    let other =
        Scene { yotpo: |yotpo| yotpo.enrol(GUID, Some("C9"), OLD, None), ..Scene::of(vec![customer(1, who(1, OLD))]) };
    let played = other.play();
    played.is_sound("another's");
    assert_eq!(played.parked().into_values().collect::<Vec<_>>(), ["identity_conflict"]);
    // An order of somebody who waits for a person waits with them.
    let needs = vec![order(1, sale(1, usd(100), Some((1, who(1, OLD)))))];
    let played = Scene { yotpo: |yotpo| yotpo.enrol(GUID, Some("C9"), OLD, None), ..Scene::of(needs) }.play();
    played.is_sound("its order");
    assert_eq!((played.sale(1), played.parked().len()), (None, 1));
    // Known by address alone: linked.
    let played =
        Scene { yotpo: |yotpo| yotpo.enrol(GUID, None, OLD, None), ..Scene::of(vec![customer(1, who(1, OLD))]) }.play();
    assert_eq!((played.customer("C1").is_some(), played.parked().len()), (true, 0));
    // Twins: only the one whom Yotpo knows.
    let twin = |n, other: &str| customer(1, CustomerAsked { twins: vec![other.to_owned()], ..who(n, OLD) });
    let twins = vec![twin(1, "C2"), twin(2, "C1")];
    let played = Scene { yotpo: |yotpo| yotpo.enrol(GUID, Some("C2"), NEW, None), ..Scene::of(twins.clone()) }.play();
    played.is_sound("twins");
    assert_eq!(played.customer("C2").map(|(email, _)| email).as_deref(), Some(OLD));
    assert_eq!((played.customer("C1"), played.parked().len()), (None, 1));
    assert_eq!(Scene::of(twins).play().parked().len(), 2, "Yotpo knows neither");
}

#[test]
fn who_is_gone_is_not_sent_and_who_was_merged_leaves_the_address() {
    let deleted = CustomerAsked { email: String::new(), gone: Some(Gone::Deleted), ..who(1, OLD) };
    let merged = CustomerAsked { email: String::new(), gone: Some(Gone::Merged(id("003", 2))), ..who(1, OLD) };
    let survivor = CustomerAsked { absorbed: vec!["C1".to_owned()], ..who(2, OLD) };
    let played = Scene::in_turn(vec![customer(1, who(1, OLD)), customer(2, deleted)]).play();
    assert_eq!(played.parked().into_values().collect::<Vec<_>>(), ["deleted"]);
    let before = [customer(1, who(1, OLD)), order(1, sale(1, usd(5_000), Some((1, who(1, OLD)))))];
    let after = [customer(2, merged), customer(1, survivor), returned(1, "r1", usd(1_000))];
    let played = Scene::in_turn([before.to_vec(), after.to_vec()].concat()).play();
    assert_eq!(played.parked().into_values().collect::<Vec<_>>(), ["merged"]);
    assert_eq!(played.customer("C2").map(|(email, _)| email).as_deref(), Some(OLD));
    assert_eq!(played.sale(1), Some((40, 1_000, 1)), "a return of the loser's order goes through");
}

#[test]
fn what_does_not_fit_its_order_is_a_persons() {
    let one = |more: Vec<Message>| {
        let played = Scene::in_turn([vec![order(1, sale(1, usd(5_000), None))], more].concat()).play();
        played.is_sound("one order");
        (played.parked().into_values().collect::<Vec<_>>(), played.sale(1).unwrap().1)
    };
    let none = Vec::<String>::new;
    assert_eq!(one(vec![returned(1, "r1", usd(6_000))]), (vec!["exceeds_order".to_owned()], 0), "parked whole");
    assert_eq!(one(vec![returned(1, "r1", of("JPY", 10))]), (vec!["other_currency".to_owned()], 0));
    assert_eq!(one(vec![order(2, sale(1, usd(5_001), None))]), (vec!["amount_changed".to_owned()], 0));
    assert_eq!(
        one(vec![cancelled(1, 2), order(3, sale(1, usd(5_000), None))]),
        (vec!["reactivated".to_owned()], 5_000)
    );
    // What was late is not completed again, and what comes after a cancellation is covered.
    assert_eq!(one(vec![cancelled(1, 2), order(2, sale(1, usd(5_000), None))]), (none(), 5_000));
    assert_eq!(one(vec![cancelled(1, 2), returned(1, "r1", usd(100))]), (none(), 5_000));
    let refund = loyalty::keys::refund(&store(), &id("801", 1), "r1").unwrap();
    let messages = vec![order(1, sale(1, usd(5_000), None)), cancelled(1, 2), returned(1, "r1", usd(100))];
    let played = Scene::in_turn(messages).play();
    assert_eq!(played.state(&refund).as_deref(), Some("skipped"));
    assert_eq!(played.calls(yotpo::REFUNDS.name()), 1);
}

#[test]
fn an_order_that_was_cancelled_before_it_was_sent_never_is() {
    let sold = |revision| order(revision, sale(1, usd(5_000), Some((1, who(1, OLD)))));
    let of =
        |what: &str, n: &str| DeliveryKey::try_from(format!("loyalty/default/{what}/{}{n}", id("801", 1))).unwrap();
    let nothing = |played: &Played, what: &str| {
        played.is_sound(what);
        assert_eq!((played.parked(), played.yotpo().sales().len()), (BTreeMap::new(), 0), "{what}");
        assert_eq!(played.calls(yotpo::REFUNDS.name()), 0, "{what}");
    };
    // Nobody has met the order at all: nothing waits for it.
    let played = Scene::in_turn(vec![cancelled(1, 2), returned(1, "r1", usd(100))]).play();
    nothing(&played, "never met");
    for refund in ["/cancel", "/r1"] {
        assert_eq!(played.state(&of("refund", refund)).as_deref(), Some("skipped"), "{refund}");
    }
    // Its message was late, and its return with it.
    let late = || vec![cancelled(1, 2), sold(1), returned(1, "r1", usd(100)), sold(2), cancelled(1, 2)];
    nothing(&Scene::in_turn(late()).play(), "late");
    let reactivated = Scene::in_turn([late(), vec![sold(3)]].concat()).play();
    assert_eq!(reactivated.parked().into_values().collect::<Vec<_>>(), ["reactivated"]);
    assert_eq!(reactivated.yotpo().sales().len(), 0);
    // At one time: nothing is left of it, whoever was faster, and whoever died.
    let at_once = || Scene { contacts: vec![(1, OLD)], ..Scene::of(vec![cancelled(1, 2), sold(1)]) };
    let ended = |played: &Played, what: &str| {
        played.is_sound(what);
        assert_eq!(played.parked(), BTreeMap::new(), "{what}");
        assert!(matches!(played.sale(1), None | Some((0, 5_000, 1))), "{what}: {:?}", played.sale(1));
    };
    for seed in 0..20 {
        ended(&Scene { seed, ..at_once() }.play(), &format!("seed {seed}"));
    }
    for (effect, _) in at_once().play().effects() {
        for moment in Moment::ALL {
            let played = Scene { kill: Some(Kill { effect, moment, occurrence: 1 }), ..at_once() }.play();
            ended(&played, &format!("{moment:?} {effect}"));
        }
    }
}

#[test]
fn an_order_belongs_to_the_store_that_it_was_first_sent_to() {
    let two = |text: String| {
        let text = text.replacen("#currency = \"CurrencyIsoCode\"", "currency = \"CurrencyIsoCode\"", 1);
        let text = text.replacen("#route_by = \"Brand__c\"", "route_by = \"Brand__c\"", 1);
        let text = text.replacen(
            "[loyalty.stores.default]\n",
            "[loyalty.stores.default]\nroutes = [{ currency = \"USD\" }]\n",
            1,
        );
        let text = text.replacen("[stores.default]\n", "[stores.default]\nroutes = [\"US\"]\n", 1);
        format!("{text}\n[stores.ca]\nroutes = [\"CA\"]\n[loyalty.stores.ca]\nroutes = [{{ currency = \"CAD\" }}]\n")
    };
    let elsewhere = StoreName::try_from("ca".to_owned()).unwrap();
    let day = "2026-11-19".parse().unwrap();
    let again = message::order(&elsewhere, Revision(2), &day, sale(1, usd(5_000), None)).unwrap();
    let scene = Scene::in_turn(vec![order(1, sale(1, usd(5_000), None)), again]);
    // The second store's credentials are the first one's no more than any other's.
    let played = Scene { config: two, ..scene }.play();
    assert_eq!(played.yotpo().sales().len(), 1);
    let parked = played.parked();
    assert!(parked.keys().all(|key| key.starts_with("loyalty/ca/order/")), "{parked:?}");
}

#[test]
fn a_refund_of_an_order_that_is_not_sent_is_not_sent_and_one_of_an_import_is() {
    // Worth nothing: skipped, and its return with it.
    let messages = vec![order(1, sale(1, usd(0), None)), returned(1, "r1", usd(100))];
    let played = Scene::in_turn(messages).play();
    let refund = loyalty::keys::refund(&store(), &id("801", 1), "r1").unwrap();
    assert_eq!((played.state(&refund).as_deref(), played.parked().len()), (Some("skipped"), 0));
    assert_eq!(played.calls(yotpo::REFUNDS.name()), 0);
    // Yotpo has it by an import: accepted, with the amount that the source has.
    let imported =
        ReturnAsked { order: id("801", 2), refund: "r1".to_owned(), amount: usd(100), imported: Some(usd(500)) };
    let over = ReturnAsked { refund: "r2".to_owned(), amount: usd(900), ..imported.clone() };
    let messages = [imported, over].map(|asked| message::a_return(&store(), asked).unwrap());
    let played = Scene::in_turn(messages.to_vec()).play();
    assert_eq!(played.calls(yotpo::REFUNDS.name()), 1);
    assert_eq!(played.parked().into_values().collect::<Vec<_>>(), ["exceeds_order"]);
}

#[test]
fn a_lifecycle_event_counts_once_however_often_it_is_tried() {
    let survey = |text: String| {
        format!(
            "{text}\n[loyalty.actions.survey]\nname = \"survey\"\nobject = \"Case\"\nwhen = [{{ field = \"Status\", is = [\"Closed\"] }}]\n\
             date = \"ClosedDate\"\ncustomer = \"ContactId\"\ntitle = \"Survey\"\n"
        )
    };
    let acted = || {
        let (word, record, contact) = ("survey".to_owned(), id("500", 1), id("003", 1));
        let (customer_id, email) = ("C1".to_owned(), OLD.to_owned());
        let asked = ActionAsked { word, record, contact, customer_id, email, at: noon() };
        vec![message::action(&store(), asked).unwrap(), customer(1, who(1, OLD))]
    };
    let rewarding: fn(&yotpo::Loyalty) = |yotpo| {
        yotpo.program(GUID, |program| {
            program.actions.insert("survey".to_owned(), 50);
        });
    };
    let scene = || Scene { config: survey, yotpo: rewarding, ..Scene::of(acted()) };
    let calm = scene().play();
    assert_eq!((calm.customer("C1"), calm.parked().len()), (Some((OLD.to_owned(), 50)), 0));
    for (effect, _) in calm.effects() {
        for moment in Moment::ALL {
            let played = Scene { kill: Some(Kill { effect, moment, occurrence: 1 }), ..scene() }.play();
            let trace = played.lambda.sim.lock().trace().to_owned();
            assert_eq!(played.customer("C1"), Some((OLD.to_owned(), 50)), "{moment:?} {effect}: {trace}");
        }
    }
}

#[test]
fn the_accounts_pace_is_kept_and_what_it_asks_for_is_obeyed() {
    let many: Vec<Message> = (1..60).map(|n| customer(1, who(n, &format!("c{n}@example.com")))).collect();
    let limited: fn(&yotpo::Loyalty) =
        |yotpo| yotpo.set(|settings| (settings.per_second, settings.per_minute) = (Some(10), Some(60)));
    let played = Scene { yotpo: limited, ..Scene::of(many) }.play();
    let sums = &played.yotpo().sums()[GUID];
    assert_eq!((sums.customers, played.parked().len()), (59, 0));
    // Three consumers share four calls a second: two each at the most, wherever a second begins.
    assert!(sums.peak <= 6, "{sums:?}");
}

#[test]
fn who_was_sent_is_read_back_some_minutes_later() {
    let jane = || Some((1, who(1, OLD)));
    let messages = vec![
        customer(1, who(1, OLD)),
        order(1, sale(1, usd(5_000), jane())),
        // A guest has no points that anybody could read; what only was touched changes none.
        order(1, sale(2, usd(100), None)),
        order(2, sale(1, usd(5_000), jane())),
        customer(2, who(1, OLD)),
    ];
    let hint = (600, "loyalty/default/state/C1".to_owned());
    assert_eq!(Scene::in_turn(messages.clone()).play().hints(), [hint.clone(), hint.clone()]);
    let longer = |text: String| text.replace("refresh_after = \"10m\"", "refresh_after = \"15m\"");
    let played = Scene { config: longer, ..Scene::in_turn(messages.clone()) }.play();
    assert_eq!(played.hints()[0], (900, hint.1.clone()));
    // A return and a cancellation name nobody: the order's balance does.
    let given_back = vec![messages[1].clone(), returned(1, "r1", usd(1_000)), cancelled(1, 2), messages[2].clone()];
    let guests = returned(2, "r1", usd(50));
    assert_eq!(Scene::in_turn([given_back, vec![guests]].concat()).play().hints(), vec![hint.clone(); 3]);
    // Whenever the process dies, somebody asks for it.
    let order_alone = || Scene::of(vec![messages[1].clone()]);
    for (effect, _) in order_alone().play().effects() {
        for moment in Moment::ALL {
            let played = Scene { kill: Some(Kill { effect, moment, occurrence: 1 }), ..order_alone() }.play();
            let what = format!("{moment:?} {effect}");
            played.is_sound(&what);
            assert_eq!((played.sale(1), played.parked().len()), (Some((50, 0, 1)), 0), "{what}");
            assert!(played.hints().contains(&hint), "{what}: {}", played.lambda.sim.lock().trace());
        }
    }
}

/// Where SQS takes no hint, what was delivered is delivered.
#[test]
fn a_hint_that_is_not_taken_fails_no_delivery() {
    let mut without = 0;
    for seed in 0..10 {
        let orders: Vec<Message> = (1..=20).map(|n| order(1, sale(n, usd(5_000), Some((1, who(1, OLD)))))).collect();
        let odds = Odds { entry: 0.8, ..Odds::NONE };
        let played = Scene { seed, odds, faults: TimeDelta::hours(1), ..Scene::of(orders) }.play();
        played.is_sound("no hints");
        assert_eq!(played.parked(), BTreeMap::new(), "{seed}");
        without += played.yotpo().sales().len().saturating_sub(played.hints().len());
    }
    assert!(without > 0, "every hint was taken");
}
