//! A kill at every effect of webhook, worker and reconciler: before it, after it took effect, after its answer.

use crate::{ERP_FUNCTIONS, ErpDay, Kill, Moment, effect::Effect, erp_day::Forgets, fault::Fault, run_erp};
use sandbox::netsuite;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicUsize, Ordering},
};

/// A few orders with changes, and the reconciler.
fn day(seed: u64) -> ErpDay {
    let mut day = ErpDay { reconciled: true, ..ErpDay::calm(seed, 3) }.every(30);
    (day.stories[0].changes, day.stories[0].within) = (4, 600);
    day
}

/// Days in which, together, everything is done that is done where nobody has to decide.
const DAYS: [fn() -> ErpDay; 5] = [
    || day(1),
    // What no webhook brought.
    || {
        let mut day = day(2);
        day.mischief.omitted = 1.0;
        day
    },
    // What is read back, and confirmed by that.
    || ErpDay { strike: Some((netsuite::CREATE, 2, Fault::LostAfter)), ..day(3) },
    || ErpDay { strike: Some((netsuite::CREATE, 1, Fault::LostAfter)), ..day(3) },
    // What is found to be there.
    || ErpDay { forgets: Forgets::HalfWay, ..day(4) },
];

/// Every kill, in the first day that has its effect.
fn kills() -> Vec<(ErpDay, Kill)> {
    let mut days: BTreeMap<Effect, ErpDay> = BTreeMap::new();
    for day in DAYS {
        let report = run_erp(&day());
        assert_eq!(report.failure(), None);
        for effect in report.effects.into_keys() {
            days.entry(effect).or_insert_with(day);
        }
    }
    let listed: BTreeSet<Effect> = ERP_FUNCTIONS.iter().flat_map(|function| function.effects()).collect();
    let never: Vec<String> =
        listed.iter().filter(|effect| !days.contains_key(effect)).map(|it| format!("{it:?}")).collect();
    println!("{} of {} effects; in no day: {}", days.len(), listed.len(), never.join(", "));
    let all = |(effect, day): (Effect, ErpDay)| {
        Moment::ALL.map(|moment| (day.clone(), Kill { effect, moment, occurrence: 1 }))
    };
    days.into_iter().flat_map(all).collect()
}

#[test]
fn a_kill_at_every_effect_of_the_erp_flow_loses_and_doubles_nothing() {
    let (kills, next) = (kills(), AtomicUsize::new(0));
    assert!(kills.len() > 110, "{}", kills.len());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(|| {
                while let Some((day, kill)) = kills.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let report = run_erp(&day.clone().killed(*kill));
                    if let Some(text) = report.failure() {
                        panic!("{text}\n{kill:?}");
                    }
                }
            });
        }
    });
}
