//! `relay dlq`.

use super::{
    assert_refused,
    letters::{self, AT_ONCE, arrived, night, notes, numbered, record, refuse, send, stage, waiting, world},
    relay, relay_json,
    transcript::shown,
};
use crate::stage::{Setting, Stage};
use ledger::{Delivery, Event, Flow, Ledger, Policies, Policy, Repair, Repeat, Settled, Verdict};
use local::{Profile, Workspace};
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt as _, process::Command, time::Duration};

const DLQ: &str = "ReviewsDeadLetterQueueUrl";
const POLICY: Policy =
    Policy { repeat: Repeat::Harmless, supersedes: false, settle: Duration::ZERO, clock_skew: Duration::from_secs(1) };

fn run(stage: &Stage, code: i32, arguments: &[&str]) -> Value {
    relay_json(stage, code, &[&["dlq"], arguments, &AT_ONCE].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_sent_again_once_when_the_vendor_is_mended() {
    let orders = [
        ("1001", "default", "a@example.com"),
        ("1002", "default", "b@example.com"),
        ("1003", "default", "c@example.com"),
        ("1004", "Nowhere", "d@example.com"),
    ];
    let (stage, ids) = stage(&orders, Setting::default()).await;
    relay_json(&stage, 0, &["dlq", "list"]);
    refuse(&stage, &["1001", "1002"]);
    night(&stage).await;
    stage.sandbox.clear_faults();

    let before = world(&stage).await;
    let listed = shown(&stage, "dlq list", "relay dlq list --older-than 0s");
    assert_eq!(listed.code, 1, "{listed:?}");
    let line = format!("relay dlq show --older-than 0s --key {}", ids[0]);
    assert_eq!(shown(&stage, "dlq show", &line).code, 0);
    let listed = run(&stage, 1, &["list"]);
    assert_eq!(listed["messages"], 3);
    let group = &listed["groups"][0];
    let said = ["flow", "error_class", "messages"].map(|name| group[name].clone());
    assert_eq!(said, [json!("reviews"), json!("bad_record"), json!(2)], "{listed}");
    assert_eq!(group["plans"], json!({"send": 2}));
    assert_eq!(listed["groups"][1]["plans"], json!({"send_anew": 1}));
    // By default what has just come is left alone.
    let young = relay_json(&stage, 1, &["dlq", "list", "--class", "misconfigured"]);
    assert_eq!(young["groups"][0]["plans"], json!({"too_young": 1}));
    for (selection, found) in [
        (&["--reason", "HTTP 400"][..], 2),
        (&["--reason", "HTTP 500"], 0),
        (&["--store", "unrouted"], 1),
        (&["--key", &ids[0], "--key", &ids[3]], 2),
        (&["--since", "1h"], 3),
        (&["--until", "1h"], 0),
        (&["--limit", "1"], 1),
        (&["--flow", "reviews"], 3),
    ] {
        let listed = run(&stage, i32::from(found > 0), &[&["list"], selection].concat());
        assert_eq!(listed["messages"], found, "{selection:?}");
    }
    let one = run(&stage, 0, &["show", "--key", &ids[0]]);
    let said = ["flow", "state", "attempts"].map(|name| one["messages"][0][name].clone());
    assert_eq!(said, [json!("reviews"), json!("rejected"), json!(1)], "{one}");
    assert!(!one.to_string().contains("a@example.com"), "a body that nobody asked for: {one}");
    let one = run(&stage, 0, &["show", "--key", &ids[0], "--bodies"]);
    assert!(one["messages"][0]["body"].as_str().unwrap().contains("a@example.com"), "{one}");
    run(&stage, 1, &["show", "--until", "1h"]);
    let dry = shown(&stage, "dlq redrive", "relay dlq redrive --older-than 0s --class bad_record");
    assert_eq!(dry.code, 0, "{dry:?}");
    assert_eq!(world(&stage).await, before, "whoever looks changes nothing");

    // All but the order that fits no store, which its source would park again.
    let redriven = run(&stage, 1, &["redrive", "--yes"]);
    assert_eq!((&redriven["sent"], &redriven["selected"]), (&json!(2), &json!(3)), "{redriven}");
    assert_eq!(redriven["not_sendable"][0]["why"], "it would be parked again: unknown_store");
    stage.drained().await;
    for number in ["1001", "1002", "1003"] {
        assert_eq!(arrived(&stage, number).1, 1, "{number}");
    }
    assert_eq!(waiting(&stage).await, 1);
    assert_eq!(record(&stage, &ids[0], "state").as_deref(), Some("accepted"));
    assert_eq!(notes(&stage), ["dlq redrive begun", "dlq redrive ended"]);
    // A copy of what is delivered is done, and is not posted again.
    run(&stage, 1, &["redrive", "--class", "bad_record", "--yes"]);
    assert_eq!(arrived(&stage, "1001"), (2, 1));
    // What another command holds, or one that was stopped, is counted, and nobody is content.
    let hidden = stage.dead_letters().len();
    assert!(hidden > 0);
    for command in [&["list"][..], &["show"], &["redrive", "--yes"]] {
        let answer = run(&stage, 3, command);
        assert_eq!(answer["unseen"], hidden, "{command:?}: {answer}");
    }
    let ran = relay(&stage, &["dlq", "list"]);
    assert!(ran.out.contains("could not be looked at: they are in flight or delayed"), "{ran:?}");
    let order = relay_json(&stage, 3, &["order", &ids[3]]);
    assert_eq!((&order["may_be_unseen"], &order["messages"]), (&json!(true), &json!([])), "{order}");
}

/// Kills the command at some moments of its work, and runs it to its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_that_dies_loses_and_doubles_nothing() {
    let numbers: Vec<String> = (0..30).map(|n| format!("k{n:02}")).collect();
    let (stage, _) = stage(&numbered(&numbers), Setting::default()).await;
    refuse(&stage, &numbers.iter().map(String::as_str).collect::<Vec<_>>());
    night(&stage).await;
    stage.sandbox.clear_faults();
    assert_eq!(waiting(&stage).await, 30);
    let program = Workspace::here().binary(Profile::Dev, "relay").unwrap();
    for milliseconds in [1_300, 1_600, 1_900] {
        let mut command = Command::new(&program);
        command.args(["dlq", "redrive", "--yes", "--rate", "7", "--older-than", "0s", "--hide-for", "2s"]).env_clear();
        command.env("AWS_ENDPOINT_URL", stage.emulator.endpoint()).env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        let mut child = command.env("RELAY_CONFIG", stage.relay_toml()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let queue = stage.stack.queue(DLQ).unwrap();
        stage.until("what it hid is back", async || queue.depth().await.unwrap().in_flight == 0).await;
    }
    let left = waiting(&stage).await;
    assert!((1..30).contains(&left), "{left} left: it was not killed in the middle");
    run(&stage, 0, &["redrive", "--yes", "--rate", "1000"]);
    stage.drained().await;
    assert_eq!(waiting(&stage).await, 0);
    for number in &numbers {
        assert_eq!(arrived(&stage, number).1, 1, "{number}");
    }
}

/// The command's steps one by one, as if it had died after each: what is left is found again.
#[tokio::test(flavor = "multi_thread")]
async fn each_step_may_be_the_last() {
    let numbers = ["s0", "s1", "s2"].map(str::to_owned);
    let (stage, ids) = stage(&numbered(&numbers), Setting::default()).await;
    refuse(&stage, &["s0", "s1", "s2"]);
    night(&stage).await;
    stage.sandbox.clear_faults();
    let shown = run(&stage, 0, &["show", "--bodies"]);
    let body = |id: &str| {
        let key = format!("reviews/{id}");
        let message = shown["messages"].as_array().unwrap().iter().find(|message| message["key"] == key).unwrap();
        message["body"].as_str().unwrap().to_owned()
    };
    let ledger = {
        let flow = Flow { name: "reviews", policies: Policies::all(POLICY) };
        let table = stage.stack.output("LedgerTable").unwrap();
        Ledger::new(&stage.emulator.sdk_config(), table, flow, chrono::Utc::now)
    };
    let put = async |event: Event| ledger.put(&event).await.unwrap();
    let delivery = |id: &str| serde_json::from_str::<Delivery>(&body(id)).unwrap();
    let reopen = |id: &str| Event::Reopen { delivery: delivery(id), repair: Repair::Redrive, limit: 5 };
    // Reopened, and not sent.
    assert_eq!(put(reopen(&ids[0])).await, Verdict::Recorded);
    // Reopened and sent, and its copy not deleted.
    assert_eq!(put(reopen(&ids[1])).await, Verdict::Recorded);
    send(&stage, "ReviewsQueueUrl", &body(&ids[1]));
    stage.drained().await;
    assert_eq!(arrived(&stage, "s1"), (2, 1));
    // Dismissed, and its copy not deleted.
    let settled = Settled::Dismissed("a test of ours".to_owned());
    assert_eq!(put(Event::Settle { delivery: delivery(&ids[2]), settled }).await, Verdict::Recorded);

    let redriven = run(&stage, 1, &["redrive", "--yes"]);
    assert_eq!((&redriven["sent"], &redriven["left"]), (&json!(1), &json!({"done": 1, "dismissed": 1})), "{redriven}");
    stage.drained().await;
    let seen = ["s0", "s1", "s2"].map(|number| arrived(&stage, number));
    assert_eq!(seen, [(2, 1), (2, 1), (1, 0)]);
    let keep = stage.directory().join("dropped.jsonl");
    let dropped = run(&stage, 0, &["drop", "--yes", "--keep", keep.to_str().unwrap()]);
    assert_eq!(dropped["dropped"], 2);
    assert_eq!(waiting(&stage).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_again_and_again_is_left_with_its_history() {
    let (stage, ids) = stage(&[("2001", "default", "a@example.com")], Setting::default()).await;
    refuse(&stage, &["2001"]);
    night(&stage).await;
    for round in 1..=2 {
        let redriven = run(&stage, 0, &["redrive", "--yes", "--limit-repairs", "2"]);
        assert_eq!(redriven["sent"], 1);
        stage.drained().await;
        assert_eq!(arrived(&stage, "2001"), (round + 1, 0));
        // Never taken for done: its copy is back.
        assert_eq!(waiting(&stage).await, 1);
    }
    let left = run(&stage, 1, &["redrive", "--yes", "--limit-repairs", "2"]);
    assert_eq!((&left["sent"], &left["left"]), (&json!(0), &json!({"limit_reached": 1})), "{left}");
    let history = &left["history"][0];
    assert_eq!((&history["repairs"], &history["attempts"]), (&json!(2), &json!(3)), "{history}");
    assert!(history["key"].as_str().unwrap().ends_with(&ids[0]));
    assert_eq!(arrived(&stage, "2001"), (3, 0));
    let again = run(&stage, 0, &["redrive", "--yes", "--limit-repairs", "3"]);
    assert_eq!(again["sent"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_counts_is_dropped_without_a_decision_and_everything_is_kept() {
    let orders = [("3001", "default", "a@example.com"), ("3002", "default", "b@example.com")];
    let (stage, ids) = stage(&orders, Setting::default()).await;
    refuse(&stage, &["3001", "3002"]);
    night(&stage).await;
    stage.sandbox.clear_faults();
    send(&stage, DLQ, "garbage");
    let file = stage.directory().join("dropped.jsonl");
    let keep = file.to_str().unwrap();
    let before = world(&stage).await;
    let dry = shown(&stage, "dlq drop", "relay dlq drop --older-than 0s");
    assert_eq!(dry.code, 1, "{dry:?}");
    for (arguments, says) in [
        (&["dlq", "drop", "--yes"][..], "--keep"),
        (&["dlq", "drop", "--yes", "--keep", "/nowhere/at/all"], "`--keep` is `/nowhere/at/all`"),
        (&["dlq", "drop", "--dismiss", "asked by a@example.com"], "without names or addresses"),
        (&["dlq", "drop", "--class", "bad"], "bad_record"),
        (&["dlq", "list", "--since", "yesterday"], "2026-11-20T06:30:00Z"),
        (&["dlq", "list", "--flow", "nothing"], "[possible values: reviews, erp, loyalty]"),
        (&["dlq", "show", "--key", "all"], "Salesforce id"),
        (&["dlq", "redrive", "--rate", "0"], "--rate"),
        (&["dlq", "redrive", "--older-than", "soon"], "15m"),
        (&["dlq", "list", "--hide-for", "13h"], "from 1s to 12h"),
        (&["dlq", "list", "--store", "a b"], "store name"),
        (&["dlq"], "Usage"),
    ] {
        assert_refused(&stage, arguments, says);
    }
    assert_eq!(world(&stage).await, before, "nothing is changed");

    let dropped = run(&stage, 1, &["drop", "--yes", "--keep", keep]);
    assert_eq!((&dropped["dropped"], &dropped["left"]), (&json!(1), &json!({"send": 2})), "{dropped}");
    assert_eq!(waiting(&stage).await, 2);
    let key = ["--key", ids[0].as_str()];
    let arguments = [&["drop", "--yes", "--keep", keep, "--dismiss", "a test of ours"][..], &key].concat();
    let dropped = run(&stage, 0, &arguments);
    assert_eq!((&dropped["dropped"], &dropped["to_dismiss"]), (&json!(1), &json!(1)), "{dropped}");
    assert_eq!(record(&stage, &ids[0], "state").as_deref(), Some("rejected"));
    assert_eq!(record(&stage, &ids[0], "reason").as_deref(), Some("dismissed: a test of ours"));
    assert_eq!(waiting(&stage).await, 1);

    let kept = fs::read_to_string(&file).unwrap();
    let kept: Vec<Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((kept.len(), &kept[0]["body"]), (2, &json!("garbage")));
    assert!(kept[1]["body"].as_str().unwrap().contains("a@example.com"), "the whole message");
    assert_eq!(kept[1]["attributes"]["error_class"], "bad_record");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let actions = ["dlq drop begun", "dlq drop ended", "dlq drop begun", "dlq drop ended"];
    assert_eq!(notes(&stage), actions);

    // What was dismissed is sent when it changes at the source.
    stage.sandbox.salesforce.touch("Order", &ids[0], chrono::Utc::now()).unwrap();
    let yesterday = (chrono::Utc::now().date_naive() - chrono::Days::new(1)).to_string();
    stage.producer(&json!({"business_day": yesterday})).await;
    stage.drained().await;
    assert_eq!((arrived(&stage, "3001").1, arrived(&stage, "3002")), (1, (1, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_messages_are_read_and_what_cannot_be_done_changes_nothing() {
    let (stage, ids) = stage(&[("4001", "Nowhere", "a@example.com")], Setting::default()).await;
    night(&stage).await;
    let queue = stage.stack.queue(DLQ).unwrap();
    let garbage: Vec<queue::Entry> = (0..1_200).map(|n| queue::Entry::new(format!("garbage {n}"))).collect();
    let sent = queue.send(&garbage.iter().collect::<Vec<_>>(), queue::PATIENCE).await;
    assert_eq!(sent.accepted, garbage.len());
    let listed = run(&stage, 1, &["list"]);
    assert_eq!(listed["messages"], 1_201);
    assert_eq!(listed["groups"][0]["plans"], json!({"unreadable": 1_200}));
    let before = (letters::ledger(&stage), waiting(&stage).await);
    // Salesforce is needed for the order that fits no store.
    stage.sandbox.add_fault(sandbox::Rule::outage(sandbox::salesforce::ANY_CALL, None));
    let failed = relay(&stage, &["dlq", "redrive", "--yes", "--older-than", "0s"]);
    assert_eq!(failed.code, 3, "{failed:?}");
    assert!(failed.err.contains("could not ask Salesforce"), "{failed:?}");
    assert_eq!((letters::ledger(&stage), waiting(&stage).await), before, "everything is given back");
    let keep = stage.directory().join("dropped.jsonl");
    let dropped = run(&stage, 1, &["drop", "--yes", "--keep", keep.to_str().unwrap()]);
    assert_eq!(dropped["dropped"], 1_200);
    assert_eq!(fs::read_to_string(keep).unwrap().lines().count(), 1_200);
    assert_eq!(run(&stage, 0, &["show", "--key", &ids[0]])["messages"].as_array().unwrap().len(), 1);
}
