//! The protocol's writes mean in DynamoDB what they mean in memory.

use crate::stage::Stage;
use ledger::{
    Attempt, By, Delivery, DeliveryKey, EffectHash, ErrorClass, Event, Flow, Ledger, Millis, Note, Open, Outcome,
    Policies, Policy, Ran, Record, Repair, Repeat, Revision, Settled, Token, decide::decide,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

const NOW: i64 = 1_800_000_000_000;
const POLICIES: [Policy; 2] = [
    Policy { repeat: Repeat::Harmless, supersedes: false, settle: Duration::ZERO, clock_skew: Duration::from_secs(5) },
    Policy {
        repeat: Repeat::ReadBack,
        supersedes: true,
        settle: Duration::from_secs(20),
        clock_skew: Duration::from_secs(5),
    },
];

/// What the ledgers take for the time.
static CLOCK: AtomicI64 = AtomicI64::new(NOW);

fn ledger(stage: &Stage, flow: &'static str) -> Ledger {
    let now = || Millis(CLOCK.load(Ordering::Relaxed)).into();
    let flow = Flow { name: flow, policies: Policies::all(POLICIES[0]) };
    Ledger::new(&stage.emulator.sdk_config(), stage.stack.output("LedgerTable").unwrap(), flow, now)
}

fn delivery(key: &DeliveryKey, revision: i64) -> Delivery {
    Delivery {
        key: key.clone(),
        revision: Revision(revision),
        hash: EffectHash::of(&revision.to_be_bytes()),
        store: "default".to_owned(),
        day: (revision != 2).then(|| "2026-11-20".to_owned()),
        triggered_at: None,
    }
}

/// A version: three revisions, two effects at each, with and without a trigger time.
fn version(key: DeliveryKey) -> impl Strategy<Value = Delivery> + Clone {
    (1i64..4, 0u8..2, prop::option::of(0i64..3)).prop_map(move |(revision, effect, triggered_at)| Delivery {
        hash: EffectHash::of(&[effect]),
        triggered_at: triggered_at.map(|ms| Millis(NOW + ms)),
        ..delivery(&key, revision)
    })
}

/// An event and the time at which it happens; the life of a record is among the times.
fn step(key: DeliveryKey) -> impl Strategy<Value = (Event, Millis)> {
    let time = prop_oneof![
        8 => (0i64..60_000).prop_map(|ms| Millis(NOW + ms)),
        1 => Just(Millis(NOW).plus(ledger::decide::RECORD_LIFE)),
        1 => Just(Millis(NOW + 30_000).plus(ledger::decide::RECORD_LIFE)),
    ];
    let token = (0u8..3).prop_map(|n| Token::from_text(n.to_string()));
    let outcome = prop_oneof![
        2 => Just(Outcome::Accepted),
        2 => (0i64..60_000).prop_map(|ms| Outcome::Pending(ErrorClass::Unavailable, Millis(NOW + ms))),
        1 => (0i64..60_000).prop_map(|ms| Outcome::Uncertain(Millis(NOW + ms))),
        1 => Just(Outcome::Rejected("no".to_owned())),
        1 => Just(Outcome::Parked("who".to_owned())),
        1 => (0i64..60_000).prop_map(|ms| Outcome::Waiting(
            DeliveryKey::try_from("loyalty/order/1".to_owned()).unwrap(),
            Millis(NOW + ms)
        )),
    ];
    let settled = prop_oneof![
        Just(Settled::Skipped("no_email".to_owned())),
        Just(Settled::Rejected("bad_record".to_owned())),
        Just(Settled::Parked("unknown_store".to_owned())),
        Just(Settled::Dismissed("nobody wants it".to_owned())),
        Just(Settled::GaveWay("duplicate_order_id".to_owned())),
    ];
    let repair = prop_oneof![Just(Repair::Redrive), Just(Repair::Missing)];
    let version = version(key.clone());
    let event = prop_oneof![
        8 => (version.clone(), token.clone(), 0i64..60_000).prop_map(|(delivery, token, end)| Event::Claim {
            delivery,
            token,
            lease_end: Millis(NOW + end),
        }),
        2 => (version.clone(), token.clone(), 0i64..60_000).prop_map(|(delivery, token, end)| Event::Ensure {
            delivery,
            needed_by: DeliveryKey::try_from("loyalty/order/1".to_owned()).unwrap(),
            token,
            lease_end: Millis(NOW + end),
        }),
        8 => (1i64..4, token, outcome).prop_map(move |(revision, token, outcome)| Event::Finish {
            key: key.clone(),
            revision: Revision(revision),
            applied: (outcome != Outcome::Accepted).then(|| EffectHash::of(&[0])),
            token,
            outcome,
        }),
        3 => (version.clone(), settled).prop_map(|(delivery, settled)| Event::Settle { delivery, settled }),
        1 => version.clone().prop_map(|delivery| Event::Confirm { delivery }),
        2 => version.clone().prop_map(|delivery| Event::GiveUp { delivery, reason: "missing".to_owned() }),
        4 => (version.clone(), repair, 1u32..3)
            .prop_map(|(delivery, repair, limit)| Event::Reopen { delivery, repair, limit }),
        2 => version.prop_map(|delivery| Event::Conflict { delivery }),
    ];
    (event, time)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_does_the_same_on_the_table_as_in_memory() {
    let stage = Stage::set().await;
    let ledger = ledger(&stage, "reviews");
    let mut runner = TestRunner::deterministic();
    let (mut applied, mut refused) = (0, 0);
    for history in 0..120 {
        let key = DeliveryKey::try_from(format!("reviews/{history}")).unwrap();
        let policy = POLICIES[history % 2];
        let steps = prop::collection::vec(step(key.clone()), 12).new_tree(&mut runner).unwrap().current();
        let mut memory: Option<Record> = None;
        for (event, now) in steps {
            let write = decide(&event, &policy, now);
            let expected = write.run(&mut memory);
            let seen = ledger.run(&write).await.unwrap();
            assert_eq!(seen, expected, "{event:?} at {now:?}: {write:?}");
            match seen {
                Attempt::Applied(_) => applied += 1,
                Attempt::Refused(_) => refused += 1,
            }
        }
        let read = ledger.read(std::slice::from_ref(&key)).await.unwrap().remove(&key);
        assert_eq!(read, memory);
    }
    assert!(
        applied > 200 && refused > 200,
        "{applied} applied, {refused} refused: too few of one kind to mean anything"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_only_move_forward_and_one_of_two_checkpoints_wins() {
    let stage = Stage::set().await;
    let ledger = ledger(&stage, "reviews");
    assert_eq!(ledger.cursor("s").await.unwrap(), None);
    let begun = ledger.begin("s", Millis(10)).await.unwrap();
    assert_eq!(ledger.begin("s", Millis(99)).await.unwrap(), begun);
    assert!(ledger.settle_until("s", Millis(20)).await.unwrap());
    assert!(!ledger.settle_until("s", Millis(15)).await.unwrap());
    let cursor = ledger.cursor("s").await.unwrap().unwrap();
    assert_eq!((cursor.first, cursor.settled_until), (Millis(10), Millis(20)));

    assert_eq!(ledger.checkpoint("").await.unwrap(), None);
    assert_eq!(ledger.save_checkpoint("", 0, "a").await.unwrap(), Some(1));
    assert_eq!(ledger.save_checkpoint("", 0, "b").await.unwrap(), None);
    assert_eq!(ledger.save_checkpoint("", 1, "c").await.unwrap(), Some(2));
    let kept = ledger.checkpoint("").await.unwrap().unwrap();
    assert_eq!((kept.version, kept.state.as_str()), (2, "c"));
    // Another pass, and another flow's.
    assert_eq!(ledger.checkpoint("customers").await.unwrap(), None);
    assert_eq!(self::ledger(&stage, "erp").checkpoint("").await.unwrap(), None);
    assert_eq!(ledger.save_checkpoint("customers", 0, "d").await.unwrap(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_run_is_the_one_that_ended_last_and_asking_for_permissions_writes_nothing() {
    let stage = Stage::set().await;
    let ledger = ledger(&stage, "reviews");
    let (reached, may_read, may_write) = tokio::join!(ledger.reach(), ledger.may_read(), ledger.may_write());
    reached.and(may_read).and(may_write).unwrap();
    let queue = stage.stack.queue("ReviewsQueueUrl").unwrap();
    let (may_delete, may_hide) = tokio::join!(queue.may_delete(), queue.may_hide());
    may_delete.and(may_hide).unwrap();
    let scan = serde_json::json!({"TableName": stage.stack.output("LedgerTable").unwrap()});
    let items = || crate::stage::dynamodb(stage.emulator.endpoint(), "Scan", &scan)["Count"].clone();
    assert_eq!(items(), 0);

    let ran = |at: i64, error: Option<&str>| Ran {
        at: Millis(at),
        ended: error.map_or("settled", |_| "failed").to_owned(),
        error: error.map(str::to_owned),
    };
    let keep = async |by: By, ran: &Ran| ledger.keep_run("producer", by, ran).await.unwrap();
    let last = async |by: By| ledger.last_run("producer", by).await.unwrap();
    assert_eq!(last(By::Schedule).await, None);
    assert!(keep(By::Schedule, &ran(20, None)).await);
    assert!(!keep(By::Schedule, &ran(10, None)).await, "it ended earlier");
    assert_eq!(last(By::Schedule).await, Some(ran(20, None)));
    assert!(keep(By::Hand, &ran(30, Some(&"é".repeat(999)))).await);
    assert_eq!(last(By::Hand).await, Some(ran(30, Some(&"é".repeat(200)))));
    assert_eq!(last(By::Schedule).await, Some(ran(20, None)), "each has its own");
    assert_eq!(items(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_are_kept_by_time_and_no_open_delivery() {
    let stage = Stage::set().await;
    let ledger = ledger(&stage, "reviews");
    let note = |ms, action: &str| Note {
        at: Millis(NOW + ms),
        who: "arn:aws:iam::000000000000:user/op".to_owned(),
        action: action.to_owned(),
        detail: "{}".to_owned(),
    };
    // The second nonce is the SDK's repetition of the first.
    for (ms, nonce, action) in [(2, "a", "second"), (1, "b", "first"), (2, "a", "second"), (2, "c", "third")] {
        ledger.note(nonce, &note(ms, action)).await.unwrap();
    }
    self::ledger(&stage, "erp").note("d", &note(1, "another flow's")).await.unwrap();
    let notes = |since| {
        let ledger = &ledger;
        async move { ledger.notes(Millis(NOW + since)).await.unwrap() }
    };
    let mut all = notes(0).await;
    assert_eq!(all.remove(0), note(1, "first"));
    all.sort_by(|a, b| a.action.cmp(&b.action));
    assert_eq!(all, [note(2, "second"), note(2, "third")]);
    assert_eq!(notes(2).await.len(), 2);
    assert_eq!(ledger.open().await.unwrap(), Open::default());
    assert_eq!(ledger.open_records().await.unwrap(), []);

    let mut expected = Vec::new();
    for n in 0..30 {
        let key = DeliveryKey::try_from(format!("reviews/{n:02}")).unwrap();
        let (delivery, settled) = (delivery(&key, 1), Settled::Parked("unknown_store".to_owned()));
        let event = Event::Settle { delivery, settled };
        CLOCK.store(NOW + n, Ordering::Relaxed);
        ledger.put(&event).await.unwrap();
        expected.push((key, Millis(NOW + n)));
    }
    let open = ledger.open_records().await.unwrap();
    let open: Vec<_> = open.into_iter().map(|(key, record)| (key, record.open_since.unwrap())).collect();
    assert_eq!(open, expected, "the oldest first");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accounts_places_are_shared_by_all_flows_and_come_back() {
    let stage = Stage::set().await;
    let (ours, others) = (ledger(&stage, "erp"), ledger(&stage, "loyalty"));
    let until = Millis::from(ours.now()).plus(Duration::from_hours(1));
    let [a, b, c] = ["a", "b", "c"].map(Token::from_text);
    let first = ours.take_slot("account", 2, 1, &a, until).await.unwrap().unwrap();
    // Asked again, after a lost answer.
    assert_eq!(ours.take_slot("account", 2, 1, &a, until).await.unwrap(), Some(first.clone()));
    let second = others.take_slot("account", 2, 1, &b, until).await.unwrap().unwrap();
    assert_eq!((first.place, second.place), (1, 0));
    assert_eq!(others.take_slot("account", 2, 0, &c, until).await.unwrap(), None);
    assert!(others.hold_slot(&second, Millis(0)).await.unwrap());
    let third = ours.take_slot("account", 2, 0, &c, until).await.unwrap().unwrap();
    assert_eq!(third.place, 0);
    assert!(!others.give_back_slot(&second).await.unwrap(), "somebody else has it");
    assert!(ours.give_back_slot(&first).await.unwrap());

    assert!(ours.redact("a person", Millis(10)).await.unwrap() && !ours.redact("a person", Millis(5)).await.unwrap());
    assert!(ours.is_redacted("a person", Millis(10)).await.unwrap());
    assert!(!ours.is_redacted("a person", Millis(11)).await.unwrap());
    assert!(!others.is_redacted("a person", Millis(5)).await.unwrap(), "another flow's");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_an_ordinary_delivery_is_under_a_kilobyte_and_stays_out_of_the_index() {
    let stage = Stage::set().await;
    let ledger = ledger(&stage, "reviews");
    let key = DeliveryKey::try_from("reviews/801RO000000AbcDYAS".to_owned()).unwrap();
    let token = Token::unique();
    let claim = Event::Claim { delivery: delivery(&key, 1), token: token.clone(), lease_end: Millis(NOW + 60_000) };
    ledger.put(&claim).await.unwrap();
    let accepted = Event::Finish {
        key: key.clone(),
        revision: Revision(1),
        token,
        outcome: Outcome::Accepted,
        applied: Some(delivery(&key, 1).hash),
    };
    ledger.put(&accepted).await.unwrap();
    let table = stage.stack.output("LedgerTable").unwrap();
    let answer = ureq::post(format!("{}/", stage.emulator.endpoint()))
        .header("X-Amz-Target", "DynamoDB_20120810.Scan")
        .header("Content-Type", "application/x-amz-json-1.0")
        .header("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
        .send(serde_json::json!({"TableName": table}).to_string())
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let item = answer["Items"][0].as_object().unwrap();
    let bytes: usize = item
        .iter()
        .map(|(name, value)| {
            name.len() + value.as_object().unwrap().values().map(|v| v.as_str().unwrap().len()).sum::<usize>()
        })
        .sum();
    assert!(bytes < 1024, "{bytes} bytes: {item:?}");
    assert!(!item.contains_key("open_since") && !item.contains_key("open_flow"), "{item:?}");
}
