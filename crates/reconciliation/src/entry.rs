//! What is remembered of each completed record while its day is looked at: under a hundred bytes beside its key, no payload,
//! nothing personal.

use crate::totals::Worth;
use delivery::{Fate, Item};
use ledger::{Delivery, DeliveryKey, EffectHash, Millis, Record, Revision, State};
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, ops::Range};

/// More different reasons than a day has; further ones are counted together.
const REASONS: usize = 250;
const OTHER: &str = "other";
/// Bytes of a packed record beside its key: the key's length, two fingerprints, a revision, what is wanted.
const PACKED: usize = 2 + 16 + 16 + 8 + 3;
/// Added to a packed record's tag where what it is worth follows.
const WORTH: u8 = 4;

/// A reason, by its place in [`Reasons`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reason(u16);

/// The reasons that a day's orders have, each once.
#[derive(Debug, Default)]
pub(crate) struct Reasons(Vec<String>);

impl Reasons {
    pub(crate) fn of(&mut self, text: &str) -> Reason {
        let text = if self.0.len() < REASONS { text } else { OTHER };
        let place = self.0.iter().position(|known| known == text).unwrap_or_else(|| {
            self.0.push(text.to_owned());
            self.0.len() - 1
        });
        Reason(u16::try_from(place).unwrap_or(u16::MAX))
    }

    /// The place of a reason that is there already; of another one, a place that no record has.
    pub(crate) fn known(&self, text: &str) -> Reason {
        let place = self.0.iter().position(|known| known == text).and_then(|place| u16::try_from(place).ok());
        Reason(place.unwrap_or(u16::MAX))
    }

    pub(crate) fn text(&self, reason: Reason) -> &str {
        self.0.get(usize::from(reason.0)).map_or(OTHER, String::as_str)
    }
}

/// What the source wants of an order today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Sent,
    Skipped(Reason),
    Parked(Reason),
}

/// What the ledger said of an order when it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its state.
    pub state: State,
    /// The version that the ledger knows.
    pub revision: Revision,
    /// When it was accepted, where it is; else when it was last written, or may be claimed again if that is later.
    pub since: Millis,
    pub(crate) repairs: u32,
    pub(crate) reason: Reason,
    /// It was delivered, or is being delivered, under another store.
    pub(crate) elsewhere: bool,
    /// At this very revision the source asks for an effect that the ledger does not know.
    pub(crate) differs: bool,
    /// The source asks for the very effect that the ledger's version does.
    pub(crate) same: bool,
}

impl Known {
    fn of(record: &Record, store: &str, asked: u128, reasons: &mut Reasons) -> Self {
        let earlier = record.earlier.as_ref().and_then(|(_, hash)| hash.to_bits());
        let known = record.hash.to_bits();
        Self {
            state: record.state,
            revision: record.revision,
            since: record
                .accepted_at
                .filter(|_| record.state == State::Accepted)
                .unwrap_or_else(|| record.not_before.map_or(record.updated_at, |at| at.max(record.updated_at))),
            repairs: record.repairs,
            reason: reasons.of(record.reason.as_deref().unwrap_or("unknown")),
            elsewhere: record.store != store,
            differs: ![known, earlier].contains(&Some(asked)),
            same: known == Some(asked),
        }
    }
}

/// One completed record.
#[derive(Clone, Debug)]
pub struct DayEntry {
    /// Fingerprint of its name at the destination.
    pub(crate) name: u128,
    /// The effect that the ledger knows; where it knows none, that which the source asks for.
    pub(crate) effect: u128,
    pub(crate) key: Key,
    /// The source's revision.
    pub(crate) revision: Revision,
    pub(crate) known: Option<Known>,
    pub(crate) wanted: Wanted,
    /// The destination shows it.
    pub(crate) seen: bool,
}

/// Where a delivery key stands in the text of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    at: u32,
    length: u16,
}

/// A name as a number, for comparison: no two names of one account have the same.
pub fn fingerprint(name: &str) -> u128 {
    let digest = Sha256::digest(name.as_bytes());
    digest[..16].iter().fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
}

impl DayEntry {
    /// What the ledger said of it when it was asked.
    pub fn known(&self) -> Option<Known> {
        self.known
    }

    /// The source's revision.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Fingerprint of its name at the destination.
    pub fn name(&self) -> u128 {
        self.name
    }

    /// The ledger has it as confirmed now.
    pub(crate) fn confirmed(&mut self, at: Millis) {
        let (state, revision) = (State::Confirmed, self.known.map_or(self.revision, |known| known.revision));
        let (reason, elsewhere, differs) = (Reason(0), false, false);
        let blank = Known { state, revision, since: at, repairs: 0, reason, elsewhere, differs, same: true };
        self.known = Some(Known { state, since: at, ..self.known.unwrap_or(blank) });
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        self.known.is_some_and(|known| known.state == State::Confirmed)
    }
}

/// A day's completed records, each once, in the order of their names' fingerprints.
#[derive(Debug, Default)]
pub struct Entries {
    pub(crate) all: Vec<DayEntry>,
    /// The delivery keys, one after the other.
    pub(crate) keys: String,
    pub(crate) reasons: Reasons,
    /// The earliest acceptance that the ledger knows of.
    pub(crate) first_accepted: Option<Millis>,
    /// What those are worth that are worth money, by where their keys stand.
    pub(crate) worths: HashMap<u32, Worth>,
    /// The version of the checkpoint after which they were read on, where one run was not enough.
    pub(crate) checkpoint: Option<i64>,
}

impl Entries {
    /// Adds a record of that name, of which the ledger says `record`.
    pub fn add(&mut self, item: &Item, name: &str, record: Option<&Record>) {
        self.accepted(record);
        let asked = item.delivery.hash.to_bits().unwrap_or_default();
        let known = record.map(|record| Known::of(record, &item.delivery.store, asked, &mut self.reasons));
        let entry = DayEntry {
            name: fingerprint(name),
            effect: record.map_or(asked, |record| record.hash.to_bits().unwrap_or_default()),
            key: self.key(item.delivery.key.as_str()),
            revision: item.delivery.revision,
            known,
            wanted: match item.fate {
                Fate::Send(_) => Wanted::Sent,
                Fate::Skip(reason) => Wanted::Skipped(self.reasons.of(reason)),
                Fate::Park(reason, _) | Fate::GiveWay(reason, _) => Wanted::Parked(self.reasons.of(reason)),
            },
            seen: false,
        };
        self.all.push(entry);
    }

    /// What the one that was added last is worth.
    pub fn add_worth(&mut self, worth: Worth) {
        if let Some(entry) = self.all.last() {
            self.worths.insert(entry.key.at, worth);
        }
    }

    /// What the one at `place` is worth, if that was said.
    pub fn worth_of(&self, place: usize) -> Option<&Worth> {
        self.worths.get(&self.all[place].key.at)
    }

    fn accepted(&mut self, record: Option<&Record>) {
        if let Some(at) = record.and_then(|record| record.accepted_at) {
            self.first_accepted = Some(self.first_accepted.map_or(at, |first| first.min(at)));
        }
    }

    fn key(&mut self, text: &str) -> Key {
        // Four gigabytes of keys do not fit into a function's memory, nor a key that is longer than the ledger allows.
        let at = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        self.keys.push_str(text);
        Key { at, length: u16::try_from(text.len()).unwrap_or(u16::MAX) }
    }

    fn text(&self, key: Key) -> &str {
        let at = key.at as usize;
        self.keys.get(at..at + usize::from(key.length)).unwrap_or_default()
    }

    /// What the ledger knows the one at `place` by.
    pub fn key_of(&self, place: usize) -> &str {
        self.text(self.all[place].key)
    }

    /// The source's id of the one at `place`.
    pub fn id_of(&self, place: usize) -> String {
        DeliveryKey::try_from(self.key_of(place).to_owned()).map_or_else(|_| String::new(), |key| key.id().to_owned())
    }

    /// What the source says of them, as bytes: as many as one item of the ledger takes each. The reasons come first.
    pub(crate) fn pack(&self) -> Vec<Vec<u8>> {
        let reasons: Vec<String> = self.reasons.0.iter().map(|reason| reason.replace('\n', " ")).collect();
        let reasons = reasons.join("\n");
        let head = [&u32::try_from(reasons.len()).unwrap_or(0).to_be_bytes()[..], reasons.as_bytes()].concat();
        let mut packed = vec![head.clone()];
        for entry in &self.all {
            if let Some(last) = packed.last()
                && last.len() > head.len()
                && last.len() + PACKED + usize::from(entry.key.length) + Worth::LONGEST > ledger::part::LARGEST
            {
                packed.push(head.clone());
            }
            if let Some(last) = packed.last_mut() {
                self.pack_one(entry, last);
            }
        }
        packed
    }

    fn pack_one(&self, entry: &DayEntry, to: &mut Vec<u8>) {
        let (tag, reason) = match entry.wanted {
            Wanted::Sent => (0, 0),
            Wanted::Skipped(reason) => (1, reason.0),
            Wanted::Parked(reason) => (2, reason.0),
        };
        let worth = self.worths.get(&entry.key.at).map(Worth::packed);
        to.extend(entry.key.length.to_be_bytes());
        to.extend(self.text(entry.key).bytes());
        to.extend(entry.name.to_be_bytes());
        to.extend(entry.effect.to_be_bytes());
        to.extend(entry.revision.0.to_be_bytes());
        to.push(tag + if worth.is_some() { WORTH } else { 0 });
        to.extend(reason.to_be_bytes());
        if let Some(worth) = worth {
            to.push(u8::try_from(worth.len()).unwrap_or_default());
            to.extend(worth.bytes());
        }
    }

    /// Adds what was packed; false if that is not what it is.
    pub(crate) fn unpack(&mut self, bytes: &[u8]) -> bool {
        self.unpacked(bytes).is_some()
    }

    fn unpacked(&mut self, bytes: &[u8]) -> Option<()> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (reasons, mut rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let texts: Vec<&str> = str::from_utf8(reasons).ok()?.split('\n').collect();
        while !rest.is_empty() {
            rest = self.unpack_one(rest, &texts)?;
        }
        Some(())
    }

    fn unpack_one<'a>(&mut self, from: &'a [u8], reasons: &[&str]) -> Option<&'a [u8]> {
        let (length, rest) = from.split_first_chunk::<2>()?;
        let (key, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let (name, rest) = rest.split_first_chunk::<16>()?;
        let (effect, rest) = rest.split_first_chunk::<16>()?;
        let (revision, rest) = rest.split_first_chunk::<8>()?;
        let ([tag, high, low], rest) = rest.split_first_chunk::<3>()?;
        let place = usize::from(u16::from_be_bytes([*high, *low]));
        let reason = |reasons_kept: &mut Reasons| reasons_kept.of(reasons.get(place).copied().unwrap_or(OTHER));
        let (worth, rest) = match rest.split_first() {
            Some((length, rest)) if tag & WORTH != 0 => {
                let (worth, rest) = rest.split_at_checked(usize::from(*length))?;
                (Some(Worth::unpacked(str::from_utf8(worth).ok()?)?), rest)
            }
            _ => (None, rest),
        };
        let wanted = match tag & !WORTH {
            0 => Wanted::Sent,
            1 => Wanted::Skipped(reason(&mut self.reasons)),
            2 => Wanted::Parked(reason(&mut self.reasons)),
            _ => return None,
        };
        let key = self.key(str::from_utf8(key).ok()?);
        self.all.push(DayEntry {
            name: u128::from_be_bytes(*name),
            effect: u128::from_be_bytes(*effect),
            key,
            revision: Revision(i64::from_be_bytes(*revision)),
            known: None,
            wanted,
            seen: false,
        });
        if let Some(worth) = worth {
            self.add_worth(worth);
        }
        Some(rest)
    }

    /// What the ledger knows them by.
    pub(crate) fn keys(&self) -> Vec<DeliveryKey> {
        let keys = self.all.iter().filter_map(|entry| DeliveryKey::try_from(self.text(entry.key).to_owned()).ok());
        let mut keys: Vec<_> = keys.collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Takes in what the ledger says.
    pub(crate) fn know(&mut self, records: &HashMap<DeliveryKey, Record>, store: &str) {
        for place in 0..self.all.len() {
            let key = DeliveryKey::try_from(self.key_of(place).to_owned()).ok();
            let Some(record) = key.and_then(|key| records.get(&key)) else { continue };
            self.accepted(Some(record));
            let known = Known::of(record, store, self.all[place].effect, &mut self.reasons);
            let entry = &mut self.all[place];
            (entry.known, entry.effect) = (Some(known), record.hash.to_bits().unwrap_or_default());
        }
    }

    /// To be called when all are added. A record that was touched while the source was read may have come twice.
    pub(crate) fn sort(&mut self) {
        let mut all = std::mem::take(&mut self.all);
        all.sort_unstable_by(|a, b| (self.text(a.key), b.revision).cmp(&(self.text(b.key), a.revision)));
        all.dedup_by(|a, b| self.text(a.key) == self.text(b.key));
        all.sort_unstable_by(|a, b| (a.name, self.text(a.key)).cmp(&(b.name, self.text(b.key))));
        self.all = all;
    }

    /// What was seen there once, and is not any more at this version, is there no longer, or has been written over: nobody certifies it.
    pub(crate) fn doubt_unseen(&mut self, at: Millis) {
        for entry in self.all.iter_mut().filter(|entry| !entry.seen) {
            if let Some(known) = entry.known.as_mut().filter(|known| known.state == State::Confirmed) {
                (known.state, known.since) = (State::Accepted, at);
            }
        }
    }

    /// All of them, in order.
    pub fn all(&self) -> &[DayEntry] {
        &self.all
    }

    /// Whether the one at `place` is parked for this reason.
    pub fn is_parked_for(&self, place: usize, reason: &str) -> bool {
        let parked = self.all[place].known.filter(|known| known.state == State::Parked);
        parked.is_some_and(|known| self.reasons.text(known.reason) == reason)
    }

    /// The ledger has it as parked now.
    pub(crate) fn parked(&mut self, place: usize, revision: Revision, reason: &str, at: Millis) {
        let reason = self.reasons.of(reason);
        if let Some(known) = &mut self.all[place].known {
            *known = Known { state: State::Parked, revision, since: at, reason, ..*known };
        }
    }

    /// The places of the entries that have the name of the one at `place`.
    pub fn of_its_name(&self, place: usize) -> Range<usize> {
        self.named(self.all[place].name)
    }

    fn named(&self, name: u128) -> Range<usize> {
        let begin = self.all.partition_point(|entry| entry.name < name);
        begin..begin + self.all[begin..].partition_point(|entry| entry.name == name)
    }

    pub(crate) fn get_mut(&mut self, place: usize) -> &mut DayEntry {
        &mut self.all[place]
    }

    /// Notes that the destination shows the name; the places of its entries, none if it is not one of the day's.
    pub(crate) fn see(&mut self, name: u128) -> Range<usize> {
        let places = self.named(name);
        self.all[places.clone()].iter_mut().for_each(|entry| entry.seen = true);
        places
    }

    /// The delivery at `place` as the destination shows it: the version is the ledger's, since a destination that only creates does
    /// not say which one it shows. `None` if its key was cut off.
    pub(crate) fn as_seen(&self, place: usize, store: &str, day: &str) -> Option<Delivery> {
        let entry = &self.all[place];
        Some(Delivery {
            key: DeliveryKey::try_from(self.key_of(place).to_owned()).ok()?,
            revision: entry.known.map_or(entry.revision, |known| known.revision),
            hash: EffectHash::from_bits(entry.effect),
            store: store.to_owned(),
            day: Some(day.to_owned()),
            triggered_at: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str, revision: i64) -> Item {
        let delivery = Delivery {
            key: DeliveryKey::try_from(format!("reviews/{id}")).unwrap(),
            revision: Revision(revision),
            hash: EffectHash::of(b"effect"),
            store: "default".to_owned(),
            day: Some("2026-11-20".to_owned()),
            triggered_at: None,
        };
        let day = "2026-11-20".parse().unwrap();
        Item { delivery, store: config::StoreName::unrouted(), day, fate: Fate::Skip("no_email") }
    }

    #[test]
    fn an_order_takes_less_than_a_hundred_bytes() {
        assert!(size_of::<DayEntry>() <= 96, "{}", size_of::<DayEntry>());
    }

    /// A refund's id has two segments, and longer ones than an order's.
    #[test]
    fn a_key_is_kept_whole() {
        let key = "loyalty/default/refund/801RO000000AbcDYAS/0a7RO000000AbcDYAS-and-more";
        let mut item = item("801", 1);
        item.delivery.key = DeliveryKey::try_from(key.to_owned()).unwrap();
        let mut entries = Entries::default();
        entries.add(&item, "1", None);
        let mut back = Entries::default();
        assert!(entries.pack().iter().all(|bytes| back.unpack(bytes)));
        for entries in [entries, back] {
            let seen = entries.as_seen(0, "default", "2026-11-20").unwrap();
            assert_eq!(
                (seen.key.as_str(), entries.id_of(0).as_str()),
                (key, "801RO000000AbcDYAS/0a7RO000000AbcDYAS-and-more")
            );
        }
    }

    #[test]
    fn an_order_that_came_twice_counts_once_at_its_newest_revision() {
        let mut entries = Entries::default();
        for (id, order, revision) in [("801RO000000AbcDYAS", "2", 7), ("b", "1", 1), ("801RO000000AbcDYAS", "2", 9)] {
            entries.add(&item(id, revision), order, None);
        }
        entries.sort();
        let mut seen: Vec<_> = (0..2).map(|place| (entries.id_of(place), entries.all()[place].revision.0)).collect();
        seen.sort_unstable();
        assert_eq!(seen, [("801RO000000AbcDYAS".to_owned(), 9), ("b".to_owned(), 1)]);
    }

    #[test]
    fn what_the_destination_shows_is_found_by_its_order_id() {
        let mut entries = Entries::default();
        for n in 0..100 {
            // Two orders of the source share each order id.
            entries.add(&item(&format!("{n:018}"), 1), &(n / 2).to_string(), None);
        }
        entries.sort();
        assert_eq!(entries.see(fingerprint("17")).len(), 2);
        assert_eq!(entries.see(fingerprint("50")).len(), 0);
        let seen = (0..100).filter(|place| entries.all()[*place].seen).map(|place| entries.id_of(place));
        let seen: Vec<String> = seen.collect();
        assert_eq!(seen.len(), 2);
        assert!(seen.iter().all(|id| id.ends_with("34") || id.ends_with("35")), "{seen:?}");
        let delivery = entries.as_seen(0, "default", "2026-11-20").unwrap();
        assert_eq!((delivery.hash, delivery.revision), (EffectHash::of(b"effect"), Revision(1)));
    }

    #[test]
    fn what_is_packed_comes_back_as_the_source_said_it() {
        let mut entries = Entries::default();
        for n in 0..12_000 {
            let mut item = item(&format!("{n:018}"), n);
            item.fate = [
                Fate::Skip("no_email"),
                Fate::Park("unknown_store", ledger::ErrorClass::Misconfigured),
                Fate::Skip("test_order"),
            ]
            .into_iter()
            .nth(usize::try_from(n % 3).unwrap())
            .unwrap();
            entries.add(&item, &n.to_string(), None);
        }
        let items = entries.pack();
        assert_eq!(items.len(), 3);
        assert!(items.iter().all(|item| item.len() <= ledger::part::LARGEST));
        let mut back = Entries::default();
        back.reasons.of("another");
        assert!(items.iter().all(|item| back.unpack(item)));
        assert!(!back.unpack(&items[0][..700]), "cut short");
        let shown = |entries: &Entries, n: usize| {
            let entry = &entries.all[n];
            let wanted = match entry.wanted {
                Wanted::Sent => "sent",
                Wanted::Skipped(reason) | Wanted::Parked(reason) => entries.reasons.text(reason),
            };
            format!("{:?} {:?} {wanted}", (entry.name, entry.effect, entries.id_of(n), entry.revision), entry.known)
        };
        for n in [0, 1, 2, 5_999, 11_999] {
            assert_eq!(shown(&back, n), shown(&entries, n));
        }
    }

    #[test]
    fn reasons_are_kept_once_and_not_without_end() {
        let mut reasons = Reasons::default();
        let first = reasons.of("no_email");
        assert_eq!(reasons.of("no_email"), first);
        for n in 0..1000 {
            reasons.of(&n.to_string());
        }
        let late = reasons.of("one too many");
        assert_eq!((reasons.text(first), reasons.text(late), reasons.0.len()), ("no_email", OTHER, REASONS + 1));
    }
}
