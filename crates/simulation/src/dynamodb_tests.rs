use super::*;
use crate::{
    aws::sdk_config,
    fault::Odds,
    functions::{Caller, Function, REVIEWS_CONSUMER, Service},
    vendors,
    world::{Sim, World},
};
use ledger::{
    Attempt, Delivery, DeliveryKey, EffectHash, ErrorClass, Event, Flow, Ledger, Millis, Outcome, Policies, Policy,
    Record, Repeat, Revision, Settled, Token, decide::decide,
};
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// Whoever writes whatever there is to write.
const WRITER: Function = Function {
    calls: &[
        (
            Service::Table,
            "UpdateItem",
            &["reviews accepted", "reviews claimed", "reviews parked", "reviews pending", "reviews rejected"],
        ),
        (Service::Table, "UpdateItem", &["reviews confirmed", "reviews skipped", "reviews uncertain"]),
    ],
    ..REVIEWS_CONSUMER
};

fn chance() -> Chance {
    let rng = ChaCha8Rng::seed_from_u64(1);
    Chance { rng, odds: Odds::NONE, faults_end: DateTime::UNIX_EPOCH, broken: None }
}

fn event() -> impl Strategy<Value = Event> {
    let delivery = |revision: i64, hash: u8| Delivery {
        key: DeliveryKey::try_from("reviews/1".to_owned()).unwrap(),
        revision: Revision(revision),
        hash: EffectHash::of(&[hash]),
        store: "default".to_owned(),
        day: Some("2026-11-20".to_owned()),
        triggered_at: None,
    };
    let token = |n: u8| Token::from_text(format!("token-{n}"));
    let millis = |n: i64| Millis(n * 1_000);
    let outcome = prop_oneof![
        Just(Outcome::Accepted),
        (0..50_i64).prop_map(move |n| Outcome::Pending(ErrorClass::Unavailable, millis(n))),
        (0..50_i64).prop_map(move |n| Outcome::Uncertain(millis(n))),
        Just(Outcome::Rejected("no".to_owned())),
        Just(Outcome::Parked("a person".to_owned())),
    ];
    let settled = prop_oneof![
        Just(Settled::Skipped("no_email".to_owned())),
        Just(Settled::Rejected("bad".to_owned())),
        Just(Settled::Parked("unknown_store".to_owned())),
        Just(Settled::Dismissed("nobody wants it".to_owned())),
        Just(Settled::GaveWay("duplicate_order_id".to_owned())),
    ];
    prop_oneof![
        (0..3_i64, 0..2_u8, 0..3_u8, 0..50_i64).prop_map(move |(revision, hash, t, end)| Event::Claim {
            delivery: delivery(revision, hash),
            token: token(t),
            lease_end: millis(end),
        }),
        (0..3_i64, 0..3_u8, outcome).prop_map(move |(revision, t, outcome)| Event::Finish {
            key: delivery(0, 0).key,
            revision: Revision(revision),
            token: token(t),
            applied: (t > 0).then(|| EffectHash::of(&[t])),
            outcome,
        }),
        (0..3_i64, 0..2_u8, 0..3_u8, 0..50_i64).prop_map(move |(revision, hash, t, end)| Event::Ensure {
            delivery: delivery(revision, hash),
            needed_by: delivery(0, 0).key,
            token: token(t),
            lease_end: millis(end),
        }),
        (0..3_i64, 0..2_u8).prop_map(move |(revision, hash)| Event::Confirm { delivery: delivery(revision, hash) }),
        (0..3_i64, settled)
            .prop_map(move |(revision, settled)| Event::Settle { delivery: delivery(revision, 0), settled }),
    ]
}

proptest! {
    /// The simulated table and the predicate in memory, event by event: what the functions are simulated on is what the
    /// emulator is compared with too.
    #[test]
    fn the_table_answers_as_the_predicate_does(
        events in prop::collection::vec((event(), 0..60_i64), 1..12), supersedes: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let vendors = sandbox::InProcess::new(1, vendors::URL, clock::now);
            let sim = Sim::new(World::new(chance(), 200), vendors);
            let caller = Caller { function: WRITER, machine: 0, process: 0 };
            let policy = Policy {
                repeat: Repeat::Harmless,
                supersedes,
                settle: Duration::from_secs(5),
                clock_skew: Duration::from_secs(2),
            };
            let flow = Flow { name: "reviews", policies: Policies::all(policy) };
            let ledger = Ledger::new(&sdk_config(&sim, caller, 0), "ledger", flow, clock::now);
            let mut record: Option<Record> = None;
            for (event, now) in events {
                let write = decide(&event, &policy, Millis(now * 1_000));
                let expected: Attempt = write.run(&mut record);
                let answer = ledger.run(&write).await.unwrap();
                prop_assert_eq!(answer, expected, "{:?}", event);
            }
            prop_assert!(sim.lock().problems.is_empty());
            Ok(())
        })?;
    }
}

fn put(condition: &str, names: &Value) -> Value {
    json!({
        "Key": {"k": {"S": "reviews/1"}},
        "ConditionExpression": condition,
        "UpdateExpression": "SET #expires_at = :0",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {":0": {"N": "1000"}},
    })
}

#[test]
fn what_dynamodb_refuses_is_refused() {
    let (mut table, chance, usage) = (Table::default(), &mut chance(), &mut Usage::default());
    let names = json!({"#expires_at": "expires_at"});
    assert_eq!(table.update(chance, usage, &put("attribute_not_exists(k)", &names)), Ok(json!({})));
    let mut refused = |request: Value| table.update(chance, usage, &request).unwrap_err().1["__type"].to_string();
    assert!(refused(put("attribute_not_exists(k)", &names)).contains("ConditionalCheckFailed"));
    let unused = json!({"#expires_at": "expires_at", "#state": "state"});
    assert!(refused(put("attribute_not_exists(x)", &unused)).contains("Validation"));
    assert!(refused(put("attribute_not_exists(#nowhere)", &names)).contains("Validation"));
    assert!(refused(put("k = ", &names)).contains("Validation"));
    let twice = json!({"RequestItems": {"ledger": {"Keys": [{"k": {"S": "a"}}, {"k": {"S": "a"}}]}}});
    assert!(table.batch_get(chance, usage, &twice).is_err(), "a key twice");
}

#[tokio::test(start_paused = true)]
async fn an_expired_item_stays_for_a_while() {
    let (mut table, chance, usage) = (Table::default(), &mut chance(), &mut Usage::default());
    let names = json!({"#expires_at": "expires_at"});
    let request = json!({"Key": {"k": {"S": "reviews/1"}}, "ConsistentRead": true});
    clock::begin(DateTime::from_timestamp(0, 0).unwrap(), [TimeDelta::zero(); crate::clock::MACHINES]);
    table.update(chance, usage, &put("attribute_not_exists(k)", &names)).unwrap();
    let mut there = || table.get(chance, usage, &request).unwrap().get("Item").is_some();
    tokio::time::advance(Duration::from_secs(2_000)).await;
    assert!(there(), "expired, not deleted");
    tokio::time::advance(Duration::from_hours(49)).await;
    assert!(!there(), "deleted in the end");
}
