//! Two webhooks that say different things of one order at one revision, without a word on which came first.

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
use sandbox::{
    InProcess,
    shopify::{Change, Delivery, Mischief, Mix, Webhook},
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::task::{LocalSet, spawn_local};

const SHOP: &str = "acme.myshopify.com";
const TRIGGERED_AT: &str = "X-Shopify-Triggered-At";

fn noon() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// An order as it was placed, as if in the second of its next change, and as it is since: neither says when it was triggered.
fn told_twice(vendors: &InProcess) -> (u64, [Delivery; 2]) {
    let mix = Mix { tests: 0.0, guests: 0.0, ..Mix::default() };
    let (id, placed) = vendors.shopify.place(SHOP, &mix, noon());
    let noted = vendors.shopify.change(SHOP, id, Change::Note, noon()).unwrap();
    let order = |told: Vec<Webhook>| told.into_iter().rfind(|one| one.topic.starts_with("orders/")).unwrap();
    let (mut placed, noted) = (order(placed), order(noted));
    let updated_at = |body: &str| serde_json::from_str::<Value>(body).unwrap()["updated_at"].clone();
    let mut body: Value = serde_json::from_str(&placed.body).unwrap();
    body["updated_at"] = updated_at(&noted.body);
    placed.body = body.to_string();
    let plan = vendors.shopify.plan(&[placed, noted], &Mischief::default());
    let both = plan.into_iter().map(|delivery| {
        let headers = delivery.headers.into_iter().filter(|(name, _)| name != TRIGGERED_AT).collect();
        Delivery { headers, ..delivery }
    });
    (id, both.collect::<Vec<_>>().try_into().unwrap())
}

/// Both are delivered, the newer one first if so; what NetSuite has of the order's note, and the dead letters' classes.
async fn delivered(newer_first: bool, access: bool) -> (Option<String>, Option<String>, Vec<Option<String>>) {
    fastrand::seed(1);
    clock::begin(noon(), [TimeDelta::zero(); MACHINES]);
    let vendors = InProcess::new(1, vendors::URL, clock::now);
    let (id, mut both) = told_twice(&vendors);
    if newer_first {
        both.reverse();
    }
    let note = serde_json::from_str::<Value>(&both[usize::from(!newer_first)].body).unwrap()["note"].clone();
    let rng = ChaCha8Rng::seed_from_u64(1);
    let mut world = World::new(Chance { rng, odds: Odds::NONE, faults_end: noon(), broken: None }, 200);
    let secret = if access { vendors.shopify.secret(&[SHOP]) } else { vendors.shopify.webhook_secret(&[SHOP]) };
    world.secrets.insert(format!("{STACK}/shopify"), secret);
    world.secrets.insert(format!("{STACK}/netsuite"), vendors.netsuite.secret());
    let sim = Sim::new(world, vendors);
    let config = Relay::parse(include_str!("../../../infra/config/relay.toml"), "relay.toml").unwrap();
    let scenario = Scenario { max_receives: 200, ..Scenario::of(1) };
    let lambda = Lambda { sim, config: Arc::new(config), scenario: Arc::new(scenario), logs: Logs::default() };
    LocalSet::new()
        .run_until(async {
            spawn_local(erp_flow::work(lambda.clone(), 0));
            for delivery in both {
                assert_eq!(erp_flow::Gateway::new(lambda.clone(), 1).deliver(&delivery).await, [200]);
                tokio::time::sleep(Duration::from_mins(5)).await;
            }
            tokio::time::sleep(Duration::from_hours(1)).await;
        })
        .await;
    let world = lambda.sim.lock();
    assert_eq!(world.problems, Vec::<String>::new());
    let letters = world.queues.letters.iter().map(|letter| letter.class.clone()).collect();
    drop(world);
    let there = lambda.sim.vendors().netsuite.transaction(&format!("shopify_order_{id}")).unwrap();
    (there.document["memo"].as_str().map(str::to_owned), note.as_str().map(str::to_owned), letters)
}

#[tokio::test(start_paused = true)]
async fn what_shopify_says_it_is_now_holds() {
    for newer_first in [true, false] {
        let (held, note, letters) = delivered(newer_first, true).await;
        assert!(note.is_some());
        assert_eq!((held, letters), (note, vec![]), "newer first: {newer_first}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_decides_where_shopify_cannot_be_asked() {
    let (_, _, letters) = delivered(true, false).await;
    assert_eq!(letters, [Some("conflict".to_owned())]);
}
