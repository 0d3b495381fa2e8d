//! An account's places, taken, given back and held by the ledger's own code on the simulated table.

use crate::{
    TABLE,
    aws::sdk_config,
    chance::Chance,
    clock::{self, MACHINES},
    fault::Odds,
    functions::{Function, REVIEWS_CONSUMER, Service},
    vendors,
    world::{Sim, World},
};
use chrono::{DateTime, TimeDelta};
use delivery::{NoSlot, Slots};
use ledger::{Flow, Ledger, Millis, Policies, Policy, Repeat, Slot, Token};
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use sandbox::InProcess;
use std::time::Duration;
use tokio::time::Instant;

const ACCOUNT: &str = "123456_SB1";
const PLACES: u32 = 3;

/// What works here, and all that it does.
const WORKER: Function = Function {
    name: "worker",
    flow: "erp",
    calls: &[
        (Service::Table, "GetItem", &["redacted"]),
        (Service::Table, "UpdateItem", &["redacted", "redacted first", "slot", "slot first"]),
    ],
    ..REVIEWS_CONSUMER
};

fn ledger() -> Ledger {
    clock::begin(DateTime::UNIX_EPOCH, [TimeDelta::zero(); MACHINES]);
    let rng = ChaCha8Rng::seed_from_u64(1);
    let chance = Chance { rng, odds: Odds::NONE, faults_end: DateTime::UNIX_EPOCH, broken: None };
    let mut world = World::new(chance, 200);
    let caller = world.born(WORKER, 0);
    let sim = Sim::new(world, InProcess::new(1, vendors::URL, clock::now));
    let policy =
        Policy { repeat: Repeat::Harmless, supersedes: false, settle: Duration::ZERO, clock_skew: Duration::ZERO };
    Ledger::new(&sdk_config(&sim, caller, 0), TABLE, Flow { name: "erp", policies: Policies::all(policy) }, clock::now)
}

fn now() -> Millis {
    clock::now().into()
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Take { first: u32, seconds: u64 },
    GiveBack(usize),
    Hold(usize, u64),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..9u32, 1..60u64).prop_map(|(first, seconds)| Step::Take { first, seconds }),
        2 => (0..6usize).prop_map(Step::GiveBack),
        1 => (0..6usize, 1..60u64).prop_map(|(n, seconds)| Step::Hold(n, seconds)),
        2 => (1..40u64).prop_map(Step::Wait),
    ]
}

proptest! {
    /// Whatever is taken, forgotten, held on and given back late: never more are held than there are, and none is refused that is
    /// free.
    #[test]
    fn never_more_places_are_held_than_there_are(steps in prop::collection::vec(step(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let ledger = ledger();
            // All that were ever taken, by whoever may still say something of them.
            let mut taken: Vec<Slot> = vec![];
            for step in steps {
                let holds = |slot: &&Slot| slot.until > now();
                let held = taken.iter().filter(holds).count();
                match step {
                    Step::Take { first, seconds } => {
                        let until = now().plus(Duration::from_secs(seconds));
                        let slot = ledger.take_slot(ACCOUNT, PLACES, first, &Token::unique(), until).await.unwrap();
                        prop_assert_eq!(slot.is_some(), held < PLACES as usize);
                        if let Some(slot) = slot {
                            let place = slot.place;
                            prop_assert!(place < PLACES && !taken.iter().filter(holds).any(|it| it.place == place));
                            taken.push(slot);
                        }
                    }
                    Step::GiveBack(n) if n < taken.len() => {
                        let last = !taken[n + 1..].iter().any(|it| it.place == taken[n].place);
                        prop_assert_eq!(ledger.give_back_slot(&taken[n]).await.unwrap(), last);
                        taken[n].until = Millis(0);
                    }
                    Step::Hold(n, seconds) if n < taken.len() => {
                        let until = now().plus(Duration::from_secs(seconds));
                        let last = !taken[n + 1..].iter().any(|it| it.place == taken[n].place);
                        prop_assert_eq!(ledger.hold_slot(&taken[n], until).await.unwrap(), last);
                        taken[n].until = if last { until } else { Millis(0) };
                    }
                    Step::GiveBack(_) | Step::Hold(..) => {}
                    Step::Wait(seconds) => tokio::time::advance(Duration::from_secs(seconds)).await,
                }
            }
            Ok(())
        })?;
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_late_waits_for_a_place_but_not_for_ever() {
    let unanswered_hold = Duration::from_mins(2);
    let slots = Slots {
        ledger: ledger(),
        account: ACCOUNT.to_owned(),
        of: PLACES,
        unanswered_hold,
        clock_skew: Duration::from_secs(10),
        random: || 0.5,
    };
    let soon = || Instant::now() + Duration::from_secs(30);
    let ends = || now().plus(Duration::from_mins(5));
    let mut held = vec![];
    for _ in 0..PLACES {
        held.push(slots.take(ends(), soon()).await.unwrap());
    }
    let begun = Instant::now();
    let refused: Result<Slot, NoSlot> = slots.take(ends(), soon()).await;
    assert!(refused.is_err() && begun.elapsed() <= Duration::from_secs(30));
    let later = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        slots.give_back(&held[1], true).await;
    };
    let (fourth, ()) = tokio::join!(slots.take(ends(), soon()), later);
    assert_eq!(fourth.unwrap().place, held[1].place);
    // A call that nobody answered may still run.
    slots.give_back(&held[0], false).await;
    assert!(slots.take(ends(), soon()).await.is_err());
    tokio::time::advance(unanswered_hold).await;
    assert_eq!(slots.take(ends(), soon()).await.unwrap().place, held[0].place);
}

#[tokio::test(start_paused = true)]
async fn what_was_received_before_it_was_redacted_is_dropped_and_nothing_later() {
    let ledger = ledger();
    let subject = "acme.myshopify.com/customer/1";
    assert!(!ledger.is_redacted(subject, Millis(5)).await.unwrap());
    assert!(ledger.redact(subject, Millis(10)).await.unwrap());
    assert!(!ledger.redact(subject, Millis(8)).await.unwrap(), "a later one is kept");
    let dropped = async |at| ledger.is_redacted(subject, Millis(at)).await.unwrap();
    assert_eq!((dropped(9).await, dropped(10).await, dropped(11).await), (true, true, false));
    assert!(!ledger.is_redacted("acme.myshopify.com/customer/2", Millis(5)).await.unwrap());
}
