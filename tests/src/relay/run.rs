//! `relay run`.

use super::{Ran, assert_refused, outside::Outside, relay, relay_json, transcript::shown, typed};
use crate::stage::{Setting, Stage};
use chrono::{TimeDelta, Utc};
use sandbox::{DaySpec, Fault, Moment, Rule, salesforce};
use std::{process::Stdio, time::Duration};

/// A day without orders that end elsewhere than at Yotpo.
fn plain(orders: usize) -> DaySpec {
    DaySpec { awkward: false, first_number: Some(100), ..Stage::yesterday(orders) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_run_and_waited_for() {
    let settings = &[("protocol", "missing_after", "\"500ms\"")];
    let stage = Stage::with(Setting { settings, ..Setting::default() }).await;
    let manifest = stage.sandbox.seed_day(&plain(25)).unwrap();
    let before = Outside::of(&stage).await;
    let dry = relay_json(&stage, 0, &["run", "--day", "yesterday"]);
    assert_eq!((dry["dry_run"].as_bool(), dry["estimate"]["orders"].as_u64()), (Some(true), Some(25)), "{dry}");
    assert_eq!(Outside::of(&stage).await, before, "without --yes");
    let ran = shown(&stage, "run", "relay run --day yesterday --store default --yes --wait");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(stage.assert_nothing_lost_or_doubled(&manifest), 25);

    // Who did it, and what came of it.
    let notes = relay_json(&stage, 1, &["status"])["by_hand"].clone();
    assert_eq!((&notes[0]["action"], &notes[1]["action"]), (&"run begun".into(), &"run ended".into()), "{notes}");
    assert!(notes[0]["who"].as_str().unwrap().starts_with("arn:aws:"), "{notes}");
    assert_eq!(
        (&notes[0]["detail"]["store"], &notes[1]["detail"]["enqueued"]),
        (&"default".into(), &25.into()),
        "{notes}"
    );

    // Again, in a script's words: nothing is sent again.
    let again = relay_json(&stage, 0, &["run", "--day", "yesterday", "--yes"]);
    let numbers = ["fetched", "enqueued", "already_delivered"].map(|name| again[name].as_u64().unwrap());
    assert_eq!(numbers, [25, 0, 25], "{again}");
    assert_eq!(again["estimate"]["orders"], 25, "{again}");
    assert_eq!((&again["flow"], &again["estimate"]["yotpo_calls"]), (&"reviews".into(), &26.into()));
    assert!(again.get("certificates").is_none(), "{again}");
    // The cursor is the schedule's: it has not begun.
    let ledger = super::outside::ledger(&stage);
    assert!(!ledger.keys().any(|key| key.starts_with("cursor/")), "{:?}", ledger.keys());
    stage.drained().await;
    assert_eq!(stage.assert_nothing_lost_or_doubled(&manifest), 25);
    stage.assert_logs(&manifest);

    let before = Outside::of(&stage).await;
    let today = Utc::now().date_naive();
    for (arguments, says) in [
        (&["run"][..], "--day"),
        (&["run", "--day", "2026-02-30"], "expected a day written YYYY-MM-DD"),
        (&["run", "--day", &today.to_string()], "is not over yet"),
        (&["run", "--day", &(today + TimeDelta::days(1)).to_string()], "is not over yet"),
        (&["run", "--day", "yesterday", "--wait"], "--yes"),
        (&["run", "--day", "yesterday", "--store", "nowhere"], "the settings have: default"),
    ] {
        assert_refused(&stage, arguments, says);
    }
    stage.sandbox.add_fault(Rule::outage(salesforce::ANY_CALL, None));
    let ran = relay(&stage, &["run", "--day", "yesterday", "--yes"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err.contains("count the orders in Salesforce") || ran.err.contains("find the configured fields"),
        "{ran:?}"
    );
    assert_eq!(Outside::of(&stage).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_that_dies_is_started_again_and_one_that_cannot_work_is_given_up() {
    let stage = Stage::set().await;
    stage.sandbox.salesforce.set(|settings| settings.page_size = Some(20));
    let manifest = stage.sandbox.seed_day(&plain(120)).unwrap();
    let slow = Rule::always(salesforce::NEXT, Fault::Delay { ms: 100, moment: Moment::Before });
    stage.sandbox.add_fault(slow);
    let command = typed(&stage, &["run", "--day", "yesterday", "--yes", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut killed = 0;
    while killed < 2 {
        let lines = super::outside::calls(&stage, salesforce::NEXT);
        stage.until("a page is read", async || super::outside::calls(&stage, salesforce::NEXT) > lines).await;
        killed += stage.kill("reviews-producer").min(1);
    }
    let ran = Ran::of(tokio::task::spawn_blocking(|| command.wait_with_output().unwrap()).await.unwrap());
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.json()["runs"].as_u64().unwrap() > 1, "{ran:?}");
    stage.sandbox.clear_faults();
    stage.drained().await;
    assert_eq!(stage.assert_nothing_lost_or_doubled(&manifest), 120);

    // The estimate can be made, and after it the org answers nobody.
    let after_the_count = Rule { after: Some(1), ..Rule::outage(salesforce::QUERY, None) };
    stage.sandbox.add_fault(after_the_count);
    let begun = std::time::Instant::now();
    let ran = relay(&stage, &["run", "--day", "yesterday", "--yes"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("not settled after 5 runs in a row without progress"), "{ran:?}");
    assert!(begun.elapsed() > Duration::from_secs(10), "there are pauses between the runs");
    stage.assert_logs(&manifest);
}
