//! A business day's orders, ordinary and awkward, with what is to become of each of them. What is expected
//! is known by construction: the generator makes an order of a kind, and the kind says what must happen.

mod draft;
mod kind;
mod manifest;
mod outcome;
pub(crate) mod people;
mod spec;

pub use manifest::{Comparison, Expected, Manifest, Personal};
pub use outcome::Outcome;
pub use spec::{DaySpec, Route, local_date};

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::salesforce::BadRecord;
use crate::vendors::Vendors;
use kind::Kind;

impl Vendors {
    /// Puts a generated day into the org and tells Yotpo which of its orders to refuse.
    ///
    /// # Errors
    /// When a field was removed from the org that the generated orders have.
    pub fn seed_day(&self, spec: &DaySpec) -> Result<Manifest, BadRecord> {
        let mut manifest = Manifest::new(spec.window());
        for (document, expected) in orders(spec) {
            self.salesforce.put("Order", &document)?;
            manifest.add(expected, &document);
        }
        self.yotpo.refuse(manifest.refused.iter().cloned());
        Ok(manifest)
    }
}

/// The orders of the day one after the other, each with what is expected of it.
fn orders(spec: &DaySpec) -> impl Iterator<Item = (Value, Expected)> {
    let awkward = if spec.awkward { places(spec) } else { BTreeMap::new() };
    let inside = (0..spec.orders).map(move |place| {
        let mut rng = rng(spec, place);
        let kind = awkward.get(&place).copied().unwrap_or_else(|| {
            let frequent = kind::FREQUENT[rng.random_range(0..kind::FREQUENT.len())];
            if spec.awkward && rng.random_bool(0.02) && spec.has(frequent) { frequent } else { Kind::Ordinary }
        });
        draft::draft(spec, place, kind, &mut rng)
    });
    let outside = if spec.awkward { kind::OUTSIDE } else { &[] };
    let dated = if spec.awkward && spec.other_dates { kind::OTHER_DATES } else { &[] };
    let outside = outside.iter().chain(dated).enumerate().map(move |(index, kind)| {
        let place = spec.orders + index;
        draft::draft(spec, place, *kind, &mut rng(spec, place))
    });
    inside.chain(outside)
}

/// Each order has a generator of its own, so that it does not depend on those before it.
fn rng(spec: &DaySpec, place: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(spec.seed);
    rng.set_stream(place as u64 + 1);
    rng
}

/// The places of the kinds that occur once. With fewer orders than kinds, some are left out.
fn places(spec: &DaySpec) -> BTreeMap<usize, Kind> {
    let mut rng = ChaCha8Rng::seed_from_u64(spec.seed);
    let mut places = BTreeMap::new();
    let kinds = kind::ONCE.iter().filter(|kind| spec.has(**kind));
    for kind in kinds.take(spec.orders) {
        let mut place = rng.random_range(0..spec.orders);
        while places.contains_key(&place) {
            place = (place + 1) % spec.orders;
        }
        places.insert(place, *kind);
    }
    places
}

#[cfg(test)]
mod tests;
