//! The relations in which the numbers of those stand that share the pace of Yotpo Loyalty.

use super::{LOYALTY, WRITEBACK, broken_by, literal, parameter, setting};

#[test]
fn a_changed_number_of_the_loyalty_flow_breaks_a_relation_that_is_named() {
    let six = "the visibility time-out is six times the worker's and its batching window";
    let hidden = "a message is hidden for no longer than SQS allows since its receipt";
    let own = "the receives at the queue's own time-out outlast a day";
    let (shared, limit) = (
        "a batch for Yotpo Loyalty at a caller's share of the pace, and what follows it, fit into a lease",
        "the pace of all that call Yotpo Loyalty is within its limit",
    );
    let of_loyalty = [
        (parameter("LoyaltyTimeoutSeconds", "60"), vec![shared]),
        (parameter("LoyaltyTimeoutSeconds", "150"), vec![six]),
        (parameter("LoyaltyConcurrency", "5"), vec![shared]),
        (parameter("WritebackConcurrency", "5"), vec![shared]),
        (parameter("LoyaltyQueueVisibilitySeconds", "400"), vec![six, own]),
        (setting("yotpo_loyalty = 4\n", "yotpo_loyalty = 2\n"), vec![shared]),
        (setting("yotpo_loyalty = 4\n", "yotpo_loyalty = 6\n"), vec![limit]),
    ];
    let of_write_back = [
        (parameter("WritebackTimeoutSeconds", "300"), vec![shared]),
        (parameter("WritebackTimeoutSeconds", "600"), vec![six]),
        (parameter("LoyaltyConcurrency", "8"), vec![shared]),
        (literal("BatchSize: 200", "BatchSize: 400"), vec![shared]),
        (parameter("WritebackQueueVisibilitySeconds", "3601"), vec![hidden]),
    ];
    let changed = of_loyalty.into_iter().map(|it| (LOYALTY, it));
    for (worker, (changed, named)) in changed.chain(of_write_back.into_iter().map(|it| (WRITEBACK, it))) {
        assert_eq!(broken_by(worker, changed), named);
    }
}
