//! Functions are killed where it hurts most.

use crate::stage::{Setting, Stage};
use chrono::Utc;
use sandbox::{Fault, Moment, Rule, salesforce, yotpo};
use std::time::Duration;

const KILLS: usize = 20;

/// Yotpo takes effect, then takes half a second to answer: whatever consumer has a call under way is killed with SIGKILL
/// in between, after the post and before the record.
#[tokio::test(flavor = "multi_thread")]
async fn the_consumer_is_killed_twenty_times_between_the_post_and_the_record() {
    let stage = Stage::with(Setting {
        parameters: &[("ConsumerConcurrency", "2"), ("ConsumerTimeoutSeconds", "5"), ("QueueVisibilitySeconds", "6")],
        ..Setting::default()
    })
    .await;
    let manifest = stage.sandbox.seed_day(&Stage::yesterday(300)).unwrap();
    let slow = Rule::always(yotpo::CREATE, Fault::Delay { ms: 500, moment: Moment::After });
    stage.sandbox.add_fault(slow);
    stage.produce(Utc::now()).await;

    let effects = || stage.sandbox.yotpo.arrivals().iter().map(|a| a.effects + a.repeats).sum::<u64>();
    let mut kills = 0;
    while kills < KILLS {
        let before = effects();
        stage.until("a post has taken effect", async || effects() > before).await;
        // The post is in, its answer is on its way for another half second.
        tokio::time::sleep(Duration::from_millis(50)).await;
        kills += stage.kill("reviews-consumer").min(1);
    }
    stage.sandbox.clear_faults();
    stage.drained().await;
    let repeats: u64 = stage.sandbox.yotpo.arrivals().iter().map(|a| a.repeats).sum();
    assert!(repeats > 0, "some post was to be repeated, or no kill hit the place");
    stage.assert_nothing_lost_or_doubled(&manifest);
    stage.assert_logs(&manifest);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_producer_is_killed_again_and_again() {
    let stage = Stage::set().await;
    stage.sandbox.salesforce.set(|settings| settings.page_size = Some(30));
    let manifest = stage.sandbox.seed_day(&Stage::yesterday(120)).unwrap();
    let slow = Rule::always(salesforce::NEXT, Fault::Delay { ms: 80, moment: Moment::Before });
    stage.sandbox.add_fault(slow);
    let now = Utc::now();
    let killing = async {
        for pause in [150, 250, 350, 450, 550, 650] {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            stage.kill("reviews-producer");
        }
    };
    tokio::join!(stage.produce(now), killing);
    stage.drained().await;
    stage.assert_nothing_lost_or_doubled(&manifest);
    stage.assert_logs(&manifest);
}
