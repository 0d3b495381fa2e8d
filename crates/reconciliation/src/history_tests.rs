use super::*;
use crate::{Destination, SourceCount, Tally};
use chrono::Utc;
use config::StoreName;
use ledger::Millis;
use proptest::prelude::*;

/// Of the stores east and west of the org, and of the org, which those have that are not there any more.
fn zone(store: &str) -> Zone {
    let name = match store {
        "east" => "Asia/Tokyo",
        "west" => "America/Los_Angeles",
        _ => "Etc/UTC",
    };
    name.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> BusinessDay {
    text.parse().unwrap()
}

fn name(text: &str) -> StoreName {
    StoreName::try_from(text.to_owned()).unwrap()
}

fn history(first: &str, last: &str) -> Result<DayHistory, BadRange> {
    DayHistory::of(day(first), day(last))
}

fn certificate(store: &str, day: BusinessDay, ledger: Tally) -> Certificate {
    Certificate {
        store: name(store),
        business_day: day,
        issued_at: at("2026-11-21T01:00:00Z"),
        config_sha256: "0".repeat(64),
        source: SourceCount { completed: ledger.sum() },
        complete: ledger.accepted + ledger.pending + ledger.parked + ledger.uncertain + ledger.missing == 0,
        ledger,
        destination: Some(Destination::default()),
        totals: None,
        balances: None,
        repaired: 0,
        quiet: false,
    }
}

fn record(store: &str, day: &str, state: State, accepted_at: Option<&str>) -> Scanned {
    Scanned {
        state,
        store: store.to_owned(),
        day: day.to_owned(),
        reason: None,
        attempts: 1,
        repairs: 0,
        accepted_at: accepted_at.map(|text| Millis::from(at(text))),
    }
}

#[test]
fn a_range_begins_first_and_is_not_too_long() {
    assert_eq!(history("2026-11-18", "2026-11-20").unwrap().days.len(), 3);
    assert_eq!(history("2025-10-17", "2026-11-20").unwrap().days.len(), LONGEST);
    assert!(matches!(history("2026-11-20", "2026-11-19"), Err(BadRange::Backwards(..))));
    assert!(matches!(history("2025-10-16", "2026-11-20"), Err(BadRange::TooLong(..))));
    assert!(matches!(history("0001-01-01", "9999-12-31"), Err(BadRange::TooLong(..))));
}

#[test]
fn the_time_to_deliver_begins_when_the_day_is_over_where_the_store_is() {
    let mut history = history("2026-11-18", "2026-11-20").unwrap();
    for (store, accepted_at) in [
        // 20 November ends at 15:00 UTC in Tokyo, at 08:00 UTC of the 21st in Los Angeles, and with the org's in UTC.
        ("east", Some("2026-11-20T15:59:59Z")),
        ("east", Some("2026-11-20T16:00:00Z")),
        ("west", Some("2026-11-21T09:59:59Z")),
        ("west", Some("2026-11-21T10:00:00Z")),
        ("gone", Some("2026-11-21T05:00:00Z")),
        ("west", Some("2026-11-22T07:59:59Z")),
        ("west", Some("2026-11-22T08:00:00Z")),
        ("west", Some("2026-11-28T08:00:00Z")),
        ("west", Some("2026-11-21T07:59:00Z")),
        ("west", None),
    ] {
        history.delivery(&record(store, "2026-11-20", State::Confirmed, accepted_at), zone(store));
    }
    // Not delivered, not of these days, of no day.
    history.delivery(&record("east", "2026-11-20", State::Rejected, Some("2026-11-20T15:59:59Z")), zone("east"));
    history.delivery(&record("east", "2026-11-21", State::Confirmed, Some("2026-11-20T15:59:59Z")), zone("east"));
    history.delivery(&record("east", "2026-11-20x", State::Confirmed, Some("2026-11-20T15:59:59Z")), zone("east"));
    let counts: Vec<usize> = history.time_to_deliver.iter().map(|wait| wait.deliveries).collect();
    // By clocks that differ one was accepted before its day was over.
    assert_eq!((counts, history.time_unknown), (vec![2, 2, 1, 1, 1, 1, 1], 1));
    let within = [20, 40, 50, 60, 70, 80, 90].map(|per_cent| history.within(per_cent));
    assert_eq!(within, [Some("1 h"), Some("2 h"), Some("4 h"), Some("8 h"), Some("24 h"), Some("7 days"), None]);
}

#[test]
fn a_day_stands_as_its_worst_store_and_nobody_waits_for_one_before_the_first_night() {
    let mut history = history("2026-11-17", "2026-11-20").unwrap();
    for _ in ["east", "west"] {
        history.uncertified(day("2026-11-17"), true);
    }
    let done = || Tally { confirmed: 1, ..Tally::default() };
    history.certified(certificate("east", day("2026-11-18"), done()));
    history.certified(certificate("west", day("2026-11-18"), done()));
    history.certified(certificate("east", day("2026-11-19"), done()));
    history.uncertified(day("2026-11-19"), false);
    history.uncertified(day("2026-11-20"), false);
    history.certified(certificate("west", day("2026-11-20"), Tally { parked: 1, ..Tally::default() }));
    let standing: Vec<DayStanding> = history.days.iter().map(|day| day.standing).collect();
    assert_eq!(
        standing,
        [DayStanding::Before, DayStanding::Complete, DayStanding::NoCertificate, DayStanding::NotComplete]
    );
    assert!(!history.is_complete());
}

#[test]
fn reasons_are_not_kept_without_end() {
    let mut all = BTreeMap::new();
    for n in 0..1000 {
        add(&mut all, &n.to_string(), 2);
    }
    assert!(all.len() <= REASONS + 1);
    assert_eq!((all.values().sum::<usize>(), all[OTHER]), (2000, 1600));
}

fn by_reason() -> impl Strategy<Value = BTreeMap<String, usize>> {
    proptest::collection::btree_map("[a-c]", 0..50_usize, 0..3)
}

prop_compose! {
    fn tally()(
        (confirmed, accepted, pending, parked, uncertain, missing) in (0..9_usize, 0..9_usize, 0..9_usize, 0..9_usize, 0..9_usize, 0..9_usize),
        skipped in by_reason(),
        rejected in by_reason(),
    ) -> Tally {
        Tally { confirmed, accepted, pending, skipped, rejected, parked, uncertain, missing }
    }
}

proptest! {
    #[test]
    fn every_plot_adds_up_to_the_certificates(
        tallies in proptest::collection::vec((tally(), 0..5_u32, any::<bool>()), 0..12),
        records in proptest::collection::vec((0..8_usize, 0..5_u32, proptest::option::of(0..700_i64), 0..4_u32), 0..40),
    ) {
        let mut history = history("2026-11-16", "2026-11-20").unwrap();
        let last = day("2026-11-20");
        let mut sums = Tally::default();
        for (tally, ago, east) in &tallies {
            let store = if *east { "east" } else { "west" };
            history.certified(certificate(store, last.days_before(*ago), tally.clone()));
            sums.confirmed += tally.confirmed;
            sums.accepted += tally.accepted;
            sums.pending += tally.pending + tally.parked + tally.uncertain + tally.missing;
            for (sum, new) in [(&mut sums.skipped, &tally.skipped), (&mut sums.rejected, &tally.rejected)] {
                for (reason, n) in new {
                    *sum.entry(reason.clone()).or_default() += n;
                }
            }
        }
        let completed: usize = history.certificates.iter().map(|certificate| certificate.source.completed).sum();
        prop_assert_eq!(history.sum(|day| day.completed), completed);
        prop_assert_eq!(history.sum(|day| day.confirmed + day.accepted + day.open + day.skipped + day.rejected), completed);
        let days = (history.sum(|day| day.confirmed), history.sum(|day| day.accepted), history.sum(|day| day.open));
        prop_assert_eq!(days, (sums.confirmed, sums.accepted, sums.pending));
        prop_assert_eq!(history.skipped_by_reason.values().sum::<usize>(), history.sum(|day| day.skipped));
        prop_assert_eq!(history.rejected_by_reason.values().sum::<usize>(), history.sum(|day| day.rejected));
        prop_assert_eq!((&history.skipped_by_reason, &history.rejected_by_reason), (&sums.skipped, &sums.rejected));

        let (mut delivered, mut parked, mut again) = (0, 0, 0);
        for (state, ago, hours, attempts) in records {
            let state = State::ALL[state];
            let day = last.days_before(ago).to_string();
            let accepted_at = hours.map(|hours| Millis::from(at("2026-11-20T00:00:00Z") + TimeDelta::hours(hours)));
            let reason = Some("x".to_owned());
            let record = Scanned { accepted_at, attempts, reason, ..record("east", &day, state, None) };
            history.delivery(&record, zone("east"));
            delivered += usize::from(matches!(state, State::Accepted | State::Confirmed));
            parked += usize::from(state == State::Parked);
            again += usize::from(attempts > 1);
        }
        let timed: usize = history.time_to_deliver.iter().map(|wait| wait.deliveries).sum();
        prop_assert_eq!((timed + history.time_unknown, history.attempted_again), (delivered, again));
        prop_assert_eq!(history.parked_by_reason.values().sum::<usize>(), parked);
    }
}
