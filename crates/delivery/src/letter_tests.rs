use super::*;
use chrono::DateTime;
use ledger::{DeliveryKey, Repeat, Revision};
use serde_json::json;
use std::collections::BTreeMap;

const SENT: i64 = 1_800_000_000_000;
const CREATES: Policy =
    Policy { repeat: Repeat::Harmless, supersedes: false, settle: Duration::ZERO, clock_skew: Duration::ZERO };
const RULES: Rules = Rules { now: Millis(SENT + 3_600_000), older_than: Duration::from_mins(15), limit: 5 };

fn letter(body: &str) -> Letter {
    let taken = Taken {
        id: "1".to_owned(),
        receipt_handle: "r".to_owned(),
        body: body.to_owned(),
        attributes: BTreeMap::new(),
        sent_at: DateTime::from_timestamp_millis(SENT),
        receives: 1,
        trace: None,
        taken_at: tokio::time::Instant::now(),
    };
    Letter::of(taken, "reviews")
}

fn body(key: &str, revision: i64) -> String {
    json!({
        "key": key, "revision": revision, "hash": "h", "store": "default", "day": "2026-11-20",
        "purchase": {
            "email": " Jane@Example.com", "customer_name": "Jane", "order_id": "1", "order_date": "2026-11-20",
            "platform": "general", "products": {},
        },
    })
    .to_string()
}

fn unmapped() -> String {
    json!({
        "key": "reviews/801RO000000AbcDYAS", "revision": 7, "hash": "h", "store": "unrouted",
        "source_id": "801RO000000AbcDYAS",
    })
    .to_string()
}

fn record(state: State, revision: i64) -> Record {
    let delivery = Delivery { revision: Revision(revision), ..letter(&unmapped()).delivery().unwrap().clone() };
    Record { reason: Some("Yotpo refused it".to_owned()), ..Record::new(&delivery, state) }
}

#[test]
fn a_body_is_a_purchase_an_order_to_be_mapped_or_nothing_of_ours() {
    let key = DeliveryKey::try_from("reviews/801RO000000AbcDYAS".to_owned()).unwrap();
    for (body, is_message) in [(body(key.as_str(), 7), true), (unmapped(), false)] {
        let letter = letter(&body);
        assert_eq!(letter.delivery().map(|d| (&d.key, d.revision)), Some((&key, Revision(7))));
        assert_eq!(matches!(letter.content, Content::Message(_)), is_message);
        assert_eq!((letter.class(), letter.error()), ("none", "none"));
    }
    for other in ["", "garbage", "{}", &body("erp/acme.myshopify.com/order/1", 7)] {
        assert_eq!(letter(other).plan(None, &RULES, &CREATES), Plan::Unreadable, "{other}");
    }
}

#[test]
fn every_state_of_the_record_has_its_plan() {
    let copy = letter(&body("reviews/801RO000000AbcDYAS", 7));
    for (state, older, same, newer) in [
        (State::Pending, Plan::Send, Plan::Send, Plan::Done),
        (State::Claimed, Plan::Send, Plan::Send, Plan::Done),
        (State::Uncertain, Plan::Send, Plan::Send, Plan::Done),
        (State::Rejected, Plan::Send, Plan::Send, Plan::Done),
        (State::Parked, Plan::Send, Plan::Send, Plan::Done),
        (State::Skipped, Plan::Send, Plan::Leave(Why::Skipped), Plan::Done),
        (State::Accepted, Plan::Done, Plan::Done, Plan::Done),
        (State::Confirmed, Plan::Done, Plan::Done, Plan::Done),
    ] {
        let plans = [6, 7, 8].map(|revision| copy.plan(Some(&record(state, revision)), &RULES, &CREATES));
        assert_eq!(plans, [older, same, newer], "{state:?}");
    }
    assert_eq!(copy.plan(None, &RULES, &CREATES), Plan::Send);
    assert_eq!(letter(&unmapped()).plan(Some(&record(State::Parked, 7)), &RULES, &CREATES), Plan::Anew);
}

#[test]
fn what_was_tried_often_enough_dismissed_or_has_just_come_is_left() {
    let copy = letter(&body("reviews/801RO000000AbcDYAS", 7));
    let tried = Record { repairs: 5, ..record(State::Rejected, 7) };
    assert_eq!(copy.plan(Some(&tried), &RULES, &CREATES), Plan::Leave(Why::Limit));
    // The limit is that of a version: a copy that is newer than the record is claimed as a newer one.
    assert_eq!(copy.plan(Some(&Record { revision: Revision(6), ..tried }), &RULES, &CREATES), Plan::Send);
    let dismissed = Record { reason: Some("dismissed: a test".to_owned()), ..record(State::Rejected, 7) };
    assert_eq!(copy.plan(Some(&dismissed), &RULES, &CREATES), Plan::Leave(Why::Dismissed));
    let soon = Rules { now: Millis(SENT + 899_999), ..RULES };
    for state in State::ALL {
        assert_eq!(copy.plan(Some(&record(state, 7)), &soon, &CREATES), Plan::Leave(Why::Young));
    }
    let due = Rules { now: Millis(SENT + 900_000), ..RULES };
    assert_eq!(copy.plan(Some(&record(State::Parked, 7)), &due, &CREATES), Plan::Send);
}

#[test]
fn only_what_does_not_count_any_more_may_go_without_a_word() {
    let counts = [Plan::Send, Plan::Anew, Plan::Leave(Why::Young), Plan::Leave(Why::Limit), Plan::Leave(Why::Skipped)];
    assert!(counts.iter().all(|plan| plan.still_counts()));
    assert!([Plan::Done, Plan::Leave(Why::Dismissed), Plan::Unreadable].iter().all(|plan| !plan.still_counts()));
}

#[test]
fn a_person_is_found_whatever_the_case_and_in_what_nobody_can_read() {
    let copy = letter(&body("reviews/801RO000000AbcDYAS", 7));
    assert!(copy.mentions("jane@example.COM ") && !copy.mentions("e@example.com"));
    assert!(letter("{\"email\":\"JANE@example.com\"").mentions("jane@example.com"));
    assert!(!letter(&unmapped()).mentions("jane@example.com"));
}

/// A webhook travels as it was signed: its body is a text of its own, packed where it is long.
#[test]
fn a_person_is_found_in_json_within_a_text_and_in_what_was_packed() {
    let order = json!({"id": 1, "customer": {"email": "Jane@example.com"}}).to_string();
    let webhook = json!({"headers": {"shop": "acme.myshopify.com"}, "body": order});
    let packed = body::pack(&webhook.to_string()).unwrap();
    for held in [json!({"webhook": webhook}), json!({"gzip+base64": packed})] {
        let copy = letter(&held.to_string());
        assert!(copy.mentions("jane@example.com"), "{held}");
        assert!(!copy.mentions("e@example.com") && !copy.mentions("joe@example.com"), "{held}");
    }
    let torn = json!({"webhook": {"body": &order[..order.len() - 2]}});
    assert!(letter(&torn.to_string()).mentions("jane@example.com"));
    assert!(!letter(&json!({"gzip+base64": "bm8="}).to_string()).mentions("jane@example.com"));
}

/// A customer's newer version in the dead-letter queue is not done because an older one was written.
#[test]
fn where_the_destination_upserts_a_newer_copy_counts_over_an_accepted_version() {
    let copy = letter(&body("reviews/801RO000000AbcDYAS", 7));
    let upserts = Policy { supersedes: true, ..CREATES };
    for state in [State::Accepted, State::Confirmed] {
        let plans = [6, 7, 8].map(|revision| copy.plan(Some(&record(state, revision)), &RULES, &upserts));
        assert_eq!(plans, [Plan::Send, Plan::Done, Plan::Done], "{state:?}");
    }
}
