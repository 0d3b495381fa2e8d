//! What an account asks for: not to be called for a while, and not more often than we said.

use simulation::{Scenario, run};

/// A message comes back no sooner than the account allows, and its worker leaves the account alone until then.
#[test]
fn nobody_calls_before_the_time_that_an_account_asked_to_wait_for() {
    for seed in 1..4 {
        let report = run(&Scenario::throttled(seed, 0.3));
        assert_eq!(report.failure(), None);
    }
}

#[test]
fn a_worker_keeps_to_its_share_of_an_account() {
    assert_eq!(run(&Scenario::ordinary(1, 60)).failure(), None);
}
