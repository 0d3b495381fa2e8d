//! Work that is done twice without need: no order is lost by it, and nobody would notice.

use simulation::{Kill, Moment, REVIEWS_CONSUMER, REVIEWS_PRODUCER, Scenario, run};

/// The second of two producers on one pass stops after the page that both read: the checkpoint is the first one's.
#[test]
fn two_producers_share_one_page_at_most() {
    for seed in 1..3 {
        let report = run(&Scenario::rivals(seed));
        assert_eq!(report.failure(), None);
        let again: u64 = report.messages.values().map(|messages| messages.saturating_sub(1)).sum();
        assert!(
            again <= 3,
            "{again} messages too many, and a page has 3 orders: {:?}\n{}",
            report.messages,
            report.trace
        );
    }
}

/// Nothing is received for two hours: the reconciler leaves alone what waits in the queue.
#[test]
fn what_waits_in_the_queue_is_not_sent_again() {
    let report = run(&Scenario::backlog(1));
    assert_eq!(report.failure(), None);
    assert!(report.certificates > 2, "the reconciler did not look while they waited");
}

/// The ledger answers in part: the rest is asked for, and an order that is accepted is not sent again.
#[test]
fn what_the_ledger_has_not_answered_is_asked_for_again() {
    let kill = Kill { effect: REVIEWS_PRODUCER.effect("UpdateItem", "cursor"), moment: Moment::Before, occurrence: 1 };
    for seed in 1..4 {
        let report = run(&Scenario::partly_read(seed).killed(kill));
        assert!(report.kill_struck);
        assert_eq!(report.failure(), None);
        assert!(report.messages.values().all(|messages| *messages <= 1), "{:?}", report.messages);
    }
}

/// A message that nobody may deliver yet is replaced on its last receive, not left to SQS to move away.
#[test]
fn sqs_has_nothing_to_move_away() {
    let mut copies = 0;
    for seed in 4..9 {
        let report = run(&Scenario::crowded(seed, 2));
        assert_eq!(report.failure(), None);
        copies += report.effects.get(&REVIEWS_CONSUMER.effect("SendMessageBatch", "queue")).copied().unwrap_or(0);
    }
    assert!(copies > 0, "nothing came to its last receive");
}
