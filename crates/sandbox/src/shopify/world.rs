//! All shops, and how Shopify behaves.

use std::collections::BTreeMap;

use super::settings::Settings;
use super::shop::Shop;

pub(crate) struct World {
    pub(super) shops: BTreeMap<String, Shop>,
    pub(super) settings: Settings,
    pub(super) seed: u64,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self { shops: BTreeMap::new(), settings: Settings::default(), seed }
    }

    /// The shop with this domain, new if need be.
    pub(super) fn open(&mut self, domain: &str) -> &mut Shop {
        let (place, seed) = (self.shops.len(), self.seed);
        self.shops.entry(domain.to_owned()).or_insert_with(|| Shop::new(domain, place, seed))
    }
}
