//! A day of orders reaches Yotpo.

use crate::stage::{Setting, Stage, expected, reasons};
use chrono::Utc;
use sandbox::Outcome;
use std::collections::BTreeMap;

#[tokio::test(flavor = "multi_thread")]
async fn a_day_with_awkward_orders_arrives_whole() {
    let stage = Stage::set().await;
    // Small pages, so that orders with 250 and 600 lines come in many pieces.
    stage.sandbox.salesforce.set(|settings| {
        settings.page_size = Some(40);
        settings.child_page_size = 17;
    });
    let manifest = stage.sandbox.seed_day(&Stage::yesterday(120)).unwrap();
    let answer = stage.produce(Utc::now()).await;
    stage.drained().await;

    let delivered = stage.assert_nothing_lost_or_doubled(&manifest);
    assert_eq!(delivered, expected(&manifest, |o| *o == Outcome::Delivered));
    let mut skipped = BTreeMap::new();
    let mut parked = BTreeMap::new();
    for expected in &manifest.expected {
        match &expected.outcome {
            Outcome::Skipped { reason } => *skipped.entry(reason.clone()).or_insert(0) += 1,
            Outcome::Parked { reason } => *parked.entry(reason.clone()).or_insert(0) += 1,
            _ => {}
        }
    }
    assert_eq!(reasons(&answer, "skipped"), skipped);
    assert_eq!(reasons(&answer, "parked"), parked);

    let letters = stage.dead_letters();
    let rejected = expected(&manifest, |o| *o == Outcome::Rejected);
    assert_eq!(letters.len() as u64, rejected + parked.values().sum::<u64>(), "{letters:?}");
    assert!(letters.iter().all(|letter| letter.delivery_key.is_some() && !letter.error.is_empty()), "{letters:?}");
    stage.assert_logs(&manifest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settled_day_ends_at_once_and_a_repeat_by_hand_sends_nothing_again() {
    let stage = Stage::set().await;
    let spec = Stage::yesterday(40);
    let manifest = stage.sandbox.seed_day(&spec).unwrap();
    stage.deliver_all(&manifest).await;
    let posted = |stage: &Stage| stage.sandbox.yotpo.arrivals().iter().map(|a| a.posted).sum::<u64>();
    let before = posted(&stage);

    let again = stage.producer(&serde_json::json!({"scheduled_at": Utc::now()})).await;
    assert_eq!(again, serde_json::json!({"runs": [], "settled": true}));
    let by_hand = stage.producer(&serde_json::json!({"business_day": spec.business_day.to_string()})).await;
    stage.drained().await;

    assert_eq!(by_hand["settled"], true);
    let delivered = expected(&manifest, |o| *o == Outcome::Delivered);
    let already: u64 =
        by_hand["runs"].as_array().unwrap().iter().map(|r| r["already_delivered"].as_u64().unwrap()).sum();
    let enqueued: u64 = by_hand["runs"].as_array().unwrap().iter().map(|r| r["enqueued"].as_u64().unwrap()).sum();
    assert_eq!((already, enqueued), (delivered, 0), "{by_hand}");
    assert_eq!(posted(&stage), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_out_of_time_stops_after_a_page_and_the_next_run_goes_on() {
    let stage = Stage::with(Setting {
        // Every page is the last that there is time for.
        settings: &[("protocol", "producer_stop_before", "\"19s\"")],
        parameters: &[("ProducerTimeoutSeconds", "19")],
        ..Setting::default()
    })
    .await;
    stage.sandbox.salesforce.set(|settings| settings.page_size = Some(30));
    let manifest = stage.sandbox.seed_day(&Stage::yesterday(60)).unwrap();
    let mut runs = 0;
    let mut enqueued = 0;
    loop {
        let answer = stage.producer(&serde_json::json!({"scheduled_at": Utc::now()})).await;
        runs += 1;
        enqueued += answer["runs"].as_array().unwrap().iter().map(|r| r["enqueued"].as_u64().unwrap()).sum::<u64>();
        if answer["settled"] == true {
            break;
        }
        assert!(runs < 100, "{answer}");
    }
    stage.drained().await;
    assert!(runs > 3, "the day was to take several runs, it took {runs}");
    let sent = expected(&manifest, |o| matches!(o, Outcome::Delivered | Outcome::Rejected));
    assert_eq!(enqueued, sent, "no page is published twice");
    stage.assert_nothing_lost_or_doubled(&manifest);
    stage.assert_logs(&manifest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_near_its_end_stops_the_run_and_a_later_one_goes_on() {
    let stage = Stage::set().await;
    let manifest = stage.sandbox.seed_day(&Stage::yesterday(60)).unwrap();
    stage.sandbox.salesforce.set(|settings| {
        settings.page_size = Some(30);
        settings.usage_max = 1000;
        settings.usage_used = 792;
    });
    let answer = stage.producer(&serde_json::json!({"scheduled_at": Utc::now()})).await;
    assert_eq!(answer["settled"], false, "{answer}");
    assert_eq!(stage.logged("quota is near its end").len(), 1);
    stage.sandbox.salesforce.set(|settings| settings.usage_used = 0);
    // A new process: a warm one trusts what it has last seen for ten minutes.
    stage.kill("reviews-producer");
    stage.deliver_all(&manifest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_that_is_a_date_is_the_business_day() {
    let stage = Stage::with(Setting {
        settings: &[("salesforce", "completed_at", "\"Completed_On__c\"")],
        ..Setting::default()
    })
    .await;
    let day = Stage::yesterday(1).business_day;
    let put = |number: &str, date: Option<chrono::NaiveDate>| {
        let order = serde_json::json!({
            "OrderNumber": number, "Status": "Completed", "Store__c": "default", "Completed_On__c": date,
            "BillToContact": {"Email": "buyer@example.com", "FirstName": "Bo", "LastName": "Buyer"},
            "OrderItems": [{"Product2": {"ProductCode": "P-1", "Name": "Thing"}, "Quantity": 1, "UnitPrice": 5}],
        });
        stage.sandbox.salesforce.put("Order", &order).unwrap();
    };
    put("yesterday", Some(day));
    put("before", day.pred_opt());
    put("today", day.succ_opt());
    stage.produce(Utc::now()).await;
    stage.drained().await;
    let arrivals = stage.sandbox.yotpo.arrivals();
    let arrived: Vec<_> =
        arrivals.iter().map(|a| (a.order_id.as_str(), a.effects, a.body["order_date"].clone())).collect();
    assert_eq!(arrived, [("yesterday", 1, day.to_string().into())]);
}

/// Two pages are in memory at a time, whatever the number of orders.
#[tokio::test(flavor = "multi_thread")]
async fn the_producers_memory_stays_flat() {
    let mut peaks = Vec::new();
    for orders in [1_000, 10_000] {
        // The simulator is slow with so many; nothing is delivered here.
        let settings = [("protocol", "call_timeout", "\"30s\"")];
        let stage = Stage::with(Setting { settings: &settings, ..Setting::default() }).await;
        let mut spec = Stage::yesterday(orders);
        spec.awkward = false;
        stage.sandbox.seed_day(&spec).unwrap();
        let memory = stage.emulator.watch_memory();
        let answer = stage.produce(Utc::now()).await;
        let of_producer = memory.peaks().into_iter().filter(|peak| peak.process.function.ends_with("reviews-producer"));
        let kib = of_producer.map(|peak| peak.kib).max().unwrap();
        println!("{orders} orders: the producer's peak is {} MiB; {}", kib / 1024, answer["runs"][0]);
        peaks.push(kib);
    }
    assert!(peaks[1] * 4 < peaks[0] * 5, "ten times the orders took {} instead of {} KiB", peaks[1], peaks[0]);
}
