//! The delivery protocol, model-checked: every order of every event of small worlds, run by the ledger's own
//! `decide`, `conclude` and `Write::run`. `docs/GUARANTEES.md` says what is promised; this is how it is checked.
//!
//! `MODEL_FAULTS=3` lets more go wrong (`make model`); `UPDATE_GUARANTEES=1` writes the table of counterexamples.

#![expect(clippy::unwrap_used, reason = "it is a test")]
#![expect(clippy::print_stdout, reason = "it prints what it covered")]

mod actions;
mod consumer;
mod drain;
mod others;
mod properties;
mod put;
mod report;
mod rules;
mod scenario;
mod seen;
mod state;

use properties::Checked;
use scenario::Scenario;
use stateright::{Checker, HasDiscoveries, Model};

/// How much goes wrong in a trace: so much, or what `MODEL_FAULTS` says. The largest worlds have one fault by default, and two in
/// `make model`, which takes minutes for them.
fn faults(default: u8) -> u8 {
    std::env::var("MODEL_FAULTS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Visits every state, and fails with a readable trace if a promise is broken.
fn check(scenario: Scenario) {
    let begun = std::time::Instant::now();
    let checker =
        Checked::new(scenario).checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let Checked { scenario, known, .. } = checker.model();
    println!(
        "{}, {} faults: {} states, {} deep, drained within {} fair steps, {:.0} s",
        scenario.name,
        scenario.faults,
        checker.unique_state_count(),
        checker.max_depth(),
        known.longest(),
        begun.elapsed().as_secs_f32()
    );
    let found = checker.discoveries();
    let shortest = found.into_iter().map(|(name, path)| (name, path.into_vec())).min_by_key(|(_, path)| path.len());
    if let Some((property, path)) = shortest {
        panic!("{}: \"{property}\" does not hold:\n{}", scenario.name, report::trace(scenario, &path, "\n"));
    }
}

#[test]
fn creates_only_and_ignores_repeats() {
    check(Scenario::ignores().faults(faults(2)));
}

#[test]
fn creates_only_and_gives_way() {
    check(Scenario::gives_way().faults(faults(2)));
}

#[test]
fn creates_only_and_is_read_back() {
    check(Scenario::creates().faults(faults(1)));
}

#[test]
fn upserts() {
    check(Scenario::upserts().faults(faults(2)));
}

#[test]
fn upserts_while_an_older_version_comes_late() {
    check(Scenario::late_producer().faults(faults(2)));
}

#[test]
fn upserts_and_is_read_back() {
    check(Scenario::upserts_read_back().faults(faults(2)));
}

#[test]
fn upserts_what_is_there_already() {
    check(Scenario::unchanged().faults(faults(2)));
}

#[test]
fn two_effects_at_one_revision() {
    check(Scenario::two_hashes().faults(faults(1)));
}

#[test]
fn two_effects_at_one_revision_with_one_consumer() {
    check(Scenario::two_hashes_one_worker().faults(faults(2)));
}

#[test]
fn two_triggers_at_one_revision() {
    check(Scenario::two_triggers().faults(faults(1)));
}

#[test]
fn creates_only_and_cannot_be_read() {
    check(Scenario::unread().faults(faults(1)));
}

#[test]
fn one_delivery_waits_for_another() {
    check(Scenario::dependency().faults(faults(1)));
}

#[test]
fn one_delivery_waits_for_another_which_changes() {
    check(Scenario::late_dependency().faults(faults(1)));
}

/// Nothing is promised of an empty set: every state and every verdict occurs.
#[test]
fn every_state_and_every_verdict_occurs() {
    for scenario in [Scenario::ignores(), Scenario::creates(), Scenario::two_hashes(), Scenario::upserts_read_back()] {
        check(scenario.faults(1));
    }
    assert_eq!(seen::unmet(), Vec::<&str>::new());
}

#[test]
fn every_rule_has_a_counterexample_without_it() {
    report::table();
}
