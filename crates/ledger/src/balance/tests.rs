//! The algebra's laws: whatever comes in whichever order, however often, the same is given back.

use super::*;
use proptest::prelude::*;

const AMOUNT: i64 = 10_000;

fn open() -> BalanceEvent {
    BalanceEvent::Open {
        store: "us".to_owned(),
        currency: "USD".to_owned(),
        amount: AMOUNT,
        customer: Some("C1".to_owned()),
    }
}

fn take(refund: usize, asked: i64) -> BalanceEvent {
    BalanceEvent::Take { refund: format!("r{refund}"), currency: "USD".to_owned(), asked }
}

fn release(refund: usize) -> BalanceEvent {
    BalanceEvent::Release { refund: format!("r{refund}") }
}

fn give_back(refund: usize) -> BalanceEvent {
    BalanceEvent::GiveBack { refund: format!("r{refund}") }
}

fn cancel() -> BalanceEvent {
    BalanceEvent::Cancel { seen_at: Revision(5) }
}

/// As the shell does it, on a table of one item.
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
        seen = balance.clone().map_or(SeenBalance::Absent, SeenBalance::Item);
    }
}

fn put_all(events: &[BalanceEvent]) -> Balance {
    let mut balance = None;
    put(&mut balance, &open());
    for event in events {
        put(&mut balance, event);
    }
    balance.unwrap()
}

/// Refunds that add up to the order at the most, but for a unit each.
fn fitting() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(1..AMOUNT / 2, 1..6).prop_filter("more than the order", |parts| {
        let excess = parts.iter().sum::<i64>() - AMOUNT;
        excess <= i64::try_from(parts.len()).unwrap()
    })
}

fn any_refunds() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(1..AMOUNT, 1..6)
}

fn any_event() -> impl Strategy<Value = BalanceEvent> {
    prop_oneof![
        1 => Just(open()),
        6 => (0..6usize, 1..AMOUNT).prop_map(|(refund, asked)| take(refund, asked)),
        1 => Just(cancel()),
        2 => (0..6usize).prop_map(release),
        2 => (0..6usize).prop_map(give_back),
    ]
}

/// Each in its turn by the permutation, and some of them twice.
fn shuffled<T: Clone + std::fmt::Debug + 'static>(items: &[T]) -> impl Strategy<Value = Vec<T>> + use<T> {
    (Just(items.to_vec()).prop_shuffle(), prop::sample::subsequence(items.to_vec(), 0..=items.len()))
        .prop_map(|(first, again)| [first, again].concat())
}

proptest! {
    #[test]
    fn never_below_zero_never_over_the_amount(events in prop::collection::vec(any_event(), 0..40)) {
        let mut balance = None;
        for event in &events {
            put(&mut balance, event);
            if let Some(balance) = &balance {
                prop_assert!((0..=balance.amount).contains(&balance.rest), "{balance:?}");
                prop_assert_eq!(balance.taken() + balance.rest, balance.amount);
                prop_assert!(balance.parts.values().all(|part| (0..=part.asked).contains(&part.taken)));
            }
        }
    }

    #[test]
    fn asked_again_it_changes_nothing_and_says_the_same(events in prop::collection::vec(any_event(), 0..20), last in any_event()) {
        let mut balance = Some(put_all(&events));
        let first = put(&mut balance, &last);
        let after = balance.clone();
        prop_assert_eq!(put(&mut balance, &last), first);
        prop_assert_eq!(balance, after);
    }

    /// What fits is given back to the last unit, in whatever order.
    #[test]
    fn refunds_that_fit_give_back_their_sum_in_every_order(
        (parts, order) in fitting().prop_flat_map(|parts| {
            let numbers: Vec<usize> = (0..parts.len()).collect();
            (Just(parts), shuffled(&numbers))
        }),
    ) {
        let mut balance = None;
        put(&mut balance, &open());
        for n in order {
            let verdict = put(&mut balance, &take(n, parts[n]));
            prop_assert!(matches!(verdict, BalanceVerdict::Has(_)), "{verdict:?}");
        }
        prop_assert_eq!(balance.unwrap().taken(), parts.iter().sum::<i64>().min(AMOUNT));
    }

    /// With too much, the order decides who waits for a person; when all are released it is all of the order.
    #[test]
    fn refunds_that_exceed_give_back_the_whole_order_once_released(
        (parts, order, freed) in any_refunds().prop_flat_map(|parts| {
            let numbers: Vec<usize> = (0..parts.len()).collect();
            (Just(parts), shuffled(&numbers), shuffled(&numbers))
        }),
    ) {
        let mut events: Vec<_> = order.iter().map(|n| take(*n, parts[*n])).collect();
        for n in freed {
            events.extend([release(n), take(n, parts[n])]);
        }
        prop_assert_eq!(put_all(&events).taken(), parts.iter().sum::<i64>().min(AMOUNT));
    }

    /// Whenever it comes, a cancellation makes that all is given back.
    #[test]
    fn a_cancelled_order_has_given_back_all(
        events in any_refunds().prop_flat_map(|parts| {
            let takes: Vec<_> = parts.iter().enumerate().map(|(n, asked)| take(n, *asked)).collect();
            shuffled(&[takes, vec![cancel()]].concat())
        }),
    ) {
        let balance = put_all(&events);
        prop_assert_eq!((balance.rest, balance.taken()), (0, AMOUNT));
        // What comes after it finds that.
        prop_assert_eq!(put(&mut Some(balance), &take(99, 1)), BalanceVerdict::Covered);
    }

    /// Dismissed, it is as if it had never come.
    #[test]
    fn what_is_dismissed_is_there_again(parts in fitting(), dismissed in 0..6usize) {
        let takes: Vec<_> = parts.iter().enumerate().map(|(n, asked)| take(n, *asked)).collect();
        let others: Vec<_> = takes.iter().enumerate().filter(|(n, _)| *n != dismissed).map(|(_, take)| take.clone()).collect();
        let whole = parts.iter().sum::<i64>() <= AMOUNT;
        let with = put_all(&[takes, vec![give_back(dismissed)]].concat());
        let without = put_all(&others);
        prop_assert!(!whole || (with.rest, &with.parts) == (without.rest, &without.parts));
    }
}

#[test]
fn thirds_of_an_amount_that_does_not_divide_are_no_excess() {
    let third = |n| take(n, 3334);
    let balance = put_all(&[third(0), third(1), third(2)]);
    let taken: Vec<_> = balance.parts.values().map(|part| part.taken).collect();
    assert_eq!((taken, balance.rest), (vec![3334, 3334, 3332], 0));
    // A unit more is.
    let mut balance = Some(put_all(&[take(0, 5000)]));
    assert_eq!(put(&mut balance, &take(1, 5003)), BalanceVerdict::Exceeds(5000));
    assert_eq!(put(&mut balance, &take(1, 5002)), BalanceVerdict::Has(5000));
}

#[test]
fn each_event_is_told_what_is_in_its_way() {
    use BalanceVerdict::{Changed, Exceeds, Full, Has, Missing, Noted, Opened, OtherCurrency};
    let mut none = None;
    for event in [take(0, 1), cancel(), release(0), give_back(0)] {
        assert_eq!(put(&mut none, &event), Missing);
    }
    let mut balance = Some(put_all(&[take(0, 4000)]));
    assert_eq!(put(&mut balance, &take(0, 4000)), Has(4000));
    assert_eq!(put(&mut balance, &take(0, 4001)), Changed(4000));
    assert_eq!(put(&mut balance, &take(1, 7000)), Exceeds(6000));
    let yen = BalanceEvent::Take { refund: "r2".to_owned(), currency: "JPY".to_owned(), asked: 1 };
    assert_eq!(put(&mut balance, &yen), OtherCurrency);
    assert_eq!(put(&mut balance, &release(1)), Noted);
    assert_eq!(put(&mut balance, &take(1, 7000)), Has(6000));
    assert_eq!(put(&mut balance, &cancel()), Has(0), "nothing is left to take");
    // Another store finds it as it was opened.
    let elsewhere =
        BalanceEvent::Open { store: "ca".to_owned(), currency: "CAD".to_owned(), amount: 1, customer: None };
    let Opened(opened) = put(&mut balance, &elsewhere) else { panic!("not opened") };
    assert_eq!((opened.store.as_str(), opened.amount, opened.cancelled_at), ("us", AMOUNT, Some(Revision(5))));
    let many: Vec<_> = (0..MOST_REFUNDS).map(|n| take(n, 1)).collect();
    assert_eq!(put(&mut Some(put_all(&many)), &take(MOST_REFUNDS, 1)), Full);
}

#[test]
fn an_order_that_nobody_began_to_send_is_closed_and_stays_so() {
    let close = BalanceEvent::Close { store: "us".to_owned(), seen_at: Revision(5) };
    let mut balance = None;
    for event in [close.clone(), open(), close.clone()] {
        let BalanceVerdict::Opened(seen) = put(&mut balance, &event) else { panic!("not opened") };
        assert!(seen.is_closed() && seen.amount == 0, "{seen:?}");
    }
    assert_eq!(put(&mut balance, &take(0, 1)), BalanceVerdict::Covered);
    assert_eq!(put(&mut balance, &cancel()), BalanceVerdict::Has(0));
    put(&mut balance, &BalanceEvent::GiveBack { refund: CANCELLATION.to_owned() });
    assert!(balance.unwrap().is_closed());
    // What is open was sent, or may be: it stays open.
    let BalanceVerdict::Opened(seen) = put(&mut Some(put_all(&[])), &close) else { panic!("not opened") };
    assert!(!seen.is_closed() && seen.customer.as_deref() == Some("C1"), "{seen:?}");
}

#[test]
fn the_cancellations_part_is_fixed_and_can_be_dismissed() {
    let mut balance = Some(put_all(&[take(0, 4000), cancel()]));
    assert_eq!(put(&mut balance, &cancel()), BalanceVerdict::Has(6000));
    let gone = BalanceEvent::GiveBack { refund: CANCELLATION.to_owned() };
    assert_eq!(put(&mut balance, &gone), BalanceVerdict::Noted);
    assert_eq!((balance.as_ref().unwrap().rest, balance.unwrap().cancelled_at), (6000, None));
}
