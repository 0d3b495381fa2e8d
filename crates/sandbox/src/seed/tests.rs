use std::collections::BTreeSet;

use super::*;

fn spec(seed: u64, orders: usize) -> DaySpec {
    DaySpec::new(seed, "2026-11-20".parse().unwrap(), jiff::tz::TimeZone::get("Europe/Berlin").unwrap(), orders)
}

#[test]
fn the_same_seed_makes_the_same_day_and_another_seed_another() {
    let of = |seed| orders(&spec(seed, 300)).collect::<Vec<_>>();
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

#[test]
fn every_kind_occurs_in_a_day_of_a_hundred() {
    let spec = DaySpec { other_dates: true, ..spec(3, 100) };
    let kinds: BTreeSet<String> = orders(&spec).map(|(_, expected)| expected.kind).collect();
    for kind in kind::ONCE.iter().chain(kind::OUTSIDE).chain(kind::OTHER_DATES) {
        assert!(kinds.contains(&format!("{kind:?}")), "{kind:?}");
    }
}

#[test]
fn a_short_day_has_as_many_orders_as_asked_for() {
    for count in [0, 1, 5, 20] {
        let inside = orders(&spec(1, count)).filter(|(_, expected)| expected.outcome != Outcome::OutOfScope).count();
        assert_eq!(inside, count);
    }
}

#[test]
fn ids_are_unique_over_days() {
    let mut seen = BTreeSet::new();
    for day in ["2026-11-19", "2026-11-20"] {
        let spec = DaySpec::new(1, day.parse().unwrap(), jiff::tz::TimeZone::UTC, 500);
        for (document, expected) in orders(&spec) {
            assert!(seen.insert(expected.id));
            for line in document["OrderItems"].as_array().unwrap() {
                assert!(seen.insert(line["Id"].as_str().unwrap().to_owned()));
            }
        }
    }
}
