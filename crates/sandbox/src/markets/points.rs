//! The org's orders held against the accounts', and the accounts' points against the org's, as somebody would who compares both by hand.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

use super::Market;
use crate::loyalty::{Redemption, Sale, Standing};
use crate::vendors::Vendors;

/// What came of comparing every order and every customer of all markets. Lists hold a sentence for each that is not as it must be.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Points {
    /// What the two ends come to, by market.
    pub markets: BTreeMap<&'static str, Ends>,
    /// Orders that need not be there, and are not: worth nothing, or cancelled before anybody was told of them.
    pub left_out: usize,
    /// Orders that are not at Yotpo.
    pub lost: Vec<String>,
    /// What counted twice at Yotpo.
    pub doubled: Vec<String>,
    /// What is at Yotpo and not in the org.
    pub unexpected: Vec<String>,
    /// Orders of which another amount is left.
    pub differing: Vec<String>,
    /// Customers of whom the org shows other points, another tier, or other rewards than Yotpo does.
    pub stale: Vec<String>,
}

/// A market at both ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Ends {
    /// Orders that are at both ends.
    pub orders: usize,
    /// Returns and cancellations that took something back.
    pub refunds: usize,
    /// What is left of the orders in the org: less what came back.
    pub salesforce: Decimal,
    /// What is left of them at Yotpo.
    pub yotpo: Decimal,
    /// Customers with a membership.
    pub customers: usize,
    /// The sum of their points at Yotpo.
    pub points_at_yotpo: i64,
    /// The sum of their points in the org.
    pub points_in_org: i64,
    /// Rewards taken at Yotpo.
    pub rewards: usize,
    /// Those whose order the org knows.
    pub used: usize,
}

impl Points {
    /// Whether both ends are equal.
    pub fn holds(&self) -> bool {
        self.wrong().iter().all(|(_, wrong)| wrong.is_empty())
    }

    /// What must be empty, with its name.
    pub fn wrong(&self) -> [(&'static str, &[String]); 5] {
        [
            ("lost", &self.lost),
            ("doubled", &self.doubled),
            ("unexpected", &self.unexpected),
            ("differing", &self.differing),
            ("stale", &self.stale),
        ]
    }

    fn add_order(&mut self, market: Market, org: &Sold<'_>, sale: Option<&Sale>) {
        let (id, left) = (org.id, org.left());
        let Some(sale) = sale else {
            if org.amount == 0 || org.cancelled {
                self.left_out += 1;
            } else {
                self.lost.push(format!("order {id}"));
            }
            return;
        };
        let ends = self.markets.entry(market.store).or_default();
        let there = sale.amount - sale.refunded;
        ends.orders += 1;
        ends.refunds += sale.refunds.len();
        ends.salesforce += Decimal::new(left, market.digits);
        ends.yotpo += Decimal::new(there, market.digits);
        if sale.effects > 1 || sale.refunds.iter().any(|(_, effects)| *effects > 1) {
            self.doubled.push(format!("order {id}"));
        }
        if left != there || org.amount != sale.amount || sale.currency.as_deref() != Some(market.currency) {
            self.differing.push(format!("order {id} comes to {there} at Yotpo, and to {left} in the org"));
        }
    }

    fn add_customer(&mut self, market: Market, standing: &Standing, shown: Option<&Value>) {
        let ends = self.markets.entry(market.store).or_default();
        // Somebody without an id bought as a guest: the org has no record of them.
        let Some(id) = &standing.id else { return };
        ends.customers += 1;
        ends.points_at_yotpo += standing.balance;
        let number = |field: &str| shown.and_then(|shown| whole(&shown[field]));
        ends.points_in_org += number("Yotpo_Points_Balance__c").unwrap_or_default();
        let tier = shown.and_then(|shown| shown["Yotpo_VIP_Tier__c"].as_str()).map(str::to_owned);
        let (here, there) =
            ((number("Yotpo_Points_Balance__c"), tier), (Some(standing.balance), standing.tier.clone()));
        if here != there {
            self.stale.push(format!("customer {id} in {}: {here:?} in the org, {there:?} at Yotpo", market.store));
        }
    }

    fn add_reward(&mut self, market: Market, customer: &str, redemption: &Redemption, rewards: &[Value]) {
        let ends = self.markets.entry(market.store).or_default();
        ends.rewards += 1;
        let id = redemption.id.to_string();
        // One that no event told of is found in the customer's history, which does not know its id.
        let found = format!("{}:{customer}:{}", market.store, redemption.code);
        let is_it =
            |reward: &&Value| [id.as_str(), &found].contains(&reward["Redemption_Id__c"].as_str().unwrap_or(""));
        let mut own = rewards.iter().filter(is_it);
        let of_it = (own.next(), own.next());
        let right = |reward: &Value| {
            reward["Contact__c"] == *customer
                && reward["Coupon_Code__c"] == *redemption.code
                && whole(&reward["Points__c"]).is_none_or(|points| points == redemption.points)
                && reward["Order__c"].as_str() == redemption.used_by.as_deref()
        };
        match of_it {
            (Some(reward), None) if right(reward) => ends.used += usize::from(redemption.used_by.is_some()),
            (one, _) => self.stale.push(format!("reward {id} of {customer}: {one:?} in the org, {redemption:?}")),
        }
    }
}

/// A completed order, as the org has it.
struct Sold<'a> {
    id: &'a str,
    amount: i64,
    returned: i64,
    cancelled: bool,
}

impl Sold<'_> {
    fn left(&self) -> i64 {
        if self.cancelled { 0 } else { self.amount - self.returned.min(self.amount) }
    }
}

impl Vendors {
    /// Compares the markets' orders and customers, as they are now, at both ends.
    pub fn points(&self, markets: &[Market]) -> Points {
        let (orders, rewards) = (self.salesforce.records("Order"), self.salesforce.records("Yotpo_Reward__c"));
        let (sales, standings) = (self.loyalty.sales(), self.loyalty.standings());
        let memberships: BTreeMap<String, Value> = self
            .salesforce
            .records("Yotpo_Membership__c")
            .into_iter()
            .filter_map(|one| Some((one["Yotpo_Membership_Key__c"].as_str()?.to_owned(), one)))
            .collect();
        let mut points = Points::default();
        for market in markets {
            let own = |order: &&Value| order["Store__c"] == market.name;
            let mut returned: BTreeMap<&str, i64> = BTreeMap::new();
            for one in orders.iter().filter(own).filter(|order| order["IsReductionOrder"] == true) {
                let original = one["OriginalOrderId"].as_str().unwrap_or_default();
                *returned.entry(original).or_default() += market.minor(&one["TotalAmount"]);
            }
            let at_yotpo: BTreeMap<&str, &Sale> =
                sales.iter().filter(|sale| sale.guid == market.guid).map(|sale| (&*sale.order_id, sale)).collect();
            let mut known = BTreeSet::new();
            for order in orders.iter().filter(own).filter(|order| order["IsReductionOrder"] != true) {
                let id = order["Id"].as_str().unwrap_or_default();
                known.insert(id);
                let org = Sold {
                    id,
                    amount: market.minor(&order["TotalAmount"]),
                    returned: returned.get(id).copied().unwrap_or_default(),
                    cancelled: order["Status"] == "Cancelled",
                };
                points.add_order(*market, &org, at_yotpo.get(id).copied());
            }
            let strange = at_yotpo.keys().filter(|id| !known.contains(**id));
            points.unexpected.extend(strange.map(|id| format!("order {id} in {}", market.store)));
            for standing in standings.iter().filter(|standing| standing.guid == market.guid) {
                let shown = standing.id.as_deref().and_then(|id| self.shown(market, id, &memberships));
                points.add_customer(*market, standing, shown.as_ref());
                if standing.takeovers > 0 {
                    points.doubled.push(format!("customer {:?} was taken for somebody else", standing.id));
                }
            }
            for (customer, redemption) in self.loyalty.redemptions(market.guid) {
                points.add_reward(*market, customer.as_deref().unwrap_or_default(), &redemption, &rewards);
            }
        }
        points
    }

    /// Where the org shows what a customer has in a market: the Contact in its own, a membership in all of them.
    fn shown(&self, market: &Market, id: &str, memberships: &BTreeMap<String, Value>) -> Option<Value> {
        let membership = memberships.get(&format!("{}:{id}", market.store))?.clone();
        let contact = self.salesforce.record("Contact", id)?;
        if contact["Store__c"] != market.name {
            return Some(membership);
        }
        let same = ["Yotpo_Points_Balance__c", "Yotpo_Points_Earned__c", "Yotpo_VIP_Tier__c"]
            .iter()
            .all(|field| contact[field] == membership[field]);
        same.then_some(membership)
    }
}

/// A whole number, as the org has numbers.
fn whole(value: &Value) -> Option<i64> {
    let number: Decimal = value.to_string().parse().ok()?;
    number.fract().is_zero().then(|| i64::try_from(number).ok()).flatten()
}
