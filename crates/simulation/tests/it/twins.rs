//! Two orders with one name: the second waits for a person, and the first one's purchase proves nothing of it.

use simulation::{Scenario, run};

#[test]
fn the_second_order_of_a_name_is_parked_and_never_proven_by_the_first() {
    for seed in 1..4 {
        let report = run(&Scenario::twins(seed));
        assert_eq!(report.failure(), None);
        assert!(report.delivered > 10, "hardly anything was delivered");
    }
}
