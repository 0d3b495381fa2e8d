//! A pause: nothing is called while it lasts, everything arrives afterwards, and nothing twice.

#![expect(clippy::unwrap_used, reason = "it is a test")]

use chrono::{NaiveDate, TimeDelta};
use sandbox::{Fault, Manifest, Rule, yotpo};
use simulation::{Kill, Moment, REVIEWS_CONSUMER, Scenario, Story, tell};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn posts(story: &Story, manifest: &Manifest) -> u64 {
    manifest.expected.iter().map(|expected| story.posts(&expected.order_id)).sum()
}

fn effects(story: &Story, manifest: &Manifest) -> u64 {
    manifest.expected.iter().map(|expected| story.effects(&expected.order_id)).sum()
}

/// The schedule's nights and looks, until each order is there once.
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
        assert_eq!(story.effects(&expected.order_id), 1, "{}", expected.order_id);
    }
    assert_eq!(story.kept("reviews/").iter().filter(|item| item.to_string().contains("parked")).count(), 0);
}

/// A night that Yotpo does not answer, so that its messages are on the queue with receives of their own when the pause begins; and the
/// pause, under which nights go on.
async fn paused(story: &Story, store: Option<&str>, lasts: TimeDelta) -> Manifest {
    let manifest = story.orders(day("2026-11-20"), 20);
    story.until("2026-11-21T00:10:00Z".parse().unwrap()).await;
    story.vendors().add_fault(Rule::always(yotpo::CREATE, Fault::status(503)));
    story.night().await;
    story.pause(store);
    // Whatever has begun is over.
    story.pass(TimeDelta::minutes(2)).await;
    story.vendors().clear_faults();
    let (before, begun) = (posts(story, &manifest), story.vendors().now());
    while story.vendors().now() - begun < lasts {
        story.night().await;
        assert!(story.look().await.of(day("2026-11-20")).is_none(), "nothing is looked at");
        story.pass(TimeDelta::hours(3)).await;
    }
    assert_eq!(posts(story, &manifest), before, "nothing is called under a pause");
    assert_eq!(effects(story, &manifest), 0);
    manifest
}

#[test]
fn what_is_on_the_queue_waits_through_a_pause_and_arrives_once() {
    tell(day("2026-11-20"), &Scenario::calm(1), async |story| {
        let manifest = paused(story, None, TimeDelta::hours(6)).await;
        story.resume();
        arrives(story, &manifest).await;
    });
}

#[test]
fn a_pause_of_ten_days_is_longer_than_the_queue_keeps_a_message_and_loses_none() {
    tell(day("2026-11-20"), &Scenario::calm(2), async |story| {
        let manifest = paused(story, None, TimeDelta::days(10)).await;
        story.resume();
        arrives(story, &manifest).await;
    });
}

#[test]
fn days_that_were_over_under_a_pause_are_read_after_it() {
    tell(day("2026-11-20"), &Scenario::calm(3), async |story| {
        story.pause(None);
        let manifest = story.orders(day("2026-11-20"), 10);
        story.until("2026-11-23T00:10:00Z".parse().unwrap()).await;
        assert!(!story.night().await, "nothing is settled");
        assert_eq!(posts(story, &manifest), 0);
        story.resume();
        arrives(story, &manifest).await;
    });
}

#[test]
fn a_store_is_paused_alone_and_its_orders_wait_on_the_queue() {
    tell(day("2026-11-20"), &Scenario::calm(4), async |story| {
        story.pause(Some("default"));
        let manifest = story.orders(day("2026-11-20"), 10);
        story.until("2026-11-21T00:10:00Z".parse().unwrap()).await;
        assert!(story.night().await, "the source is read");
        assert_eq!(posts(story, &manifest), 0);
        story.resume();
        arrives(story, &manifest).await;
    });
}

#[test]
fn a_consumer_that_dies_with_a_copy_sent_doubles_nothing() {
    for moment in Moment::ALL {
        tell(day("2026-11-20"), &Scenario::calm(5), async |story| {
            let effect = REVIEWS_CONSUMER.effect("SendMessageBatch", "queue");
            story.kill(Kill { effect, moment, occurrence: 1 });
            let manifest = paused(story, None, TimeDelta::days(1)).await;
            story.resume();
            arrives(story, &manifest).await;
        });
    }
}
