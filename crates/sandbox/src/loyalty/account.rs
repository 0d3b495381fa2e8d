//! An account: its customers and orders, and what each order is worth.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::earning::Earning;
use super::event::Sending;
use super::limit::Windows;
use super::member::Member;
use super::program::Program;
use super::redemption::Redemption;
use super::refund::{LostRefund, Returned, Waiting};
use super::sale::Booked;
use super::show;
use super::tier::tier;

#[derive(Debug)]
pub(super) struct Account {
    pub(super) guid: String,
    pub(super) api_key: String,
    pub(super) webhook_token: String,
    pub(super) program: Program,
    /// By Yotpo's number.
    pub(super) members: BTreeMap<u64, Member>,
    /// By order id.
    pub(super) sales: BTreeMap<String, Booked>,
    pub(super) waiting: Vec<Waiting>,
    /// By refund id: what took something back.
    pub(super) refunds: BTreeMap<String, Returned>,
    pub(super) lost: Vec<LostRefund>,
    pub(super) redemptions: Vec<Redemption>,
    /// Not delivered yet.
    pub(super) events: Vec<Sending>,
    pub(super) windows: Windows,
    /// Calls that were answered, by what they are.
    pub(super) answered: u64,
}

impl Account {
    pub(super) fn new(guid: &str) -> Self {
        Self {
            guid: guid.to_owned(),
            api_key: format!("{guid}-api-key"),
            webhook_token: format!("{guid}-webhook-token-0123456789abcdef0123456789abcdef"),
            program: Program::default(),
            members: BTreeMap::new(),
            sales: BTreeMap::new(),
            waiting: Vec::new(),
            refunds: BTreeMap::new(),
            lost: Vec::new(),
            redemptions: Vec::new(),
            events: Vec::new(),
            windows: Windows::default(),
            answered: 0,
        }
    }

    /// The customer with this id of the shop's.
    pub(super) fn by_id(&self, id: &str) -> Option<u64> {
        self.members.iter().find(|(_, member)| member.id.as_deref() == Some(id)).map(|(number, _)| *number)
    }

    /// The customer with this address, in any case.
    pub(super) fn by_email(&self, email: &str) -> Option<u64> {
        let email = email.trim();
        self.members.iter().find(|(_, member)| member.email.eq_ignore_ascii_case(email)).map(|(number, _)| *number)
    }

    pub(super) fn add(&mut self, member: Member, now: DateTime<Utc>) -> u64 {
        let number = self.members.last_key_value().map_or(1_000, |(last, _)| last + 1);
        self.members.insert(number, member);
        self.promote(number, now);
        number
    }

    /// Points come or go, and with them a tier.
    pub(super) fn add_line(&mut self, number: u64, line: Earning, now: DateTime<Utc>) {
        let (points, earned) = (line.points, line.earned);
        if let Some(member) = self.members.get_mut(&number) {
            member.history.push(line);
        }
        if earned && points > 0 {
            self.tell(number, "swell/points/earned", now, &serde_json::json!({"perk": {"points": points}}));
        }
        self.promote(number, now);
    }

    /// Awards what the order is worth now, and takes back what it was worth before: so parts add up.
    pub(super) fn award(&mut self, order_id: &str, why: &str, now: DateTime<Utc>) {
        let Some(sale) = self.sales.get_mut(order_id) else { return };
        let currency = sale.currency.as_deref().unwrap_or("USD");
        let times = i64::try_from(sale.effects).unwrap_or(i64::MAX);
        let worth = if sale.earns { self.program.points(sale.amount * times - sale.refunded, currency) } else { 0 };
        let (change, number, counts_at) = (worth - sale.points, sale.member, sale.created_at);
        sale.points = worth;
        if change != 0 {
            self.add_line(number, Earning::earned(now, counts_at, format!("{why} {order_id}"), change), now);
        }
    }

    /// Gives the customer the tier that follows from its history, and tells of a change.
    pub(super) fn promote(&mut self, number: u64, now: DateTime<Utc>) {
        let Some(member) = self.members.get_mut(&number) else { return };
        let (before, after) = (member.tier.map(|(place, _)| place), tier(&self.program, member, now));
        if before == after {
            return;
        }
        member.tier = after.map(|place| (place, now));
        let topic = if after > before { "swell/tier/earned" } else { "swell/tier/lost" };
        let name = |place: Option<usize>| place.and_then(|place| self.program.tiers.get(place)).map(show::tier);
        let more = serde_json::json!({"new_tier": name(after), "old_tier": name(before)});
        self.tell(number, topic, now, &more);
    }

    /// What a customer has bought, however often it was told.
    pub(super) fn bought(&self, number: u64) -> show::Bought {
        let own = self.sales.values().filter(|sale| sale.member == number);
        own.fold(show::Bought::default(), |all, sale| show::Bought {
            orders: all.orders + 1,
            spent: all.spent + sale.amount - sale.refunded,
        })
    }

    /// An event with the customer as it is now.
    pub(super) fn tell(&mut self, number: u64, topic: &'static str, now: DateTime<Utc>, more: &serde_json::Value) {
        let Some(member) = self.members.get(&number) else { return };
        let body = show::event(topic, member, self.bought(number), &self.program, more);
        self.events.push(Sending { guid: self.guid.clone(), topic, at: now, after: std::time::Duration::ZERO, body });
    }
}
