//! A kill at every effect: before it, after it took effect, after its answer; the first time and a later one.

use simulation::{Effect, FUNCTIONS, Kill, Moment, REVIEWS_PRODUCER, Scenario, run};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Nights in which, together, everything is done that there is to do.
const NIGHTS: [fn() -> Scenario; 7] = [
    || Scenario::calm(1),
    // Only a queue that delivers what is held has something to hide, and only one that gives up soon sees copies.
    || Scenario::crowded(6, 200),
    || Scenario::crowded(6, 2),
    // What the reconciler does only where something is wrong.
    || Scenario::doomed(1),
    // Only where the destination refuses is a post put off, and given up by a queue that gives up soon.
    || Scenario::throttled(1, 0.3),
    || Scenario::throttled(1, 0.6).received(2),
    // Only a run that has no time leaves parts of a day.
    || Scenario::calm(1).hurried(),
];

/// Every kill, in the first night that has its effect: at the first occurrence, and half-way through those without one, where
/// the answer alone is lost. The seeds kill anywhere.
fn kills() -> Vec<(Scenario, Kill)> {
    let mut nights: BTreeMap<Effect, (Scenario, u64)> = BTreeMap::new();
    for night in NIGHTS {
        let report = run(&night());
        assert_eq!(report.failure(), None);
        for (effect, times) in report.effects {
            nights.entry(effect).or_insert_with(|| (night(), times));
        }
    }
    let listed: BTreeSet<Effect> = FUNCTIONS.iter().flat_map(|function| function.effects()).collect();
    // An order that no message can hold is not among those that are generated: `run_tests` has one.
    let elsewhere = REVIEWS_PRODUCER.effect("UpdateItem", "reviews rejected");
    let never: Vec<_> = listed.iter().filter(|it| **it != elsewhere && !nights.contains_key(it)).collect();
    assert_eq!(never, Vec::<&Effect>::new(), "it happens in no night");
    let mut kills = Vec::new();
    for (effect, (night, times)) in nights {
        let of = |moment, occurrence| (night.clone(), Kill { effect, moment, occurrence });
        kills.extend(Moment::ALL.map(|moment| of(moment, 1)));
        if times > 1 {
            kills.push(of(Moment::AfterEffect, times / 2 + 1));
        }
    }
    kills
}

#[test]
fn a_kill_at_every_effect_loses_and_doubles_nothing() {
    let kills = kills();
    let (next, hit) = (AtomicUsize::new(0), Mutex::new(BTreeSet::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(|| {
                while let Some((night, kill)) = kills.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let report = run(&night.clone().killed(*kill));
                    if let Some(text) = report.failure() {
                        panic!("{text}\n{kill:?}");
                    }
                    if report.kill_struck {
                        let struck = (kill.effect, kill.moment, kill.occurrence);
                        hit.lock().unwrap_or_else(PoisonError::into_inner).insert(struck);
                    }
                }
            });
        }
    });
    let hit = hit.into_inner().unwrap();
    println!("kills: {} of {}", hit.len(), kills.len());
    let is_missed = |kill: &&Kill| !hit.contains(&(kill.effect, kill.moment, kill.occurrence));
    let missed: Vec<_> = kills.iter().map(|(_, kill)| kill).filter(is_missed).collect();
    assert_eq!(missed, Vec::<&Kill>::new());
}
