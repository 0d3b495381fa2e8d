use super::*;
use crate::{
    key::{DeliveryKey, EffectHash, Token},
    record::Record,
    write::Attempt,
};
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
    let applied = (outcome == Outcome::Accepted).then(|| delivery(revision).hash);
    let (key, revision, token) = (delivery(revision).key, Revision(revision), Token::from_text(token));
    Event::Finish { key, revision, token, outcome, applied }
}

fn settle(revision: i64, settled: Settled) -> Event {
    Event::Settle { delivery: delivery(revision), settled }
}

/// One event against the record, as the shell runs it.
fn put(record: &mut Option<Record>, event: &Event, policy: &Policy, now: Millis) -> Verdict {
    let attempt = decide(event, policy, now).run(record);
    match conclude(event, policy, &attempt, now) {
        // Since when is another question.
        Verdict::Call { attempt, read_back_first, .. } => call(attempt, read_back_first),
        other => other,
    }
}

fn lease() -> Millis {
    NOW.plus(Duration::from_mins(1))
}

fn call(attempt: u32, read_back_first: bool) -> Verdict {
    Verdict::Call { attempt, read_back_first, unanswered: false, open_since: None, applied: None }
}

#[expect(clippy::unnecessary_wraps, reason = "it is what `put` takes")]
fn in_state(revision: i64, state: State) -> Option<Record> {
    let mut record = None;
    put(&mut record, &claim(revision, "before", NOW), &REVIEWS, NOW);
    let mut record = Record { state, ..record.unwrap() };
    if state != State::Claimed {
        record.lease_end = None;
    }
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
    // The destination may be read, by whoever has the same version.
    assert_eq!(put(&mut record, &claim(7, "b", early), &UPSERT, early), Verdict::Settling(free));
    assert_eq!(put(&mut record, &claim(8, "b", early), &UPSERT, early), Verdict::Held(free));
    let in_lease = lease().plus(Duration::from_secs(4));
    assert_eq!(put(&mut record, &claim(7, "b", free), &UPSERT, in_lease), Verdict::Held(free));
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
    // By the clock of whoever claims next, which may be ahead.
    let over = until.plus(UPSERT.clock_skew);
    assert_eq!(put(&mut record, &claim(8, "b", until), &UPSERT, Millis(over.0 - 1)), Verdict::Held(over));
    assert_eq!(put(&mut record, &claim(8, "b", over), &UPSERT, over), call(2, true));
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
fn a_skip_is_recorded_only_where_nothing_may_have_been_sent() {
    let skip = settle(7, Settled::Skipped("no_email".into()));
    let over = |state, revision| {
        let mut record = in_state(revision, state);
        put(&mut record, &skip, &REVIEWS, NOW);
        let record = record.unwrap();
        record.state == State::Skipped && record.revision == Revision(7)
    };
    assert_eq!(put(&mut None, &skip, &REVIEWS, NOW), Verdict::Recorded);
    for state in [State::Accepted, State::Confirmed, State::Claimed] {
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

#[test]
fn a_holder_whose_successor_has_finished_is_not_told_of_success() {
    let mut record = None;
    put(&mut record, &claim(7, "a", lease()), &REVIEWS, NOW);
    let free = REVIEWS.lapses_at(lease());
    put(&mut record, &claim(7, "b", free), &REVIEWS, free);
    put(&mut record, &finish(7, "b", Outcome::Pending(ErrorClass::Unavailable, free)), &REVIEWS, free);
    let late = put(&mut record, &finish(7, "a", Outcome::Accepted), &REVIEWS, free);
    assert!(matches!(late, Verdict::Held(_)), "{late:?}");
}

#[test]
fn a_settlement_older_than_the_record_is_superseded_and_one_of_its_revision_done() {
    let reject = settle(7, Settled::Rejected("bad_record".into()));
    assert_eq!(put(&mut in_state(8, State::Accepted), &reject, &REVIEWS, NOW), Verdict::Superseded);
    assert_eq!(put(&mut in_state(8, State::Claimed), &reject, &REVIEWS, NOW), Verdict::Superseded);
    assert_eq!(put(&mut in_state(7, State::Rejected), &reject, &REVIEWS, NOW), Verdict::Done);
}

#[test]
fn a_person_dismisses_what_waits_at_its_own_revision_and_nothing_that_was_sent() {
    let dismiss = |revision| settle(revision, Settled::Dismissed("a test of ours".into()));
    for state in State::ALL {
        let mut record = in_state(7, state);
        let verdict = put(&mut record, &dismiss(7), &REVIEWS, NOW);
        let record = record.unwrap();
        match state {
            State::Pending | State::Skipped | State::Rejected | State::Parked => {
                assert_eq!((verdict, record.state), (Verdict::Recorded, State::Rejected));
                assert_eq!(record.reason.as_deref(), Some("dismissed: a test of ours"));
                assert!(record.open_since.is_some());
            }
            State::Claimed | State::Uncertain => {
                assert!(matches!(verdict, Verdict::Held(_)) && record.state == state, "{verdict:?}");
            }
            State::Accepted | State::Confirmed => assert_eq!((verdict, record.state), (Verdict::Done, state)),
        }
    }
    let mut record = in_state(7, State::Parked);
    assert_eq!(put(&mut record, &dismiss(6), &REVIEWS, NOW), Verdict::Superseded);
    let mut record = None;
    assert_eq!(put(&mut record, &dismiss(7), &REVIEWS, NOW), Verdict::Recorded);
    // Its message is done; the order is sent again when it changes.
    assert_eq!(put(&mut record, &claim(7, "a", lease()), &REVIEWS, NOW), Verdict::Done);
    assert_eq!(put(&mut record, &claim(8, "a", lease()), &REVIEWS, NOW), call(1, false));
}

#[test]
fn a_record_lives_four_hundred_days_from_its_last_write() {
    let mut record = None;
    put(&mut record, &claim(7, "a", lease()), &REVIEWS, NOW);
    let record = record.unwrap();
    assert_eq!((record.updated_at, record.expires_at), (NOW, 1_800_000_000 + 400 * 86_400));
}

const CREDIT: Policy = Policy { supersedes: false, ..UPSERT };

fn version(hash: &str, triggered_at: Option<i64>) -> Delivery {
    Delivery { hash: EffectHash::stored(hash), triggered_at: triggered_at.map(Millis), ..delivery(7) }
}

fn claim_of(delivery: Delivery, token: &str, at: Millis) -> Event {
    Event::Claim { delivery, token: Token::from_text(token), lease_end: at }
}

fn reopen(revision: i64, repair: Repair) -> Event {
    Event::Reopen { delivery: delivery(revision), repair, limit: 1 }
}

#[test]
fn parking_after_an_unanswered_call_leaves_an_embargo() {
    let mut record = None;
    put(&mut record, &claim(7, "a", lease()), &UPSERT, NOW);
    put(&mut record, &finish(7, "a", Outcome::Parked("exhausted".into())), &UPSERT, NOW);
    let over = NOW.plus(UPSERT.settle).plus(UPSERT.clock_skew);
    assert_eq!(put(&mut record, &claim(8, "b", lease()), &UPSERT, NOW), Verdict::Held(over));
}

#[test]
fn an_embargo_that_is_over_is_not_written() {
    let mut record = None;
    put(&mut record, &claim(7, "a", lease()), &REVIEWS, NOW);
    put(&mut record, &finish(7, "a", Outcome::Pending(ErrorClass::Unavailable, NOW)), &REVIEWS, NOW);
    let left = record.as_ref().unwrap();
    assert_eq!((left.not_before, left.lease_end), (None, None));
    assert_eq!(put(&mut record, &claim(7, "b", lease()), &REVIEWS, NOW), call(2, false));
}

#[test]
fn a_newer_version_over_parked_reads_back_where_a_repeat_is_harmful() {
    let mut record = None;
    put(&mut record, &claim(7, "a", lease()), &CREDIT, NOW);
    put(&mut record, &finish(7, "a", Outcome::Parked("exhausted".into())), &CREDIT, NOW);
    let later = NOW.plus(Duration::from_hours(1));
    assert_eq!(put(&mut record, &claim(8, "b", later), &CREDIT, later), call(2, true));
}

#[test]
fn a_redriven_copy_reads_back_where_a_repeat_is_harmful() {
    let mut record = None;
    put(&mut record, &claim(7, "a", lease()), &CREDIT, NOW);
    put(&mut record, &finish(7, "a", Outcome::Parked("exhausted".into())), &CREDIT, NOW);
    assert_eq!(put(&mut record, &reopen(7, Repair::Redrive), &CREDIT, NOW), Verdict::Recorded);
    let later = NOW.plus(Duration::from_hours(1));
    assert_eq!(put(&mut record, &claim(7, "b", later), &CREDIT, later), call(2, true));
}

#[test]
fn a_read_back_that_confirms_a_claim_does_not_end_its_lease() {
    let mut record = None;
    put(&mut record, &claim(7, "a", lease()), &UPSERT, NOW);
    assert_eq!(put(&mut record, &Event::Confirm { delivery: delivery(7) }, &UPSERT, NOW), Verdict::Recorded);
    let free = UPSERT.lapses_at(lease());
    assert_eq!(put(&mut record, &claim(8, "b", free), &UPSERT, Millis(free.0 - 1)), Verdict::Held(free));
    assert_eq!(put(&mut record, &claim(8, "b", free), &UPSERT, free), call(2, false));
}

#[test]
fn a_read_back_confirms_from_any_state_and_over_absent_but_not_an_older_version() {
    let confirm = |revision| Event::Confirm { delivery: delivery(revision) };
    assert_eq!(put(&mut None, &confirm(7), &REVIEWS, NOW), Verdict::Recorded);
    for state in State::ALL {
        let mut record = in_state(7, state);
        assert_eq!(put(&mut record, &confirm(6), &UPSERT, NOW), Verdict::Superseded, "{state:?}");
        assert_eq!(put(&mut record, &confirm(7), &UPSERT, NOW), Verdict::Recorded, "{state:?}");
        let record = record.unwrap();
        assert_eq!((record.state, record.open_since, record.reason), (State::Confirmed, None, None));
    }
}

#[test]
fn a_claim_that_died_is_skipped_once_nothing_can_land_any_more() {
    let skip = settle(8, Settled::Skipped("no_email".into()));
    let mut record = None;
    put(&mut record, &claim(7, "a", lease()), &CREDIT, NOW);
    let mut uncertain = record.clone();
    let until = NOW.plus(Duration::from_mins(15));
    put(&mut uncertain, &finish(7, "a", Outcome::Uncertain(until)), &CREDIT, NOW);
    let over = until.plus(CREDIT.clock_skew);
    assert_eq!(put(&mut uncertain, &skip, &CREDIT, until), Verdict::Held(over));
    assert_eq!(put(&mut uncertain, &skip, &CREDIT, over), Verdict::Recorded);
    let free = CREDIT.lapses_at(lease());
    assert_eq!(put(&mut record, &skip, &CREDIT, Millis(free.0 - 1)), Verdict::Held(free));
    assert_eq!(put(&mut record, &skip, &CREDIT, free), Verdict::Recorded);
    assert_eq!(record.clone().unwrap().state, State::Skipped);
    let late = put(&mut record, &finish(7, "a", Outcome::Accepted), &CREDIT, free);
    assert!(matches!(late, Verdict::Held(_)), "the ledger does not say what the old holder found: {late:?}");
}

#[test]
fn a_rejection_replaces_an_older_accepted_version_where_the_destination_upserts() {
    let reject = settle(8, Settled::Rejected("bad_record".into()));
    assert_eq!(put(&mut in_state(7, State::Accepted), &reject, &UPSERT, NOW), Verdict::Recorded);
    assert_eq!(put(&mut in_state(7, State::Accepted), &reject, &REVIEWS, NOW), Verdict::Done);
    let skip = settle(8, Settled::Skipped("no_email".into()));
    assert_eq!(put(&mut in_state(7, State::Accepted), &skip, &UPSERT, NOW), Verdict::Tried);
}

#[test]
fn a_copy_reopens_what_was_closed_at_its_revision_as_often_as_the_limit_allows() {
    for state in [State::Rejected, State::Parked] {
        assert_eq!(put(&mut in_state(8, state), &reopen(7, Repair::Redrive), &REVIEWS, NOW), Verdict::Recorded);
        let mut record = in_state(7, state);
        assert_eq!(put(&mut record, &reopen(7, Repair::Redrive), &REVIEWS, NOW), Verdict::Recorded);
        let open = record.as_ref().unwrap();
        assert_eq!((open.state, open.repairs, open.open_since), (State::Pending, 1, Some(NOW)));
        record.as_mut().unwrap().state = state;
        let again = put(&mut record, &reopen(7, Repair::Redrive), &REVIEWS, NOW);
        assert!(matches!(again, Verdict::Held(_)), "{again:?}");
    }
}

#[test]
fn a_copy_older_than_the_record_changes_nothing_and_is_superseded_at_its_claim() {
    let mut record = in_state(8, State::Parked);
    let before = record.clone();
    put(&mut record, &reopen(7, Repair::Redrive), &REVIEWS, NOW);
    assert_eq!(record, before);
    assert_eq!(put(&mut record, &claim(7, "b", lease()), &REVIEWS, NOW), Verdict::Superseded);
}

#[test]
fn what_is_open_absent_or_accepted_is_sent_again_unchanged() {
    for state in [State::Pending, State::Claimed, State::Uncertain, State::Skipped, State::Accepted] {
        let mut record = in_state(7, state);
        let before = record.clone();
        assert_eq!(put(&mut record, &reopen(7, Repair::Redrive), &REVIEWS, NOW), Verdict::Recorded);
        assert_eq!(record, before);
    }
    let mut absent = None;
    assert_eq!(put(&mut absent, &reopen(7, Repair::Redrive), &REVIEWS, NOW), Verdict::Recorded);
    assert_eq!(absent, None);
}

#[test]
fn a_missing_delivery_is_reopened_at_the_version_that_the_source_has_now() {
    let mut record = in_state(7, State::Accepted);
    assert_eq!(put(&mut record, &reopen(9, Repair::Missing), &REVIEWS, NOW), Verdict::Recorded);
    assert_eq!((record.as_ref().unwrap().state, record.as_ref().unwrap().revision), (State::Pending, Revision(9)));
    record.as_mut().unwrap().state = State::Accepted;
    assert!(matches!(put(&mut record, &reopen(9, Repair::Missing), &REVIEWS, NOW), Verdict::Held(_)));
}

#[test]
fn what_stays_missing_is_parked_and_nothing_else_is() {
    let give_up = Event::GiveUp { delivery: delivery(9), reason: MISSING.to_owned() };
    let mut record = in_state(7, State::Accepted);
    assert_eq!(put(&mut record, &give_up, &REVIEWS, NOW), Verdict::Recorded);
    let parked = record.clone().unwrap();
    assert_eq!((parked.state, parked.reason.as_deref(), parked.open_since), (State::Parked, Some(MISSING), Some(NOW)));
    assert_eq!(put(&mut record, &give_up, &REVIEWS, NOW), Verdict::Superseded);
    for state in State::ALL.into_iter().filter(|state| *state != State::Accepted) {
        let mut record = in_state(7, state);
        let before = record.clone();
        assert_eq!(put(&mut record, &give_up, &REVIEWS, NOW), Verdict::Superseded);
        assert_eq!(record, before, "{state:?}");
    }
    let mut newer = in_state(10, State::Accepted);
    assert_eq!(put(&mut newer, &give_up, &REVIEWS, NOW), Verdict::Superseded);
    assert_eq!(newer.unwrap().state, State::Accepted);
    let mut absent = None;
    put(&mut absent, &give_up, &REVIEWS, NOW);
    assert_eq!(absent, None);
}

#[test]
fn two_effects_at_one_revision_are_parked_and_the_first_stays_done() {
    let (mut record, b) = (None, version("b", None));
    put(&mut record, &claim_of(version("a", None), "1", lease()), &UPSERT, NOW);
    let conflict = Event::Conflict { delivery: b.clone() };
    put(&mut record, &finish(7, "1", Outcome::Accepted), &UPSERT, NOW);
    assert_eq!(put(&mut record, &claim_of(version("a", None), "2", lease()), &UPSERT, NOW), Verdict::Done);
    assert_eq!(put(&mut record, &claim_of(b.clone(), "2", lease()), &UPSERT, NOW), Verdict::Conflict);
    assert_eq!(put(&mut record, &conflict, &UPSERT, NOW), Verdict::Recorded);
    let parked = record.clone().unwrap();
    assert_eq!((parked.state, parked.open_since), (State::Parked, Some(NOW)));
    // Asked again by the SDK: the first effect is not forgotten.
    put(&mut record, &conflict, &UPSERT, NOW);
    assert_eq!(record.as_ref(), Some(&parked));
    let redrive = Event::Reopen { delivery: b.clone(), repair: Repair::Redrive, limit: 1 };
    assert_eq!(put(&mut record, &redrive, &UPSERT, NOW), Verdict::Recorded);
    assert_eq!(put(&mut record, &claim_of(version("a", None), "3", lease()), &UPSERT, NOW), Verdict::Done);
    assert_eq!(put(&mut record, &claim_of(b, "3", lease()), &UPSERT, NOW), call(2, true));
}

#[test]
fn a_conflict_under_a_claim_is_parked_and_leaves_the_lease() {
    let (mut record, b) = (None, version("b", None));
    put(&mut record, &claim_of(version("a", None), "1", lease()), &UPSERT, NOW);
    assert_eq!(put(&mut record, &claim_of(b.clone(), "2", lease()), &UPSERT, NOW), Verdict::Conflict);
    assert_eq!(put(&mut record, &Event::Conflict { delivery: b.clone() }, &UPSERT, NOW), Verdict::Recorded);
    put(&mut record, &Event::Reopen { delivery: b.clone(), repair: Repair::Redrive, limit: 1 }, &UPSERT, NOW);
    let free = UPSERT.lapses_at(lease());
    assert_eq!(put(&mut record, &claim_of(b, "3", free), &UPSERT, Millis(free.0 - 1)), Verdict::Held(free));
}

#[test]
fn within_one_revision_the_later_trigger_is_the_newer() {
    let accepted = |triggered_at| {
        let mut record = None;
        put(&mut record, &claim_of(version("a", triggered_at), "1", lease()), &UPSERT, NOW);
        put(&mut record, &finish(7, "1", Outcome::Accepted), &UPSERT, NOW);
        record
    };
    let ask = |known, ours| put(&mut accepted(known), &claim_of(version("b", ours), "2", lease()), &UPSERT, NOW);
    assert_eq!(ask(Some(1), Some(2)), call(2, false));
    assert_eq!(ask(Some(2), Some(1)), Verdict::Done);
    assert_eq!(ask(Some(1), Some(1)), Verdict::Conflict);
    assert_eq!(ask(None, Some(1)), Verdict::Conflict);
    assert_eq!(ask(Some(1), None), Verdict::Conflict);
}

#[test]
fn a_later_trigger_waits_for_a_claim_and_means_nothing_where_the_destination_only_creates() {
    let mut record = None;
    put(&mut record, &claim_of(version("a", Some(1)), "1", lease()), &UPSERT, NOW);
    let held = put(&mut record, &claim_of(version("b", Some(2)), "2", lease()), &UPSERT, NOW);
    assert_eq!(held, Verdict::Held(UPSERT.lapses_at(lease())));
    let mut record = None;
    put(&mut record, &claim_of(version("a", Some(1)), "1", lease()), &REVIEWS, NOW);
    put(&mut record, &finish(7, "1", Outcome::Rejected("no".into())), &REVIEWS, NOW);
    assert_eq!(put(&mut record, &claim_of(version("b", Some(2)), "2", lease()), &REVIEWS, NOW), Verdict::Done);
}

#[test]
fn a_copy_of_another_effect_than_the_parked_one_is_sent_and_meets_the_conflict_again() {
    let copy = |hash| Event::Reopen { delivery: version(hash, None), repair: Repair::Redrive, limit: 0 };
    let mut record = None;
    put(&mut record, &claim_of(version("a", None), "1", lease()), &UPSERT, NOW);
    put(&mut record, &finish(7, "1", Outcome::Parked("exhausted".into())), &UPSERT, NOW);
    assert!(matches!(put(&mut record, &copy("a"), &UPSERT, NOW), Verdict::Held(_)));
    assert_eq!(put(&mut record, &copy("b"), &UPSERT, NOW), Verdict::Recorded);
    assert_eq!(put(&mut record, &claim_of(version("b", None), "2", lease()), &UPSERT, NOW), Verdict::Conflict);
    // Where the destination only creates, the effect makes no difference.
    assert!(matches!(put(&mut record, &copy("b"), &CREDIT, NOW), Verdict::Held(_)));
}

#[test]
fn waiting_for_another_delivery_is_not_an_attempt() {
    let mut record = None;
    put(&mut record, &claim(7, "a", lease()), &CREDIT, NOW);
    let on = DeliveryKey::try_from("loyalty/order/1".to_owned()).unwrap();
    put(&mut record, &finish(7, "a", Outcome::Waiting(on.clone(), NOW)), &CREDIT, NOW);
    let waiting = record.clone().unwrap();
    assert_eq!((waiting.state, waiting.attempts, waiting.waits_for), (State::Pending, 0, Some(on)));
    assert_eq!(waiting.open_since, Some(NOW));
    assert_eq!(put(&mut record, &claim(7, "b", lease()), &CREDIT, NOW), call(1, false));
    assert_eq!(record.unwrap().waits_for, None);
}

fn events() -> impl Strategy<Value = (Event, i64)> {
    let outcome = prop_oneof![
        Just(Outcome::Accepted),
        (0i64..60_000).prop_map(|ms| Outcome::Pending(ErrorClass::Unavailable, Millis(NOW.0 + ms))),
        (0i64..60_000).prop_map(|ms| Outcome::Uncertain(Millis(NOW.0 + ms))),
        Just(Outcome::Rejected("no".into())),
        Just(Outcome::Parked("who".into())),
    ];
    let settled = prop_oneof![
        Just(Settled::Skipped("no_email".into())),
        Just(Settled::Parked("unknown_store".into())),
        Just(Settled::GaveWay("duplicate_order_id".into())),
    ];
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
    fn what_gave_way_was_never_tried_and_is_not_claimed_until_it_changes_or_a_person_reopens_it(
        steps in prop::collection::vec(events(), 1..30), revision in 1i64..4, later in prop::collection::vec(events(), 1..20),
    ) {
        let mut record: Option<Record> = None;
        for (event, at) in steps {
            put(&mut record, &event, &REVIEWS, Millis(NOW.0 + at));
        }
        let before = record.clone();
        let gave_way = settle(revision, Settled::GaveWay("duplicate_order_id".into()));
        if put(&mut record, &gave_way, &REVIEWS, NOW) != Verdict::Recorded {
            prop_assert_eq!(record, before);
            return Ok(());
        }
        prop_assert!(before.is_none_or(|before| before.attempts == 0 && before.state != State::Claimed));
        for (event, at) in later {
            let newer = match &event {
                Event::Claim { delivery, .. } | Event::Settle { delivery, .. } => delivery.revision > Revision(revision),
                _ => false,
            };
            let verdict = put(&mut record, &event, &REVIEWS, Millis(NOW.0 + at));
            prop_assert!(newer || !matches!(verdict, Verdict::Call { .. }), "{:?}", event);
            if newer {
                break;
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

#[test]
fn a_claim_says_since_when_something_is_wrong() {
    let mut record = None;
    let open_since = |record: &mut Option<Record>, token: &str, now: Millis| {
        let event = claim(7, token, now.plus(Duration::from_mins(1)));
        let attempt = decide(&event, &CREDIT, now).run(record);
        match conclude(&event, &CREDIT, &attempt, now) {
            Verdict::Call { open_since, .. } => open_since,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(open_since(&mut record, "a", NOW), None);
    let on = DeliveryKey::try_from("erp/shop/customer/1".to_owned()).unwrap();
    put(&mut record, &finish(7, "a", Outcome::Waiting(on, NOW)), &CREDIT, NOW);
    let later = NOW.plus(Duration::from_hours(1));
    assert_eq!(open_since(&mut record, "b", later), Some(NOW));
    // Whoever releases it gives it its time again.
    put(&mut record, &finish(7, "b", Outcome::Parked("why".into())), &CREDIT, later);
    let released = later.plus(Duration::from_hours(72));
    put(&mut record, &reopen(7, Repair::Redrive), &CREDIT, released);
    assert_eq!(open_since(&mut record, "c", released), Some(released));
}

#[test]
fn only_what_may_be_there_already_is_not_skipped() {
    let creates = Policy { supersedes: false, ..UPSERT };
    assert!(REVIEWS.may_skip(1) && !REVIEWS.may_skip(2), "nothing tells whether the first attempt took effect");
    assert!(creates.may_skip(2) && UPSERT.may_skip(2));
}

#[test]
fn what_is_not_sent_after_all_or_waits_for_a_person_was_no_attempt() {
    let cause = DeliveryKey::try_from("erp/shop/customer/1".to_owned()).unwrap();
    for (outcome, state, waits_for) in [
        (Outcome::Skipped("no_email".to_owned()), State::Skipped, None),
        (Outcome::Blocked(cause.clone()), State::Parked, Some(cause)),
    ] {
        let mut record = None;
        put(&mut record, &claim(7, "a", lease()), &CREDIT, NOW);
        assert_eq!(put(&mut record, &finish(7, "a", outcome), &CREDIT, NOW), Verdict::Recorded);
        let record = record.unwrap();
        assert_eq!((record.state, record.attempts, record.waits_for), (state, 0, waits_for));
        assert_eq!(record.open_since.is_some(), state == State::Parked);
    }
}

/// What a claim of this version is told to be there; `None` too if it is refused.
fn applied(record: &mut Option<Record>, revision: i64, token: &str, now: Millis) -> Option<EffectHash> {
    let event = claim(revision, token, now.plus(Duration::from_mins(1)));
    let attempt = decide(&event, &UPSERT, now).run(record);
    match conclude(&event, &UPSERT, &attempt, now) {
        Verdict::Call { applied, .. } => applied,
        other => panic!("{other:?}"),
    }
}

fn ended(revision: i64, token: &str, outcome: Outcome, applied: Option<EffectHash>) -> Event {
    let (key, revision, token) = (delivery(revision).key, Revision(revision), Token::from_text(token));
    Event::Finish { key, revision, token, outcome, applied }
}

#[test]
fn a_claim_says_what_the_last_yes_was_for_and_after_an_unanswered_call_nothing() {
    let first = Some(delivery(1).hash);
    let mut record = None;
    assert_eq!(applied(&mut record, 1, "a", NOW), None);
    put(&mut record, &finish(1, "a", Outcome::Accepted), &UPSERT, NOW);
    assert_eq!(applied(&mut record, 2, "b", NOW), first);
    assert_eq!(record.as_ref().unwrap().applied, None, "nobody knows until its holder has said how it ended");
    // It has not called.
    let pending = Outcome::Pending(ErrorClass::RateLimited, NOW);
    put(&mut record, &ended(2, "b", pending.clone(), first.clone()), &UPSERT, NOW);
    assert_eq!(applied(&mut record, 2, "c", NOW), first);
    // It died, and the next one did not call.
    let later = UPSERT.lapses_at(NOW.plus(Duration::from_mins(1)));
    assert_eq!(applied(&mut record, 2, "d", later), None);
    put(&mut record, &ended(2, "d", pending, None), &UPSERT, later);
    assert_eq!(applied(&mut record, 3, "e", later), None);
    // The stamp was read.
    put(&mut record, &ended(3, "e", Outcome::Uncertain(later), None), &UPSERT, later);
    put(&mut record, &Event::Confirm { delivery: delivery(3) }, &UPSERT, later);
    assert_eq!(applied(&mut record, 4, "f", later), Some(delivery(3).hash));
    put(&mut record, &finish(4, "f", Outcome::Accepted), &UPSERT, later);
    // It is not there any more.
    assert_eq!(put(&mut record, &reopen(4, Repair::Missing), &UPSERT, later), Verdict::Recorded);
    assert_eq!((applied(&mut record, 4, "g", later), record.unwrap().accepted_at), (None, None));
}

#[test]
fn what_the_ledger_does_not_know_after_a_lost_answer_is_not_known_to_be_there() {
    let mut record = None;
    put(&mut record, &Event::Confirm { delivery: delivery(1) }, &UPSERT, NOW);
    let again = claim(2, "a", lease());
    decide(&again, &UPSERT, NOW).run(&mut record);
    assert_eq!(applied(&mut record, 2, "a", NOW), None);
    let on = DeliveryKey::try_from("erp/shop/customer/1".to_owned()).unwrap();
    put(&mut record, &ended(2, "a", Outcome::Waiting(on, NOW), None), &UPSERT, NOW);
    assert_eq!(record.as_ref().unwrap().attempts, 0);
    let skip = settle(3, Settled::Skipped("cancelled".into()));
    assert_eq!(put(&mut record, &skip, &UPSERT, NOW), Verdict::Tried, "it was seen there once");
}

#[test]
fn where_the_destination_only_creates_nothing_more_is_written() {
    for event in [claim(1, "a", lease()), finish(1, "a", Outcome::Accepted), Event::Confirm { delivery: delivery(1) }] {
        let write = decide(&event, &REVIEWS, NOW);
        assert!(!write.changes.iter().any(|change| matches!(change, Change::Applied(_))), "{write:?}");
    }
}

#[test]
fn only_what_was_never_tried_is_skipped_without_a_claim_where_the_destination_upserts() {
    let skip = |record: &mut Option<Record>, revision| {
        put(record, &settle(revision, Settled::Skipped("cancelled".into())), &UPSERT, NOW)
    };
    assert_eq!(skip(&mut None, 7), Verdict::Recorded);
    assert_eq!(skip(&mut in_state(7, State::Skipped), 8), Verdict::Recorded);
    for state in [State::Pending, State::Claimed, State::Accepted, State::Confirmed, State::Rejected, State::Parked] {
        assert_eq!(skip(&mut in_state(7, state), 8), Verdict::Tried, "{state:?}");
        assert_eq!(skip(&mut in_state(8, state), 7), Verdict::Superseded, "{state:?}");
    }
    for state in [State::Accepted, State::Confirmed, State::Rejected, State::Parked] {
        assert_eq!(skip(&mut in_state(7, state), 7), Verdict::Done, "{state:?}");
    }
    // It waited for its customer.
    let mut waited = in_state(7, State::Pending);
    waited.as_mut().unwrap().attempts = 0;
    assert_eq!(skip(&mut waited, 8), Verdict::Recorded);
}

#[test]
fn what_another_delivery_needs_is_claimed_only_if_it_was_never_accepted() {
    let order = DeliveryKey::try_from("erp/shop/order/1".to_owned()).unwrap();
    let ensure = |record: &mut Option<Record>, revision| {
        let (needed_by, token) = (order.clone(), Token::from_text("e"));
        let event = Event::Ensure { delivery: delivery(revision), needed_by, token, lease_end: lease() };
        put(record, &event, &UPSERT, NOW)
    };
    assert_eq!(ensure(&mut None, 7), call(1, false));
    for revision in [6, 7, 8] {
        for state in [State::Accepted, State::Confirmed] {
            assert_eq!(ensure(&mut in_state(7, state), revision), Verdict::Done);
        }
        assert_eq!(ensure(&mut in_state(7, State::Skipped), revision), call(2, true));
        // An update of what is there waits or is parked.
        for state in [State::Pending, State::Parked] {
            let mut record = in_state(7, state);
            record.as_mut().unwrap().accepted_at = Some(NOW);
            assert_eq!(ensure(&mut record, revision), Verdict::Done);
        }
    }
    for state in [State::Rejected, State::Parked] {
        assert!(matches!(ensure(&mut in_state(7, state), 7), Verdict::Held(_)));
        assert_eq!(ensure(&mut in_state(7, state), 8), call(2, true));
    }
    // It was parked with the one that needs it.
    let mut record = in_state(7, State::Parked);
    record.as_mut().unwrap().waits_for = Some(order.clone());
    assert_eq!(ensure(&mut record, 7), call(2, true));
    assert!(matches!(ensure(&mut in_state(7, State::Pending), 6), Verdict::Held(_)));
    assert_eq!(ensure(&mut in_state(7, State::Pending), 7), call(2, true));
}
