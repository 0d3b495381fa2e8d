//! Each business day is proven, and what the proof finds wrong is mended by itself.

use crate::stage::{ACCOUNT, Setting, Stage, assert_adds_up, dynamodb, expected};
use chrono::Utc;
use sandbox::{Expected, Fault, Manifest, Moment, Outcome, Rule, yotpo};
use serde_json::{Value, json};
use std::time::Duration;

/// Yotpo has half a second to show an order.
const SOON: &[(&str, &str, &str)] = &[("protocol", "missing_after", "\"500ms\"")];

async fn stage() -> Stage {
    Stage::with(Setting { settings: SOON, ..Setting::default() }).await
}

/// A day of so many orders, delivered as far as the vendor let it.
async fn day(stage: &Stage, orders: usize) -> (String, Manifest) {
    let spec = Stage::yesterday(orders);
    let manifest = stage.sandbox.seed_day(&spec).unwrap();
    stage.produce(Utc::now()).await;
    stage.drained().await;
    (spec.business_day.to_string(), manifest)
}

fn of<'a>(manifest: &'a Manifest, outcome: &Outcome) -> Vec<&'a Expected> {
    manifest.expected.iter().filter(|expected| expected.outcome == *outcome).collect()
}

fn skipped(reason: &str) -> Outcome {
    Outcome::Skipped { reason: reason.to_owned() }
}

/// Every order was posted so often, all together.
fn posted(stage: &Stage) -> u64 {
    stage.sandbox.yotpo.arrivals().iter().map(|arrival| arrival.posted).sum()
}

fn reads(stage: &Stage) -> u64 {
    stage.sandbox.report().counters.get(&yotpo::READ).map_or(0, |counters| counters.calls)
}

/// The ledger's record of an order, changed behind everybody's back.
fn tamper(stage: &Stage, action: &str, id: &str, more: &Value) {
    let mut request = json!({"TableName": stage.stack.output("LedgerTable").unwrap()});
    let key = json!({"S": format!("reviews/{id}")});
    if action == "PutItem" {
        request["Item"] = more.clone();
        request["Item"]["k"] = key;
    } else {
        request["Key"] = json!({"k": key});
    }
    dynamodb(stage.emulator.endpoint(), action, &request);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_with_silent_drops_becomes_complete_by_itself() {
    let stage = stage().await;
    stage.sandbox.add_fault(Fault::silent_drops(0.1));
    let (day, manifest) = day(&stage, 150).await;
    let lost = manifest.compare(&stage.sandbox.yotpo.arrivals()).lost.len();
    assert!(lost > 3, "Yotpo was to drop some orders");

    // As its schedule runs it.
    let first = stage.reconcile(&json!({"scheduled_at": Utc::now()})).await;
    let names: Vec<_> = first.iter().map(|c| c["store"].as_str().unwrap()).collect();
    assert_eq!(names, ["default", "unrouted"]);
    first.iter().for_each(assert_adds_up);
    // One that was accepted a moment ago is not missing yet.
    let of = |class: &str| first[0]["ledger"][class].as_u64().unwrap();
    assert_eq!((&first[0]["complete"], of("missing") + of("accepted")), (&json!(false), lost as u64), "{}", first[0]);
    stage.drained().await;
    let (runs, certificate) = stage.reconcile_until_complete(&day, "default").await;
    assert!(runs <= 5, "{runs} runs");

    let delivered = stage.assert_nothing_lost_or_doubled(&manifest);
    assert_eq!(certificate["business_day"], day);
    assert_eq!(certificate["ledger"]["confirmed"], delivered);
    assert_eq!(certificate["destination"], json!({"found": delivered, "unexpected": 0}));
    assert!(certificate["repaired"].as_u64().unwrap() >= lost as u64, "{certificate}");
    let rejected = expected(&manifest, |outcome| *outcome == Outcome::Rejected);
    let refusals: Vec<_> = certificate["ledger"]["rejected"].as_object().unwrap().iter().collect();
    assert_eq!((refusals.len(), refusals[0].1.as_u64()), (1, Some(rejected)), "{certificate}");
    assert!(refusals[0].0.contains("HTTP 400"), "{certificate}");
    let completed = manifest.expected.iter().filter(|e| match &e.outcome {
        Outcome::Parked { .. } | Outcome::OutOfScope => false,
        Outcome::Delivered | Outcome::Skipped { .. } | Outcome::Rejected => true,
    });
    assert_eq!(certificate["source"]["completed"], completed.count());

    // Looked at again, it says the same, of the same date, and nothing is posted or confirmed again.
    let before = posted(&stage);
    let again = stage.reconcile(&json!({"business_day": day, "store": "default"})).await;
    assert_eq!(again, [certificate]);
    assert_eq!(posted(&stage), before);
    // A complete day rests: only that of no store is due, since somebody is to decide.
    let due = stage.reconcile(&json!({"scheduled_at": Utc::now()})).await;
    assert_eq!(due.iter().map(|c| c["store"].as_str().unwrap()).collect::<Vec<_>>(), ["unrouted"]);
    stage.assert_logs(&manifest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_is_wrong_is_found_out() {
    let stage = stage().await;
    let (day, manifest) = day(&stage, 40).await;
    let delivered = of(&manifest, &Outcome::Delivered);
    // Forgotten: delivered, and the ledger knows nothing of it.
    for order in &delivered[..5] {
        tamper(&stage, "DeleteItem", &order.id, &json!(null));
    }
    // Forged: never sent, and the ledger says accepted. Lost: never sent, and the ledger says nothing.
    let mut new = Stage::yesterday(6);
    (new.seed, new.awkward, new.first_number) = (8, false, Some(70_001));
    let late = stage.sandbox.seed_day(&new).unwrap();
    for order in &late.expected[..3] {
        let number = |n: i64| json!({"N": n.to_string()});
        let text = |s: &str| json!({"S": s});
        let now = Utc::now().timestamp_millis();
        tamper(
            &stage,
            "PutItem",
            &order.id,
            &json!({
                "state": text("accepted"), "revision": number(1), "hash": text("00000000000000000000000000000000"),
                "store": text("default"), "day": text(&day), "accepted_at": number(now - 60_000),
                "updated_at": number(now - 60_000), "expires_at": number(now / 1000 + 86_400),
            }),
        );
    }
    let before = posted(&stage);
    let first = stage.reconcile(&json!({"business_day": day, "store": "default"})).await;
    assert_adds_up(&first[0]);
    assert_eq!((first[0]["ledger"]["missing"].as_u64(), first[0]["ledger"]["pending"].as_u64()), (Some(3), Some(3)));
    stage.drained().await;
    let (_, certificate) = stage.reconcile_until_complete(&day, "default").await;
    assert_eq!(certificate["repaired"], 3, "what the ledger did not know of is sent, not repaired: {certificate}");
    assert_eq!(certificate["destination"]["found"], delivered.len() + 6);
    assert_eq!(posted(&stage), before + 6, "what was forgotten is not posted again");
    let mut all = manifest;
    all.extend(late);
    stage.assert_nothing_lost_or_doubled(&all);
    stage.assert_logs(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_mended_at_the_source_is_delivered_after_all() {
    let stage = stage().await;
    let (day, manifest) = day(&stage, 40).await;
    stage.reconcile_until_complete(&day, "default").await;
    // An address on the contact does not touch the order; another order number does.
    let no_email = of(&manifest, &skipped("no_email"))[0];
    let stamp = stage.sandbox.salesforce.record("Order", &no_email.order_id).unwrap()["SystemModstamp"].clone();
    let contact = json!({"Email": "late@example.com", "FirstName": "Lara", "LastName": "Late"});
    stage
        .sandbox
        .salesforce
        .patch("Order", &no_email.order_id, &json!({"BillToContact": contact, "SystemModstamp": stamp}))
        .unwrap();
    let refused = of(&manifest, &Outcome::Rejected)[0];
    stage.sandbox.salesforce.patch("Order", &refused.order_id, &json!({"OrderNumber": "mended-1"})).unwrap();

    let first = stage.reconcile(&json!({"business_day": day, "store": "default"})).await;
    assert_adds_up(&first[0]);
    assert_eq!((&first[0]["complete"], first[0]["ledger"]["pending"].as_u64()), (&json!(false), Some(2)), "{first:?}");
    stage.drained().await;
    let (_, certificate) = stage.reconcile_until_complete(&day, "default").await;
    for order in [no_email.order_id.as_str(), "mended-1"] {
        assert_eq!(stage.sandbox.yotpo.arrival(ACCOUNT, order).unwrap().effects, 1, "{order}: {certificate}");
    }
    assert_eq!(certificate["repaired"], 0);
    assert!(certificate["ledger"]["rejected"].as_object().unwrap().is_empty(), "{certificate}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_that_is_cut_short_goes_on_where_it_stood() {
    let stage = stage().await;
    let (day, manifest) = day(&stage, 150).await;
    let event = json!({"business_day": day, "store": "default"});
    // The third page cannot be read.
    let broken = Rule { after: Some(2), next: Some(1), ..Rule::always(yotpo::READ, Fault::status(503)) };
    stage.sandbox.add_fault(broken);
    let not_read = json!([{"store": "default", "business_day": day}]);
    let answer = stage.reconciler(&event).await;
    assert_eq!(answer, json!({"certificates": [], "unreadable": not_read, "unfinished": []}));
    assert_eq!(reads(&stage), 3);
    let certificates = stage.reconcile(&event).await;
    assert_eq!(certificates[0]["complete"], true, "{certificates:?}");
    assert_eq!(certificates[0]["destination"]["found"], expected(&manifest, |o| *o == Outcome::Delivered));
    let pages = reads(&stage) - 1;
    stage.sandbox.clear_faults();
    // Read by hand from the beginning, it has as many pages, and the same in them.
    assert_eq!(stage.reconcile(&event).await, certificates);
    assert_eq!(reads(&stage) - 1, pages * 2);
    assert!(pages > 3, "{pages} pages: nothing was cut short");
    stage.assert_logs(&manifest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconciler_out_of_time_stops_after_a_page_and_the_next_run_goes_on() {
    // It stops when a minute is left, and never has more.
    let parameters = &[("ReconcilerTimeoutSeconds", "60")];
    let stage = Stage::with(Setting { settings: SOON, parameters, ..Setting::default() }).await;
    let (day, manifest) = day(&stage, 100).await;
    let event = json!({"scheduled_at": Utc::now()});
    let mut runs = 1;
    let certificate = loop {
        let answer = stage.reconciler(&event).await;
        if let Some(certificate) = answer["certificates"].as_array().unwrap().iter().find(|c| c["store"] == "default") {
            break certificate.clone();
        }
        let left = answer["unfinished"].as_array().unwrap();
        assert!(left.contains(&json!({"store": "default", "business_day": day})), "{answer}");
        assert_eq!(answer["unreadable"], json!([]), "{answer}");
        // The orders of no store have their turn in between, and nothing to be read back.
        let pages = reads(&stage);
        assert!(pages <= runs && pages * 2 + 1 >= runs, "a page a run: {pages} in {runs}");
        runs += 1;
    };
    assert!(runs > 3, "{runs} runs: nothing was cut short");
    assert_eq!((&certificate["business_day"], &certificate["complete"]), (&json!(day), &json!(true)), "{certificate}");
    assert_eq!(certificate["destination"]["found"], expected(&manifest, |o| *o == Outcome::Delivered));
    stage.assert_logs(&manifest);
}

#[tokio::test(flavor = "multi_thread")]
async fn reconcilers_that_die_or_meet_double_nothing() {
    let stage = stage().await;
    stage.sandbox.add_fault(Fault::silent_drops(0.2));
    let (day, manifest) = day(&stage, 120).await;
    stage.sandbox.add_fault(Rule::always(yotpo::READ, Fault::Delay { ms: 150, moment: Moment::Before }));
    let event = json!({"business_day": day, "store": "default"});
    for pause in [300, 600, 900, 1200] {
        let kill = async {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            stage.kill("reviews-reconciler")
        };
        let (answer, _) = tokio::join!(stage.stack.invoke("ReviewsReconcilerFunction", &event), kill);
        drop(answer);
    }
    tokio::join!(stage.reconcile(&event), stage.reconcile(&event), stage.reconcile(&event));
    stage.drained().await;
    let (_, certificate) = stage.reconcile_until_complete(&day, "default").await;
    let delivered = stage.assert_nothing_lost_or_doubled(&manifest);
    assert_eq!(certificate["ledger"]["confirmed"], delivered, "{certificate}");
    stage.assert_logs(&manifest);
}

/// Yotpo says yes to one order for ever, and never shows it.
#[tokio::test(flavor = "multi_thread")]
async fn what_never_arrives_is_given_up_after_so_many_repairs() {
    let settings = [SOON[0], ("protocol", "repair_limit", "2")];
    let stage = Stage::with(Setting { settings: &settings, ..Setting::default() }).await;
    let spec = Stage::yesterday(12);
    let manifest = stage.sandbox.seed_day(&spec).unwrap();
    let doomed = of(&manifest, &Outcome::Delivered)[0];
    let drop = Rule::always(yotpo::CREATE, Fault::SilentDrop);
    stage.sandbox.add_fault(Rule { subject: Some(doomed.order_id.clone()), ..drop });
    stage.produce(Utc::now()).await;
    stage.drained().await;
    let event = json!({"business_day": spec.business_day.to_string(), "store": "default"});
    for (missing, parked, repaired) in [(1, 0, 1), (1, 0, 2), (1, 0, 2), (0, 1, 2)] {
        tokio::time::sleep(Duration::from_millis(600)).await;
        let certificate = stage.reconcile(&event).await.remove(0);
        assert_adds_up(&certificate);
        let ledger = &certificate["ledger"];
        let seen = [&ledger["missing"], &ledger["parked"], &certificate["repaired"]].map(Value::as_u64);
        assert_eq!(seen, [Some(missing), Some(parked), Some(repaired)], "{certificate}");
        stage.drained().await;
    }
    assert_eq!(stage.sandbox.yotpo.arrival(ACCOUNT, &doomed.order_id).unwrap().dropped, 3);
    let letters = stage.dead_letters();
    let copy = letters.iter().find(|l| l.delivery_key == Some(format!("reviews/{}", doomed.id))).unwrap();
    assert!(copy.error_class == "exhausted" && copy.body.contains("purchase"), "{copy:?}");
    stage.assert_logs(&manifest);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_day_that_is_over_is_certified_and_one_of_no_store_is_not_complete() {
    let stage = stage().await;
    let (day, manifest) = day(&stage, 25).await;
    let certificates = stage.reconcile(&json!({"business_day": day})).await;
    let unrouted = certificates.iter().find(|c| c["store"] == "unrouted").unwrap();
    assert_adds_up(unrouted);
    let parked = expected(&manifest, |o| *o == Outcome::Parked { reason: "unknown_store".to_owned() });
    assert_eq!((&unrouted["complete"], unrouted["ledger"]["parked"].as_u64()), (&json!(false), Some(parked)));
    assert_eq!(unrouted["destination"], json!({"found": 0, "unexpected": 0}));

    let today = Utc::now().date_naive().to_string();
    for (event, says) in [
        (json!({"business_day": today}), "is not over yet in store"),
        (json!({"business_day": today, "store": "unrouted"}), "is not over yet in store `unrouted`"),
        (json!({"business_day": day, "store": "nowhere"}), "`nowhere`, which the configuration does not have"),
        (json!({"business_day": "yesterday"}), "YYYY-MM-DD"),
    ] {
        let answer = stage.stack.invoke("ReviewsReconcilerFunction", &event).await.unwrap();
        assert!(answer.error.is_some() && answer.payload.to_string().contains(says), "{event}: {answer:?}");
    }
    // What is open is said every hour: the parked orders, and nothing that was refused for good.
    stage.reconcile(&json!({"scheduled_at": Utc::now()})).await;
    let undated = expected(&manifest, |o| *o == Outcome::Parked { reason: "no_completion_date".to_owned() });
    let metrics = stage.logged("metrics");
    let said: Vec<String> = metrics.iter().filter_map(|line| Some(line.get("OpenDeliveries")?.to_string())).collect();
    assert_eq!(said, [format!("{}.0", parked + undated)]);
    stage.assert_logs(&manifest);
}
