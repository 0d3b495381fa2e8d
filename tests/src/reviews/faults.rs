//! Vendors, queue and secrets fail in every way they are known to; nothing is lost, nothing doubled.

use crate::stage::{ACCOUNT, Setting, Stage, expected};
use chrono::Utc;
use sandbox::{Fault, Moment, Outcome, Rule, salesforce, yotpo};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_fault_at_once() {
    let stage = Stage::set().await;
    stage.sandbox.salesforce.set(|settings| settings.page_size = Some(60));
    let manifest = stage.sandbox.seed_day(&Stage::yesterday(200)).unwrap();
    for rule in Fault::demo(1) {
        stage.sandbox.add_fault(rule);
    }
    stage.deliver_all(&manifest).await;
    let fired: u64 = stage.sandbox.faults().iter().map(|f| f.fired).sum();
    assert!(fired > 10, "the faults were to strike, they did {fired} times");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_expires_in_the_middle_of_paging() {
    let stage = Stage::set().await;
    stage.sandbox.salesforce.set(|settings| {
        settings.page_size = Some(30);
        settings.child_page_size = 50;
    });
    let manifest = stage.sandbox.seed_day(&Stage::yesterday(80)).unwrap();
    // Outer and inner pages alike: every third call for more finds the session gone.
    for after in [1, 3, 5, 8, 13] {
        let rule = Rule::always(salesforce::NEXT, Fault::ExpireTokens);
        stage.sandbox.add_fault(Rule { after: Some(after), next: Some(1), ..rule });
    }
    let answer = stage.producer(&serde_json::json!({"scheduled_at": Utc::now()})).await;
    assert_eq!(answer["settled"], true, "in one run: {answer}");
    stage.drained().await;
    assert_eq!(stage.sandbox.faults().iter().map(|f| f.fired).sum::<u64>(), 5);
    stage.assert_nothing_lost_or_doubled(&manifest);
    stage.assert_logs(&manifest);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_query_cursor_expires_between_pages() {
    let stage = Stage::set().await;
    stage.sandbox.salesforce.set(|settings| settings.page_size = Some(30));
    let manifest = stage.sandbox.seed_day(&Stage::yesterday(80)).unwrap();
    // Slow pages, so that there is a between.
    stage.sandbox.add_fault(Rule::always(salesforce::NEXT, Fault::Delay { ms: 60, moment: Moment::Before }));
    let sandbox = &stage.sandbox;
    let expiring = async {
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_millis(90)).await;
            sandbox.salesforce.expire_cursors();
        }
    };
    tokio::join!(stage.produce(Utc::now()), expiring);
    stage.drained().await;
    stage.assert_nothing_lost_or_doubled(&manifest);
    stage.assert_logs(&manifest);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_producers_at_the_same_time() {
    let stage = Stage::set().await;
    stage.sandbox.salesforce.set(|settings| settings.page_size = Some(30));
    let manifest = stage.sandbox.seed_day(&Stage::yesterday(120)).unwrap();
    let now = Utc::now();
    tokio::join!(stage.produce(now), stage.produce(now), stage.produce(now));
    stage.drained().await;
    stage.assert_nothing_lost_or_doubled(&manifest);
    stage.assert_logs(&manifest);
}

/// Twenty-four hours at the true values are computed in `numbers`; here the same outage, scaled down: the
/// back-off's cap is two seconds instead of thirty minutes, so a day is ninety-six seconds, and a tenth of it is enough to
/// run through more than every step of the back-off.
#[tokio::test(flavor = "multi_thread")]
async fn yotpo_is_down_for_long_and_everything_is_delivered_afterwards_by_itself() {
    let stage = Stage::set().await;
    let manifest = stage.sandbox.seed_day(&Stage::yesterday(60)).unwrap();
    stage.sandbox.add_fault(Rule::outage(yotpo::ANY_CALL, Some(10.0)));
    stage.deliver_all(&manifest).await;
    assert!(!stage.logged("to be tried again").is_empty());
    let rejected = expected(&manifest, |o| matches!(o, Outcome::Rejected | Outcome::Parked { .. }));
    assert_eq!(stage.dead_letters().len() as u64, rejected, "no outage parks anything");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_never_recovers_leaves_every_order_in_the_dead_letter_queue_once() {
    let stage = Stage::with(Setting { parameters: &[("MaxReceiveCount", "4")], ..Setting::default() }).await;
    let mut spec = Stage::yesterday(12);
    spec.awkward = false;
    stage.sandbox.seed_day(&spec).unwrap();
    stage.sandbox.add_fault(Rule::always(yotpo::CREATE, Fault::status(500)));
    stage.produce(Utc::now()).await;
    stage.drained().await;
    let letters = stage.dead_letters();
    let mut keys: Vec<_> = letters.iter().filter_map(|l| l.delivery_key.clone()).collect();
    keys.sort();
    keys.dedup();
    assert_eq!((letters.len(), keys.len()), (12, 12), "{letters:?}");
    assert!(letters.iter().all(|l| l.error_class == "exhausted" && l.error.contains("uncertain")), "{letters:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_is_rotated_under_a_warm_consumer() {
    let stage = Stage::set().await;
    let mut first = Stage::yesterday(10);
    first.awkward = false;
    let mut manifest = stage.sandbox.seed_day(&first).unwrap();
    stage.produce(Utc::now()).await;
    stage.drained().await;
    let by_hand = serde_json::json!({"business_day": first.business_day.to_string()});
    stage.reconcile(&by_hand).await;

    // Producer and reconciler are as warm.
    stage.sandbox.salesforce.rotate_secret("rotated-secret");
    stage.stack.put_secret("salesforce", &stage.sandbox.salesforce.secret()).unwrap();
    stage.sandbox.yotpo.rotate_secret(ACCOUNT, "rotated-key");
    stage.stack.put_secret("yotpo", &stage.sandbox.yotpo.secret(&[("default", ACCOUNT)])).unwrap();
    let warm = stage.delivering();
    let mut second = Stage::yesterday(60);
    (second.seed, second.awkward, second.first_number) = (8, false, Some(1));
    manifest.extend(stage.sandbox.seed_day(&second).unwrap());
    stage.producer(&serde_json::json!({"business_day": second.business_day.to_string()})).await;
    stage.drained().await;
    assert_eq!(stage.assert_nothing_lost_or_doubled(&manifest), 70);
    assert!(stage.delivered_by(&warm) > 10, "a consumer that was warm was to go on with the new secret");
    let certificates = stage.reconcile(&by_hand).await;
    assert_eq!(certificates[0]["source"]["completed"], 70, "{certificates:?}");
    assert_eq!(stage.logged("Salesforce refuses the login; the secret is read again").len(), 2);
    stage.assert_logs(&manifest);
}
