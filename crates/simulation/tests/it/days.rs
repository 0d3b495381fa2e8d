//! Which days are looked at, for how long, and what is found on them: weeks told by hand.

#![expect(clippy::unwrap_used, reason = "it is a test")]

use chrono::{NaiveDate, TimeDelta};
use sandbox::{Fault, Manifest, Moment as When, Rule, salesforce, yotpo};
use simulation::{Kill, Moment, REVIEWS_PRODUCER, REVIEWS_RECONCILER, Scenario, Story, run, tell};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn calm() -> Scenario {
    Scenario::calm(1)
}

/// Yotpo says yes to the next post of this order, and creates nothing.
fn drop_once(story: &Story, order_id: &str) {
    let drop = Rule::always(yotpo::CREATE, Fault::SilentDrop);
    story.vendors().add_fault(Rule { subject: Some(order_id.to_owned()), next: Some(1), ..drop });
}

/// The schedule's looks of so many hours, of which every third is enough here.
async fn looks(story: &Story, hours: u32) {
    for _ in 0..hours.div_ceil(3) {
        story.look().await;
        story.pass(TimeDelta::minutes(165)).await;
    }
}

/// Each order once.
fn assert_there(story: &Story, manifest: &Manifest) {
    for expected in &manifest.expected {
        assert_eq!(story.effects(&expected.order_id), 1, "{}", expected.order_id);
    }
}

fn is_due(story: &Story, day: NaiveDate) -> bool {
    story.kept("due/").iter().any(|item| item.to_string().contains(&format!("{day} since")))
}

#[test]
fn a_day_that_was_run_by_hand_is_looked_at_until_it_is_complete_and_a_week_more() {
    tell(day("2026-11-20"), &calm(), async |story| {
        assert!(story.night().await);
        let old = day("2026-08-01");
        let manifest = story.orders(old, 3);
        drop_once(story, &manifest.expected[0].order_id);
        assert!(story.by_hand(old).await);
        assert_eq!(story.effects(&manifest.expected[0].order_id), 0, "it was to be dropped");
        looks(story, 16).await;
        assert_there(story, &manifest);
        assert!(is_due(story, old), "for a week more");
        for _ in 0..8 {
            story.pass(TimeDelta::days(1)).await;
            story.look().await;
        }
        assert!(!is_due(story, old), "{:?}", story.kept("due/"));
        assert!(story.look().await.of(old).is_none(), "it is proven");
    });
}

#[test]
fn a_day_that_a_late_order_is_sent_for_is_looked_at_again() {
    tell(day("2026-11-02"), &calm(), async |story| {
        let old = day("2026-11-01");
        let early = story.orders(old, 2);
        assert!(story.night().await);
        looks(story, 8).await;
        for _ in 0..18 {
            story.pass(TimeDelta::days(1)).await;
            assert!(story.night().await);
            story.look().await;
        }
        assert_there(story, &early);
        assert!(!is_due(story, old));
        // Completed that day, says the field; and completed now, says the order.
        let late = story.orders_from(old, 1, 90_001);
        let order_id = &late.expected[0].order_id;
        story.vendors().salesforce.touch("Order", order_id, story.vendors().now()).unwrap();
        drop_once(story, order_id);
        story.pass(TimeDelta::days(1)).await;
        assert!(story.night().await);
        assert_eq!((story.effects(order_id), is_due(story, old)), (0, true), "sent, and dropped");
        looks(story, 16).await;
        assert_there(story, &late);
    });
}

/// Each finds what is missing; one of them sends it.
#[test]
fn two_reconcilers_at_once_send_once_and_certify_what_is_so() {
    tell(day("2026-11-02"), &calm(), async |story| {
        let old = day("2026-11-01");
        let manifest = story.orders(old, 3);
        let order_id = &manifest.expected[0].order_id;
        drop_once(story, order_id);
        assert!(story.night().await);
        let mut complete = 0;
        for _ in 0..4 {
            story.pass(TimeDelta::hours(7)).await;
            let looked = story.look_twice().await;
            complete += looked.iter().filter(|one| one.of(old).is_some_and(|it| it.complete)).count();
        }
        assert!(complete > 0, "{}", story.trace());
        assert_there(story, &manifest);
        assert_eq!(story.posts(order_id), 2, "it was dropped, and sent again:\n{}", story.trace());
    });
}

#[test]
fn whoever_dies_between_the_mark_and_the_message_leaves_no_message_unseen() {
    let (mark, send) =
        (REVIEWS_PRODUCER.effect("UpdateItem", "due"), REVIEWS_PRODUCER.effect("SendMessageBatch", "queue"));
    for effect in [mark, send] {
        for moment in Moment::ALL {
            tell(day("2026-11-20"), &calm(), async |story| {
                assert!(story.night().await);
                let old = day("2026-08-01");
                let manifest = story.orders(old, 1);
                let order_id = &manifest.expected[0].order_id;
                drop_once(story, order_id);
                story.kill(Kill { effect, moment, occurrence: 1 });
                assert!(!story.by_hand(old).await);
                let posted = story.vendors().yotpo.arrivals().iter().any(|arrival| arrival.posted > 0);
                assert_eq!(posted, effect == send && moment != Moment::Before, "{moment:?}");
                assert!(!posted || is_due(story, old), "{moment:?}: sent, and nobody looks");
                looks(story, 16).await;
                assert_eq!(story.effects(order_id), u64::from(posted), "{effect:?} {moment:?}");
            });
        }
    }
}

#[test]
fn what_the_ledger_has_lost_makes_no_day_proven() {
    tell(day("2026-11-02"), &calm(), async |story| {
        let old = day("2026-11-01");
        let manifest = story.orders(old, 2);
        let never = Rule::always(yotpo::CREATE, Fault::SilentDrop);
        story.vendors().add_fault(Rule { subject: Some(manifest.expected[0].order_id.clone()), ..never });
        assert!(story.night().await);
        looks(story, 8).await;
        story.pass(TimeDelta::days(12)).await;
        assert!(story.night().await);
        for kind in ["certificate/", "due/"] {
            story.forget(kind);
            story.pass(TimeDelta::days(1)).await;
            let looked = story.look().await;
            assert!(looked.of(old).is_some_and(|one| !one.complete), "{kind}: {looked:?}");
        }
    });
}

#[test]
fn a_day_that_is_open_for_a_month_raises_an_alarm() {
    tell(day("2026-11-02"), &calm(), async |story| {
        let old = day("2026-11-01");
        let manifest = story.orders(old, 2);
        let never = Rule::always(yotpo::CREATE, Fault::SilentDrop);
        story.vendors().add_fault(Rule { subject: Some(manifest.expected[0].order_id.clone()), ..never });
        assert!(story.night().await);
        let mut said = Vec::new();
        for _ in 0..33 {
            let looked = story.look().await;
            said.push(looked.metric("DaysOverdue"));
            story.pass(TimeDelta::days(1)).await;
        }
        let first = said.iter().position(|n| *n == Some(1.0));
        assert!(matches!(first, Some(30 | 31)), "{said:?}");
        assert!(said[..29].iter().all(|n| *n == Some(0.0)), "{said:?}");
        assert!(story.look().await.of(old).is_some(), "it stays due");
    });
}

/// A Friday of 25 orders, delivered and proven; it is Saturday, the 21st of November, after a Friday without any.
async fn fridays(story: &Story) {
    let manifest = story.orders(day("2026-11-13"), 25);
    assert!(story.night().await);
    looks(story, 9).await;
    assert_there(story, &manifest);
    story.until(day("2026-11-21").and_hms_opt(0, 15, 0).unwrap().and_utc()).await;
    assert!(story.night().await);
}

#[test]
fn a_user_who_sees_no_record_is_not_taken_for_a_quiet_day_and_what_shows_up_later_is_sent() {
    for days in [3, 12] {
        tell(day("2026-11-14"), &calm(), async |story| {
            fridays(story).await;
            let quiet = day("2026-11-20");
            let looked = story.look().await;
            let certificate = looked.of(quiet).unwrap();
            assert!(certificate.quiet && certificate.complete, "{certificate:?}");
            assert_eq!((certificate.source.completed, looked.metric("QuietDays")), (0, Some(1.0)));
            // The Thursday before had nothing either, and never had.
            assert!(looked.of(day("2026-11-19")).is_some_and(|one| !one.quiet));
            story.pass(TimeDelta::hours(2)).await;
            assert_eq!(story.look().await.metric("QuietDays"), Some(1.0));
            for n in 0..days {
                story.pass(TimeDelta::days(1)).await;
                assert!(story.night().await);
                let said = story.look().await.metric("QuietDays");
                // A week later there is a quiet Friday again.
                assert!(said == Some(0.0) || n >= 6, "it is news for a day: {n}, {said:?}");
            }
            // The user sees them again, with the stamps that they had.
            let manifest = story.orders_that_show_up(quiet, 25);
            story.pass(TimeDelta::days(1)).await;
            assert!(story.night().await);
            story.watch(&manifest);
            assert_eq!(story.effects(&manifest.expected[0].order_id), 0, "no producer asks for them");
            looks(story, 9).await;
            assert_there(story, &manifest);
            let looked = story.look_by_hand(quiet).await;
            assert!(looked.of(quiet).is_some_and(|one| one.complete && !one.quiet), "{looked:?}");
        });
    }
}

/// A page takes nine seconds, the day has more pages than fit into the reconciler's minute.
#[test]
fn a_day_that_no_run_can_read_starves_nobody_and_is_proven_in_the_end() {
    tell(day("2026-11-17"), &calm().hurried(), async |story| {
        let large = story.orders(day("2026-11-16"), 16);
        assert!(story.night().await);
        story.pass(TimeDelta::days(1)).await;
        let small = story.orders(day("2026-11-17"), 3);
        assert!(story.night().await);
        story.pass(TimeDelta::hours(7)).await;
        for endpoint in [salesforce::QUERY, salesforce::NEXT] {
            story.vendors().add_fault(Rule::always(endpoint, Fault::Delay { ms: 9_000, moment: When::Before }));
        }
        let (mut of_large, mut of_small, mut runs) = (None, None, 0);
        while (of_large.is_none() || of_small.is_none()) && runs < 100 {
            let looked = story.look().await;
            runs += 1;
            of_small = of_small.or(looked.of(day("2026-11-17")).map(|one| (runs, one.clone())));
            of_large = of_large.or(looked.of(day("2026-11-16")).map(|one| (runs, one.clone())));
            story.pass(TimeDelta::minutes(45)).await;
        }
        assert!(of_small.is_some() && of_large.is_some(), "{}", story.trace());
        let ((small_runs, of_small), (large_runs, of_large)) = (of_small.unwrap(), of_large.unwrap());
        println!("after {small_runs} runs the small day, after {large_runs} the large one");
        assert_eq!((of_small.complete, of_small.ledger.confirmed), (true, 3), "{of_small:?}");
        assert_eq!((of_large.complete, of_large.ledger.confirmed, of_large.source.completed), (true, 16, 16));
        assert_eq!(of_large.destination.unwrap().found, 16);
        assert!(small_runs < 10, "{small_runs} runs");
        assert!(large_runs > 6, "{large_runs} runs: it was read in one go");
        assert_there(story, &small);
        assert_there(story, &large);
    });
}

/// What the kills are held against: a page a run is enough, and leaves parts.
#[test]
fn a_page_a_run_proves_a_day() {
    let report = run(&Scenario::calm(1).hurried());
    assert_eq!(report.failure(), None);
    for operation in ["UpdateItem", "GetItem"] {
        assert!(report.effects.contains_key(&REVIEWS_RECONCILER.effect(operation, "part")), "{operation}");
    }
}
