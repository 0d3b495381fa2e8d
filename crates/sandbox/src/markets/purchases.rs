//! A day of a shop's customers, in the org: what they buy, what they send back, what is cancelled, and what they do with their points.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::Market;
use crate::salesforce::BadRecord;
use crate::seed::people;
use crate::vendors::Vendors;

/// From the first order of the day to the last.
const HOURS: TimeDelta = TimeDelta::hours(20);
/// Of twenty orders one is a guest's, who has an address and no record.
const GUESTS: f64 = 0.05;
/// One in fifty is a present, and worth nothing.
const PRESENTS: f64 = 0.02;
/// So many of those worth something come back in part, and some of these in two parts.
const RETURNED: f64 = 0.15;
const TWICE: f64 = 0.3;
/// So many are cancelled, some after something has come back.
const CANCELLED: f64 = 0.06;
/// What a reward costs.
const REWARD: i64 = 100;
/// At most so many customers take one.
const REWARDS: usize = 10;

/// A day of orders; the same seed makes the same day.
pub struct Purchases<'a> {
    vendors: &'a Vendors,
    markets: &'a [Market],
    rng: ChaCha8Rng,
    customers: Vec<Customer>,
    /// Those that were worth something.
    sold: Vec<Sold>,
    numbered: usize,
}

struct Customer {
    id: String,
    market: Market,
}

#[derive(Clone)]
struct Sold {
    id: String,
    market: Market,
    amount: i64,
    customer: Option<usize>,
}

impl<'a> Purchases<'a> {
    /// Half as many customers as orders: each has a home in one of the markets, and some buy in another one too.
    ///
    /// # Errors
    /// When the org does not take a record.
    pub fn new(vendors: &'a Vendors, markets: &'a [Market], seed: u64, orders: usize) -> Result<Self, BadRecord> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut customers = Vec::new();
        for number in 0..orders.div_ceil(2).max(1) {
            // Three in four at home in the first market.
            let market = markets[if rng.random_bool(0.75) { 0 } else { number % markets.len() }];
            let (first, last) =
                if rng.random_bool(0.1) { people::non_ascii_name(&mut rng) } else { people::name(&mut rng) };
            let email = format!("buyer-{number:05}@shop.example.com");
            let contact = json!({"FirstName": first, "LastName": last, "Email": email, "Store__c": market.name,
                                 "Account": {"Name": format!("Household {number}")}});
            let id = vendors.salesforce.put("Contact", &contact)?;
            customers.push(Customer { id, market });
        }
        Ok(Self { vendors, markets, rng, customers, sold: Vec::new(), numbered: 0 })
    }

    /// So many orders complete, spread over a day.
    ///
    /// # Errors
    /// When the org does not take a record.
    pub fn complete(&mut self, orders: usize, day: NaiveDate) -> Result<(), BadRecord> {
        let start = day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(1);
        let step = HOURS / i32::try_from(orders.max(1)).unwrap_or(i32::MAX);
        for number in 0..orders {
            let at = start + step * i32::try_from(number).unwrap_or(i32::MAX);
            let who = (!self.rng.random_bool(GUESTS)).then(|| self.rng.random_range(0..self.customers.len()));
            let home = who.map(|who| self.customers[who].market);
            let elsewhere = self.markets[self.rng.random_range(0..self.markets.len())];
            let market = home.filter(|_| !self.rng.random_bool(0.1)).unwrap_or(elsewhere);
            let amount = if self.rng.random_bool(PRESENTS) { 0 } else { self.rng.random_range(1_500..25_000) };
            let id = self.order(market, amount, who, at, None)?;
            if amount > 0 {
                self.sold.push(Sold { id, market, amount, customer: who });
            }
        }
        Ok(())
    }

    /// Some of the orders come back, in one part or two, some are cancelled, some of these after a part has come back.
    ///
    /// # Errors
    /// When the org does not take a record.
    pub fn take_back(&mut self) -> Result<(), BadRecord> {
        for sold in self.sold.clone() {
            let parts = match self.rng.random_bool(RETURNED) {
                true if self.rng.random_bool(TWICE) => 2,
                true => 1,
                false => 0,
            };
            for _ in 0..parts {
                // A third at most, so that two are less than the whole, and rarely a whole unit.
                let part = self.rng.random_range(1..=sold.amount / 3);
                let returned = json!({"IsReductionOrder": true, "StatusCode": "Activated", "OriginalOrderId": sold.id,
                                      "Store__c": sold.market.name, "TotalAmount": sold.market.written(-part)});
                self.vendors.salesforce.put("Order", &returned)?;
            }
            if self.rng.random_bool(CANCELLED) {
                self.vendors.salesforce.patch("Order", &sold.id, &json!({"Status": "Cancelled"}))?;
            }
        }
        Ok(())
    }

    /// Some customers take a reward for their points, and pay with it for another order.
    ///
    /// # Errors
    /// When the org does not take a record.
    pub fn redeem(&mut self, day: NaiveDate) -> Result<usize, BadRecord> {
        let balances: BTreeMap<(String, String), i64> = self
            .vendors
            .loyalty
            .standings()
            .into_iter()
            .filter_map(|one| Some(((one.guid, one.id?), one.balance)))
            .collect();
        let at = day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(22);
        let mut taken = 0;
        for who in 0..self.customers.len() {
            let Customer { id, market, .. } = &self.customers[who];
            let (id, market) = (id.clone(), *market);
            let balance = balances.get(&(market.guid.to_owned(), id.clone())).copied().unwrap_or_default();
            if balance < REWARD || taken == REWARDS {
                continue;
            }
            let reward = self.vendors.loyalty.redeem(market.guid, &id, (7, "10 off"), REWARD);
            let Some(reward) = reward else { continue };
            taken += 1;
            // Not everybody uses it at once.
            if !self.rng.random_bool(0.3) {
                let amount = self.rng.random_range(1_500..25_000);
                self.order(market, amount, Some(who), at, Some(&reward.code))?;
            }
        }
        Ok(taken)
    }

    /// One more order, complete by now; its customer's id.
    ///
    /// # Errors
    /// When the org does not take a record.
    pub fn one_more(&mut self, at: DateTime<Utc>) -> Result<String, BadRecord> {
        let who = self.sold.iter().find_map(|sold| sold.customer).unwrap_or_default();
        let market = self.customers[who].market;
        self.order(market, 12_300, Some(who), at, None)?;
        Ok(self.customers[who].id.clone())
    }

    fn order(
        &mut self,
        market: Market,
        amount: i64,
        who: Option<usize>,
        at: DateTime<Utc>,
        coupon: Option<&str>,
    ) -> Result<String, BadRecord> {
        self.numbered += 1;
        let number = self.numbered;
        let lines: Vec<Value> = market
            .split(amount)
            .into_iter()
            .enumerate()
            .map(|(line, price)| {
                json!({"Quantity": 1, "UnitPrice": price, "TotalPrice": price,
                       "Product2": {"Name": format!("Product {line}"), "ProductCode": format!("P-{line}")}})
            })
            .collect();
        let mut order = json!({
            "OrderNumber": format!("L-{number:06}"), "Status": "Completed", "ActivatedDate": at.to_rfc3339(),
            "Store__c": market.name, "TotalAmount": market.written(amount), "OrderItems": lines,
        });
        match who {
            Some(who) => order["BillToContactId"] = json!(self.customers[who].id),
            None => order["BillingEmailAddress"] = json!(format!("guest-{number:06}@shop.example.com")),
        }
        if let Some(code) = coupon {
            order["Coupon_Code__c"] = json!(code);
        }
        self.vendors.salesforce.put("Order", &order)
    }
}

impl Market {
    /// An amount in the smallest unit, as the org has it.
    fn written(self, minor: i64) -> Value {
        let amount = rust_decimal::Decimal::new(minor, self.digits);
        serde_json::from_str(&amount.to_string()).unwrap_or_default()
    }

    /// Two lines that come to the amount.
    fn split(self, minor: i64) -> [Value; 2] {
        let first = minor / 3;
        [self.written(first), self.written(minor - first)]
    }
}
