use super::*;
use crate::key::EffectHash;
use proptest::prelude::*;
use std::time::Duration;

const REVIEWS: Policy =
    Policy { repeat: Repeat::Harmless, supersedes: false, settle: Duration::ZERO, clock_skew: Duration::from_secs(5) };
const UPSERT: Policy =
    Policy { repeat: Repeat::ReadBack, supersedes: true, settle: Duration::from_mins(15), ..REVIEWS };
const NOW: Millis = Millis(1_800_000_000_000);

fn delivery(revision: i64) -> Delivery {
    Delivery {
        key: DeliveryKey::try_from("reviews/801RO000000AbcDYAS".to_owned()).unwrap(),
        revision: Revision(revision),
        hash: EffectHash::of(&revision.to_be_bytes()),
        store: "default".into(),
        day: Some("2026-11-20".into()),
        triggered_at: None,
    }
}

fn claim(revision: i64, token: &str, lease_end: Millis) -> Event {
    Event::Claim { delivery: delivery(revision), token: Token::from_text(token), lease_end }
}

fn finish(revision: i64, token: &str, outcome: Outcome) -> Event {
    Event::Finish { key: delivery(revision).key, revision: Revision(revision), token: Token::from_text(token), outcome }
}

fn settle(revision: i64, settled: Settled) -> Event {
    Event::Settle { delivery: delivery(revision), settled }
}

/// One event against the record, as the shell runs it.
fn put(record: &mut Option<Record>, event: &Event, policy: &Policy, now: Millis) -> Verdict {
    let attempt = decide(event, policy, now).run(record);
    conclude(event, policy, &attempt, now)
}

fn lease() -> Millis {
    NOW.plus(Duration::from_mins(1))
}

fn call(attempt: u32, read_back_first: bool) -> Verdict {
    Verdict::Call { attempt, read_back_first }
}

#[expect(clippy::unnecessary_wraps, reason = "it is what `put` takes")]
fn in_state(revision: i64, state: State) -> Option<Record> {
    let mut record = None;
    put(&mut record, &claim(revision, "before", NOW), &REVIEWS, NOW);
    let record = Record { state, ..record.unwrap() };
    Some(record)
}

#[test]
fn an_ordinary_delivery_is_claimed_called_and_accepted() {
    let mut record = None;
    assert_eq!(put(&mut record, &claim(7, "a", lease()), &REVIEWS, NOW), call(1, false));
    assert_eq!(put(&mut record, &finish(7, "a", Outcome::Accepted), &REVIEWS, NOW), Verdict::Recorded);
    let record = record.unwrap();
    assert_eq!((record.state, record.revision, record.open_since), (State::Accepted, Revision(7), None));
}

#[test]
fn a_second_copy_is_done() {
    let mut record = in_state(7, State::Accepted);
    assert_eq!(put(&mut record, &claim(7, "b", lease()), &REVIEWS, NOW), Verdict::Done);
    let mut record = in_state(7, State::Confirmed);
    assert_eq!(put(&mut record, &claim(7, "b", lease()), &REVIEWS, NOW), Verdict::Done);
}

#[test]
fn create_only_is_never_reopened_and_upsert_is_by_a_newer_revision() {
    for state in [State::Accepted, State::Confirmed] {
        assert_eq!(put(&mut in_state(7, state), &claim(8, "b", lease()), &REVIEWS, NOW), Verdict::Done);
        assert_eq!(put(&mut in_state(7, state), &claim(8, "b", lease()), &UPSERT, NOW), call(2, false));
        assert_eq!(put(&mut in_state(7, state), &claim(7, "b", lease()), &UPSERT, NOW), Verdict::Done);
    }
}

#[test]
fn rejected_and_parked_are_reopened_by_a_newer_revision_only() {
    for state in [State::Rejected, State::Parked] {
        assert_eq!(put(&mut in_state(7, state), &claim(7, "b", lease()), &REVIEWS, NOW), Verdict::Done);
        assert_eq!(put(&mut in_state(7, state), &claim(8, "b", lease()), &REVIEWS, NOW), call(2, false));
    }
}

#[test]
fn a_message_older_than_the_record_is_superseded() {
    for state in [State::Pending, State::Skipped, State::Rejected, State::Parked, State::Uncertain, State::Claimed] {
        let later = lease().plus(Duration::from_hours(1));
        assert_eq!(
            put(&mut in_state(7, state), &claim(6, "b", later), &REVIEWS, later),
            Verdict::Superseded,
            "{state:?}"
        );
    }
}

#[test]
fn a_held_claim_is_refused_until_lease_skew_and_settle_time_have_passed() {
    let mut record = None;
    put(&mut record, &claim(7, "a", lease()), &UPSERT, NOW);
    let free = UPSERT.lapses_at(lease());
    let early = Millis(free.0 - 1);
    assert_eq!(put(&mut record, &claim(7, "b", early), &UPSERT, early), Verdict::Held(free));
    assert_eq!(put(&mut record, &claim(7, "b", free), &UPSERT, free), call(2, true));
}

#[test]
fn a_claim_over_a_lapsed_lease_is_free_to_call_where_a_repeat_is_harmless() {
    let mut record = None;
    put(&mut record, &claim(7, "a", lease()), &REVIEWS, NOW);
    let free = REVIEWS.lapses_at(lease());
    assert_eq!(put(&mut record, &claim(7, "b", free), &REVIEWS, free), call(2, false));
}

#[test]
fn an_embargo_holds_off_every_claim_even_a_newer_one() {
    let mut record = None;
    put(&mut record, &claim(7, "a", lease()), &UPSERT, NOW);
    let until = NOW.plus(Duration::from_mins(15));
    put(&mut record, &finish(7, "a", Outcome::Uncertain(until)), &UPSERT, NOW);
    assert_eq!(put(&mut record, &claim(8, "b", lease()), &UPSERT, NOW), Verdict::Held(until));
    assert_eq!(put(&mut record, &claim(8, "b", until), &UPSERT, until), call(2, true));
}

#[test]
fn a_holder_that_lost_its_lease_cannot_write() {
    let mut record = None;
    put(&mut record, &claim(7, "a", lease()), &REVIEWS, NOW);
    let free = REVIEWS.lapses_at(lease());
    put(&mut record, &claim(7, "b", free.plus(Duration::from_mins(1))), &REVIEWS, free);
    let before = record.clone();
    let verdict = put(&mut record, &finish(7, "a", Outcome::Rejected("late".into())), &REVIEWS, free);
    assert!(matches!(verdict, Verdict::Held(_)), "{verdict:?}");
    assert_eq!(record, before);
}

#[test]
fn a_write_repeated_by_the_sdk_is_our_own_success() {
    let mut record = None;
    let first = claim(7, "a", lease());
    assert_eq!(put(&mut record, &first, &REVIEWS, NOW), call(1, false));
    assert_eq!(put(&mut record, &first, &REVIEWS, NOW), call(1, false));
    let done = finish(7, "a", Outcome::Accepted);
    assert_eq!(put(&mut record, &done, &REVIEWS, NOW), Verdict::Recorded);
    assert_eq!(put(&mut record, &done, &REVIEWS, NOW), Verdict::Recorded);
}

#[test]
fn a_repeated_claim_whose_answer_was_lost_reads_back_where_a_repeat_is_not_harmless() {
    let mut record = None;
    put(&mut record, &claim(7, "a", lease()), &UPSERT, NOW);
    assert_eq!(put(&mut record, &claim(7, "a", lease()), &UPSERT, NOW), call(1, true));
}

#[test]
fn a_holder_overtaken_by_a_read_back_has_succeeded() {
    let mut record = in_state(7, State::Confirmed);
    record.as_mut().unwrap().token = Some(Token::from_text("reader"));
    assert_eq!(put(&mut record, &finish(7, "a", Outcome::Accepted), &REVIEWS, NOW), Verdict::Recorded);
}

#[test]
fn an_expired_record_counts_as_absent_though_it_is_still_there() {
    let mut record = in_state(7, State::Accepted);
    let later = NOW.plus(RECORD_LIFE);
    assert_eq!(put(&mut record, &claim(7, "b", later), &REVIEWS, Millis(later.0 - 1000)), Verdict::Done);
    assert!(matches!(put(&mut record, &claim(7, "b", later), &REVIEWS, later), Verdict::Call { .. }));
}

#[test]
fn a_skip_is_recorded_only_where_nothing_may_have_been_sent() {
    let skip = settle(7, Settled::Skipped("no_email".into()));
    let over = |state, revision| {
        let mut record = in_state(revision, state);
        put(&mut record, &skip, &REVIEWS, NOW);
        let record = record.unwrap();
        record.state == State::Skipped && record.revision == Revision(7)
    };
    assert_eq!(put(&mut None, &skip, &REVIEWS, NOW), Verdict::Recorded);
    for state in [State::Accepted, State::Confirmed, State::Claimed, State::Uncertain] {
        assert!(!over(state, 6) && !over(state, 7), "{state:?}");
    }
    for state in [State::Pending, State::Rejected, State::Parked] {
        assert!(over(state, 6) && !over(state, 7), "{state:?}");
    }
    assert!(over(State::Skipped, 6) && over(State::Skipped, 7) && !over(State::Skipped, 8));
}

#[test]
fn a_skipped_order_that_gains_an_email_is_sent_at_its_own_revision() {
    let mut record = None;
    put(&mut record, &settle(7, Settled::Skipped("no_email".into())), &REVIEWS, NOW);
    assert_eq!(put(&mut record, &claim(7, "a", lease()), &REVIEWS, NOW), call(1, false));
}

#[test]
fn trouble_is_open_since_its_first_sign_and_closed_by_success() {
    let mut record = None;
    put(&mut record, &claim(7, "a", lease()), &REVIEWS, NOW);
    put(&mut record, &finish(7, "a", Outcome::Pending(ErrorClass::Unavailable, NOW)), &REVIEWS, NOW);
    let later = NOW.plus(Duration::from_mins(5));
    put(&mut record, &claim(7, "b", later), &REVIEWS, later);
    put(&mut record, &finish(7, "b", Outcome::Pending(ErrorClass::Unavailable, later)), &REVIEWS, later);
    assert_eq!(record.as_ref().unwrap().open_since, Some(NOW));
    put(&mut record, &claim(7, "c", later), &REVIEWS, later);
    put(&mut record, &finish(7, "c", Outcome::Accepted), &REVIEWS, later);
    assert_eq!(record.unwrap().open_since, None);
}

fn events() -> impl Strategy<Value = (Event, i64)> {
    let outcome = prop_oneof![
        Just(Outcome::Accepted),
        (0i64..60_000).prop_map(|ms| Outcome::Pending(ErrorClass::Unavailable, Millis(NOW.0 + ms))),
        (0i64..60_000).prop_map(|ms| Outcome::Uncertain(Millis(NOW.0 + ms))),
        Just(Outcome::Rejected("no".into())),
        Just(Outcome::Parked("who".into())),
    ];
    let settled =
        prop_oneof![Just(Settled::Skipped("no_email".into())), Just(Settled::Parked("unknown_store".into())),];
    let event = prop_oneof![
        (1i64..4, 0u8..4, 0i64..60_000).prop_map(|(r, t, ms)| claim(r, &t.to_string(), Millis(NOW.0 + ms))),
        (1i64..4, 0u8..4, outcome).prop_map(|(r, t, o)| finish(r, &t.to_string(), o)),
        (1i64..4, settled).prop_map(|(r, s)| settle(r, s)),
    ];
    (event, 0i64..120_000)
}

proptest! {
    #[test]
    fn the_revision_never_goes_back_and_what_was_accepted_stays_so(steps in prop::collection::vec(events(), 1..40)) {
        let mut record: Option<Record> = None;
        for (event, at) in steps {
            let before = record.clone();
            put(&mut record, &event, &REVIEWS, Millis(NOW.0 + at));
            if let (Some(before), Some(after)) = (before, record.as_ref()) {
                prop_assert!(after.revision >= before.revision);
                prop_assert!(before.state != State::Accepted || after.state == State::Accepted);
            }
        }
    }

    #[test]
    fn two_tokens_never_hold_one_delivery_at_once(steps in prop::collection::vec(events(), 1..40)) {
        let mut record: Option<Record> = None;
        let mut held: Option<(Token, Millis)> = None;
        let mut now = NOW;
        for (event, step) in steps {
            now = now.plus(Duration::from_millis(u64::try_from(step).unwrap()));
            let verdict = put(&mut record, &event, &REVIEWS, now);
            match (&event, verdict) {
                (Event::Claim { token, lease_end, .. }, Verdict::Call { .. }) => {
                    if let Some((holder, end)) = &held {
                        prop_assert!(holder == token || *end <= now, "claimed under a live lease");
                    }
                    held = Some((token.clone(), *lease_end));
                }
                (Event::Finish { token, .. }, Verdict::Recorded) if held.as_ref().is_some_and(|h| h.0 == *token) => held = None,
                _ => {}
            }
        }
    }

    #[test]
    fn a_refusal_never_changes_the_record(steps in prop::collection::vec(events(), 1..20), (event, at) in events()) {
        let mut record: Option<Record> = None;
        for (event, at) in steps {
            put(&mut record, &event, &UPSERT, Millis(NOW.0 + at));
        }
        let before = record.clone();
        let attempt = decide(&event, &UPSERT, Millis(NOW.0 + at)).run(&mut record);
        match attempt {
            Attempt::Refused(old) => {
                prop_assert_eq!(&old, &before);
                prop_assert_eq!(&record, &before);
            }
            Attempt::Applied(old) => prop_assert_eq!(old, before),
        }
    }
}
