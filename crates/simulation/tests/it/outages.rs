//! A service that is down for longer than a night, in every way that it can be: time is lost, and nothing else.

use simulation::{Down, Scenario, Service, run};
use std::thread;

#[test]
fn a_service_that_is_down_for_a_day_costs_a_day() {
    let all: Vec<_> = Service::OF_REVIEWS.iter().flat_map(|service| Down::ALL.map(|how| (*service, how))).collect();
    thread::scope(|scope| {
        for half in all.chunks(all.len().div_ceil(2)) {
            scope.spawn(move || {
                for &(service, how) in half {
                    let report = run(&Scenario::calm(1).down(service, how, 25));
                    assert!(report.faults > 0, "{service:?} {how:?}: nothing went wrong");
                    if let Some(text) = report.failure() {
                        panic!("{service:?} {how:?}: {text}");
                    }
                }
            });
        }
    });
}

#[test]
fn a_source_that_cannot_do_a_day_at_once_is_asked_for_less() {
    for seed in 1..4 {
        let report = run(&Scenario::calm(seed).slow_source(5.0));
        if let Some(text) = report.failure() {
            panic!("{text}");
        }
        assert!(report.delivered > 0, "seed {seed}");
    }
}
