//! What running days by hand would take. Pure.

use serde::Serialize;

/// What an order costs in AWS's list prices, a million times: `docs/COST.md` says how it is made up, and a test holds the two
/// together.
pub const USD_FOR_A_MILLION_ORDERS: f64 = 7.25;

/// A page of Salesforce's has this many orders at most.
const ROWS_OF_A_PAGE: u64 = 2_000;
/// Before it reads, the producer asks what fields Order, Account, Contact, order items and products have.
const DESCRIBED: u64 = 5;
/// A page of purchases read back.
const ROWS_READ_BACK: u64 = 200;

/// What it would take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// Orders that count as completed; not all of them will be sent.
    pub orders: u64,
    /// Calls to Salesforce, at the least: orders with many lines take more.
    pub salesforce_calls: u64,
    /// Calls to Yotpo: one an order, and a reading back.
    pub yotpo_calls: u64,
    /// How long the calls to Yotpo take at the configured pace.
    pub seconds: u64,
    /// What AWS bills for it, in US dollars.
    pub usd: f64,
}

impl Estimate {
    /// For days with so many orders each, at `pace` calls a second.
    pub fn of(days: &[u64], pace: f64) -> Self {
        let orders: u64 = days.iter().sum();
        let pages: u64 = days.iter().map(|orders| orders.div_ceil(ROWS_OF_A_PAGE).max(1) + DESCRIBED).sum();
        let yotpo_calls = orders + days.iter().map(|orders| orders.div_ceil(ROWS_READ_BACK)).sum::<u64>();
        let number = |n: u64| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        let seconds = std::time::Duration::try_from_secs_f64((number(yotpo_calls) / pace).ceil()).unwrap_or_default();
        let usd = number(orders) * USD_FOR_A_MILLION_ORDERS / 1e6;
        Self {
            orders,
            salesforce_calls: pages,
            yotpo_calls,
            seconds: seconds.as_secs(),
            usd: (usd * 100.0).ceil() / 100.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_and_a_busy_day() {
        let expected =
            Estimate { orders: 4_001, salesforce_calls: 6 + 8, yotpo_calls: 4_022, seconds: 1_006, usd: 0.03 };
        assert_eq!(Estimate::of(&[0, 4_001], 4.0), expected);
    }

    #[test]
    fn no_day_takes_nothing() {
        assert_eq!(Estimate::of(&[], 4.0), Estimate::default());
    }
}
