//! An order's balance, kept by the ledger's own code on the simulated table: it does what the algebra says, whoever comes in between.

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
use ledger::{
    Balance, BalanceEvent, BalanceVerdict, Flow, Ledger, Policies, Policy, Repeat, Revision,
    balance::{Next, SeenBalance, decide},
};
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use sandbox::InProcess;
use std::time::Duration;

const ORDER: &str = "801RO000000AbcDYAS";

/// What works here, and all that it does.
const WORKER: Function = Function {
    name: "worker",
    flow: "loyalty",
    calls: &[(Service::Table, "GetItem", &["balance"]), (Service::Table, "UpdateItem", &["balance"])],
    ..REVIEWS_CONSUMER
};

fn ledger(seed: u64) -> (Ledger, Sim) {
    clock::begin(DateTime::UNIX_EPOCH, [TimeDelta::zero(); MACHINES]);
    let rng = ChaCha8Rng::seed_from_u64(seed);
    let chance = Chance { rng, odds: Odds::NONE, faults_end: DateTime::UNIX_EPOCH, broken: None };
    let mut world = World::new(chance, 200);
    let caller = world.born(WORKER, 0);
    let sim = Sim::new(world, InProcess::new(seed, vendors::URL, clock::now));
    let policy =
        Policy { repeat: Repeat::Harmless, supersedes: false, settle: Duration::ZERO, clock_skew: Duration::ZERO };
    let flow = Flow { name: "loyalty", policies: Policies::all(policy) };
    (Ledger::new(&sdk_config(&sim, caller, 0), TABLE, flow, clock::now), sim)
}

fn event() -> impl Strategy<Value = BalanceEvent> {
    let currency = prop_oneof![9 => Just("USD".to_owned()), 1 => Just("JPY".to_owned())];
    let refund = || (0..5u32).prop_map(|n| format!("r-{n}/x"));
    prop_oneof![
        2 => (currency.clone(), 1..9_000i64, prop::option::of(Just("C1".to_owned()))).prop_map(|(currency, amount, customer)| {
            BalanceEvent::Open { store: "us".to_owned(), currency, amount, customer }
        }),
        1 => (0..9i64).prop_map(|at| BalanceEvent::Close { store: "us".to_owned(), seen_at: Revision(at) }),
        8 => (refund(), currency, 1..5_000i64)
            .prop_map(|(refund, currency, asked)| BalanceEvent::Take { refund, currency, asked }),
        1 => (0..9i64).prop_map(|at| BalanceEvent::Cancel { seen_at: Revision(at) }),
        2 => refund().prop_map(|refund| BalanceEvent::Release { refund }),
        2 => prop_oneof![refund(), Just("cancel".to_owned())].prop_map(|refund| BalanceEvent::GiveBack { refund }),
    ]
}

/// The same in memory.
fn put(balance: &mut Option<Balance>, event: &BalanceEvent) -> BalanceVerdict {
    let mut seen = SeenBalance::Unseen;
    loop {
        match decide(event, &seen) {
            Next::Say(verdict) => return verdict,
            Next::Look => {}
            Next::Write(write) => {
                write.run(balance);
            }
        }
        seen = balance.clone().into();
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

proptest! {
    #[test]
    fn the_table_says_and_keeps_what_the_algebra_does(events in prop::collection::vec(event(), 1..25)) {
        runtime().block_on(async {
            let (ledger, sim) = ledger(1);
            let mut expected = None;
            for event in &events {
                let said = ledger.put_to_balance(ORDER, event).await.unwrap();
                prop_assert_eq!(&said, &put(&mut expected, event), "{:?}", event);
                prop_assert_eq!(&ledger.balance(ORDER).await.unwrap(), &expected);
            }
            prop_assert_eq!(&sim.lock().problems, &Vec::<String>::new());
            Ok(())
        })?;
    }

    /// Whoever comes in between: never more is given back than there was, and each has what it was told.
    #[test]
    fn refunds_at_one_time_share_what_there_is(asked in prop::collection::vec(1..400i64, 2..9), cancelled: bool, seed in 0..99u64) {
        const AMOUNT: i64 = 1_000;
        runtime().block_on(async {
            let (ledger, _sim) = ledger(seed);
            let open = BalanceEvent::Open { store: "us".to_owned(), currency: "USD".to_owned(), amount: AMOUNT, customer: None };
            ledger.put_to_balance(ORDER, &open).await.unwrap();
            let mut events: Vec<_> = asked
                .iter()
                .enumerate()
                .map(|(n, asked)| {
                    let (refund, currency) = (format!("r{n}"), "USD".to_owned());
                    BalanceEvent::Take { refund, currency, asked: *asked }
                })
                .collect();
            events.extend(cancelled.then_some(BalanceEvent::Cancel { seen_at: Revision(1) }));
            let said = futures_util::future::join_all(events.iter().map(|event| ledger.put_to_balance(ORDER, event))).await;
            let given: i64 = said
                .into_iter()
                .map(|said| match said.unwrap() {
                    BalanceVerdict::Has(part) => part,
                    _ => 0,
                })
                .sum();
            let balance = ledger.balance(ORDER).await.unwrap().unwrap();
            prop_assert_eq!((balance.taken(), balance.rest), (given, AMOUNT - given));
            prop_assert!(!cancelled || given == AMOUNT);
            let sum: i64 = asked.iter().sum();
            prop_assert!(cancelled || sum > AMOUNT || given == sum);
            Ok(())
        })?;
    }
}
