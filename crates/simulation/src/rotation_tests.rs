//! A shop's secret is rotated while webhooks come in, to one process that stays warm: on Shopify's side, on ours, and not at the same time.

use crate::{
    STACK,
    chance::Chance,
    clock::{self, MACHINES},
    erp_flow,
    fault::Odds,
    lambda::{Lambda, Process},
    logs::Logs,
    scenario::Scenario,
    vendors,
    world::{Sim, World},
};
use chrono::{DateTime, TimeDelta, Utc};
use config::Relay;
use erp::webhook::Webhook;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use sandbox::{
    InProcess,
    shopify::{Kind, Story, Webhook as Told},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

const SHOP: &str = "acme.myshopify.com";
/// From one webhook to the next.
const STEP: Duration = Duration::from_secs(3);

fn noon() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

struct Shop {
    lambda: Lambda,
    process: Process<Webhook>,
    told: std::vec::IntoIter<Told>,
    accepted: usize,
}

impl Shop {
    /// The secret that we have is `secret`; the process is started with it.
    async fn opens(secret: &str) -> Self {
        fastrand::seed(1);
        clock::begin(noon(), [TimeDelta::zero(); MACHINES]);
        let vendors = InProcess::new(1, vendors::URL, clock::now);
        let mut told = vendors.shopify.tell(&Story::new(SHOP, 200, noon()));
        // Each of these is a message.
        told.retain(|told| ["orders/create", "orders/updated"].contains(&told.topic));
        let told = told.into_iter();
        let rng = ChaCha8Rng::seed_from_u64(1);
        let world = World::new(Chance { rng, odds: Odds::NONE, faults_end: noon(), broken: None }, 200);
        let sim = Sim::new(world, vendors);
        let config = Relay::parse(include_str!("../../../infra/config/relay.toml"), "relay.toml").unwrap();
        let scenario = Scenario { max_receives: 200, ..Scenario::of(1) };
        let lambda = Lambda { sim, config: Arc::new(config), scenario: Arc::new(scenario), logs: Logs::default() };
        keep(&lambda, secret, None);
        let process = erp_flow::webhook(&lambda, 1).await.unwrap();
        Self { lambda, process, told, accepted: 0 }
    }

    /// A webhook that is signed with this secret; what it is answered with.
    async fn tells(&mut self, secret: &str) -> u16 {
        let told = self.told.next().unwrap();
        let delivery = told.signed(secret, "2026-10", Kind::Original, Duration::ZERO);
        let answer = erp_flow::ask(&self.lambda, &self.process, &delivery).await.unwrap();
        self.accepted += usize::from(answer == 200);
        sleep(STEP).await;
        answer
    }

    /// For so long, signed with each of these in turn; every one is accepted.
    async fn is_heard(&mut self, secrets: &[&str], time: TimeDelta) {
        let (end, mut which) = (clock::now() + time, secrets.iter().cycle());
        while clock::now() < end {
            let secret = which.next().unwrap();
            assert_eq!(self.tells(secret).await, 200, "signed with {secret}, {} after noon", clock::now() - noon());
        }
    }

    /// Everything that was accepted is on the queue.
    fn assert_nothing_lost(&self) {
        let world = self.lambda.sim.lock();
        assert_eq!(world.problems, Vec::<String>::new());
        let waiting =
            world.queues.depth()["Attributes"]["ApproximateNumberOfMessages"].as_str().unwrap().parse::<usize>();
        assert_eq!((waiting, world.queues.letters.len()), (Ok(self.accepted), 0));
    }
}

/// What the operator has put into the secret.
fn keep(lambda: &Lambda, current: &str, previous: Option<&str>) {
    let mut shop = json!({"client_secret": current});
    if let Some(previous) = previous {
        shop["previous_client_secret"] = previous.into();
    }
    lambda.sim.lock().secrets.insert(format!("{STACK}/shopify"), json!({"shops": {SHOP: shop}}));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_refused_while_a_secret_is_rotated_and_the_old_one_is_within_a_minute() {
    let mut shop = Shop::opens("old").await;
    shop.is_heard(&["old"], TimeDelta::minutes(2)).await;
    // We have both; Shopify signs with the oldest that is not revoked, and goes on with it for a while after that.
    keep(&shop.lambda, "new", Some("old"));
    shop.is_heard(&["old"], TimeDelta::minutes(2)).await;
    shop.is_heard(&["new", "old"], TimeDelta::minutes(2)).await;
    keep(&shop.lambda, "new", None);
    let removed_at = clock::now();
    shop.is_heard(&["new"], TimeDelta::seconds(20)).await;
    while shop.tells("old").await == 200 {
        assert!(
            clock::now() - removed_at < TimeDelta::seconds(60),
            "the old secret is good for a minute after it was removed"
        );
    }
    // It is refused for good, and the new one is not for that.
    for _ in 0..20 {
        assert_eq!((shop.tells("old").await, shop.tells("new").await), (401, 200));
    }
    shop.assert_nothing_lost();
}

/// Shopify's side first: what is refused comes again, and what comes after our side has followed is accepted at once.
#[tokio::test(start_paused = true)]
async fn a_secret_that_was_put_there_late_counts_at_once() {
    let mut shop = Shop::opens("old").await;
    shop.is_heard(&["old"], TimeDelta::seconds(30)).await;
    for _ in 0..5 {
        assert_eq!(shop.tells("new").await, 401);
    }
    sleep(Duration::from_secs(5)).await;
    keep(&shop.lambda, "new", Some("old"));
    shop.is_heard(&["new", "old"], TimeDelta::minutes(1)).await;
    shop.assert_nothing_lost();
}

/// A stranger who sends what nobody signed does not keep us reading the secret.
#[tokio::test(start_paused = true)]
async fn a_signature_that_fails_has_the_secret_read_every_few_seconds_at_most() {
    let mut shop = Shop::opens("ours").await;
    let reads = |shop: &Shop| -> u64 {
        let world = shop.lambda.sim.lock();
        world.effects.iter().filter(|(effect, _)| effect.operation == "GetSecretValue").map(|(_, times)| times).sum()
    };
    let before = reads(&shop);
    for _ in 0..100 {
        assert_eq!(shop.tells("a stranger's").await, 401);
    }
    // Three hundred seconds, a webhook every three.
    assert!((45..=60).contains(&(reads(&shop) - before)), "{} readings", reads(&shop) - before);
}
