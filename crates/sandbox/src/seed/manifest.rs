//! What is expected of each order, and the comparison with what arrived.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value;

use super::outcome::Outcome;
use crate::yotpo::Arrival;

/// One order's expectation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// Salesforce id.
    pub id: String,
    /// `OrderNumber`, which is Yotpo's `order_id`.
    pub order_id: String,
    /// The name of what is special about it.
    pub kind: String,
    /// Where it belongs.
    pub app_key: String,
    /// The address it must be sent with, valid or not.
    pub email: Option<String>,
    /// The name it must be sent with.
    pub customer_name: String,
    /// The day it must be sent with.
    pub order_date: NaiveDate,
    /// The product ids it must be sent with, sorted.
    pub products: Vec<String>,
    /// What must become of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What must never be seen in a log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Personal {
    /// Addresses, invalid ones included.
    pub emails: BTreeSet<String>,
    /// First, last and full names.
    pub names: BTreeSet<String>,
}

/// The expectations of a generated day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// The day's first instant and the next day's.
    pub window: (DateTime<Utc>, DateTime<Utc>),
    /// Every order that was generated.
    pub expected: Vec<Expected>,
    /// Order ids that Yotpo was told to refuse.
    pub refused: Vec<String>,
    /// The buyers.
    pub personal: Personal,
}

/// What differs between source and destination. Lists hold order ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Orders that had to be delivered and took effect at their account.
    pub delivered: u64,
    /// Orders that had to be delivered and are not at their account.
    pub lost: Vec<String>,
    /// Orders that took effect more than once, over all accounts.
    pub doubled: Vec<String>,
    /// Orders that took effect and should not have, at least not there.
    pub unexpected: Vec<String>,
    /// Orders that arrived with another address, name, date, or set of products than expected.
    pub altered: Vec<String>,
}

impl Manifest {
    pub(super) fn new(window: (DateTime<Utc>, DateTime<Utc>)) -> Self {
        Self { window, expected: Vec::new(), refused: Vec::new(), personal: Personal::default() }
    }

    pub(super) fn add(&mut self, expected: Expected, document: &Value) {
        self.personal.emails.extend(expected.email.clone());
        let contact = &document["BillToContact"];
        let names = ["FirstName", "LastName", "Name"].into_iter().filter_map(|key| contact[key].as_str());
        self.personal.names.extend(names.map(str::to_owned));
        if expected.outcome == Outcome::Rejected {
            self.refused.push(expected.order_id.clone());
        }
        self.expected.push(expected);
    }

    /// The next day was run as well: the orders that this day generated for it (`AtDayEnd`, `DayAfter`) must be there now.
    pub fn next_day_was_run(&mut self) {
        for expected in &mut self.expected {
            if matches!(expected.kind.as_str(), "AtDayEnd" | "DayAfter") && expected.outcome == Outcome::OutOfScope {
                expected.outcome = Outcome::Delivered;
                expected.order_date = expected.order_date + Days::new(1);
            }
        }
    }

    /// Every day up to this one was run: an order dated up to it must be there now.
    pub fn was_run_until(&mut self, day: NaiveDate) {
        for expected in self.expected.iter_mut().filter(|expected| expected.waits_for_its_date()) {
            if expected.order_date <= day {
                expected.outcome = Outcome::Delivered;
            }
        }
    }

    /// Adds another day's expectations, to compare both at once.
    pub fn extend(&mut self, other: Self) {
        self.window = (self.window.0.min(other.window.0), self.window.1.max(other.window.1));
        self.expected.extend(other.expected);
        self.refused.extend(other.refused);
        self.personal.emails.extend(other.personal.emails);
        self.personal.names.extend(other.personal.names);
    }

    /// Expected orders by outcome.
    pub fn counts(&self) -> BTreeMap<Outcome, u64> {
        let mut counts = BTreeMap::new();
        for expected in &self.expected {
            *counts.entry(expected.outcome.clone()).or_default() += 1;
        }
        counts
    }

    /// Compares with what arrived at Yotpo. Nothing that the product says of itself is consulted.
    pub fn compare(&self, arrivals: &[Arrival]) -> Comparison {
        let mut effects: HashMap<&str, Vec<&Arrival>> = HashMap::new();
        for arrival in arrivals.iter().filter(|arrival| arrival.effects > 0) {
            effects.entry(&arrival.order_id).or_default().push(arrival);
        }
        let mut comparison = Comparison::default();
        for expected in &self.expected {
            let found = effects.remove(expected.order_id.as_str()).unwrap_or_default();
            let effects_in_all: u64 = found.iter().map(|arrival| arrival.effects).sum();
            let (here, elsewhere): (Vec<&Arrival>, Vec<&Arrival>) =
                found.into_iter().partition(|arrival| arrival.app_key == expected.app_key);
            let must_arrive = expected.outcome == Outcome::Delivered;
            if effects_in_all > 1 {
                comparison.doubled.push(expected.order_id.clone());
            }
            if !elsewhere.is_empty() || (!must_arrive && !here.is_empty()) {
                comparison.unexpected.push(expected.order_id.clone());
            }
            match here.first() {
                None if must_arrive => comparison.lost.push(expected.order_id.clone()),
                Some(arrival) if must_arrive => {
                    comparison.delivered += 1;
                    if !expected.is_told_by(&arrival.body) {
                        comparison.altered.push(expected.order_id.clone());
                    }
                }
                _ => {}
            }
        }
        let mut unknown: Vec<String> = effects.into_keys().map(str::to_owned).collect();
        unknown.sort();
        comparison.unexpected.extend(unknown);
        comparison
    }
}

impl Expected {
    /// Whether its date was still to come when its day was run.
    pub fn waits_for_its_date(&self) -> bool {
        matches!(self.kind.as_str(), "DateToCome" | "DateSoonToCome")
    }

    fn is_told_by(&self, body: &Value) -> bool {
        let products = body["products"].as_object().map(|map| map.keys().cloned().collect::<BTreeSet<_>>());
        body["email"].as_str().map(str::trim) == self.email.as_deref()
            && body["customer_name"] == self.customer_name.as_str()
            && body["order_date"] == self.order_date.to_string()
            && products.unwrap_or_default().iter().eq(&self.products)
    }
}
