//! What publishing a record comes to, by what it asks for and what the ledger says of it. Pure: a producer and its preview
//! share it, so that neither says what the other would not do.

use crate::{Fate, Item};
use ledger::{Delivery, Policy, Record, State};

/// What there is to do about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement<'a> {
    /// Nothing: the destination has accepted it.
    Delivered,
    /// Nothing: it was refused for good, for this reason.
    Rejected(&'a str),
    /// Nothing: it waits for a person, for this reason.
    Parked(&'a str),
    /// Nothing: it is recorded as skipped for the reason that it has still.
    Skipped(&'static str),
    /// To the queue with it.
    Send,
    /// To be recorded as skipped.
    Skip(&'static str),
    /// To the dead-letter queue with it, and recorded as parked.
    Park(&'static str),
}

/// What there is to do about `item`, of which the ledger says `known`.
pub fn judge<'a>(item: &Item, known: Option<&'a Record>, policy: &Policy) -> Judgement<'a> {
    let reason = |known: &'a Record| known.reason.as_deref().unwrap_or("unknown");
    if let Some(known) = known {
        let current = known.revision >= item.delivery.revision;
        match (known.state, &item.fate) {
            // What took effect once is not undone by a rule that says it need not have.
            (State::Accepted | State::Confirmed, fate)
                if !policy.supersedes || !is_newer(&item.delivery, known) || matches!(fate, Fate::Skip(_)) =>
            {
                return Judgement::Delivered;
            }
            (State::Rejected, _) if current => return Judgement::Rejected(reason(known)),
            (State::Parked, _) if current => return Judgement::Parked(reason(known)),
            (State::Skipped, Fate::Skip(why)) if current && known.reason.as_deref() == Some(why) => {
                return Judgement::Skipped(why);
            }
            _ => {}
        }
    }
    match &item.fate {
        Fate::Send(_) => Judgement::Send,
        Fate::Skip(reason) => Judgement::Skip(reason),
        Fate::Park(reason, _) | Fate::GiveWay(reason, _) => Judgement::Park(reason),
    }
}

/// Whether a version asks for an effect that the ledger does not know yet: a newer one, or another of the same revision, of which
/// its claim says whether it comes later.
pub(crate) fn is_newer(delivery: &Delivery, known: &Record) -> bool {
    let earlier = known.earlier.as_ref().is_some_and(|(r, hash)| (*r, hash) == (delivery.revision, &delivery.hash));
    known.revision < delivery.revision
        || (known.revision == delivery.revision && known.hash != delivery.hash && !earlier)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::{DeliveryKey, EffectHash, ErrorClass, Repeat, Revision};
    use queue::Entry;
    use std::time::Duration;

    const CREATES: Policy =
        Policy { repeat: Repeat::Harmless, supersedes: false, settle: Duration::ZERO, clock_skew: Duration::ZERO };
    const UPSERTS: Policy = Policy { supersedes: true, ..CREATES };

    fn delivery(revision: i64, effect: &str) -> Delivery {
        let key = DeliveryKey::try_from("reviews/801RO000000AbcDYAS".to_owned()).unwrap();
        let (revision, hash) = (Revision(revision), EffectHash::of(effect.as_bytes()));
        Delivery { key, revision, hash, store: "default".to_owned(), day: None, triggered_at: None }
    }

    fn item(fate: Fate) -> Item {
        let (store, day) = (config::StoreName::unrouted(), "2026-11-20".parse().unwrap());
        Item { delivery: delivery(5, "effect"), store, day, fate }
    }

    fn known(state: State, revision: i64, reason: Option<&str>) -> Record {
        Record { reason: reason.map(str::to_owned), ..Record::new(&delivery(revision, "effect"), state) }
    }

    fn fates() -> [(Fate, Judgement<'static>); 3] {
        [
            (Fate::Send(Entry::new(String::new())), Judgement::Send),
            (Fate::Skip("no_email"), Judgement::Skip("no_email")),
            (Fate::Park("unknown_store", ErrorClass::Misconfigured), Judgement::Park("unknown_store")),
        ]
    }

    #[test]
    fn what_the_ledger_does_not_know_is_done() {
        for (fate, expected) in fates() {
            assert_eq!(judge(&item(fate), None, &CREATES), expected);
        }
    }

    #[test]
    fn what_is_delivered_stays_so_whatever_the_source_says_now() {
        for state in [State::Accepted, State::Confirmed] {
            for revision in [4, 5, 6] {
                for (fate, _) in fates() {
                    assert_eq!(judge(&item(fate), Some(&known(state, revision, None)), &CREATES), Judgement::Delivered);
                }
            }
        }
    }

    #[test]
    fn what_was_refused_or_parked_is_looked_at_again_when_it_has_changed() {
        for (fate, anew) in fates() {
            let (refused, parked) = (known(State::Rejected, 5, Some("why")), known(State::Parked, 6, None));
            let item = item(fate);
            assert_eq!(judge(&item, Some(&refused), &CREATES), Judgement::Rejected("why"));
            assert_eq!(judge(&item, Some(&parked), &CREATES), Judgement::Parked("unknown"));
            assert_eq!(judge(&item, Some(&known(State::Rejected, 4, Some("why"))), &CREATES), anew);
            assert_eq!(judge(&item, Some(&known(State::Parked, 4, Some("why"))), &CREATES), anew);
        }
    }

    #[test]
    fn a_skip_is_recorded_once_for_each_reason_and_version() {
        let judged = |revision, reason| judge_skip(&known(State::Skipped, revision, Some(reason)));
        assert_eq!(judged(5, "no_email"), Judgement::Skipped("no_email"));
        assert_eq!(judged(4, "no_email"), Judgement::Skip("no_email"));
        assert_eq!(judged(5, "test_order"), Judgement::Skip("no_email"));
        // An order that has an address now is sent.
        let (send, was_skipped) =
            (item(Fate::Send(Entry::new(String::new()))), known(State::Skipped, 5, Some("no_email")));
        assert_eq!(judge(&send, Some(&was_skipped), &CREATES), Judgement::Send);
    }

    fn judge_skip(known: &Record) -> Judgement<'static> {
        match judge(&item(Fate::Skip("no_email")), Some(known), &CREATES) {
            Judgement::Skipped(reason) => Judgement::Skipped(reason),
            Judgement::Skip(reason) => Judgement::Skip(reason),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_on_its_way_is_sent_again() {
        for state in [State::Pending, State::Claimed, State::Uncertain] {
            for (fate, anew) in fates() {
                assert_eq!(judge(&item(fate), Some(&known(state, 5, None)), &CREATES), anew);
            }
        }
    }

    /// A customer that has changed since it was written is written again.
    #[test]
    fn where_the_destination_upserts_a_newer_version_is_sent_over_an_accepted_one() {
        let send = || item(Fate::Send(Entry::new(String::new())));
        for state in [State::Accepted, State::Confirmed] {
            let judged = |known: Record| judge(&send(), Some(&known), &UPSERTS) == Judgement::Send;
            assert!(judged(known(state, 4, None)));
            assert!(!judged(known(state, 5, None)) && !judged(known(state, 6, None)));
            // Two effects at one revision: the claim orders them.
            let other = Record::new(&delivery(5, "another"), state);
            assert!(judged(other.clone()));
            let overtaken = Some((Revision(5), EffectHash::of(b"effect")));
            assert!(!judged(Record { earlier: overtaken, ..other }));
            let skip = item(Fate::Skip("no_email"));
            assert_eq!(judge(&skip, Some(&known(state, 4, None)), &UPSERTS), Judgement::Delivered);
        }
    }
}
