//! What Shopify tells, and how: NetSuite is compared with Shopify, never with the ledger.

use super::stage::Stage;
use sandbox::{Fault, Moment, Rule, netsuite, shopify::Mischief};
use std::time::Duration;

/// A call that was held up lands so many milliseconds later, within `protocol.settle` and `netsuite.unanswered_hold`.
const LATE: u64 = 700;

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_webhooks_ends_with_netsuite_as_shopify_is() {
    let stage = Stage::set().await;
    let mischief = Mischief {
        duplicates: 0.1,
        retries: 0.1,
        retry_within: Duration::from_secs(2),
        shuffled: 0.3,
        shuffle_within: Duration::from_secs(1),
        omitted: 0.03,
        ..Mischief::default()
    };
    let plan = stage.orders(15, &mischief);
    // Those that must not be missing, each at another order; the others as chance will have it.
    let lost = [Fault::Cut { moment: Moment::After }, Fault::Late { ms: LATE }, Fault::Html { code: 503 }];
    for (after, fault) in (2..).step_by(4).zip(lost) {
        let rule = Rule::always(netsuite::CREATE, fault);
        stage.sandbox.add_fault(Rule { after: Some(after), next: Some(1), ..rule });
    }
    for rule in Fault::demo_erp(LATE) {
        stage.sandbox.add_fault(rule);
    }
    let sent = plan.len();
    let answered = stage.send(plan).await;
    assert_eq!((answered.accepted, answered.wrongly), (sent, 0), "{answered:?}");
    stage.drained().await;
    let certificate = stage.reconcile_until_complete().await;
    stage.assert_agreement().await;
    let totals = &certificate["totals"];
    assert_eq!(totals["source"], totals["destination"], "{certificate}");
    let faults = stage.sandbox.faults();
    assert!(faults[..3].iter().all(|fault| fault.fired == 1), "{faults:?}");
    stage.assert_logs();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_signature_is_refused_and_a_good_one_accepted() {
    let stage = Stage::set().await;
    let plan = stage.orders(6, &Mischief { tampered: 1.0, forged: 0.5, ..Mischief::default() });
    let genuine = plan.iter().filter(|delivery| delivery.kind.is_genuine()).count();
    let counterfeit = plan.len() - genuine;
    assert!(counterfeit > genuine);
    // Each is answered with 200 or 401 at once, or this counts more requests.
    let answered = stage.send(plan).await;
    let right =
        local::Answered { requests: genuine + counterfeit, accepted: genuine, refused: counterfeit, wrongly: 0 };
    assert_eq!(answered, right);
    stage.drained().await;
    // Nothing of what a stranger changed has arrived.
    stage.assert_agreement().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_shopify_sends_again_writes_nothing() {
    let stage = Stage::set().await;
    let plan = stage.orders(8, &Mischief::default());
    stage.send(plan.clone()).await;
    stage.drained().await;
    stage.assert_agreement().await;
    let writes = stage.writes();
    assert!(writes >= 8, "{writes} writes");
    let answered = stage.send(plan.clone()).await;
    assert_eq!(answered.accepted, plan.len());
    stage.drained().await;
    assert_eq!(stage.writes(), writes);
    stage.assert_agreement().await;
    stage.assert_logs();
}
