//! `relay report`.

use super::{
    assert_refused,
    browser::{browser, png},
    outside::Outside,
    relay, relay_json,
    transcript::shown,
};
use crate::stage::{Setting, Stage, dynamodb};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use sandbox::{DaySpec, Fault};
use serde_json::{Value, json};
use std::{fs, path::Path};

fn at(day: NaiveDate, hours: i64) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(hours)
}

/// A day without surprises.
fn quiet(day: NaiveDate, orders: usize) -> DaySpec {
    DaySpec { awkward: false, business_day: day, ..Stage::yesterday(orders) }
}

/// Deliveries that the ledger knows of and no certificate: more than one page of a scan, accepted `hours` after `day`.
fn remember(stage: &Stage, day: NaiveDate, deliveries: usize, hours: i64) {
    let table = stage.stack.output("LedgerTable").unwrap();
    let number = |n: i64| json!({"N": n.to_string()});
    let accepted_at = at(day + Days::new(1), hours).timestamp_millis();
    let put = |n: usize| {
        json!({"PutRequest": {"Item": {
            "k": {"S": format!("reviews/8019{hours:02}{n:012}")}, "state": {"S": "confirmed"}, "revision": number(1),
            "hash": {"S": "0".repeat(32)}, "store": {"S": "default"}, "day": {"S": day.to_string()}, "attempts": number(2),
            "accepted_at": number(accepted_at), "updated_at": number(accepted_at), "expires_at": number(4_000_000_000),
        }}})
    };
    for chunk in (0..deliveries).collect::<Vec<_>>().chunks(25) {
        let puts: Vec<Value> = chunk.iter().map(|n| put(*n)).collect();
        dynamodb(stage.emulator.endpoint(), "BatchWriteItem", &json!({"RequestItems": {table: puts}}));
    }
}

/// Four days: complete, with refusals and skips; not looked at; in work.
async fn four_days(stage: &Stage) -> [NaiveDate; 4] {
    let today = Utc::now().date_naive();
    let days = [4, 3, 2, 1].map(|ago| today - Days::new(ago));
    for (day, orders) in days.iter().zip([30, 40]) {
        stage.sandbox.seed_day(&quiet(*day, orders)).unwrap();
        stage.produce(at(*day + Days::new(1), 2)).await;
        stage.drained().await;
        stage.reconcile_until_complete(&day.to_string(), "default").await;
    }
    stage.produce(at(days[2] + Days::new(1), 2)).await;
    stage.sandbox.seed_day(&Stage::yesterday(60)).unwrap();
    stage.sandbox.add_fault(Fault::silent_drops(0.3));
    stage.produce(Utc::now()).await;
    stage.drained().await;
    stage.reconcile(&json!({"business_day": days[3].to_string()})).await;
    stage.drained().await;
    days
}

#[tokio::test(flavor = "multi_thread")]
async fn many_days_become_one_page() {
    let stage =
        Stage::with(Setting { settings: &[("protocol", "missing_after", "\"500ms\"")], ..Setting::default() }).await;
    let days = four_days(&stage).await;
    remember(&stage, days[2], 1_500, 3);
    remember(&stage, days[2], 700, 30);
    let page = stage.directory().join("report.html");
    let (from, to) = (days[0].to_string(), days[3].to_string());
    let all = ["report", "--from", &from, "--to", &to, "--out", "report.html"];

    let before = Outside::of(&stage).await;
    let written = relay_json(&stage, 1, &all);
    let standings: Vec<&Value> = written["days"].as_array().unwrap().iter().map(|day| &day["standing"]).collect();
    assert_eq!(standings, ["complete", "complete", "no_certificate", "not_complete"]);
    assert_adds_up(&written);
    let waits: Vec<&Value> = written["time_to_deliver"].as_array().unwrap().iter().collect();
    assert_eq!((&waits[2]["after"], &waits[2]["deliveries"]), (&json!("2 to 4 h"), &json!(1_500)), "{written}");
    assert!(waits[5]["deliveries"].as_u64() >= Some(700) && written["attempted_again"].as_u64() >= Some(2_200));
    assert_eq!(written["parked_by_reason"]["unknown_store"].as_u64(), Some(1), "{written}");
    assert!(written["rejected_by_reason"].as_object().unwrap().keys().all(|reason| reason.contains("HTTP 400")));
    look_at(&stage, &page, &from);

    // One store's page replaces it, and has nothing of what fits no store.
    let one = relay_json(&stage, 1, &[&all[..], &["--store", "default"]].concat());
    assert_eq!((&one["store"], &one["parked_by_reason"]), (&json!("default"), &json!({})));
    assert!(fs::read_to_string(&page).unwrap().contains("store default"));
    let year = (days[3] - Days::new(399)).to_string();
    let year = relay_json(&stage, 1, &["report", "--from", &year, "--to", &to, "--out", "year.html"]);
    assert_eq!((year["days"].as_array().unwrap().len(), &year["days"][0]["standing"]), (400, &json!("before")));
    assert_adds_up(&year);

    refusals(&stage, &days);
    let line = format!("relay report --from {from} --to {} --out report.html", days[1]);
    assert_eq!(shown(&stage, "report", &line).code, 0);
    assert_eq!(Outside::of(&stage).await, before, "a report changes nothing");
    let left: Vec<_> = fs::read_dir(stage.directory()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{left:?}");
}

/// The days add up to the certificates, and what is given by reason to the days.
fn assert_adds_up(written: &Value) {
    let sum = |of: &str, field: &str| {
        let all = written[of].as_array().unwrap().iter();
        all.map(|one| one.pointer(field).and_then(Value::as_u64).unwrap()).sum::<u64>()
    };
    let by_reason = |of: &str| written[of].as_object().unwrap().values().filter_map(Value::as_u64).sum::<u64>();
    let parts = ["/confirmed", "/accepted", "/open", "/skipped", "/rejected"].map(|part| sum("days", part));
    assert_eq!(sum("days", "/completed"), parts.iter().sum::<u64>());
    assert_eq!(sum("days", "/completed"), sum("certificates", "/source/completed"));
    assert_eq!(parts[0], sum("certificates", "/ledger/confirmed"));
    assert_eq!((parts[3], parts[4]), (by_reason("skipped_by_reason"), by_reason("rejected_by_reason")));
}

/// As whoever gets it by mail would: in a browser that reaches nobody.
fn look_at(stage: &Stage, page: &Path, from: &str) {
    let text = fs::read_to_string(page).unwrap();
    for bad in ["://", "src=", "<script", "href="] {
        assert!(!text.contains(bad), "{bad}");
    }
    assert!(text.contains("1 of 4 days is not complete.") && text.contains("<h1>Orders to Yotpo, "), "{from}");
    let Some(browser) = browser(stage.directory()) else {
        eprintln!("there is no browser here: the page was not looked at in one; RELAY_BROWSER names one");
        return;
    };
    let (dom, complaints) = browser.dom(page);
    assert_eq!(complaints, Vec::<String>::new());
    // Were it to load anything, the browser would have said so: the page forbids it.
    assert!(dom.contains("default-src 'none'"));
    assert!(dom.contains("1 of 4 days is not complete.") && dom.contains("1 day has no certificate."), "{dom}");
    assert_eq!(dom.matches("<figure>").count(), 5);
    for size in [(1000, 2600), (500, 1200)] {
        let (width, height, bytes) = png(&browser.picture(page, size));
        assert_eq!((width, height), size);
        assert!(bytes > 40_000, "a picture of {bytes} bytes shows little");
    }
}

fn refusals(stage: &Stage, days: &[NaiveDate; 4]) {
    let before = fs::read_to_string(stage.directory().join("report.html")).unwrap();
    let [first, .., last] = days.map(|day| day.to_string());
    let (today, old) = (Utc::now().date_naive().to_string(), (days[3] - Days::new(400)).to_string());
    for (from, to, out, says) in [
        (&last, &first, "report.html", "expected a first day and then a last one"),
        (&old, &last, "report.html", "expected 400 at most"),
        (&first, &today, "report.html", "is not over yet"),
        (&first, &last, "nowhere/report.html", "there is no directory `nowhere`"),
        (&first, &last, ".", "expected the name of a file"),
        (&first, &"2026-02-30".to_owned(), "report.html", "expected a day written YYYY-MM-DD"),
    ] {
        assert_refused(stage, &["report", "--from", from, "--to", to, "--out", out], says);
    }
    let arguments = ["report", "--from", &first, "--to", &last, "--out", "report.html"];
    assert_refused(stage, &[&arguments[..], &["--store", "nowhere"]].concat(), "the settings have: default");
    assert_refused(stage, &arguments[..5], "--out");
    let ran = relay(stage, &[&arguments[..], &["--config", "nowhere.toml"]].concat());
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_eq!(fs::read_to_string(stage.directory().join("report.html")).unwrap(), before, "nothing was written");
}
