//! `relay status`.

use super::{assert_refused, outside::Outside, relay, relay_json, relay_with, transcript::shown};
use crate::stage::{Setting, Stage, dynamodb};
use chrono::{Days, Utc};
use sandbox::{Rule, salesforce};
use serde_json::{Value, json};

fn attention(status: &Value) -> Vec<(&str, &str)> {
    let attention = status["attention"].as_array().unwrap();
    assert_eq!(status["ok"] == true, attention.is_empty(), "{status}");
    attention.iter().map(|a| (a["what"].as_str().unwrap(), a["next"].as_str().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_night_wants_nothing_and_what_waits_for_a_person_is_named() {
    let settings = &[("protocol", "missing_after", "\"500ms\"")];
    let stage = Stage::with(Setting { settings, ..Setting::default() }).await;
    let day = Stage::yesterday(0).business_day.to_string();
    let never = ("the schedule has never run reviews-producer", "relay check");
    assert_eq!(attention(&relay_json(&stage, 1, &["status"])), [never]);

    stage.produce(Utc::now()).await;
    stage.reconcile(&json!({"scheduled_at": Utc::now()})).await;
    let before = Outside::of(&stage).await;
    let status = relay_json(&stage, 0, &["status"]);
    assert_eq!(Outside::of(&stage).await, before, "whoever looks changes nothing");
    assert_eq!(attention(&status), []);
    let runs: Vec<_> =
        status["runs"].as_array().unwrap().iter().map(|r| (&r["function"], &r["by"], &r["ended"])).collect();
    let (settled, complete) = (json!("settled"), json!("complete"));
    let expected = [
        (&json!("reviews-producer"), &json!("schedule"), &settled),
        (&json!("reviews-reconciler"), &json!("schedule"), &complete),
    ];
    assert_eq!(runs, expected);
    let days = json!([{"business_day": day, "state": "complete", "completed": 0, "by_hand": false, "late": false, "overdue": false, "quiet": false, "open": {}}]);
    let store =
        json!({"flow": "reviews", "store": "default", "settled": day, "behind_days": 0, "pass": null, "days": days});
    assert_eq!(status["stores"], json!([store]));
    assert_eq!(status["backlog"]["queues"][0]["queue"], json!({"visible": 0, "in_flight": 0, "delayed": 0}));
    assert_eq!(status["quotas"]["salesforce"]["max"], 1_000_000);

    stage.sandbox.seed_day(&Stage::yesterday(40)).unwrap();
    stage.producer(&json!({"business_day": day})).await;
    stage.drained().await;
    stage.reconcile_until_complete(&day, "default").await;
    let ran = shown(&stage, "status", "relay status");
    assert_eq!(ran.code, 1, "{ran:?}");
    let status = relay_json(&stage, 1, &["status"]);
    let next: Vec<_> = attention(&status).into_iter().map(|(_, next)| next).collect();
    assert_eq!(next, ["relay parked list", "relay dlq list"]);
    let waiting: Vec<_> = status["backlog"]["deliveries"].as_array().unwrap().iter().map(|d| &d["state"]).collect();
    assert_eq!(waiting, ["rejected", "parked"]);
    assert_eq!(status["runs"].as_array().unwrap().len(), 4, "what was run by hand is told apart: {status}");

    // Salesforce's line says that it is not known, the rest is as it was.
    stage.sandbox.add_fault(Rule::unreachable(salesforce::ANY_CALL, None));
    let without = relay_json(&stage, 1, &["status"]);
    assert!(without["quotas"]["salesforce"]["error"].is_string(), "{without}");
    assert_eq!((&without["attention"], &without["stores"]), (&status["attention"], &status["stores"]));
    for command in ["status", "check"] {
        let ran = relay_with(&stage, &[("AWS_ENDPOINT_URL", "http://127.0.0.1:1")], &[command]);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "without AWS there is nothing to say: {ran:?}");
    }

    // A person decides about what waits: nothing wants attention any more, the day of no store is complete too, and who
    // decided is written down.
    stage.sandbox.clear_faults();
    let decision = ["dlq", "drop", "--older-than", "0s", "--dismiss", "ours", "--keep", "dropped.jsonl", "--yes"];
    relay_json(&stage, 0, &decision);
    relay_json(&stage, 0, &["certificate", "--refresh"]);
    let status = relay_json(&stage, 0, &["status"]);
    let by_hand: Vec<_> = status["by_hand"].as_array().unwrap().iter().map(|note| &note["action"]).collect();
    let looks = ["certificate --refresh begun", "certificate --refresh ended"];
    assert_eq!(by_hand, [["dlq drop begun", "dlq drop ended"], looks].concat());
    assert!(status["by_hand"][0]["who"].as_str().unwrap().starts_with("arn:aws:"), "{status}");
    assert_refused(&stage, &["status", "--day", "2026-11-20"], "--day");
    assert_refused(&stage, &["status", "--stack", "nothing"], "there is no stack `nothing`");
}

#[tokio::test(flavor = "multi_thread")]
async fn days_that_are_late_are_named_and_so_is_a_run_that_failed() {
    let stage = Stage::set().await;
    let today = Utc::now().date_naive();
    let ago = |days: u64| today - Days::new(days);
    let midnight = |days: u64| ago(days).and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp_millis().to_string();
    let table = stage.stack.output("LedgerTable").unwrap();
    let item =
        json!({"k": {"S": "cursor/reviews/default"}, "first": {"N": midnight(4)}, "settled_until": {"N": midnight(2)}});
    dynamodb(stage.emulator.endpoint(), "PutItem", &json!({"TableName": table, "Item": item}));
    let (from, until, stamp) =
        (format!("{}T00:00:00Z", ago(2)), format!("{today}T00:00:00Z"), format!("{}T08:00:00Z", ago(1)));
    let pass = json!({
        "config": "another", "begun_at": until, "after": {"stamp": stamp, "id": "801000000000001AAA"},
        "spans": {"default": {"first": from, "from": from, "until": until}},
    });
    let item = json!({"k": {"S": "pass/reviews"}, "version": {"N": "1"}, "pass": {"S": pass.to_string()}});
    dynamodb(stage.emulator.endpoint(), "PutItem", &json!({"TableName": table, "Item": item}));
    stage.sandbox.add_fault(Rule::outage(salesforce::ANY_CALL, None));
    let failed = stage.stack.invoke("ReviewsProducerFunction", &json!({"scheduled_at": Utc::now()})).await.unwrap();
    assert!(failed.error.is_some(), "{failed:?}");
    let status = relay_json(&stage, 1, &["status"]);
    let run = &status["runs"][0];
    assert_eq!((&run["ended"], run["error"].is_string()), (&json!("failed"), true), "{status}");
    let store = &status["stores"][0];
    assert_eq!((&store["settled"], &store["behind_days"]), (&json!(ago(3)), &json!(2)), "{status}");
    let days: Vec<_> =
        store["days"].as_array().unwrap().iter().map(|day| (&day["business_day"], &day["state"])).collect();
    let (open, bare) = (json!("not_settled"), json!("not_certified"));
    let named = [ago(1), ago(2), ago(3), ago(4)].map(|day| json!(day));
    assert_eq!(days, [(&named[0], &open), (&named[1], &open), (&named[2], &bare), (&named[3], &bare)]);
    let found = attention(&status);
    for (day, next) in [
        (ago(2), "relay check".to_owned()),
        (ago(3), format!("relay certificate {} --store default --refresh", ago(3))),
    ] {
        assert!(found.iter().any(|(what, command)| what.contains(&day.to_string()) && *command == next), "{found:?}");
    }
    let ran = relay(&stage, &["status"]);
    assert!(ran.code == 1 && ran.out.contains("failed") && ran.out.contains("2 behind"), "{ran:?}");
    assert!(ran.out.contains("a pass goes on since"), "{ran:?}");
}
