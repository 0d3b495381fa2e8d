//! Orders on the edge of everything: delivered once, on time, and nothing old is sent.

use crate::stage::{Setting, Stage};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde_json::{Value, json};

fn at(day: NaiveDate, hour: u32) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(hour.into())
}

fn order(number: &str, store: &str, completed: DateTime<Utc>, stamp: DateTime<Utc>) -> Value {
    json!({
        "OrderNumber": number, "Status": "Completed", "Store__c": store,
        "ActivatedDate": completed.to_rfc3339(), "SystemModstamp": stamp.to_rfc3339(),
        "BillToContact": {"Email": "buyer@example.com", "FirstName": "Bo", "LastName": "Buyer"},
        "OrderItems": [{"Product2": {"ProductCode": "P-1", "Name": "Thing"}, "Quantity": 1, "UnitPrice": 5}],
    })
}

/// What took effect: order, account, date; in order.
fn effects(stage: &Stage) -> Vec<(String, String, String)> {
    let arrivals = stage.sandbox.yotpo.arrivals();
    assert!(arrivals.iter().all(|a| a.effects <= 1), "{arrivals:?}");
    let mut seen: Vec<_> = arrivals
        .iter()
        .filter(|a| a.effects == 1)
        .map(|a| (a.order_id.clone(), a.app_key.clone(), a.body["order_date"].as_str().unwrap().to_owned()))
        .collect();
    seen.sort();
    seen
}

fn dates(stage: &Stage) -> Vec<(String, String)> {
    effects(stage).into_iter().map(|(order, _, date)| (order, date)).collect()
}

/// A night's run, at two in the morning after `day`.
async fn night(stage: &Stage, day: NaiveDate) -> Value {
    let answer = stage.produce(at(day + Days::new(1), 2)).await;
    stage.drained().await;
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn five_nights_with_one_missed() {
    let stage = Stage::set().await;
    let today = Utc::now().date_naive();
    let day = |ago: u64| today - Days::new(ago);
    let put = |number: &str, completed, stamp| {
        stage.sandbox.salesforce.put("Order", &order(number, "default", completed, stamp)).unwrap();
    };
    // Of a past that the flow never had in its care.
    put("old", at(day(30), 10), at(day(30), 10));
    put("older", at(day(6), 10), at(day(6), 10));

    // Night one settles day 5 and begins there.
    put("first", at(day(5), 10), at(day(5), 10));
    put("first-instant", at(day(5), 0), at(day(5), 0));
    put("next-instant", at(day(4), 0), at(day(4), 0));
    night(&stage, day(5)).await;
    let date = |ago: u64| day(ago).to_string();
    assert_eq!(dates(&stage), [("first".into(), date(5)), ("first-instant".into(), date(5))]);

    // A job touches every order each midnight; one was completed ahead of its last change; one became visible late, with
    // a stamp from before the last pass ended; one was completed for a day that is settled.
    put("touched", at(day(4), 12), at(day(4), 12));
    put("ahead", at(day(3), 9), at(day(5), 9));
    put("late", at(day(4), 23), at(day(4), 23));
    put("backdated", at(day(5), 20), at(day(4), 15));
    stage.sandbox.salesforce.touch_all("Order", at(day(3), 0)).unwrap();
    stage.sandbox.salesforce.touch("Order", "ahead", at(day(5), 9)).unwrap();
    night(&stage, day(4)).await;
    let mut expected = vec![
        ("backdated".to_owned(), date(5)),
        ("first".to_owned(), date(5)),
        ("first-instant".to_owned(), date(5)),
        ("late".to_owned(), date(4)),
        ("next-instant".to_owned(), date(4)),
        ("touched".to_owned(), date(4)),
    ];
    assert_eq!(dates(&stage), expected);

    // Day 3's night is missed. In the next the whole history has been updated, stamped now.
    put("missed", at(day(3), 15), at(day(3), 15));
    put("day-two", at(day(2), 15), at(day(2), 15));
    // Stamped by the source a quarter of an hour before the last pass, seen only now: inside the overlap.
    put("stamped-late", at(day(4), 23) + TimeDelta::minutes(50), at(day(4), 23) + TimeDelta::minutes(50));
    stage.sandbox.salesforce.touch_all("Order", at(day(1), 1)).unwrap();
    let answer = night(&stage, day(2)).await;
    let days: Vec<_> = answer["runs"].as_array().unwrap().iter().map(|r| r["business_day"].as_str().unwrap()).collect();
    assert!(days.contains(&date(3).as_str()) && days.contains(&date(2).as_str()), "{answer}");
    // What the update touched of before the first night is told, and not sent.
    let outside: Vec<_> =
        answer["runs"].as_array().unwrap().iter().map(|r| (&r["business_day"], &r["outside"])).collect();
    assert_eq!(outside.last().unwrap(), &(&json!(date(2)), &json!({"before_start": 2})), "{answer}");
    expected.extend([
        ("ahead".to_owned(), date(3)),
        ("day-two".to_owned(), date(2)),
        ("missed".to_owned(), date(3)),
        ("stamped-late".to_owned(), date(4)),
    ]);
    expected.sort();
    assert_eq!(dates(&stage), expected);

    // Another night after another mass update: nothing again, nothing old.
    stage.sandbox.salesforce.touch_all("Order", at(today, 1)).unwrap();
    night(&stage, day(1)).await;
    assert_eq!(dates(&stage), expected);
    let posted: u64 = stage.sandbox.yotpo.arrivals().iter().map(|a| a.posted).sum();
    assert_eq!(posted, expected.len() as u64, "what is delivered is not even posted again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_row_inside_the_overlap_is_caught_and_a_page_edge_loses_nobody() {
    let stage = Stage::set().await;
    stage.sandbox.salesforce.set(|settings| settings.page_size = Some(5));
    let day = Utc::now().date_naive() - Days::new(2);
    // Fifty orders with one and the same stamp: the keyset goes on by id.
    for n in 0..50 {
        stage.sandbox.salesforce.put("Order", &order(&format!("{n:02}"), "default", at(day, 12), at(day, 12))).unwrap();
    }
    night(&stage, day).await;
    // Twenty minutes before the day ended by its stamp, and not there when the day was read.
    let stamp = at(day, 23) + TimeDelta::minutes(40);
    stage.sandbox.salesforce.put("Order", &order("late", "default", stamp, stamp)).unwrap();
    night(&stage, day + Days::new(1)).await;
    let dates = dates(&stage);
    assert_eq!(dates.len(), 51);
    assert!(dates.iter().all(|(_, date)| *date == day.to_string()), "{dates:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_stores_on_both_sides_of_the_date_line_and_an_order_that_changes_its_store() {
    let stage = Stage::with(Setting {
        more_toml: r#"
[stores.newyork]
time_zone = "America/New_York"
routes = ["ny"]
[stores.berlin]
time_zone = "Europe/Berlin"
routes = ["de"]
[stores.kolkata]
time_zone = "Asia/Kolkata"
routes = ["in"]
"#,
        ..Setting::default()
    })
    .await;
    let stores = [("default", "utc"), ("newyork", "ny"), ("berlin", "de"), ("kolkata", "in")];
    stage.stack.put_secret("yotpo", &stage.sandbox.yotpo.secret(&stores)).unwrap();
    let day = Utc::now().date_naive() - Days::new(3);
    let zones = [("ny", "America/New_York"), ("de", "Europe/Berlin"), ("in", "Asia/Kolkata")];
    let mut expected = Vec::new();
    for (store, zone) in zones {
        let window = config::BusinessDay::from(day).window(zone.parse().unwrap());
        for (name, instant, date) in [
            ("first", window.start, Some(day)),
            ("last", window.end - TimeDelta::milliseconds(1), Some(day)),
            ("next", window.end, Some(day + Days::new(1))),
            ("before", window.start - TimeDelta::milliseconds(1), None),
        ] {
            let number = format!("{store}-{name}");
            stage.sandbox.salesforce.put("Order", &order(&number, store, instant, instant)).unwrap();
            if let Some(date) = date {
                expected.push((number, store.to_owned(), date.to_string()));
            }
        }
    }
    expected.sort();
    // Every quarter of an hour of two nights, as the schedule would, is too many for a test: every three hours.
    for hours in (24 + 6..24 * 3).step_by(3) {
        stage.produce(at(day, 0) + TimeDelta::hours(hours)).await;
    }
    stage.drained().await;
    assert_eq!(effects(&stage), expected);

    // Delivered, then routed elsewhere and touched: it stays where it is.
    stage.sandbox.salesforce.patch("Order", "ny-first", &json!({"Store__c": "de"})).unwrap();
    stage.producer(&json!({"business_day": day.to_string()})).await;
    stage.drained().await;
    assert_eq!(effects(&stage), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_no_message_can_hold_is_rejected_and_holds_nothing_up() {
    let stage = Stage::set().await;
    let day = Utc::now().date_naive() - Days::new(1);
    // Descriptions would be shortened until the order fits; a product's id is what the review is about.
    let lines: Vec<Value> = (0..600)
        .map(|n| json!({"Product2": {"ProductCode": format!("P-{n}-{}", "x".repeat(2000))}, "Quantity": 1}))
        .collect();
    let mut huge = order("huge", "default", at(day, 10), at(day, 10));
    huge["OrderItems"] = lines.into();
    stage.sandbox.salesforce.put("Order", &huge).unwrap();
    stage.sandbox.salesforce.put("Order", &order("small", "default", at(day, 11), at(day, 11))).unwrap();
    let answer = stage.produce(Utc::now()).await;
    stage.drained().await;
    assert_eq!(answer["runs"][0]["rejected"], json!({"bad_record: MessageTooLong": 1}), "{answer}");
    assert_eq!(dates(&stage), [("small".to_owned(), day.to_string())]);
    // Its day is settled: it is not looked at again until it changes.
    assert_eq!(stage.producer(&json!({"scheduled_at": Utc::now()})).await, json!({"runs": [], "settled": true}));
}
