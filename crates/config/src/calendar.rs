//! Which business days are over, in which store. Each store has a calendar of its own; the orders that fit no store have the
//! org's.

use crate::{BusinessDay, Relay, StoreName, Window, Zone};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// A business day that cannot be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadDay {
    /// It is not over in a store's time zone.
    #[error("`business_day` {day} is not over yet in store `{store}`")]
    NotOver {
        /// The day.
        day: BusinessDay,
        /// The store.
        store: StoreName,
    },
    /// The configuration has no such store.
    #[error("`store` is `{0}`, which the configuration does not have")]
    NoSuchStore(StoreName),
}

impl Relay {
    /// The time zone of the business days of a store or a shop; the org's for those that name none, and for
    /// [`StoreName::UNROUTED`].
    pub fn zone(&self, store: &StoreName) -> Zone {
        let shop =
            || self.erp.as_ref().filter(|_| store.as_str() != StoreName::UNROUTED).map(|erp| erp.shop(store).time_zone);
        self.stores.get(store).map(|store| store.time_zone).or_else(shop).unwrap_or(self.time_zone)
    }

    /// The instants of a store's business day, which is over `now`.
    ///
    /// # Errors
    /// When it is not, or the store is none.
    pub fn day_over(&self, day: BusinessDay, store: &StoreName, now: DateTime<Utc>) -> Result<Window, BadDay> {
        if store.as_str() != StoreName::UNROUTED && !self.stores.contains_key(store) {
            return Err(BadDay::NoSuchStore(store.clone()));
        }
        let window = day.window(self.zone(store));
        if now < window.end { Err(BadDay::NotOver { day, store: store.clone() }) } else { Ok(window) }
    }

    /// The same of one store, or of every store.
    ///
    /// # Errors
    /// When it is not over in one of them, or the store is none.
    pub fn days_over(
        &self,
        day: BusinessDay,
        only: Option<&StoreName>,
        now: DateTime<Utc>,
    ) -> Result<BTreeMap<StoreName, Window>, BadDay> {
        if let Some(store) = only.filter(|store| !self.stores.contains_key(store)) {
            return Err(BadDay::NoSuchStore(store.clone()));
        }
        let stores = self.stores.keys().filter(|store| only.is_none_or(|only| only == *store));
        stores.map(|store| Ok((store.clone(), self.day_over(day, store, now)?))).collect()
    }
}

impl BusinessDay {
    /// The last `n` days that are over, the latest first.
    pub fn last(n: u32, zone: Zone, now: DateTime<Utc>) -> impl Iterator<Item = Self> {
        let latest = Self::of(now, zone).previous();
        std::iter::successors(Some(latest), |day| Some(day.previous())).take(n as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Relay {
        let toml = include_str!("../../../infra/config/relay.toml");
        let (one, more) = (
            "[stores.default]\n",
            "[stores.far]\ntime_zone = \"Pacific/Auckland\"\nroutes = [\"Far\"]\n\n[stores.default]\nroutes = [\"Near\"]\n",
        );
        let routed = toml.replacen("\n#route_by = ", "\nroute_by = ", 1);
        Relay::parse(&routed.replacen(one, more, 1), "relay.toml").unwrap()
    }

    #[test]
    fn a_day_is_over_in_one_store_before_it_is_in_another() {
        let (config, day) = (config(), "2026-11-20".parse().unwrap());
        let name = |text: &str| StoreName::try_from(text.to_owned()).unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        // Auckland is thirteen hours ahead.
        let (far, now) = (name("far"), at("2026-11-20T11:00:00Z"));
        assert_eq!(config.day_over(day, &far, now).unwrap().end, now);
        assert!(config.day_over(day, &far, at("2026-11-20T10:59:59Z")).is_err());
        let not_over = |store| BadDay::NotOver { day, store };
        assert_eq!(config.days_over(day, None, now).unwrap_err(), not_over(name("default")));
        assert_eq!(config.days_over(day, Some(&far), now).unwrap().len(), 1);
        assert_eq!(config.days_over(day, None, at("2026-11-21T00:00:00Z")).unwrap().len(), 2);
        let unrouted = StoreName::unrouted();
        assert_eq!(config.day_over(day, &unrouted, now).unwrap_err(), not_over(unrouted));
        let unknown = name("unknown");
        assert_eq!(config.days_over(day, Some(&unknown), now), Err(BadDay::NoSuchStore(unknown.clone())));
        assert_eq!(config.day_over(day, &unknown, now), Err(BadDay::NoSuchStore(unknown)));
        // Nobody runs the orders of no store by name.
        assert!(config.days_over(day, Some(&StoreName::unrouted()), at("2026-11-22T00:00:00Z")).is_err());
    }

    #[test]
    fn the_last_days_are_over() {
        let zone = Zone::UTC;
        let days: Vec<String> =
            BusinessDay::last(2, zone, "2026-11-21T00:00:00Z".parse().unwrap()).map(|day| day.to_string()).collect();
        assert_eq!(days, ["2026-11-20", "2026-11-19"]);
    }
}
