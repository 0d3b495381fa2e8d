use super::*;
use ledger::EffectHash;
use proptest::prelude::*;

fn id(n: u64) -> Id {
    Id::parse(&format!("801{n:012}")).unwrap()
}

fn at(hour: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(hour * 3600, 0)
}

fn twin(n: u64, hour: i64, standing: Standing) -> Twin {
    Twin { id: id(n), completed_at: at(hour), standing }
}

fn known(state: State, revision: i64, attempts: u32, reason: Option<&str>) -> Record {
    Record {
        state,
        revision: Revision(revision),
        hash: EffectHash::of(b"effect"),
        token: None,
        lease_end: None,
        not_before: None,
        triggered_at: None,
        earlier: None,
        attempts,
        repairs: 0,
        waits_for: None,
        reason: reason.map(str::to_owned),
        store: "default".to_owned(),
        day: None,
        updated_at: Millis(7),
        accepted_at: None,
        applied: None,
        open_since: None,
        expires_at: 0,
    }
}

#[test]
fn the_first_that_was_completed_keeps_the_name() {
    use Standing::{Accepted, Confirmed, Out, Parked, Tried, UnderWay, Waits};
    for (twins, kept) in [
        (vec![twin(1, 9, Waits), twin(2, 10, Waits)], Some(1)),
        (vec![twin(1, 10, Waits), twin(2, 9, Waits)], Some(2)),
        (vec![twin(2, 9, Waits), twin(1, 9, Waits)], Some(1)),
        // Whoever may be at the destination comes before whoever was completed earlier.
        (vec![twin(1, 9, Waits), twin(2, 10, UnderWay)], Some(2)),
        (vec![twin(1, 9, Waits), twin(2, 10, Tried)], Some(2)),
        (vec![twin(1, 9, UnderWay), twin(2, 10, Accepted(Millis(5)))], Some(2)),
        (vec![twin(1, 9, Accepted(Millis(6))), twin(2, 10, Accepted(Millis(5)))], Some(2)),
        (vec![twin(1, 9, Accepted(Millis(5))), twin(2, 10, Confirmed)], Some(2)),
        // What is not sent has no name there; what is parked would.
        (vec![twin(1, 9, Out), twin(2, 10, Waits)], Some(2)),
        (vec![twin(1, 9, Parked), twin(2, 10, Waits)], Some(1)),
        (vec![twin(1, 9, Out)], None),
    ] {
        assert_eq!(keeper(&twins).map(|twin| twin.id.clone()), kept.map(id), "{twins:?}");
    }
}

#[test]
fn it_is_sent_when_the_others_have_given_way() {
    use Standing::{Out, Parked, Waits};
    let twins = [twin(1, 9, Waits), twin(2, 10, Waits), twin(3, 11, Parked), twin(4, 8, Out), twin(5, 12, Waits)];
    assert_eq!(turn(&twins, &id(1)), Turn::Keeps(vec![&id(2), &id(5)]));
    assert_eq!(turn(&twins, &id(2)), Turn::Second);
    assert_eq!(turn(&twins, &id(9)), Turn::Second);
}

#[test]
fn what_the_ledger_says_of_an_order_decides_how_it_stands() {
    use State::{Accepted, Claimed, Confirmed, Parked, Pending, Rejected, Skipped, Uncertain};
    let dismissed = Some("dismissed: a test");
    for (known, expected) in [
        (known(Confirmed, 5, 1, None), Standing::Confirmed),
        (known(Accepted, 4, 1, None), Standing::Accepted(Millis(7))),
        (known(Claimed, 4, 1, None), Standing::UnderWay),
        (known(Uncertain, 4, 1, None), Standing::UnderWay),
        (known(Pending, 4, 1, None), Standing::UnderWay),
        // A person reopened it, and nobody took it yet.
        (known(Pending, 5, 0, None), Standing::Waits),
        (known(Skipped, 5, 0, Some("no_email")), Standing::Waits),
        (known(Parked, 5, 0, Some("duplicate_order_id")), Standing::Parked),
        (known(Parked, 4, 0, Some("duplicate_order_id")), Standing::Waits),
        (known(Parked, 5, 3, Some("exhausted")), Standing::Tried),
        // Refused: it is not there. Dismissed after a call that nobody answered: it may be.
        (known(Rejected, 5, 2, Some("refused")), Standing::Out),
        (known(Rejected, 4, 2, Some("refused")), Standing::Waits),
        (known(Rejected, 5, 0, dismissed), Standing::Out),
        (known(Rejected, 5, 1, dismissed), Standing::Tried),
    ] {
        assert_eq!(Standing::of(Some(&known), Revision(5), true), expected, "{known:?}");
        // What the source does not want sent is out, unless it may be there already.
        let unwanted = Standing::of(Some(&known), Revision(5), false);
        assert_eq!(unwanted, if expected.holds() { expected } else { Standing::Out }, "{known:?}");
    }
    assert_eq!(Standing::of(None, Revision(5), true), Standing::Waits);
    assert_eq!(Standing::of(None, Revision(5), false), Standing::Out);
}

fn standing() -> impl Strategy<Value = Standing> {
    prop_oneof![
        Just(Standing::Confirmed),
        (0..3_i64).prop_map(|at| Standing::Accepted(Millis(at))),
        Just(Standing::UnderWay),
        Just(Standing::Tried),
        Just(Standing::Waits),
        Just(Standing::Parked),
        Just(Standing::Out),
    ]
}

fn twins() -> impl Strategy<Value = Vec<Twin>> {
    proptest::collection::vec((standing(), 0..3_i64, any::<bool>()), 1..7).prop_map(|all| {
        let one = |(n, (standing, hour, dated)): (usize, (Standing, i64, bool))| Twin {
            completed_at: at(hour).filter(|_| dated),
            ..twin(n as u64, hour, standing)
        };
        all.into_iter().enumerate().map(one).collect()
    })
}

proptest! {
    /// Beside what is under way already, at most one is sent; and only when every other is parked, out, or may be there, in
    /// which case it is not sent at all.
    #[test]
    fn at_most_one_is_sent(all in twins()) {
        let sent = |twin: &&Twin| twin.standing != Standing::UnderWay && turn(&all, &twin.id) != Turn::Second;
        let sent: Vec<_> = all.iter().filter(sent).collect();
        prop_assert!(sent.len() <= 1, "{:?}", sent);
        if let [one] = sent.as_slice() && !one.standing.holds() {
            prop_assert!(all.iter().all(|twin| !twin.standing.holds()), "{:?}", all);
        }
    }

    /// Neither the page's order nor which of them a run meets first matters.
    #[test]
    fn the_order_in_which_they_are_met_decides_nothing(
        (all, shuffled) in twins().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        prop_assert_eq!(keeper(&all), keeper(&shuffled));
        for twin in &all {
            let sorted = |turn: Turn<'_>| match turn {
                Turn::Second => None,
                Turn::Keeps(waiting) => {
                    let mut waiting: Vec<Id> = waiting.into_iter().cloned().collect();
                    waiting.sort();
                    Some(waiting)
                }
            };
            prop_assert_eq!(sorted(turn(&all, &twin.id)), sorted(turn(&shuffled, &twin.id)));
        }
    }

    /// Once the others have given way, the same one is sent again and again, and none of the others ever is.
    #[test]
    fn a_ruling_stands(all in twins()) {
        let Some(kept) = keeper(&all).filter(|kept| kept.standing == Standing::Waits).cloned() else { return Ok(()) };
        let parked = |twin: &Twin| match twin.standing {
            Standing::Waits if twin.id != kept.id => Twin { standing: Standing::Parked, ..twin.clone() },
            _ => twin.clone(),
        };
        let after: Vec<Twin> = all.iter().map(parked).collect();
        prop_assert_eq!(turn(&after, &kept.id), Turn::Keeps(vec![]));
        prop_assert!(after.iter().all(|twin| twin.id == kept.id || turn(&after, &twin.id) == Turn::Second));
    }
}
