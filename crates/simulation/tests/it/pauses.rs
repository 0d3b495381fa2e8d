//! A pause: nothing is called while it lasts, everything arrives afterwards, and nothing twice.

#![expect(clippy::unwrap_used, reason = "it is a test")]

use chrono::{NaiveDate, TimeDelta};
use sandbox::{Fault, Manifest, Rule, yotpo};
use simulation::{Kill, Moment, REVIEWS_CONSUMER, Scenario, Service, Story, tell};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn friday() -> NaiveDate {
    day("2026-11-20")
}

fn posts(story: &Story, manifest: &Manifest) -> u64 {
    manifest.expected.iter().map(|expected| story.posts(&expected.order_id)).sum()
}

fn effects(story: &Story, manifest: &Manifest) -> u64 {
    manifest.expected.iter().map(|expected| story.effects(&expected.order_id)).sum()
}

fn vendors(story: &Story) -> [u64; 2] {
    [Service::Salesforce, Service::Yotpo].map(|service| story.calls(service))
}

/// The schedule's nights and looks, until each order is there once; and as much later as something could follow.
async fn arrives(story: &Story, manifest: &Manifest) {
    for _ in 0..48 {
        story.night().await;
        story.look().await;
        if manifest.expected.iter().all(|expected| story.effects(&expected.order_id) > 0) {
            break;
        }
    }
    story.pass(TimeDelta::hours(6)).await;
    for expected in &manifest.expected {
        assert_eq!(story.effects(&expected.order_id), 1, "{}\n{}", expected.order_id, story.trace());
    }
    assert_eq!(story.waiting(), 0, "copies");
    assert_eq!(story.kept("reviews/").iter().filter(|item| item.to_string().contains("parked")).count(), 0);
}

/// An evening on which Yotpo answers nobody, so that messages lie on the queue with receives of their own when the pause begins. It is
/// so much later that whatever had begun is over.
async fn paused(story: &Story) -> Manifest {
    let manifest = story.orders(friday(), 20);
    story.until("2026-11-21T00:10:00Z".parse().unwrap()).await;
    story.vendors().add_fault(Rule::always(yotpo::CREATE, Fault::status(503)));
    // A run that a fault ends is started again.
    let mut settled = false;
    for _ in 0..4 {
        settled = settled || story.night().await;
    }
    assert!(settled);
    story.pause(None);
    story.pass(TimeDelta::minutes(20)).await;
    story.vendors().clear_faults();
    manifest
}

/// The schedule's nights and looks go on so long, and nobody calls a vendor.
async fn lasts(story: &Story, manifest: &Manifest, time: TimeDelta) {
    let (called, begun) = (vendors(story), story.vendors().now());
    while story.vendors().now() - begun < time {
        assert!(!story.night().await, "nothing is settled");
        assert!(story.look().await.certificates.is_empty(), "nothing is looked at");
        story.pass(TimeDelta::hours(3)).await;
    }
    assert_eq!(vendors(story), called, "nothing is called under a pause");
    assert_eq!(effects(story, manifest), 0);
}

#[test]
fn what_is_on_the_queue_waits_through_a_pause_and_arrives_once() {
    tell(friday(), &Scenario::calm(1), async |story| {
        let manifest = paused(story).await;
        let before = posts(story, &manifest);
        lasts(story, &manifest, TimeDelta::hours(6)).await;
        story.resume(None);
        story.pass(TimeDelta::minutes(30)).await;
        assert_eq!(effects(story, &manifest), 20, "it comes by itself within a quarter of an hour");
        arrives(story, &manifest).await;
        assert_eq!(posts(story, &manifest) - before, 20, "none is posted twice");
    });
}

#[test]
fn whatever_fails_under_a_pause_loses_and_doubles_nothing() {
    for seed in 0..3 {
        tell(friday(), &Scenario::troubled(seed), async |story| {
            story.trouble(TimeDelta::hours(60));
            let manifest = paused(story).await;
            lasts(story, &manifest, TimeDelta::hours(9)).await;
            assert!(story.faults() > 50, "seed {seed}: {}", story.faults());
            story.resume(None);
            story.pass(TimeDelta::days(1)).await;
            arrives(story, &manifest).await;
        });
    }
}

#[test]
fn a_pause_that_is_longer_than_the_queue_keeps_a_message_loses_none() {
    tell(friday(), &Scenario::calm(2), async |story| {
        let manifest = paused(story).await;
        lasts(story, &manifest, TimeDelta::days(8)).await;
        assert_eq!(story.waiting(), 20, "none is lost, and none is there twice");
        story.resume(None);
        story.pass(TimeDelta::minutes(30)).await;
        assert_eq!(effects(story, &manifest), 20, "it comes without being sent again");
        arrives(story, &manifest).await;
    });
}

#[test]
fn days_that_were_over_under_a_pause_are_read_after_it() {
    tell(friday(), &Scenario::calm(3), async |story| {
        story.until("2026-11-20T00:10:00Z".parse().unwrap()).await;
        assert!(story.night().await);
        story.pause(None);
        let manifest = story.orders(friday(), 10);
        story.until("2026-11-23T00:10:00Z".parse().unwrap()).await;
        lasts(story, &manifest, TimeDelta::hours(1)).await;
        story.resume(None);
        arrives(story, &manifest).await;
    });
}

#[test]
fn a_store_is_paused_alone_and_the_other_goes_on() {
    tell(friday(), &Scenario::calm(4).of_two_stores(), async |story| {
        story.pause(Some("outlet"));
        let manifest = story.orders(friday(), 20);
        story.until("2026-11-21T00:10:00Z".parse().unwrap()).await;
        assert!(story.night().await, "the source is read, and both stores' orders lie on the queue");
        story.pass(TimeDelta::hours(9)).await;
        let looked = story.look().await;
        assert!(looked.of(friday()).is_some_and(|one| one.complete), "{looked:?}");
        assert!(looked.certificates.iter().all(|one| one.store.as_str() != "outlet"), "{looked:?}");
        let (outlet, default): (Vec<_>, Vec<_>) =
            manifest.expected.iter().partition(|expected| expected.app_key == "sandbox-outlet");
        assert_eq!((outlet.len(), default.len()), (10, 10));
        assert!(default.iter().all(|expected| story.effects(&expected.order_id) == 1));
        assert!(outlet.iter().all(|expected| story.posts(&expected.order_id) == 0));
        assert_eq!(story.waiting(), 10);
        story.resume(Some("outlet"));
        arrives(story, &manifest).await;
        assert_eq!(posts(story, &manifest), 20, "none is posted twice");
    });
}

/// Between the copy and the deletion of what it replaces, both are there; the claim has one of them delivered.
#[test]
fn a_consumer_that_dies_with_a_copy_sent_doubles_nothing() {
    for moment in Moment::ALL {
        tell(friday(), &Scenario::calm(5), async |story| {
            let manifest = paused(story).await;
            let before = posts(story, &manifest);
            let effect = REVIEWS_CONSUMER.effect("SendMessageBatch", "queue");
            story.kill(Kill { effect, moment, occurrence: 1 });
            lasts(story, &manifest, TimeDelta::days(1)).await;
            assert!(story.kill_struck(), "{moment:?}");
            assert_eq!(story.waiting() > 20, moment != Moment::Before, "{moment:?}: {} messages", story.waiting());
            story.resume(None);
            arrives(story, &manifest).await;
            assert_eq!(posts(story, &manifest) - before, 20, "{moment:?}: none is posted twice");
        });
    }
}

#[test]
fn for_how_long_something_has_been_paused_is_measured() {
    tell(friday(), &Scenario::calm(6), async |story| {
        story.until("2026-11-21T00:10:00Z".parse().unwrap()).await;
        assert!(story.night().await);
        assert_eq!(story.look().await.metric("PausedHours"), Some(0.0));
        for store in [None, Some("default")] {
            story.pause(store);
            story.pass(TimeDelta::minutes(25 * 60 + 30)).await;
            assert_eq!(story.look().await.metric("PausedHours"), Some(25.0), "{store:?}");
            story.resume(store);
            assert_eq!(story.look().await.metric("PausedHours"), Some(0.0), "{store:?}");
        }
    });
}
