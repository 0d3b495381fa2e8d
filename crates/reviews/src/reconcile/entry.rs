//! What is remembered of each completed order while its day is looked at: under a hundred bytes, no payload, nothing
//! personal.

use crate::item::{DUPLICATE_ORDER_ID, Fate, Item};
use ledger::{Delivery, DeliveryKey, EffectHash, Millis, Record, Revision, State};
use sha2::{Digest as _, Sha256};

/// More different reasons than a day has; further ones are counted together.
const REASONS: usize = 250;
const OTHER: &str = "other";

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
        let source_id = item.delivery.key.as_str().rsplit('/').next().unwrap_or_default();
        let mut id = [b' '; 18];
        id.iter_mut().zip(source_id.bytes()).for_each(|(to, from)| *to = from);
        let effect = record.map_or(&item.delivery.hash, |record| &record.hash);
        Self {
            order: fingerprint(order_id),
            effect: effect.to_bits().unwrap_or_default(),
            id,
            revision: item.delivery.revision,
            known: record.map(|record| Known {
                state: record.state,
                revision: record.revision,
                since: record
                    .accepted_at
                    .filter(|_| record.state == State::Accepted)
                    .unwrap_or_else(|| record.not_before.map_or(record.updated_at, |at| at.max(record.updated_at))),
                repairs: record.repairs,
                reason: reasons.of(record.reason.as_deref().unwrap_or("unknown")),
                elsewhere: record.store != item.delivery.store,
            }),
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
            key: DeliveryKey::try_from(format!("{}/{}", crate::FLOW, self.id()))?,
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
        Item {
            delivery,
            store: config::StoreName::unrouted(),
            day,
            fate: Fate::Skip("no_email"),
            lines_left_out: 0,
            texts_shortened: 0,
        }
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
