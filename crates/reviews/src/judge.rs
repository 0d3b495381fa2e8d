//! What publishing an order comes to, by what it asks for and what the ledger says of it. Pure: the producer and its preview
//! share it, so that neither says what the other would not do.

use crate::item::{Fate, Item};
use ledger::{Record as Known, State};

/// What there is to do about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement<'a> {
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
pub(crate) fn judge<'a>(item: &Item, known: Option<&'a Known>) -> Judgement<'a> {
    let reason = |known: &'a Known| known.reason.as_deref().unwrap_or("unknown");
    if let Some(known) = known {
        let current = known.revision >= item.delivery.revision;
        match (known.state, &item.fate) {
            (State::Accepted | State::Confirmed, _) => return Judgement::Delivered,
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
        Fate::Park(reason, _) => Judgement::Park(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::{Delivery, DeliveryKey, EffectHash, Millis, Revision};
    use queue::Entry;

    fn item(fate: Fate) -> Item {
        let delivery = Delivery {
            key: DeliveryKey::try_from("reviews/801RO000000AbcDYAS".to_owned()).unwrap(),
            revision: Revision(5),
            hash: EffectHash::of(b"effect"),
            store: "default".to_owned(),
            day: None,
            triggered_at: None,
        };
        let day = "2026-11-20".parse().unwrap();
        Item { delivery, store: config::StoreName::unrouted(), day, fate, lines_left_out: 0, texts_shortened: 0 }
    }

    fn known(state: State, revision: i64, reason: Option<&str>) -> Known {
        Known {
            state,
            revision: Revision(revision),
            hash: EffectHash::of(b"effect"),
            token: None,
            lease_end: None,
            not_before: None,
            triggered_at: None,
            earlier: None,
            attempts: 1,
            repairs: 0,
            waits_for: None,
            reason: reason.map(str::to_owned),
            store: "default".to_owned(),
            day: None,
            updated_at: Millis(0),
            accepted_at: None,
            open_since: None,
            expires_at: 0,
        }
    }

    fn fates() -> [(Fate, Judgement<'static>); 3] {
        [
            (Fate::Send(Entry::new(String::new())), Judgement::Send),
            (Fate::Skip("no_email"), Judgement::Skip("no_email")),
            (Fate::Park("unknown_store", String::new()), Judgement::Park("unknown_store")),
        ]
    }

    #[test]
    fn what_the_ledger_does_not_know_is_done() {
        for (fate, expected) in fates() {
            assert_eq!(judge(&item(fate), None), expected);
        }
    }

    #[test]
    fn what_is_delivered_stays_so_whatever_the_source_says_now() {
        for state in [State::Accepted, State::Confirmed] {
            for revision in [4, 5, 6] {
                for (fate, _) in fates() {
                    assert_eq!(judge(&item(fate), Some(&known(state, revision, None))), Judgement::Delivered);
                }
            }
        }
    }

    #[test]
    fn what_was_refused_or_parked_is_looked_at_again_when_it_has_changed() {
        for (fate, anew) in fates() {
            let (refused, parked) = (known(State::Rejected, 5, Some("why")), known(State::Parked, 6, None));
            let item = item(fate);
            assert_eq!(judge(&item, Some(&refused)), Judgement::Rejected("why"));
            assert_eq!(judge(&item, Some(&parked)), Judgement::Parked("unknown"));
            assert_eq!(judge(&item, Some(&known(State::Rejected, 4, Some("why")))), anew);
            assert_eq!(judge(&item, Some(&known(State::Parked, 4, Some("why")))), anew);
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
        assert_eq!(judge(&send, Some(&was_skipped)), Judgement::Send);
    }

    fn judge_skip(known: &Known) -> Judgement<'static> {
        match judge(&item(Fate::Skip("no_email")), Some(known)) {
            Judgement::Skipped(reason) => Judgement::Skipped(reason),
            Judgement::Skip(reason) => Judgement::Skip(reason),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_on_its_way_is_sent_again() {
        for state in [State::Pending, State::Claimed, State::Uncertain] {
            for (fate, anew) in fates() {
                assert_eq!(judge(&item(fate), Some(&known(state, 5, None))), anew);
            }
        }
    }
}
