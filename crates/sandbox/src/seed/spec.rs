//! Which day to generate.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use jiff::{Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::kind::Kind;

/// A value of the routing field and the account where its orders must arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// `Store__c` of the order; none for orders without a value.
    pub value: Option<String>,
    /// Yotpo's app key.
    pub app_key: String,
    /// `CurrencyIsoCode` of the order.
    pub currency: String,
}

/// What [`crate::Vendors::seed_day`] generates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaySpec {
    /// The same seed makes the same orders.
    #[serde(default)]
    pub seed: u64,
    /// The day on which the orders are completed.
    pub business_day: NaiveDate,
    /// The time zone of that day.
    #[serde(with = "jiff::fmt::serde::tz::required")]
    pub zone: TimeZone,
    /// Orders that have the completed status and a completion on that day, or lack the completion date.
    /// Orders that must not be picked up (if `awkward`) come on top.
    pub orders: usize,
    /// Awkward orders among them: each kind once, and the frequent ones in every fiftieth order.
    #[serde(default = "yes")]
    pub awkward: bool,
    /// `OrderNumber` of the first order, from which the others count up. By default far apart for different days.
    #[serde(default)]
    pub first_number: Option<u64>,
    /// Where orders belong; they are spread evenly.
    #[serde(default = "default_routes")]
    pub routes: Vec<Route>,
    /// A value of the routing field that fits no store; none where every value does.
    #[serde(default = "default_unknown_store")]
    pub unknown_store: Option<String>,
    /// Whether there are test orders (`Is_Test__c`) among the awkward ones.
    #[serde(default = "yes")]
    pub test_orders: bool,
    /// Whether the orders that come on top include some whose date is to come or long past.
    #[serde(default)]
    pub other_dates: bool,
    /// `Status` of a completed order.
    #[serde(default = "default_status")]
    pub completed_status: String,
}

impl DaySpec {
    /// A day with awkward orders, for one store: `Store__c` is `default`, the account `sandbox-default`.
    pub fn new(seed: u64, business_day: NaiveDate, zone: TimeZone, orders: usize) -> Self {
        Self {
            seed,
            business_day,
            zone,
            orders,
            awkward: true,
            first_number: None,
            routes: default_routes(),
            unknown_store: default_unknown_store(),
            test_orders: true,
            other_dates: false,
            completed_status: default_status(),
        }
    }

    /// The day's first instant and the next day's.
    pub fn window(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let next = self.business_day + Days::new(1);
        (midnight(self.business_day, &self.zone), midnight(next, &self.zone))
    }

    pub(super) fn has(&self, kind: Kind) -> bool {
        match kind {
            Kind::UnknownStore => self.unknown_store.is_some(),
            Kind::TestOrder => self.test_orders,
            _ => true,
        }
    }

    pub(super) fn number(&self, place: usize) -> u64 {
        let days = (self.business_day - NaiveDate::default()).num_days().unsigned_abs();
        self.first_number.unwrap_or(days * 100_000_000 + 1) + place as u64
    }
}

/// What a calendar of the zone shows at `at`.
pub fn local_date(zone: &TimeZone, at: DateTime<Utc>) -> NaiveDate {
    let ahead = Timestamp::from_second(at.timestamp()).map(|at| zone.to_offset(at).seconds());
    (at + TimeDelta::seconds(ahead.unwrap_or_default().into())).date_naive()
}

/// The first instant of a day: where clocks skip midnight, the one after the gap.
fn midnight(day: NaiveDate, zone: &TimeZone) -> DateTime<Utc> {
    let date: Option<civil::Date> = day.to_string().parse().ok();
    let midnight = date.and_then(|date| date.to_zoned_datetime(zone.clone()).ok());
    let start = midnight.and_then(|midnight| midnight.start_of_day().ok());
    start.and_then(|start| DateTime::from_timestamp(start.timestamp().as_second(), 0)).unwrap_or_default()
}

fn yes() -> bool {
    true
}

fn default_routes() -> Vec<Route> {
    let value = Some("default".to_owned());
    vec![Route { value, app_key: "sandbox-default".to_owned(), currency: "USD".to_owned() }]
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional field")]
fn default_unknown_store() -> Option<String> {
    Some("Atlantis".to_owned())
}

fn default_status() -> String {
    "Completed".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_on_which_clocks_change_have_23_or_25_hours() {
        let hours = |day: &str, zone: &str| {
            let (start, end) = DaySpec::new(1, day.parse().unwrap(), TimeZone::get(zone).unwrap(), 1).window();
            (end - start).num_hours()
        };
        assert_eq!(hours("2026-03-08", "America/New_York"), 23);
        assert_eq!(hours("2026-11-01", "America/New_York"), 25);
        assert_eq!(hours("2026-03-29", "Europe/Berlin"), 23);
        assert_eq!(hours("2026-11-20", "Asia/Kolkata"), 24);
        // Clocks go from 24:00 to 01:00 there.
        assert_eq!(hours("2025-04-25", "Africa/Cairo"), 23);
    }
}
