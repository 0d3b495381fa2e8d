//! What is remembered of each completed order while its day is looked at: under a hundred bytes, no payload, nothing
//! personal.

use crate::item::DUPLICATE_ORDER_ID;
use delivery::{Fate, Item};
use ledger::{Delivery, DeliveryKey, EffectHash, Millis, Record, Revision, State};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;

/// More different reasons than a day has; further ones are counted together.
const REASONS: usize = 250;
const OTHER: &str = "other";
/// Bytes of a packed order: two names, two fingerprints, a revision, what is wanted.
const PACKED: usize = 18 + 16 + 16 + 8 + 3;

/// A reason, by its place in [`Reasons`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reason(u16);

/// The reasons that a day's orders have, each once.
#[derive(Debug, Default)]
pub(super) struct Reasons(Vec<String>);

impl Reasons {
    pub(super) fn of(&mut self, text: &str) -> Reason {
        let text = if self.0.len() < REASONS { text } else { OTHER };
        let place = self.0.iter().position(|known| known == text).unwrap_or_else(|| {
            self.0.push(text.to_owned());
            self.0.len() - 1
        });
        Reason(u16::try_from(place).unwrap_or(u16::MAX))
    }

    pub(super) fn text(&self, reason: Reason) -> &str {
        self.0.get(usize::from(reason.0)).map_or(OTHER, String::as_str)
    }
}

/// What the source wants of an order today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Sent,
    Skipped(Reason),
    Parked(Reason),
}

/// What the ledger said of an order when it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) state: State,
    pub(super) revision: Revision,
    /// When it was accepted, where it is; else when it was last written, or may be claimed again if that is later.
    pub(super) since: Millis,
    pub(super) repairs: u32,
    pub(super) reason: Reason,
    /// It was delivered, or is being delivered, under another store.
    pub(super) elsewhere: bool,
}

impl Known {
    fn of(record: &Record, store: &str, reasons: &mut Reasons) -> Self {
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
        }
    }
}

/// One completed order.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Fingerprint of its id at the destination.
    pub(super) order: u128,
    /// The effect that the ledger knows; where it knows none, that which the source asks for.
    pub(super) effect: u128,
    pub(super) id: [u8; 18],
    /// The source's revision.
    pub(super) revision: Revision,
    pub(super) known: Option<Known>,
    pub(super) wanted: Wanted,
    /// The destination shows it.
    pub(super) seen: bool,
}

/// A name as a number, for comparison: no two names of one account have the same.
pub(super) fn fingerprint(name: &str) -> u128 {
    let digest = Sha256::digest(name.as_bytes());
    digest[..16].iter().fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
}

impl Entry {
    pub(super) fn of(item: &Item, order_id: &str, record: Option<&Record>, reasons: &mut Reasons) -> Self {
        let source_id = item.delivery.key.id();
        let mut id = [b' '; 18];
        id.iter_mut().zip(source_id.bytes()).for_each(|(to, from)| *to = from);
        let effect = record.map_or(&item.delivery.hash, |record| &record.hash);
        Self {
            order: fingerprint(order_id),
            effect: effect.to_bits().unwrap_or_default(),
            id,
            revision: item.delivery.revision,
            known: record.map(|record| Known::of(record, &item.delivery.store, reasons)),
            wanted: match item.fate {
                Fate::Send(_) => Wanted::Sent,
                Fate::Skip(reason) => Wanted::Skipped(reasons.of(reason)),
                Fate::Park(reason, _) => Wanted::Parked(reasons.of(reason)),
            },
            seen: false,
        }
    }

    /// Its id at the source.
    pub(super) fn id(&self) -> &str {
        str::from_utf8(&self.id).unwrap_or_default().trim_end()
    }

    fn key(&self) -> Result<DeliveryKey, ledger::InvalidKey> {
        DeliveryKey::try_from(format!("{}/{}", crate::FLOW, self.id()))
    }

    /// Appends what the source says of it.
    fn pack(&self, mut to: Vec<u8>) -> Vec<u8> {
        let (tag, reason) = match self.wanted {
            Wanted::Sent => (0, 0),
            Wanted::Skipped(reason) => (1, reason.0),
            Wanted::Parked(reason) => (2, reason.0),
        };
        to.extend(self.id);
        to.extend(self.order.to_be_bytes());
        to.extend(self.effect.to_be_bytes());
        to.extend(self.revision.0.to_be_bytes());
        to.push(tag);
        to.extend(reason.to_be_bytes());
        to
    }

    fn unpack(from: &[u8; PACKED], reason: impl FnOnce(usize) -> Reason) -> Option<Self> {
        let (id, rest) = from.split_first_chunk::<18>()?;
        let (order, rest) = rest.split_first_chunk::<16>()?;
        let (effect, rest) = rest.split_first_chunk::<16>()?;
        let (revision, rest) = rest.split_first_chunk::<8>()?;
        let [tag, high, low] = rest else { return None };
        let place = usize::from(u16::from_be_bytes([*high, *low]));
        Some(Self {
            order: u128::from_be_bytes(*order),
            effect: u128::from_be_bytes(*effect),
            id: *id,
            revision: Revision(i64::from_be_bytes(*revision)),
            known: None,
            wanted: match tag {
                0 => Wanted::Sent,
                1 => Wanted::Skipped(reason(place)),
                2 => Wanted::Parked(reason(place)),
                _ => return None,
            },
            seen: false,
        })
    }

    /// The ledger has it as confirmed now.
    pub(super) fn confirmed(&mut self, at: Millis) {
        let (state, revision) = (State::Confirmed, self.known.map_or(self.revision, |known| known.revision));
        let blank = Known { state, revision, since: at, repairs: 0, reason: Reason(0), elsewhere: false };
        self.known = Some(Known { state, since: at, ..self.known.unwrap_or(blank) });
    }

    pub(super) fn is_confirmed(&self) -> bool {
        self.known.is_some_and(|known| known.state == State::Confirmed)
    }

    /// The destination shows it: the version is the ledger's, since a destination that only creates does not say which one
    /// it shows.
    ///
    /// # Errors
    /// Never for a Salesforce id; the type says it may.
    pub(super) fn as_seen(&self, store: &str, day: &str) -> Result<Delivery, ledger::InvalidKey> {
        Ok(Delivery {
            key: self.key()?,
            revision: self.known.map_or(self.revision, |known| known.revision),
            hash: EffectHash::from_bits(self.effect),
            store: store.to_owned(),
            day: Some(day.to_owned()),
            triggered_at: None,
        })
    }
}

/// A day's completed orders, each once, in the order of their fingerprints.
#[derive(Debug, Default)]
pub(super) struct Entries {
    all: Vec<Entry>,
    pub(super) reasons: Reasons,
    /// The earliest acceptance that the ledger knows of.
    pub(super) first_accepted: Option<Millis>,
}

impl Entries {
    pub(super) fn add(&mut self, item: &Item, order_id: &str, record: Option<&Record>) {
        if let Some(at) = record.and_then(|record| record.accepted_at) {
            self.first_accepted = Some(self.first_accepted.map_or(at, |first| first.min(at)));
        }
        self.all.push(Entry::of(item, order_id, record, &mut self.reasons));
    }

    /// What the source says of them, as bytes: as many as one item of the ledger takes each. The reasons come first.
    pub(super) fn pack(&self) -> Vec<Vec<u8>> {
        let reasons: Vec<String> = self.reasons.0.iter().map(|reason| reason.replace('\n', " ")).collect();
        let reasons = reasons.join("\n");
        let head = [&u32::try_from(reasons.len()).unwrap_or(0).to_be_bytes()[..], reasons.as_bytes()].concat();
        let most = (ledger::part::LARGEST.saturating_sub(head.len()) / PACKED).max(1);
        let packed = self.all.chunks(most).map(|chunk| chunk.iter().fold(head.clone(), |to, entry| entry.pack(to)));
        packed.collect()
    }

    /// Adds what was packed; false if that is not what it is.
    pub(super) fn unpack(&mut self, bytes: &[u8]) -> bool {
        self.unpacked(bytes).is_some()
    }

    fn unpacked(&mut self, bytes: &[u8]) -> Option<()> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (reasons, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let texts: Vec<&str> = str::from_utf8(reasons).ok()?.split('\n').collect();
        let (entries, rest) = rest.as_chunks::<PACKED>();
        for packed in entries {
            let entry = Entry::unpack(packed, |place| self.reasons.of(texts.get(place).copied().unwrap_or(OTHER)))?;
            self.all.push(entry);
        }
        rest.is_empty().then_some(())
    }

    /// What the ledger knows them by.
    pub(super) fn keys(&self) -> Result<Vec<DeliveryKey>, ledger::InvalidKey> {
        let mut keys: Vec<_> = self.all.iter().map(Entry::key).collect::<Result<_, _>>()?;
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    /// Takes in what the ledger says.
    pub(super) fn know(&mut self, records: &HashMap<DeliveryKey, Record>, store: &str) {
        for entry in &mut self.all {
            let Some(record) = entry.key().ok().and_then(|key| records.get(&key)) else { continue };
            if let Some(at) = record.accepted_at {
                self.first_accepted = Some(self.first_accepted.map_or(at, |first| first.min(at)));
            }
            entry.known = Some(Known::of(record, store, &mut self.reasons));
            entry.effect = record.hash.to_bits().unwrap_or_default();
        }
    }

    /// To be called when all are added. An order that was touched while the source was read may have come twice.
    pub(super) fn sort(&mut self) {
        self.all.sort_unstable_by(|a, b| (&a.id, b.revision).cmp(&(&b.id, a.revision)));
        self.all.dedup_by(|a, b| a.id == b.id);
        self.all.sort_unstable_by_key(|entry| entry.order);
    }

    pub(super) fn all(&self) -> &[Entry] {
        &self.all
    }

    /// Whether it is parked because another order has its name, which is then what the destination shows.
    pub(super) fn gave_way(&self, place: usize) -> bool {
        let parked = self.all[place].known.filter(|known| known.state == State::Parked);
        parked.is_some_and(|known| self.reasons.text(known.reason) == DUPLICATE_ORDER_ID)
    }

    /// The ledger has it as parked now, for that.
    pub(super) fn parked_as_second(&mut self, place: usize, revision: Revision, at: Millis) {
        let reason = self.reasons.of(DUPLICATE_ORDER_ID);
        if let Some(known) = &mut self.all[place].known {
            *known = Known { state: State::Parked, revision, since: at, reason, ..*known };
        }
    }

    /// The places of the entries that have the name of the one at `place`.
    pub(super) fn of_its_name(&self, place: usize) -> std::ops::Range<usize> {
        let order = self.all[place].order;
        let begin = self.all.partition_point(|entry| entry.order < order);
        begin..begin + self.all[begin..].partition_point(|entry| entry.order == order)
    }

    pub(super) fn get_mut(&mut self, place: usize) -> &mut Entry {
        &mut self.all[place]
    }

    /// Notes that the destination shows the order; the places of its entries, none if it is not one of the day's.
    pub(super) fn see(&mut self, order: u128) -> std::ops::Range<usize> {
        let begin = self.all.partition_point(|entry| entry.order < order);
        let end = begin + self.all[begin..].partition_point(|entry| entry.order == order);
        self.all[begin..end].iter_mut().for_each(|entry| entry.seen = true);
        begin..end
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
        assert!(size_of::<Entry>() <= 96, "{}", size_of::<Entry>());
    }

    #[test]
    fn an_order_that_came_twice_counts_once_at_its_newest_revision() {
        let mut entries = Entries::default();
        for (id, order, revision) in [("801RO000000AbcDYAS", "2", 7), ("b", "1", 1), ("801RO000000AbcDYAS", "2", 9)] {
            entries.add(&item(id, revision), order, None);
        }
        entries.sort();
        let mut seen: Vec<_> = entries.all().iter().map(|entry| (entry.id(), entry.revision.0)).collect();
        seen.sort_unstable();
        assert_eq!(seen, [("801RO000000AbcDYAS", 9), ("b", 1)]);
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
        let seen: Vec<_> = entries.all().iter().filter(|entry| entry.seen).map(Entry::id).collect();
        assert_eq!(seen.len(), 2);
        assert!(seen.iter().all(|id| id.ends_with("34") || id.ends_with("35")), "{seen:?}");
        let delivery = entries.all()[0].as_seen("default", "2026-11-20").unwrap();
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
            format!("{:?} {:?} {wanted}", (entry.order, entry.effect, entry.id(), entry.revision), entry.known)
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
