//! `relay certificate`.

use super::{assert_refused, relay, relay_json, transcript::shown};
use crate::stage::{Setting, Stage};
use chrono::Utc;
use sandbox::{Fault, Rule, yotpo};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_shown_as_it_was_proven() {
    let settings = &[("protocol", "missing_after", "\"500ms\"")];
    let stage = Stage::with(Setting { settings, ..Setting::default() }).await;
    let spec = Stage::yesterday(40);
    stage.sandbox.seed_day(&spec).unwrap();

    let none = relay_json(&stage, 1, &["certificate"]);
    let without = json!([{"flow": "reviews", "store": "default"}]);
    assert_eq!(none, json!({"business_day": spec.business_day, "certificates": [], "without": without}));

    stage.produce(Utc::now()).await;
    stage.drained().await;
    let ran = shown(&stage, "certificate", "relay certificate yesterday --store default --refresh");
    assert_eq!(ran.code, 0, "Yotpo shows at once what it took: {ran:?}");
    let (_, certificate) = stage.reconcile_until_complete(&spec.business_day.to_string(), "default").await;
    let shown = relay_json(&stage, 0, &["certificate", "--store", "default"]);
    let mut of_the_flow = certificate.clone();
    of_the_flow["flow"] = "reviews".into();
    assert_eq!(shown["certificates"], json!([of_the_flow]));

    // A look that failed is not shown as a look, whatever the last one came to.
    stage.sandbox.add_fault(Rule::always(yotpo::READ, Fault::status(503)));
    let unread = relay_json(&stage, 3, &["certificate", "--store", "default", "--refresh"]);
    assert_eq!(unread["certificates"], json!([]), "{unread}");
    let not = &unread["not_looked_at"][0];
    assert_eq!((&not["store"], &not["last"]), (&json!("default"), &certificate), "{unread}");
    let ran = relay(&stage, &["run", "--day", "yesterday", "--yes", "--wait"]);
    assert!(ran.code == 3 && ran.out.contains("not looked at: its account at Yotpo"), "{ran:?}");
    assert!(!ran.out.contains("store default: complete"), "{ran:?}");
    stage.sandbox.clear_faults();

    // Where a person is to decide, the day of all stores is not complete.
    relay_json(&stage, 1, &["certificate", "--refresh"]);
    let today = Utc::now().date_naive().to_string();
    for (arguments, says) in [
        (&["certificate", "2026-02-30"][..], "expected a day written YYYY-MM-DD"),
        (&["certificate", &today], "is not over yet"),
        (&["certificate", "--store", "nowhere"], "the settings have: default"),
        (&["certificate", "--stack", "nothing"], "there is no stack `nothing`"),
    ] {
        assert_refused(&stage, arguments, says);
    }
    let ran = relay(&stage, &["certificate", "--config", "nowhere.toml"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("nowhere.toml") && ran.err.contains("RELAY_CONFIG"), "{ran:?}");
}
