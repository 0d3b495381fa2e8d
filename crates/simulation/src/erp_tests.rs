//! The erp flow as it is shipped, in the simulated AWS, between a Shopify that sends twice, late and out of order, and a NetSuite that
//! loses answers. What counts is what NetSuite holds in the end: each order once, at its newest state, for the right amount.

use crate::{
    STACK,
    chance::Chance,
    clock::{self, MACHINES},
    erp_flow,
    fault::Odds,
    lambda::Lambda,
    logs::Logs,
    scenario::Scenario,
    vendors,
    world::{Sim, World},
};
use chrono::{DateTime, TimeDelta, Utc};
use config::Relay;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;
use sandbox::{
    Endpoint, InProcess,
    netsuite::{self, Transaction},
    shopify::{Delivery, Mischief, Story, Truth},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::task::{LocalSet, spawn_local};

const SHOP: &str = "acme.myshopify.com";
/// The event source mapping's `MaximumConcurrency`.
const WORKERS: usize = 4;
const WEBHOOKS: usize = 5;

/// A shop's orders, and what is to go wrong.
struct Night {
    seed: u64,
    story: Story,
    mischief: Mischief,
    odds: Odds,
    /// How long faults last, and how long the queue has to drain after that.
    faults: TimeDelta,
    drain: TimeDelta,
    /// When all is done, the ledger is lost, and everything comes once more.
    forgets: bool,
}

struct Over {
    lambda: Lambda,
    /// What each webhook was answered with, in the end.
    refused: usize,
}

fn noon() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

impl Night {
    fn of(seed: u64, orders: usize) -> Self {
        let story = Story { step: TimeDelta::seconds(60), ..Story::new(SHOP, orders, noon()) };
        Self {
            seed,
            story,
            mischief: Mischief { seed, step: Duration::from_secs(10), ..Mischief::default() },
            odds: Odds::NONE,
            faults: TimeDelta::zero(),
            drain: TimeDelta::hours(1),
            forgets: false,
        }
    }

    async fn happens(self) -> Over {
        fastrand::seed(self.seed);
        clock::begin(noon(), [TimeDelta::zero(); MACHINES]);
        let vendors = InProcess::new(self.seed, vendors::URL, clock::now);
        let told = vendors.shopify.tell(&self.story);
        let plan = vendors.shopify.plan(&told, &self.mischief);
        let chance = Chance {
            rng: ChaCha8Rng::seed_from_u64(self.seed),
            odds: self.odds,
            faults_end: noon() + self.faults,
            broken: None,
        };
        let mut world = World::new(chance, 200);
        world.secrets.insert(format!("{STACK}/shopify"), vendors.shopify.webhook_secret(&[SHOP]));
        world.secrets.insert(format!("{STACK}/netsuite"), vendors.netsuite.secret());
        vendors.netsuite.set(|settings| settings.call_ms = 1_000);
        let sim = Sim::new(world, vendors);
        let shipped = include_str!("../../../infra/config/relay.toml");
        let one_world = shipped.replacen("\n#subsidiary = \"1\"", "\nsubsidiary = \"1\"", 1);
        assert_ne!(one_world, shipped);
        let config = Relay::parse(&one_world, "relay.toml").unwrap();
        let scenario = Scenario { max_receives: 200, ..Scenario::of(self.seed) };
        let lambda = Lambda { sim, config: Arc::new(config), scenario: Arc::new(scenario), logs: Logs::default() };
        let last = plan.last().map_or(Duration::ZERO, |delivery| delivery.after);
        let ends = noon() + last + self.faults.max(TimeDelta::zero()) + self.drain;
        let local = LocalSet::new();
        let refused = local
            .run_until(async {
                for machine in 0..WORKERS {
                    spawn_local(erp_flow::work(lambda.clone(), machine));
                }
                let mut wrong = deliver_all(&lambda, &plan).await;
                clock::until(ends).await;
                if self.forgets {
                    lambda.sim.lock().table.forget("erp/");
                    wrong += deliver_all(&lambda, &plan).await;
                    clock::until(clock::now() + last + self.drain).await;
                }
                wrong
            })
            .await;
        Over { lambda, refused }
    }
}

/// Delivers each when its time has come; how many were answered as they should not be.
async fn deliver_all(lambda: &Lambda, plan: &[Delivery]) -> usize {
    let begun = clock::now();
    let deliver = |delivery: Delivery| {
        let lambda = lambda.clone();
        spawn_local(async move {
            clock::until(begun + delivery.after).await;
            let genuine = delivery.kind.is_genuine();
            let answers = erp_flow::deliver(lambda, WEBHOOKS, delivery).await;
            usize::from(genuine != (answers.last() == Some(&200)))
        })
    };
    let under_way: Vec<_> = plan.iter().cloned().map(deliver).collect();
    let mut wrong = 0;
    for delivery in under_way {
        wrong += delivery.await.unwrap();
    }
    wrong
}

impl Over {
    /// What is wrong with NetSuite, order by order.
    fn wrong(&self) -> Vec<String> {
        let (netsuite, shopify) = (&self.lambda.sim.vendors().netsuite, &self.lambda.sim.vendors().shopify);
        let mut wrong = netsuite.doubles();
        let world = self.lambda.sim.lock();
        wrong.extend(world.problems.clone());
        // Nothing in the story needs a person.
        wrong.extend(
            world.queues.letters.iter().map(|letter| format!("a letter of {:?}: {:?}", letter.key(), letter.error)),
        );
        drop(world);
        let there: BTreeMap<String, Transaction> =
            netsuite.transactions().into_iter().filter_map(|one| Some((one.external_id.clone()?, one))).collect();
        for truth in shopify.truths() {
            wrong.extend(differs(&truth, &there).map(|how| format!("order {} {how}", truth.id)));
        }
        wrong
    }

    /// How often NetSuite was called so.
    fn calls(&self, endpoint: Endpoint) -> u64 {
        let world = self.lambda.sim.lock();
        world.effects.iter().filter(|(effect, _)| effect.operation == endpoint.name()).map(|(_, times)| times).sum()
    }
}

/// In what NetSuite's order is not Shopify's.
fn differs(truth: &Truth, there: &BTreeMap<String, Transaction>) -> Option<String> {
    let order = there.get(&format!("shopify_order_{}", truth.id));
    if truth.test {
        return order.map(|_| "is a test, and there".to_owned());
    }
    // One that was cancelled before it was ever applied is not there, and need not be.
    let Some(order) = order else { return (!truth.cancelled).then(|| "is not there".to_owned()) };
    let memos = truth.refunds.iter().filter_map(|id| there.get(&format!("shopify_refund_{id}")));
    let given_back: Decimal = memos.map(|memo| memo.total).sum();
    let left = order.live_total - given_back;
    if left != truth.current_total {
        let (total, live) = (order.total, order.live_total);
        return Some(format!(
            "is {left} there (total {total}, live {live}, memos {given_back}), and {} at Shopify",
            truth.current_total
        ));
    }
    for line in &truth.lines {
        let name = line.id.to_string();
        let held = order.lines.iter().find(|held| held.relay_line.as_deref() == Some(&name));
        let wanted = Decimal::from(line.current + line.returned);
        let open = held.map_or(Decimal::ZERO, |held| if held.closed { Decimal::ZERO } else { held.quantity });
        if open != wanted && !truth.cancelled {
            return Some(format!("has {open} of line {name} there, and {wanted} at Shopify"));
        }
    }
    None
}

#[tokio::test(start_paused = true)]
async fn orders_reach_netsuite_as_they_are() {
    let over = Night::of(1, 30).happens().await;
    assert_eq!((over.refused, over.wrong()), (0, Vec::new()), "{}", over.lambda.sim.lock().trace());
    assert!(over.calls(netsuite::CREATE) >= 30 && over.calls(netsuite::UPDATE) > 0);
}

#[tokio::test(start_paused = true)]
async fn updates_that_change_nothing_mapped_cost_no_call() {
    let night = Night::of(2, 10);
    let story = Story { changes: 0, ..night.story };
    let over = Night { story, ..night }.happens().await;
    assert_eq!((over.refused, over.wrong()), (0, Vec::new()), "{}", over.lambda.sim.lock().trace());
    // Each order was tagged twice after it was there.
    let orders = over.lambda.sim.vendors().netsuite.transactions().len();
    assert_eq!((orders, over.calls(netsuite::UPDATE), over.calls(netsuite::READ)), (10, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_was_lost_doubles_nothing_and_rewrites_nothing() {
    let written = |over: &Over| -> usize {
        over.lambda.sim.vendors().netsuite.transactions().iter().map(|one| one.stamps.len()).sum()
    };
    let once = Night::of(3, 12).happens().await;
    let twice = Night { forgets: true, ..Night::of(3, 12) }.happens().await;
    assert_eq!((twice.refused, twice.wrong()), (0, Vec::new()), "{}", twice.lambda.sim.lock().trace());
    assert_eq!(written(&twice), written(&once), "what is there is read, and left alone");
}

/// Webhooks twice, late, overtaken, changed and forged; calls that are lost before and after they take effect, refused, late or never
/// answered; workers that die; AWS that fails now and then.
fn storm(seed: u64) -> Night {
    let mischief = Mischief {
        duplicates: 0.2,
        retries: 0.1,
        retry_within: Duration::from_hours(1),
        shuffled: 0.3,
        shuffle_within: Duration::from_mins(5),
        tampered: 0.1,
        forged: 0.1,
        ..Night::of(seed, 0).mischief
    };
    let odds = Odds {
        aws: [0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.0],
        vendor: [0.02, 0.02, 0.04, 0.02, 0.02, 0.02, 0.02, 0.01, 0.01, 0.02],
        slow: 0.05,
        kill: 0.01,
        duplicate: 0.1,
        ..Odds::NONE
    };
    let (faults, drain) = (TimeDelta::hours(1), TimeDelta::hours(6));
    Night { mischief, odds, faults, drain, ..Night::of(seed, 12) }
}

#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_on_the_way_each_order_is_there_once_at_its_newest_state() {
    for seed in 1..=2 {
        let over = storm(seed).happens().await;
        let concurrency = over.lambda.sim.vendors().netsuite.concurrency();
        assert_eq!((over.refused, over.wrong()), (0, Vec::new()), "seed {seed}: {}", over.lambda.sim.lock().trace());
        assert!(concurrency.peak_known <= 4 && concurrency.peak <= 5, "{concurrency:?}");
        assert!(over.lambda.sim.lock().faults > 20);
    }
}
