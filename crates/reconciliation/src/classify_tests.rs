use super::*;
use crate::{Entries, certificate::Tally, entry::Reasons};
use delivery::{Fate, Item};
use ledger::{Delivery, DeliveryKey, EffectHash, Revision};
use proptest::prelude::*;

const NOW: Millis = Millis(1_800_000_000_000);

fn ago(hours: u64) -> Millis {
    NOW.minus(Duration::from_hours(hours))
}

/// A settled day, read to its end just now; no message waits. The reasons in [`reasons`].
fn rules(reasons: &mut Reasons) -> Rules {
    Rules {
        now: NOW,
        read_at: Some(NOW),
        shown: true,
        missing_after: Duration::from_hours(6),
        patience: Duration::from_mins(30),
        repair_limit: 5,
        idle: true,
        settled: true,
        exhausted: reasons.of("exhausted"),
    }
}

/// An order that the source wants sent, at revision 7, unknown to the ledger.
fn order(reasons: &mut Reasons) -> DayEntry {
    let delivery = Delivery {
        key: DeliveryKey::try_from("reviews/801RO000000AbcDYAS".to_owned()).unwrap(),
        revision: Revision(7),
        hash: EffectHash::of(b""),
        store: "default".to_owned(),
        day: None,
        triggered_at: None,
    };
    let day = "2026-11-20".parse().unwrap();
    let fate = Fate::Send(queue::Entry::new(String::new()));
    let item = Item { delivery, store: config::StoreName::unrouted(), day, fate };
    let mut entries = Entries { reasons: std::mem::take(reasons), ..Entries::default() };
    entries.add(&item, "1", None);
    *reasons = std::mem::take(&mut entries.reasons);
    entries.all()[0].clone()
}

fn known(state: State, reason: Reason) -> Known {
    Known {
        state,
        revision: Revision(7),
        since: ago(7),
        repairs: 0,
        reason,
        elsewhere: false,
        differs: false,
        same: true,
    }
}

#[test]
fn each_order_has_its_class_and_its_remedy() {
    use Remedy::{Again, GiveUp, Nothing, Reopen, Withdraw};
    let mut reasons = Reasons::default();
    let usual = rules(&mut reasons);
    let [no_email, invalid, refused, exhausted, unknown] =
        ["no_email", "invalid_email", "refused", "exhausted", "unknown_store"].map(|text| reasons.of(text));
    let new = order(&mut reasons);
    let skip = |reason| DayEntry { wanted: Wanted::Skipped(reason), ..new.clone() };
    let park = DayEntry { wanted: Wanted::Parked(unknown), ..new.clone() };
    let with = |entry: &DayEntry, known: Known| DayEntry { known: Some(known), ..entry.clone() };
    let of = |state| with(&new, known(state, refused));
    let seen = |entry: DayEntry| DayEntry { seen: true, ..entry };
    let old = |entry: DayEntry| DayEntry { known: entry.known.map(|k| Known { revision: Revision(6), ..k }), ..entry };
    let fresh = |entry: DayEntry| DayEntry { known: entry.known.map(|k| Known { since: ago(0), ..k }), ..entry };
    let repaired = |entry: DayEntry| DayEntry { known: entry.known.map(|k| Known { repairs: 5, ..k }), ..entry };
    let abroad = |entry: DayEntry| DayEntry { known: entry.known.map(|k| Known { elsewhere: true, ..k }), ..entry };
    let busy = Rules { idle: false, ..usual };
    let unread = Rules { read_at: None, ..usual };
    let unsettled = Rules { settled: false, ..usual };
    let missing = Reopen(Repair::Missing);
    let redrive = Reopen(Repair::Redrive);

    for (what, rules, entry, expected) in [
        ("confirmed", usual, seen(of(State::Confirmed)), (Class::Confirmed, Nothing)),
        ("confirmed before, not shown now", usual, of(State::Confirmed), (Class::Confirmed, Nothing)),
        ("accepted just now", usual, fresh(of(State::Accepted)), (Class::Accepted, Nothing)),
        ("accepted, seen, not recorded", usual, seen(of(State::Accepted)), (Class::Accepted, Nothing)),
        ("accepted long ago, nothing read", unread, of(State::Accepted), (Class::Accepted, Nothing)),
        ("accepted under another store", usual, abroad(of(State::Accepted)), (Class::Accepted, Nothing)),
        ("missing", usual, of(State::Accepted), (Class::Missing, missing)),
        ("missing, changed since", usual, old(of(State::Accepted)), (Class::Missing, missing)),
        ("missing, often repaired", usual, repaired(of(State::Accepted)), (Class::Missing, GiveUp)),
        (
            "missing, not to be sent any more",
            usual,
            with(&skip(no_email), known(State::Accepted, refused)),
            (Class::Missing, GiveUp),
        ),
        (
            "missing, changed and not to be sent any more",
            usual,
            old(with(&skip(no_email), known(State::Accepted, refused))),
            (Class::Missing, Withdraw),
        ),
        ("pending for its time", usual, fresh(of(State::Pending)), (Class::Pending, Nothing)),
        ("pending without a message", usual, of(State::Pending), (Class::Pending, Again)),
        ("pending, messages wait", busy, of(State::Pending), (Class::Pending, Nothing)),
        ("pending and seen", usual, seen(of(State::Pending)), (Class::Pending, Nothing)),
        ("claimed", usual, fresh(of(State::Claimed)), (Class::Pending, Nothing)),
        ("claimed by a worker that died", usual, of(State::Claimed), (Class::Pending, Again)),
        ("uncertain", usual, of(State::Uncertain), (Class::Uncertain, Again)),
        ("never recorded", usual, new.clone(), (Class::Pending, Again)),
        ("never recorded, messages wait", busy, new.clone(), (Class::Pending, Nothing)),
        ("never recorded, nor settled", unsettled, new.clone(), (Class::Pending, Nothing)),
        ("never recorded, seen", usual, seen(new.clone()), (Class::Pending, Nothing)),
        ("a skip that was not recorded", busy, skip(no_email), (Class::Pending, Again)),
        ("skipped", usual, with(&skip(no_email), known(State::Skipped, no_email)), (Class::Skipped(no_email), Nothing)),
        (
            "skipped for another reason",
            usual,
            with(&skip(invalid), known(State::Skipped, no_email)),
            (Class::Skipped(invalid), Again),
        ),
        ("skipped, with an address now", usual, of(State::Skipped), (Class::Pending, Again)),
        ("skipped, with an address, messages wait", busy, of(State::Skipped), (Class::Pending, Nothing)),
        ("rejected", usual, of(State::Rejected), (Class::Rejected(refused), Nothing)),
        ("rejected, changed since", usual, old(of(State::Rejected)), (Class::Pending, Again)),
        (
            "rejected, to be skipped now",
            usual,
            old(with(&skip(no_email), known(State::Rejected, refused))),
            (Class::Skipped(no_email), Again),
        ),
        ("parked", usual, of(State::Parked), (Class::Parked, Nothing)),
        ("parked, changed since", usual, old(of(State::Parked)), (Class::Pending, Again)),
        ("exhausted", usual, with(&new, known(State::Parked, exhausted)), (Class::Parked, redrive)),
        ("exhausted, nothing read", unread, with(&new, known(State::Parked, exhausted)), (Class::Parked, Nothing)),
        ("exhausted too often", usual, repaired(with(&new, known(State::Parked, exhausted))), (Class::Parked, Nothing)),
        ("of no store", unread, with(&park, known(State::Parked, unknown)), (Class::Parked, Nothing)),
        ("of no store, not recorded", unread, park.clone(), (Class::Pending, Again)),
        (
            "of no store any more, and delivered",
            unread,
            abroad(with(&park, known(State::Accepted, refused))),
            (Class::Accepted, Nothing),
        ),
    ] {
        assert_eq!(rules.judge(&entry, false), expected, "{what}");
    }
}

/// A customer that has changed since it was written leaves its day open until the newer version is there.
#[test]
fn where_the_destination_upserts_an_unsent_newer_version_leaves_the_day_open() {
    let mut reasons = Reasons::default();
    let usual = rules(&mut reasons);
    let refused = reasons.of("refused");
    let new = order(&mut reasons);
    let skip = DayEntry { wanted: Wanted::Skipped(refused), ..new.clone() };
    for (state, class) in [(State::Accepted, Class::Accepted), (State::Confirmed, Class::Confirmed)] {
        let at = |revision, differs| {
            let known = Known { revision: Revision(revision), since: ago(0), differs, ..known(state, refused) };
            DayEntry { known: Some(known), ..new.clone() }
        };
        for stale in [at(6, true), at(7, true)] {
            assert_eq!(usual.judge(&stale, true), (Class::Pending, Remedy::Again));
            assert_eq!(Rules { idle: false, ..usual }.judge(&stale, true), (Class::Pending, Remedy::Nothing));
            assert_eq!(usual.judge(&stale, false), (class, Remedy::Nothing), "it creates only");
            let left = DayEntry { known: stale.known, ..skip.clone() };
            assert_eq!(usual.judge(&left, true), (class, Remedy::Nothing));
        }
        assert_eq!(usual.judge(&at(7, false), true), (class, Remedy::Nothing));
        assert_eq!(usual.judge(&at(8, true), true), (class, Remedy::Nothing));
    }
}

fn any_entry() -> impl Strategy<Value = (DayEntry, Reasons)> {
    let record = (prop::sample::select(&State::ALL), 6i64..9, 0u64..12, 0u32..7, 0usize..4, any::<bool>());
    (prop::option::of(record), 0usize..4, any::<bool>()).prop_map(|(record, wanted, seen)| {
        let mut reasons = Reasons::default();
        let entry = order(&mut reasons);
        let words = ["no_email", "invalid_email", "exhausted", "unknown_store"].map(|text| reasons.of(text));
        let wanted = match wanted {
            0 => Wanted::Skipped(words[0]),
            1 => Wanted::Parked(words[3]),
            _ => Wanted::Sent,
        };
        let known = record.map(|(state, revision, hours, repairs, reason, elsewhere)| Known {
            state,
            revision: Revision(revision),
            since: ago(hours),
            repairs,
            reason: words[reason],
            elsewhere,
            differs: false,
            same: true,
        });
        (DayEntry { known, wanted, seen, ..entry }, reasons)
    })
}

proptest! {
    /// Whatever the ledger says, each order counts once; and a day on which anything is left to be done, but for the
    /// record of a skip, is not complete.
    #[test]
    fn the_numbers_add_up(
        entries in prop::collection::vec(any_entry(), 0..40),
        idle: bool, settled: bool, read: bool, upserts: bool,
    ) {
        let mut reasons = Reasons::default();
        let words = ["no_email", "invalid_email", "exhausted", "unknown_store"].map(|text| reasons.of(text));
        let usual = rules(&mut reasons);
        let rules = Rules { idle, settled, read_at: read.then_some(NOW), exhausted: words[2], ..usual };
        let judged: Vec<_> = entries.iter().map(|(entry, _)| rules.judge(entry, upserts)).collect();
        let tally = Tally::of(judged.iter().map(|(class, _)| *class), &reasons);
        prop_assert_eq!(tally.sum(), entries.len());
        let open = |(class, remedy): &(Class, Remedy)| {
            *remedy != Remedy::Nothing && !matches!(class, Class::Skipped(_))
        };
        prop_assert!(!(tally.is_complete(true) && judged.iter().any(open)), "{:?}", judged);
    }

    /// Nothing that the destination shows is sent again, and nothing at all while it has not been read, that was accepted.
    #[test]
    fn what_is_there_is_not_sent_again((entry, mut reasons) in any_entry()) {
        let (_, remedy) = rules(&mut reasons).judge(&DayEntry { seen: true, ..entry.clone() }, false);
        let state = entry.known.map(|known| known.state);
        let by_rule = matches!(state, Some(State::Skipped | State::Rejected | State::Parked));
        prop_assert!(by_rule || remedy == Remedy::Nothing, "{:?}", entry);
        let (_, unread) = Rules { read_at: None, ..rules(&mut reasons) }.judge(&entry, false);
        prop_assert!(!matches!(unread, Remedy::Reopen(_) | Remedy::Withdraw | Remedy::GiveUp), "{:?}", entry);
    }

    /// Where the destination shows none, its yes is the last word: never missing, never sent again, and no day is held up by it.
    #[test]
    fn a_yes_that_cannot_be_looked_up_is_believed((entry, mut reasons) in any_entry()) {
        let rules = Rules { read_at: None, shown: false, ..rules(&mut reasons) };
        let (class, remedy) = rules.judge(&DayEntry { seen: false, ..entry.clone() }, false);
        prop_assert!(class != Class::Missing);
        prop_assert!(!matches!(remedy, Remedy::Reopen(Repair::Missing) | Remedy::Withdraw | Remedy::GiveUp), "{:?}", entry);
        if class == Class::Accepted {
            prop_assert_eq!(remedy, Remedy::Nothing);
            prop_assert!(!class.is_open(false) && class.is_open(true));
            let tally = Tally::of([class], &reasons);
            prop_assert!(tally.is_complete(false) && !tally.is_complete(true));
        }
    }
}

#[test]
fn an_exhausted_delivery_is_sent_again_also_where_nothing_can_be_read_back() {
    let mut reasons = Reasons::default();
    let usual = rules(&mut reasons);
    let parked = DayEntry { known: Some(known(State::Parked, usual.exhausted)), ..order(&mut reasons) };
    for (shown, read_at, expected) in [
        (true, Some(NOW), Remedy::Reopen(Repair::Redrive)),
        (true, None, Remedy::Nothing),
        (false, None, Remedy::Reopen(Repair::Redrive)),
    ] {
        assert_eq!(Rules { read_at, shown, ..usual }.judge(&parked, false), (Class::Parked, expected), "{shown}");
    }
}
