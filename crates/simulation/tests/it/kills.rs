//! A kill at every effect: before it, after it took effect, after its answer; the first time and a later one.

use simulation::{Effect, Kill, Moment, Scenario, run};
use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The scenario in which an effect occurs.
fn scenario(effect: Effect) -> Scenario {
    match effect {
        // Only a queue that delivers what is held has something to hide, and only one that gives up soon sees copies.
        Effect::Hide => Scenario::crowded(6, 200),
        Effect::SendFreshCopy => Scenario::crowded(6, 2),
        // What the reconciler does only where something is wrong.
        Effect::SaveReading
        | Effect::Reopen
        | Effect::SendAgain
        | Effect::RecordAgain
        | Effect::SendGivenUp
        | Effect::GiveUp => Scenario::doomed(1),
        // Only a run that has no time leaves parts of a day.
        Effect::KeepPart | Effect::ReadPart => Scenario::calm(1).hurried(),
        _ => Scenario::calm(1),
    }
}

/// Every kill: at the first occurrence, and half-way through those of a run without one.
fn kills() -> Vec<Kill> {
    let calm = run(&scenario(Effect::Claim));
    assert_eq!(calm.failure(), None);
    let mut kills = Vec::new();
    for &effect in Effect::ALL {
        let times = match calm.effects.get(&effect) {
            Some(times) => *times,
            None => run(&scenario(effect)).effects.get(&effect).copied().unwrap_or(0),
        };
        for occurrence in BTreeSet::from([1, times / 2 + 1]) {
            kills.extend(Moment::ALL.map(|moment| Kill { effect, moment, occurrence }));
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
                while let Some(&kill) = kills.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let report = run(&scenario(kill.effect).killed(kill));
                    if let Some(text) = report.failure() {
                        panic!("{text}\n{kill:?}");
                    }
                    if report.kill_struck {
                        hit.lock().unwrap_or_else(PoisonError::into_inner).insert((
                            kill.effect,
                            kill.moment,
                            kill.occurrence,
                        ));
                    }
                }
            });
        }
    });
    let hit = hit.into_inner().unwrap();
    let cells: BTreeSet<_> = hit.iter().map(|&(effect, moment, _)| (effect, moment)).collect();
    let existing = Effect::ALL.len() * Moment::ALL.len();
    println!("kills: {} of {existing} effects × moments, {} of {} runs", cells.len(), hit.len(), kills.len());
    let missed: Vec<_> = kills.iter().filter(|k| !hit.contains(&(k.effect, k.moment, k.occurrence))).collect();
    assert_eq!(missed, Vec::<&Kill>::new());
    assert_eq!(cells.len(), existing);
}
