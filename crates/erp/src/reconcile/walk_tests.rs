use super::*;
use crate::reconcile::shop::Found;
use config::StoreName;
use ledger::{Delivery, DeliveryKey, EffectHash, Policy, Repeat, Revision};
use queue::Entry;
use std::time::Duration;

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

/// A record of the shop at revision 7; what the ledger says of it is of another revision where `known` says so.
fn found(id: &str, fate: Fate, known: Option<(State, i64)>) -> Found {
    let delivery = Delivery {
        key: DeliveryKey::try_from(format!("erp/acme.myshopify.com/{id}")).unwrap(),
        revision: Revision(7),
        hash: EffectHash::of(b"effect"),
        store: "acme.myshopify.com".to_owned(),
        day: None,
        triggered_at: None,
    };
    let known = known.map(|(state, revision)| {
        let delivery = Delivery { revision: Revision(revision), ..delivery.clone() };
        Record { reason: Some("not_paid".to_owned()), ..Record::new(&delivery, state) }
    });
    let (store, day) = (StoreName::unrouted(), "1970-01-01".parse().unwrap());
    Found { item: Item { delivery, store, day, fate }, known, name: String::new(), worth: None }
}

fn send() -> Fate {
    Fate::Send(Entry::new(String::new()))
}

fn order(fate: Fate, known: Option<(State, i64)>, minute: i64) -> Whole {
    Whole { order: found("order/1", fate, known), refunds: Vec::new(), updated_at: Some(at(minute)) }
}

/// The keys that are sent, and those that are recorded, of one order that was read at minute 100 with 30 minutes of patience.
fn sorted(whole: Whole, idle: bool) -> (Vec<String>, Vec<String>, Option<DateTime<Utc>>, usize) {
    let policy = |repeat, supersedes| Policy { repeat, supersedes, settle: Duration::ZERO, clock_skew: Duration::ZERO };
    let policies = Policies::all(policy(Repeat::ReadBack, true)).but("refund", policy(Repeat::ReadBack, false));
    let rules = Rules { policies: &policies, patience: TimeDelta::minutes(30), idle, now: at(100) };
    let mut walk = Walk { since: at(0), begun_at: at(100), after: None, left: None };
    let mut progress = Progress { read_until: at(40), walk: None, heard_at: None, unheard: 1 };
    let sorted = progress.sort(vec![whole], &mut walk, &rules);
    let keys = |items: Vec<Item>| items.into_iter().map(|item| item.delivery.key.as_str()[23..].to_owned()).collect();
    (keys(sorted.send), keys(sorted.settle), walk.left, progress.unheard)
}

fn none() -> Vec<String> {
    Vec::new()
}

fn one() -> Vec<String> {
    vec!["order/1".to_owned()]
}

#[test]
fn what_nobody_has_heard_of_is_sent_once_no_message_can_be_on_its_way() {
    assert_eq!(sorted(order(send(), None, 60), false), (one(), none(), None, 2));
    assert_eq!(sorted(order(send(), None, 90), false), (none(), none(), Some(at(90)), 1), "left to the next walk");
    assert_eq!(sorted(order(send(), None, 90), true), (one(), none(), None, 2), "no message is waiting");
    assert_eq!(sorted(order(send(), None, 30), true).3, 1, "it may have been counted before");
}

#[test]
fn what_a_message_has_brought_is_left_to_it() {
    use State::{Accepted, Claimed, Confirmed, Parked, Pending, Rejected, Uncertain};
    for state in [Pending, Claimed, Uncertain, Accepted, Confirmed, Parked, Rejected] {
        assert_eq!(sorted(order(send(), Some((state, 7)), 60), true), (none(), none(), None, 0), "{state:?}");
        assert_eq!(
            sorted(order(send(), Some((state, 6)), 60), true),
            (one(), none(), None, 2),
            "{state:?}, changed since"
        );
    }
}

#[test]
fn what_is_not_due_is_recorded_once() {
    let skip = || Fate::Skip("not_paid");
    assert_eq!(sorted(order(skip(), None, 60), true), (none(), one(), None, 2));
    assert_eq!(sorted(order(skip(), Some((State::Skipped, 7)), 60), true), (none(), none(), None, 0));
    assert_eq!(sorted(order(send(), Some((State::Skipped, 7)), 60), true).0, one(), "it is due now");
}

#[test]
fn refunds_are_sent_with_their_order_or_for_themselves() {
    let whole = |known: Option<(State, i64)>, refund: Option<(State, i64)>, minute| Whole {
        refunds: vec![found("refund/9", send(), refund)],
        ..order(send(), known, minute)
    };
    let there = Some((State::Confirmed, 7));
    let refund = vec!["refund/9".to_owned()];
    assert_eq!(sorted(whole(None, None, 60), true).0, one(), "the order brings it along");
    assert_eq!(sorted(whole(there, None, 60), true), (refund, none(), None, 0));
    assert_eq!(sorted(whole(there, None, 90), false), (none(), none(), Some(at(90)), 0));
    assert_eq!(sorted(whole(there, Some((State::Pending, 0)), 60), true).0, none());
}
