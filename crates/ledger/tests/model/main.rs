//! The delivery protocol, model-checked: every order of every event of small worlds, run by the ledger's own
//! `decide`, `conclude` and `Write::run`.

#![expect(clippy::unwrap_used, missing_docs, reason = "it is a test")]

mod actions;
mod drain;
mod properties;
mod rules;
mod scenario;
mod seen;
mod state;

use properties::Checked;
use scenario::Scenario;
use stateright::{Checker, HasDiscoveries, Model};

fn check(scenario: Scenario) -> usize {
    let begun = std::time::Instant::now();
    let checker = Checked::new(scenario.clone())
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    let found = checker.discoveries();
    println!(
        "{}: {} states, depth {}, at most {} fair steps, {:.1} s",
        scenario.name,
        checker.unique_state_count(),
        checker.max_depth(),
        checker.model().known.longest(),
        begun.elapsed().as_secs_f32()
    );
    if let Some((property, path)) = found.into_iter().min_by_key(|(_, path)| path.clone().into_vec().len()) {
        let show = |world: &state::World| {
            let records: Vec<_> = world
                .records
                .iter()
                .flatten()
                .map(|r| (r.state, r.revision.0, r.hash.as_str().to_owned(), r.lease_end.map(|m| m.0 / 60000), r.not_before.map(|m| m.0 / 60000), r.attempts))
                .collect();
            println!("  {records:?} q{:?} d{:?} a{:?} {:?} t{}", world.queue, world.dead_letters, world.applied, world.requests.len(), world.now.0 / 60000);
        };
        let mut last = None;
        for (world, action) in path.into_vec() {
            show(&world);
            println!("-> {action:?}");
            last = Some(world);
        }
        println!("fair:");
        for _ in 0..30 {
            last = drain::next(&scenario, last.as_ref().unwrap());
            let Some(world) = &last else { break };
            println!("   {:?}", world.workers);
            show(world);
        }
        panic!("{}: {property} does not hold", scenario.name);
    }
    checker.unique_state_count()
}

#[test]
fn one() {
    let n: usize = std::env::var("SCENARIO").unwrap().parse().unwrap();
    let faults: u8 = std::env::var("FAULTS").unwrap().parse().unwrap();
    check(Scenario::all().remove(n).faults(faults));
}
