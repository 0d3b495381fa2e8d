//! What producer and consumer do is judged without the reconciler, who would mend it.

use simulation::{Scenario, run};

/// An entry that SQS answers for by itself is sent again, and no day is settled before SQS has taken every message of it.
#[test]
fn entries_that_sqs_refuses_are_sent_before_the_day_is_settled() {
    for seed in 1..5 {
        let report = run(&Scenario::refusing(seed, 0.6).unmended());
        assert_eq!(report.failure(), None);
        assert!(report.certificates == 0, "the reconciler ran");
    }
}

/// Every run issues certificates, and each of them is compared with the destination.
#[test]
fn certificates_are_looked_at() {
    let report = run(&Scenario::calm(1));
    assert_eq!(report.failure(), None);
    assert!(report.certificates > 2, "{} certificates", report.certificates);
}
