//! `relay backfill`.

use super::{
    Ran, assert_refused,
    outside::{Outside, calls, ledger},
    relay, relay_json,
    transcript::shown,
    typed,
};
use crate::stage::Stage;
use chrono::{Months, NaiveDate, TimeDelta, Utc};
use sandbox::{DaySpec, Fault, Manifest, Moment, Rule, salesforce, yotpo};
use serde_json::Value;
use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

fn days_ago(days: i64) -> NaiveDate {
    Utc::now().date_naive() - TimeDelta::days(days)
}

/// Days before yesterday, the oldest first, with so many orders each.
fn seed(stage: &Stage, days: i64, orders: usize) -> Manifest {
    let manifests = (1..=days).rev().map(|ago| {
        let first_number = u64::try_from(ago).unwrap() * 1_000;
        let spec = DaySpec {
            awkward: false,
            first_number: Some(first_number),
            ..DaySpec::new(first_number, days_ago(ago), sandbox::TimeZone::UTC, orders)
        };
        stage.sandbox.seed_day(&spec).unwrap()
    });
    manifests
        .reduce(|mut all, one| {
            all.extend(one);
            all
        })
        .unwrap()
}

fn arguments(days: i64) -> Vec<String> {
    let text = ["backfill", "--from", &days_ago(days).to_string(), "--to", "yesterday", "--json", "--yes"];
    text.map(str::to_owned).to_vec()
}

fn start(stage: &Stage, arguments: &[String]) -> Child {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    typed(stage, &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

async fn ended(child: Child) -> Ran {
    Ran::of(tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap())
}

/// The backfill as the ledger keeps it.
fn kept(stage: &Stage) -> Value {
    let ledger = ledger(stage);
    let item = ledger.iter().find(|(key, _)| key.starts_with("pass/reviews/backfill/"));
    item.map_or(Value::Null, |(_, item)| serde_json::from_str(item["pass"]["S"].as_str().unwrap()).unwrap())
}

fn days_done(stage: &Stage) -> Vec<String> {
    kept(stage)["done"].as_object().map(|done| done.keys().cloned().collect()).unwrap_or_default()
}

/// How often the producer has read a day.
fn read(stage: &Stage, day: &str) -> usize {
    stage.logged("business day read").iter().filter(|line| line["business_day"] == day).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_yes_it_is_an_estimate_and_with_it_the_days_are_run() {
    let stage = Stage::set().await;
    let manifest = seed(&stage, 3, 12);
    let from = days_ago(3).to_string();
    let before = Outside::of(&stage).await;
    let estimate = relay(&stage, &["backfill", "--from", &from, "--to", "yesterday"]);
    assert_eq!(estimate.code, 0, "{estimate:?}");
    assert!(
        estimate.out.contains("3 days, 36 orders") && estimate.out.contains("nothing was changed; add --yes"),
        "{estimate:?}"
    );
    let dry = relay_json(&stage, 0, &["backfill", "--from", &from, "--to", "yesterday"]);
    assert_eq!(
        (&dry["dry_run"], &dry["estimate"]["orders"], &dry["days"]),
        (&true.into(), &36.into(), &serde_json::json!([]))
    );
    let long_ago = (Utc::now().date_naive() - Months::new(6) - TimeDelta::days(10)).to_string();
    let long = relay_json(&stage, 0, &["backfill", "--from", &long_ago, "--to", "yesterday"]);
    assert_eq!(long["too_old"], 10, "{long}");
    wrong_input(&stage, &long_ago);
    assert_eq!(Outside::of(&stage).await, before);

    let line = format!("relay backfill --from {from} --to yesterday --yes");
    let ran = shown(&stage, "backfill", &line);
    assert_eq!(ran.code, 0, "{ran:?}");
    stage.drained().await;
    assert_eq!(stage.assert_nothing_lost_or_doubled(&manifest), 36);

    // Once more: it is done. From the beginning: nothing is sent twice.
    let done = relay_json(&stage, 0, &["backfill", "--from", &from, "--to", "yesterday", "--yes"]);
    assert_eq!((&done["done_before"], read(&stage, &from)), (&3.into(), 1), "{done}");
    let again = relay_json(&stage, 0, &["backfill", "--from", &from, "--to", "yesterday", "--yes", "--again"]);
    assert_eq!((&again["done_before"], read(&stage, &from)), (&0.into(), 2), "{again}");
    let sent = |day: &Value| (day["enqueued"].as_u64().unwrap(), day["already_delivered"].as_u64().unwrap());
    assert!(again["days"].as_array().unwrap().iter().all(|day| sent(day) == (0, 12)), "{again}");
    stage.drained().await;
    assert_eq!(stage.assert_nothing_lost_or_doubled(&manifest), 36);
    stage.assert_logs(&manifest);
}

fn wrong_input(stage: &Stage, long_ago: &str) {
    let today = Utc::now().date_naive().to_string();
    for (arguments, says) in [
        (&["backfill", "--from", "yesterday", "--yes"][..], "--to"),
        (&["backfill", "--from", "yesterday", "--to", &today, "--yes"], "is not over yet"),
        (&["backfill", "--from", "yesterday", "--to", "2026-01-01", "--yes"], "which is after `--to` 2026-01-01"),
        (&["backfill", "--from", "2026-1-1", "--to", "yesterday", "--yes"], "expected a day written YYYY-MM-DD"),
        (&["backfill", "--from", "2020-01-01", "--to", long_ago, "--yes"], "older than six months"),
        (&["backfill", "--from", "yesterday", "--to", "yesterday", "--max-backlog", "few", "--yes"], "--max-backlog"),
        (
            &["backfill", "--from", "yesterday", "--to", "yesterday", "--store", "nowhere", "--yes"],
            "settings have: default",
        ),
    ] {
        assert_refused(stage, arguments, says);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_that_is_killed_goes_on_after_the_days_done() {
    let stage = Stage::set().await;
    let manifest = seed(&stage, 4, 60);
    stage.sandbox.salesforce.set(|settings| settings.page_size = Some(20));
    let slow = Rule::always(salesforce::NEXT, Fault::Delay { ms: 400, moment: Moment::Before });
    stage.sandbox.add_fault(slow);
    let mut first = start(&stage, &arguments(4));
    stage.until("a day is done", async || !days_done(&stage).is_empty()).await;
    // In the middle of a day.
    let pages = calls(&stage, salesforce::NEXT);
    stage.until("a page of the next day is read", async || calls(&stage, salesforce::NEXT) > pages).await;
    first.kill().unwrap();
    assert_eq!(ended(first).await.code, -1);
    let done = days_done(&stage);
    assert!((1..4).contains(&done.len()), "{done:?}");

    // Ctrl-C in the middle of the next: it says what was done and how to go on.
    let (by, days_before) = (kept(&stage)["by"].clone(), days_done(&stage).len());
    let interrupted = start(&stage, &arguments(4));
    stage.until("it has taken over", async || kept(&stage)["by"] != by).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let pid = interrupted.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let interrupted = ended(interrupted).await;
    assert_eq!((interrupted.code, interrupted.out.as_str()), (130, ""), "{interrupted:?}");
    let says = |text: &str| interrupted.err.contains(text);
    assert!(says("of 4 days are done") && says("the same command goes on after them"), "{interrupted:?}");
    let done = if days_done(&stage).len() > days_before { days_done(&stage) } else { done };
    let read_before: Vec<usize> = done.iter().map(|day| read(&stage, day)).collect();

    let ran = ended(start(&stage, &arguments(4))).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let answer = ran.json();
    assert_eq!(answer["done_before"], done.len(), "{answer}");
    assert_eq!(answer["days"].as_array().unwrap().len(), 4, "{answer}");
    assert_eq!(answer["estimate"]["days"], 4 - done.len(), "of the days that are left");
    assert_eq!(
        done.iter().map(|day| read(&stage, day)).collect::<Vec<_>>(),
        read_before,
        "days done are not run again"
    );
    stage.drained().await;
    assert_eq!(stage.assert_nothing_lost_or_doubled(&manifest), 240);
    stage.assert_logs(&manifest);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_the_backlog_and_ends_when_another_one_has_taken_over() {
    let stage = Stage::set().await;
    let manifest = seed(&stage, 2, 10);
    // Yotpo is down: the first day stays in the queue, and the second one is not begun.
    let outage = Rule::outage(yotpo::CREATE, None);
    stage.sandbox.add_fault(outage);
    let mut patient = arguments(2);
    patient.extend(["--max-backlog".to_owned(), "3".to_owned()]);
    let first = start(&stage, &patient);
    stage.until("the first day is done", async || days_done(&stage).len() == 1).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let yesterday = days_ago(1).to_string();
    assert_eq!((days_done(&stage).len(), read(&stage, &yesterday)), (1, 0), "the queue is not empty enough");

    // Another one has patience with the queue, goes on after the day done, and is the one that counts.
    let second = ended(start(&stage, &arguments(2))).await;
    assert_eq!(second.code, 0, "{second:?}");
    assert_eq!((&second.json()["done_before"], read(&stage, &yesterday)), (&1.into(), 1), "{second:?}");
    stage.sandbox.clear_faults();
    let first = ended(first).await;
    assert_eq!((first.code, first.out.as_str()), (3, ""), "{first:?}");
    assert!(first.err.contains("another backfill of these days was started and goes on"), "{first:?}");
    assert_eq!((days_done(&stage).len(), read(&stage, &yesterday)), (2, 1));
    stage.drained().await;
    assert_eq!(stage.assert_nothing_lost_or_doubled(&manifest), 20);
    stage.assert_logs(&manifest);
}
