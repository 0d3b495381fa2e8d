//! What a day's records are worth, at the source and at the destination, in each currency. Pure.

use crate::Entries;
use config::Currency;
use ledger::State;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a record is worth at the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worth {
    /// The source record that it is counted with: an order's own id, or that of the order whose refund it is.
    pub of: u64,
    /// The currency.
    pub currency: Currency,
    /// How much; negative for what is given back.
    pub amount: Decimal,
}

/// What a day's records are worth in each currency, by its ISO code; amounts as decimal text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// At the source: of all records that are to be at the destination.
    pub source: BTreeMap<String, String>,
    /// At the destination: of those that are there.
    pub destination: BTreeMap<String, String>,
    /// Orders, each with its refunds, that the destination is to have by now and that are worth something else there.
    pub differs: usize,
}

/// The orders of a currency that are worth something else at the destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// The currency.
    pub currency: String,
    /// What they are worth at the source, together.
    pub source: Decimal,
    /// What they are worth at the destination, together.
    pub destination: Decimal,
    /// Their ids.
    pub orders: Vec<u64>,
}

/// An order with its refunds.
#[derive(Default)]
struct Group {
    source: Decimal,
    destination: Decimal,
    /// Part of it is on its way, or waits for a person: the day is not complete for that.
    open: bool,
}

impl Worth {
    /// Bytes that one takes when it is packed, at most.
    pub(crate) const LONGEST: usize = 1 + 20 + 1 + 3 + 1 + 31;

    pub(crate) fn packed(&self) -> String {
        format!("{} {} {}", self.of, self.currency, self.amount)
    }

    pub(crate) fn unpacked(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (of, currency, amount) = (words.next()?, words.next()?, words.next()?);
        let currency = Currency::try_from(currency.to_owned()).ok()?;
        Some(Self { of: of.parse().ok()?, currency, amount: amount.parse().ok()? })
    }
}

impl Entries {
    /// Adds up what the records are worth: `shown` is what the destination has of the one at a place, if it is there. With the orders
    /// that differ, by currency.
    pub fn totals(&self, shown: impl Fn(usize) -> Option<Decimal>) -> (Totals, Vec<Differing>) {
        let mut groups: BTreeMap<(&str, u64), Group> = BTreeMap::new();
        for place in 0..self.all().len() {
            let Some(worth) = self.worth_of(place) else { continue };
            let group = groups.entry((worth.currency.as_str(), worth.of)).or_default();
            let shown = shown(place);
            group.source += worth.amount;
            group.destination += shown.unwrap_or_default();
            // Another version than this one says nothing: it came while the day was looked at, and another look follows.
            let other = shown.is_some() && !self.all()[place].seen;
            group.open |= other || !self.is_delivered(place);
        }
        let mut sums: BTreeMap<&str, (Decimal, Decimal)> = BTreeMap::new();
        let mut differing: BTreeMap<&str, Differing> = BTreeMap::new();
        for ((currency, of), group) in &groups {
            let sum = sums.entry(currency).or_default();
            *sum = (sum.0 + group.source, sum.1 + group.destination);
            if group.open || group.source == group.destination {
                continue;
            }
            let (zero, code) = (Decimal::ZERO, (*currency).to_owned());
            let blank = Differing { currency: code, source: zero, destination: zero, orders: Vec::new() };
            let of_currency = differing.entry(currency).or_insert(blank);
            of_currency.source += group.source;
            of_currency.destination += group.destination;
            of_currency.orders.push(*of);
        }
        let differing: Vec<Differing> = differing.into_values().collect();
        let orders: BTreeSet<u64> = differing.iter().flat_map(|differing| &differing.orders).copied().collect();
        let mut totals = Totals { differs: orders.len(), ..Totals::default() };
        for (currency, (mut source, mut destination)) in sums {
            // Both with the digits of the one that has more: 12.5 is 12.50.
            let digits = source.scale().max(destination.scale());
            source.rescale(digits);
            destination.rescale(digits);
            totals.source.insert(currency.to_owned(), source.to_string());
            totals.destination.insert(currency.to_owned(), destination.to_string());
        }
        (totals, differing)
    }

    /// Whether the destination said yes to what the source asks for now, or shows it.
    fn is_delivered(&self, place: usize) -> bool {
        let entry = &self.all()[place];
        entry.known().is_some_and(|known| {
            matches!(known.state, State::Accepted | State::Confirmed)
                && known.same
                && known.revision >= entry.revision()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::StoreName;
    use delivery::{Fate, Item};
    use ledger::{Delivery, DeliveryKey, EffectHash, ErrorClass, Record, Revision};
    use serde_json::json;

    /// Records by key, the order that they count with, the amount, and what the ledger says.
    fn entries(of: &[(&str, u64, &str, Option<State>)]) -> Entries {
        let mut entries = Entries::default();
        for (id, order, amount, state) in of {
            let delivery = Delivery {
                key: DeliveryKey::try_from(format!("erp/acme.myshopify.com/{id}")).unwrap(),
                revision: Revision(7),
                hash: EffectHash::of(b"effect"),
                store: "acme.myshopify.com".to_owned(),
                day: None,
                triggered_at: None,
            };
            let record = state.map(|state| Record::new(&delivery, state));
            let (store, day) = (StoreName::unrouted(), "2026-11-20".parse().unwrap());
            let item = Item { delivery, store, day, fate: Fate::Park("any", ErrorClass::BadRecord) };
            entries.add(&item, id, record.as_ref());
            let currency = Currency::try_from("EUR".to_owned()).unwrap();
            entries.add_worth(Worth { of: *order, currency, amount: amount.parse().unwrap() });
        }
        entries.sort();
        for (id, ..) in of {
            entries.see(crate::fingerprint(id));
        }
        entries
    }

    fn totals(entries: &Entries, shown: &[(&str, &str)]) -> (serde_json::Value, Vec<u64>) {
        let shown = |place: usize| {
            let key = entries.key_of(place);
            shown.iter().find(|(id, _)| key.ends_with(id)).map(|(_, amount)| amount.parse().unwrap())
        };
        let (totals, differing) = entries.totals(shown);
        (serde_json::to_value(totals).unwrap(), differing.into_iter().flat_map(|differing| differing.orders).collect())
    }

    const THERE: Option<State> = Some(State::Confirmed);

    #[test]
    fn an_order_less_its_memos_is_compared() {
        let entries = entries(&[("order/1", 1, "20.00", THERE), ("refund/9", 1, "-5.00", THERE)]);
        let of = |source: &str, destination: &str, differs: usize| json!({"source": {"EUR": source}, "destination": {"EUR": destination}, "differs": differs});
        let same = of("15.00", "15.00", 0);
        assert_eq!(totals(&entries, &[("order/1", "20"), ("refund/9", "-5")]), (same.clone(), vec![]));
        assert_eq!(totals(&entries, &[("order/1", "15")]), (same, vec![]), "the order got smaller instead");
        assert_eq!(totals(&entries, &[("order/1", "20.001"), ("refund/9", "-5")]).1, [1]);
        assert_eq!(totals(&entries, &[]), (of("15.00", "0.00", 1), vec![1]), "the ledger says that it is there");
    }

    #[test]
    fn what_is_on_its_way_does_not_differ_yet() {
        for state in [None, Some(State::Pending), Some(State::Parked), Some(State::Uncertain)] {
            let entries = entries(&[("order/1", 1, "20.00", THERE), ("refund/9", 1, "-5.00", state)]);
            assert_eq!(totals(&entries, &[("order/1", "20.00")]).1, Vec::<u64>::new(), "{state:?}");
        }
        let accepted = entries(&[("order/1", 1, "20.00", Some(State::Accepted))]);
        assert_eq!(totals(&accepted, &[("order/1", "19.99")]).1, [1]);
    }

    #[test]
    fn orders_that_make_up_for_each_other_differ_both() {
        let entries = entries(&[("order/1", 1, "20.00", THERE), ("order/2", 2, "5.00", THERE)]);
        let (totals, orders) = totals(&entries, &[("order/1", "19.00"), ("order/2", "6.00")]);
        assert_eq!(
            (totals["source"]["EUR"].clone(), totals["destination"]["EUR"].clone()),
            (json!("25.00"), json!("25.00"))
        );
        assert_eq!(orders, [1, 2]);
    }

    #[test]
    fn what_records_are_worth_is_packed_with_them() {
        let whole = entries(&[("order/1", 1, "20.00", None), ("refund/9", 1, "-79228162514264337593543950335", None)]);
        let mut back = Entries::default();
        assert!(whole.pack().iter().all(|bytes| back.unpack(bytes)));
        let worths = |entries: &Entries| [0, 1].map(|place| entries.worth_of(place).cloned());
        assert_eq!(worths(&back), worths(&whole));
        assert!(whole.worth_of(1).is_some_and(|worth| worth.packed().len() < Worth::LONGEST));
    }
}
