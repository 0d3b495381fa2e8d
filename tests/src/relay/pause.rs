//! `relay pause` and `relay resume`.

use super::{
    assert_refused,
    letters::{AT_ONCE, arrived, night, notes, refuse, stage, world},
    relay, relay_json,
};
use crate::stage::Setting;
use chrono::Utc;
use serde_json::json;

const WHY: &str = "the account is being moved";

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_is_paused_sends_nothing_until_it_is_resumed() {
    let (stage, _) = stage(&[("7001", "default", "jane@example.com")], Setting::default()).await;
    assert_refused(&stage, &["pause", "--flow", "reviews"], "--reason");
    assert_refused(&stage, &["pause", "--flow", "reviews", "--reason", " "], "`--reason` is empty");
    assert_refused(&stage, &["pause", "--store", "default", "--reason", WHY], "--flow");
    assert_refused(&stage, &["pause", "--flow", "reviews", "--store", "acme", "--reason", WHY], "there are: default");
    let pause = ["pause", "--flow", "reviews", "--reason", WHY];
    let paused = relay_json(&stage, 0, &pause);
    assert_eq!(paused["flows"], json!([{"flow": "reviews", "changed": true}]));
    assert_eq!(relay_json(&stage, 0, &pause)["flows"][0]["changed"], false, "it stays as it is");

    let status = relay_json(&stage, 1, &["status", "--flow", "reviews"]);
    let said = &status["paused"][0];
    assert_eq!((&said["why"], &said["store"]), (&json!(WHY), &json!(null)), "{status}");
    let text = relay(&stage, &["status", "--flow", "reviews"]).out;
    assert!(text.lines().next().unwrap().contains("paused since"), "{text}");
    for refused in [
        &["run", "--day", "yesterday", "--yes"][..],
        &["certificate", "2026-11-20", "--refresh"],
        &["backfill", "--from", "2026-11-01", "--to", "2026-11-02", "--yes"],
    ] {
        let ran = relay(&stage, &[refused, &["--flow", "reviews"]].concat());
        assert_eq!(ran.code, 3, "{refused:?}: {ran:?}");
        assert!(ran.err.contains(WHY) && ran.err.contains("relay resume --flow reviews"), "{ran:?}");
    }
    let schedule = json!({"scheduled_at": Utc::now()});
    let (read, looked) = (stage.producer(&schedule).await, stage.reconciler(&schedule).await);
    assert_eq!((&read["paused"], &read["settled"], &looked["paused"]), (&json!(true), &json!(false), &json!(true)));
    assert_eq!(arrived(&stage, "7001"), (0, 0));

    assert_eq!(relay_json(&stage, 0, &["resume", "--flow", "reviews"])["flows"][0]["changed"], true);
    assert_eq!(relay_json(&stage, 0, &["resume", "--flow", "reviews"])["flows"][0]["changed"], false);
    night(&stage).await;
    assert_eq!(arrived(&stage, "7001"), (1, 1));
    let kept = notes(&stage);
    assert_eq!(&kept[..2], ["pause begun", "pause ended"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_by_hand_under_a_pause() {
    let orders = [("7101", "default", "a@example.com"), ("7102", "Nowhere", "b@example.com")];
    let (stage, _) = stage(&orders, Setting::default()).await;
    refuse(&stage, &["7101"]);
    night(&stage).await;
    stage.sandbox.clear_faults();
    // That of one store is enough: nobody has said which orders are meant.
    for store in [&["--store", "default"][..], &[]] {
        relay_json(&stage, 0, &[&["pause", "--flow", "reviews", "--reason", WHY][..], store].concat());
        let before = world(&stage).await;
        for refused in [&["dlq", "redrive", "--yes"][..], &["parked", "release", "--all", "--yes"]] {
            let ran = relay(&stage, &[refused, &AT_ONCE].concat());
            assert_eq!(ran.code, 3, "{refused:?}: {ran:?}");
            assert!(ran.err.contains(WHY) && ran.err.contains("relay resume --flow reviews"), "{ran:?}");
        }
        assert_eq!(world(&stage).await, before, "something was sent, or kept in the hand");
        // One of the two would be parked again.
        let looked = relay_json(&stage, 1, &[&["dlq", "redrive"][..], &AT_ONCE].concat());
        assert_eq!((&looked["dry_run"], &looked["sendable"]), (&json!(true), &json!(1)), "{looked}");
        relay_json(&stage, 0, &[&["resume", "--flow", "reviews"][..], store].concat());
    }
    relay_json(&stage, 1, &[&["dlq", "redrive", "--yes"][..], &AT_ONCE].concat());
    stage.drained().await;
    assert_eq!(arrived(&stage, "7101").1, 1);
}
