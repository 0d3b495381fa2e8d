//! What each customer and order is in the end, for a comparison with the source.

use serde::Serialize;

use super::account::Account;
use super::member::Member;
use super::program::Program;
use chrono::{DateTime, Utc};

/// A customer as Yotpo has it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The account.
    pub guid: String,
    /// The shop's own id.
    pub id: Option<String>,
    /// The address.
    pub email: String,
    /// What can be spent.
    pub balance: i64,
    /// What was earned, ever.
    pub earned: i64,
    /// The tier's name.
    pub tier: Option<String>,
    /// Membership.
    pub opt_in: Option<bool>,
    /// As they were sent last.
    pub tags: Option<String>,
    /// How often it was taken for somebody else: must be 0.
    pub takeovers: u64,
}

/// An order as Yotpo has it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sale {
    /// The account.
    pub guid: String,
    /// The shop's own id.
    pub order_id: String,
    /// The customer's id, as the shop has it.
    pub customer: Option<String>,
    /// In the currency's smallest unit.
    pub amount: i64,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Taken back until now.
    pub refunded: i64,
    /// Awarded, what was taken back left out.
    pub points: i64,
    /// Requests that carried it and came this far.
    pub posted: u64,
    /// How often it counted. Two is a double.
    pub effects: u64,
    /// The ids of its refunds that counted, with how often each did.
    pub refunds: Vec<(String, u64)>,
    /// The coupon it came with.
    pub coupon: Option<String>,
}

/// An account in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Customers.
    pub customers: usize,
    /// Orders.
    pub orders: usize,
    /// Refunds that took something back.
    pub refunds: usize,
    /// Refunds that were answered 200 and took nothing back.
    pub lost: usize,
    /// Calls that were answered with the account's keys and within its limits.
    pub answered: u64,
    /// The most calls in one second, refused ones included.
    pub peak: u32,
}

impl Account {
    pub(super) fn standings(&self) -> impl Iterator<Item = Standing> {
        self.members.values().map(|member| standing(&self.guid, member, &self.program))
    }

    pub(super) fn booked(&self) -> impl Iterator<Item = Sale> {
        self.sales.iter().map(|(order_id, sale)| Sale {
            guid: self.guid.clone(),
            order_id: order_id.clone(),
            customer: self.members.get(&sale.member).and_then(|member| member.id.clone()),
            amount: sale.amount,
            currency: sale.currency.clone(),
            refunded: sale.refunded,
            points: sale.points,
            posted: sale.posted,
            effects: sale.effects,
            refunds: self
                .refunds
                .iter()
                .filter(|(_, refund)| refund.order_id == *order_id)
                .map(|(id, refund)| (id.clone(), refund.effects))
                .collect(),
            coupon: sale.coupon.clone(),
        })
    }

    pub(super) fn sums(&self) -> Sums {
        Sums {
            customers: self.members.len(),
            orders: self.sales.len(),
            refunds: self.refunds.len(),
            lost: self.lost.len(),
            answered: self.answered,
            peak: self.windows.peak,
        }
    }
}

fn standing(guid: &str, member: &Member, program: &Program) -> Standing {
    let tier = member.tier.and_then(|(place, _)| program.tiers.get(place));
    Standing {
        guid: guid.to_owned(),
        id: member.id.clone(),
        email: member.email.clone(),
        balance: member.balance(),
        earned: member.earned(DateTime::<Utc>::MIN_UTC),
        tier: tier.map(|tier| tier.name.clone()),
        opt_in: member.opt_in,
        tags: member.tags.clone(),
        takeovers: member.takeovers,
    }
}
