use super::*;
use crate::fields::LineFields;
use chrono::{DateTime, Utc};
use delivery::{
    Judgement, Letter,
    letter::{Plan, Rules},
};
use ledger::{DeliveryKey, Event, Millis, Policy, Record, Settled, Token, Verdict, conclude::conclude, decide::decide};
use org::Completed;
use serde_json::json;

fn config() -> Relay {
    Relay::parse(include_str!("../../../infra/config/relay.toml"), "test").unwrap()
}

fn fields() -> Fields {
    Fields {
        completed_at: ("ActivatedDate".into(), Completed::DateTime),
        email: vec!["Email".into()],
        customer_name: vec![],
        order_id: "OrderNumber".into(),
        names: crate::fields::Names::Unique,
        currency: None,
        route_by: None,
        test_order: None,
        line: LineFields {
            product_id: "Code".into(),
            name: "Name".into(),
            url: None,
            image: None,
            description: None,
            price: None,
            specs: vec![],
        },
        completed: String::new(),
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// An order completed then (or it does not say when), and last changed then.
fn row<'a>(completed: impl Into<Option<&'a str>>, changed: &str, email: &str) -> Row {
    let completed: Option<&str> = completed.into();
    serde_json::from_value(json!({
        "Id": "801RO000000AbcDYAS", "SystemModstamp": changed, "ActivatedDate": completed, "OrderNumber": "7",
        "Email": email, "OrderItems": {"totalSize": 1, "done": true, "records": [{"Id": "802000000000001AAA", "Code": "P-1"}]},
    }))
    .unwrap()
}

/// What the night's pass makes of it.
fn item(night: &str, row: &Row) -> Option<Item> {
    let config = config();
    let name = config.stores.keys().next().unwrap().clone();
    let yesterday = BusinessDay::of(at(night), config.time_zone).previous().window(config.time_zone).start;
    let first = at("2026-11-01T00:00:00Z");
    let pass = Pass::plan(&[(name, (first, yesterday))].into(), &config, at(night)).unwrap();
    Order::of(row, &pass, &fields(), &config).unwrap().map(|order| order.item)
}

fn policy() -> Policy {
    let key = DeliveryKey::try_from("reviews/801".to_owned()).unwrap();
    *crate::start::flow(&config()).policies.of(&key)
}

fn judge<'a>(item: &Item, known: Option<&'a Record>) -> Judgement<'a> {
    delivery::judge(item, known, &policy())
}

/// Puts an event to a ledger of one record.
fn put(event: &Event, record: &mut Option<Record>, now: &str) -> Verdict {
    let (policy, now) = (policy(), Millis::from(at(now)));
    let attempt = decide(event, &policy, now).run(record);
    conclude(event, &policy, &attempt, now)
}

/// Records what the producer records of an item that it does not send.
fn settle(item: &Item, record: &mut Option<Record>, now: &str) -> Verdict {
    let settled = match item.fate {
        Fate::Skip(reason) => Settled::Skipped(reason.to_owned()),
        Fate::Park(reason, _) | Fate::GiveWay(reason, _) => Settled::Parked(reason.to_owned()),
        Fate::Send(_) => panic!("it is sent"),
    };
    put(&Event::Settle { delivery: item.delivery.clone(), settled }, record, now)
}

const TO_COME: &str = "2026-11-24T10:00:00Z";
const CHANGED: &str = "2026-11-20T10:00:00.123Z";
const NIGHT: &str = "2026-11-21T02:00:00Z";
const ITS_NIGHT: &str = "2026-11-25T02:00:00Z";

/// An order whose date is to come, and its record after the night that met it.
fn waiting(email: &str) -> (Row, Item, Option<Record>) {
    let row = row(TO_COME, CHANGED, email);
    let item = item(NIGHT, &row).unwrap();
    let mut record = None;
    assert_eq!(settle(&item, &mut record, NIGHT), Verdict::Recorded);
    (row, item, record)
}

#[test]
fn a_date_to_come_is_parked_once_under_its_own_day_and_counted_with_the_nights() {
    let (row, waits, record) = waiting("a@example.com");
    assert_eq!((waits.day.to_string().as_str(), waits.delivery.day.as_deref()), ("2026-11-20", Some("2026-11-24")));
    // Met again by the night after, there is nothing to do about it.
    let again = item("2026-11-22T02:00:00Z", &row).unwrap();
    assert_eq!(judge(&again, record.as_ref()), Judgement::Parked(FUTURE_COMPLETION_DATE));
    assert_eq!(version_of(&record.unwrap()), revision(&row).unwrap());
}

#[test]
fn it_is_sent_when_its_day_is_over_without_a_person() {
    let (row, _, mut record) = waiting("a@example.com");
    for too_soon in ["2026-11-24T02:00:00Z", "2026-11-24T23:59:00Z"] {
        assert!(item(too_soon, &row).is_none_or(|item| !matches!(item.fate, Fate::Send(_))), "{too_soon}");
    }
    let due = item(ITS_NIGHT, &row).unwrap();
    assert_eq!(judge(&due, record.as_ref()), Judgement::Send);
    let token = Token::from_text("reviews-consumer/1");
    let claim = Event::Claim { delivery: due.delivery.clone(), token, lease_end: at(ITS_NIGHT).into() };
    assert!(matches!(put(&claim, &mut record, ITS_NIGHT), Verdict::Call { .. }));
    assert_eq!(due.delivery.day.as_deref(), Some("2026-11-24"));
}

#[test]
fn when_its_day_is_over_a_rule_may_leave_it_out_still() {
    let (row, _, mut record) = waiting("nobody");
    let due = item(ITS_NIGHT, &row).unwrap();
    assert_eq!(judge(&due, record.as_ref()), Judgement::Skip("invalid_email"));
    assert_eq!(settle(&due, &mut record, ITS_NIGHT), Verdict::Recorded);
    assert_eq!(record.unwrap().state, State::Skipped);
}

#[test]
fn a_date_that_is_corrected_moved_or_taken_away_is_followed() {
    let changed = "2026-11-22T10:00:00Z";
    let later = |completed: &str| {
        let corrected = row(completed, changed, "a@example.com");
        item("2026-11-23T02:00:00Z", &corrected).unwrap()
    };
    let (_, _, record) = waiting("a@example.com");
    assert_eq!(judge(&later("2026-11-20T09:00:00Z"), record.as_ref()), Judgement::Send, "corrected");

    let (_, _, mut record) = waiting("a@example.com");
    let moved = later("2027-01-01T00:00:00Z");
    assert_eq!(judge(&moved, record.as_ref()), Judgement::Park(FUTURE_COMPLETION_DATE));
    assert_eq!(settle(&moved, &mut record, "2026-11-23T02:00:00Z"), Verdict::Recorded);
    assert_eq!(record.unwrap().day.as_deref(), Some("2027-01-01"));

    let (_, _, mut record) = waiting("a@example.com");
    let undated = item("2026-11-23T02:00:00Z", &row(None, changed, "a@example.com")).unwrap();
    assert_eq!(judge(&undated, record.as_ref()), Judgement::Park(NO_COMPLETION_DATE));
    assert_eq!(settle(&undated, &mut record, "2026-11-23T02:00:00Z"), Verdict::Recorded);
}

#[test]
fn its_copy_in_the_dead_letter_queue_counts_until_its_day_and_is_harmless_afterwards() {
    let (row, waits, mut record) = waiting("a@example.com");
    let body = waits.letter(ErrorClass::BadRecord, FUTURE_COMPLETION_DATE).unwrap().body;
    let copy = queue::Taken {
        id: "1".to_owned(),
        receipt_handle: "1".to_owned(),
        body,
        attributes: [].into(),
        receives: 1,
        sent_at: Some(at(NIGHT)),
        trace: None,
        taken_at: tokio::time::Instant::now(),
    };
    let letter = Letter::of(copy, crate::FLOW);
    let plan = |record: &Option<Record>| {
        let now = at("2026-11-25T12:00:00Z").into();
        letter.plan(
            record.as_ref(),
            &Rules { now, older_than: std::time::Duration::from_mins(15), limit: 5 },
            &policy(),
        )
    };
    assert_eq!(plan(&record), Plan::Anew, "a person who releases it asks the source");
    let due = item(ITS_NIGHT, &row).unwrap();
    let token = Token::from_text("reviews-consumer/1");
    put(
        &Event::Claim { delivery: due.delivery.clone(), token, lease_end: at(ITS_NIGHT).into() },
        &mut record,
        ITS_NIGHT,
    );
    assert_eq!(plan(&record), Plan::Done);
}

#[test]
fn what_was_delivered_before_its_date_was_changed_stays_delivered() {
    let sent = row("2026-11-19T10:00:00Z", "2026-11-19T10:00:00Z", "a@example.com");
    let mut record = None;
    put(&Event::Confirm { delivery: item("2026-11-20T02:00:00Z", &sent).unwrap().delivery }, &mut record, NIGHT);
    let ahead = item("2026-11-22T02:00:00Z", &row(TO_COME, "2026-11-21T10:00:00Z", "a@example.com")).unwrap();
    assert_eq!(judge(&ahead, record.as_ref()), Judgement::Delivered);
    assert_eq!(settle(&ahead, &mut record, "2026-11-22T02:00:00Z"), Verdict::Done);
}
