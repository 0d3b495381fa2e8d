//! A bad night, proven in the morning: `NIGHT_ORDERS=10000` for the figures in docs/PERFORMANCE.md.

use crate::stage::{ACCOUNT, Setting, Stage, expected};
use chrono::Utc;
use sandbox::{Fault, Outcome, Rule, yotpo};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// What Yotpo drops after a yes, of all posts.
const SILENT_DROPS: f64 = 0.03;
/// Of so many orders Yotpo refuses one for good.
const ONE_REFUSED_OF: usize = 100;
/// A consumer is killed so often.
const KILL_EVERY: Duration = Duration::from_secs(2);
/// The emulator delivers more a second than this, whatever fails.
const SLOWEST: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_night_of_drops_refusals_an_outage_and_dying_consumers_is_proven_complete() {
    let orders = std::env::var("NIGHT_ORDERS").ok().and_then(|n| n.parse().ok()).unwrap_or(400);
    let settings = &[("protocol", "missing_after", "\"500ms\"")];
    let stage = Stage::with(Setting { settings, ..Setting::default() }).await;
    let spec = Stage::yesterday(orders);
    let manifest = stage.sandbox.seed_day(&spec).unwrap();

    let deliverable = manifest.expected.iter().filter(|order| order.outcome == Outcome::Delivered);
    let refused: BTreeSet<String> = deliverable.step_by(ONE_REFUSED_OF).map(|order| order.order_id.clone()).collect();
    for order in &refused {
        let refusal = Rule::always(yotpo::CREATE, Fault::status(422));
        stage.sandbox.add_fault(Rule { subject: Some(order.clone()), ..refusal });
    }
    let (after, seconds) = (Some(orders as u64 / 3), Some(6.0));
    stage.sandbox.add_fault(Rule { after, ..Rule::outage(yotpo::ANY_CALL, seconds) });
    stage.sandbox.add_fault(Fault::silent_drops(SILENT_DROPS));

    let begun = Instant::now();
    stage.produce(Utc::now()).await;
    let queue = stage.stack.queue("ReviewsQueueUrl").unwrap();
    let (mut kills, mut killed_at) = (0, Instant::now());
    while queue.depth().await.unwrap().total() > 0 {
        if killed_at.elapsed() >= KILL_EVERY {
            kills += stage.kill("reviews-consumer").min(1);
            killed_at = Instant::now();
        }
        assert!(begun.elapsed().as_secs() < 60 + (orders / SLOWEST) as u64, "the queue does not become empty");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let delivered_in = begun.elapsed();
    let dropped = manifest.compare(&stage.sandbox.yotpo.arrivals()).lost.len() - refused.len();
    let (runs, certificate) = stage.reconcile_until_complete(&spec.business_day.to_string(), "default").await;
    println!(
        "{orders} orders, {dropped} dropped without a word, {} refused, {kills} kills: queue empty after {:.0} s, complete after {runs} \
         runs of the reconciler and {:.0} s\n{certificate}",
        refused.len(),
        delivered_in.as_secs_f64(),
        begun.elapsed().as_secs_f64(),
    );
    assert!(kills > 0 && dropped > 0, "{kills} kills, {dropped} dropped");

    // Each order once, as it must be, but for those that Yotpo refused.
    let verdict = manifest.compare(&stage.sandbox.yotpo.arrivals());
    assert!(verdict.doubled.is_empty() && verdict.unexpected.is_empty() && verdict.altered.is_empty(), "{verdict:?}");
    assert_eq!(verdict.lost.iter().cloned().collect::<BTreeSet<_>>(), refused);
    assert_eq!(certificate["ledger"]["confirmed"], verdict.delivered);
    // Those are in the certificate with their reason, and in the dead-letter queue with their key.
    let of_the_seed = expected(&manifest, |outcome| *outcome == Outcome::Rejected);
    let reasons = certificate["ledger"]["rejected"].as_object().unwrap();
    let by_status = |status: &str| -> u64 {
        reasons.iter().filter(|(reason, _)| reason.contains(status)).filter_map(|(_, n)| n.as_u64()).sum()
    };
    assert_eq!(by_status("HTTP 422"), refused.len() as u64, "{certificate}");
    assert_eq!(by_status("HTTP 400"), of_the_seed, "{certificate}");
    let letters = stage.dead_letters();
    let buried: BTreeSet<&str> = letters
        .iter()
        .filter(|letter| letter.error_class == "bad_record" && letter.error.contains("HTTP 422"))
        .filter_map(|letter| letter.delivery_key.as_deref()?.strip_prefix("reviews/"))
        .collect();
    let ids: BTreeSet<&str> =
        manifest.expected.iter().filter(|o| refused.contains(&o.order_id)).map(|o| o.id.as_str()).collect();
    assert_eq!(buried, ids);
    let posted: u64 = refused.iter().filter_map(|id| stage.sandbox.yotpo.arrival(ACCOUNT, id)).map(|a| a.effects).sum();
    assert_eq!(posted, 0, "what Yotpo refused took effect");
    stage.assert_logs(&manifest);
}
