//! What customers have spent, by the ledger: of those whose whole history is ours.

use super::{Failed, Reconciler};
use crate::{
    keys,
    source::{item::BadRow, publish::Sender},
};
use config::{BusinessDay, StoreName};
use ledger::{Balance, DeliveryKey, Millis, Record, State};
use salesforce::{Id, Query, soql};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use yotpo::loyalty::CustomerDetails;

/// Orders that are read at most, of all customers of a sample; where there are more, nobody's spend is compared.
const MOST_ORDERS: usize = 2000;
/// Customers with more orders than this are not added up.
const MOST_OF_ONE: usize = 50;

/// What a customer has spent in a store, in the smallest unit of the one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    orders: i64,
    whole: i64,
    /// What was given back taken off.
    rest: i64,
}

impl Spent {
    /// Whether Yotpo says something else. Whether what was given back counts there is not documented: either is right. Who has bought
    /// more often there has a history that is not ours.
    pub(super) fn differs(&self, details: &CustomerDetails) -> bool {
        let elsewhere = details.total_purchases.is_some_and(|purchases| purchases > self.orders);
        details.total_spend_cents.is_some_and(|spent| !elsewhere && spent != self.whole && spent != self.rest)
    }
}

/// Adds up what customers of a store have spent.
pub(super) struct Spending<'a> {
    pub(super) reconciler: &'a Reconciler,
    pub(super) sender: &'a Sender<'a>,
    pub(super) store: &'a StoreName,
}

/// An order of the org, with what the ledger has of it.
struct Bought {
    day: Option<BusinessDay>,
    known: Option<Record>,
    balance: Option<Balance>,
}

impl Spending<'_> {
    /// What these customers have spent, those of whom it can be said.
    pub(super) async fn of(&self, contacts: &[Id]) -> Result<BTreeMap<Id, Spent>, Failed> {
        let mut spent = BTreeMap::new();
        for (contact, orders) in self.orders(contacts).await? {
            if orders.len() <= MOST_OF_ONE
                && let Some(sum) = self.of_one(&orders).await?
            {
                spent.insert(contact, sum);
            }
        }
        Ok(spent)
    }

    /// Every order that each has in the org, and the day of its completion.
    async fn orders(&self, contacts: &[Id]) -> Result<HashMap<Id, Vec<(Id, Option<BusinessDay>)>>, Failed> {
        let (mapping, mut orders) = (&self.sender.mapping, HashMap::new());
        let fields = &mapping.fields.order;
        if contacts.is_empty() || fields.customer.is_empty() {
            return Ok(orders);
        }
        let ids = contacts.iter().map(|id| soql::quote(id.as_str())).collect::<Vec<_>>().join(", ");
        let any: Vec<String> = fields.customer.iter().map(|path| format!("{path} IN ({ids})")).collect();
        let mut list = vec!["Id", fields.own.completed_at.0.as_str()];
        list.extend(fields.customer.iter().map(String::as_str));
        let list = org::distinct(list);
        let soql = format!("SELECT {list} FROM Order WHERE {} ORDER BY Id LIMIT {MOST_ORDERS}", any.join(" OR "));
        let rows = self.sender.salesforce.all(&Query::new(soql)).await?;
        if rows.len() >= MOST_ORDERS {
            return Ok(orders);
        }
        let zone = self.reconciler.config.zone(self.store);
        for row in rows {
            if let Some(contact) = mapping.customer_of(&row) {
                let day = fields.own.day(&row, zone).map_err(BadRow::from)?;
                orders.entry(contact).or_insert_with(Vec::new).push((row.id().map_err(BadRow::from)?, day));
            }
        }
        Ok(orders)
    }

    async fn of_one(&self, orders: &[(Id, Option<BusinessDay>)]) -> Result<Option<Spent>, Failed> {
        let Some(market) = self.reconciler.loyalty.stores.get(self.store) else { return Ok(None) };
        // Asked before anything is read of the ledger: most who are of before the start cost nothing more.
        if orders.iter().any(|(_, day)| day.is_some_and(|day| day < market.start)) {
            return Ok(None);
        }
        let ledger = &self.reconciler.ledger;
        let keys: Result<Vec<DeliveryKey>, _> = orders.iter().map(|(id, _)| keys::order(self.store, id)).collect();
        let keys = keys.map_err(BadRow::from)?;
        let mut known = ledger.read(&keys).await?;
        let (mut bought, mut refunds) = (Vec::new(), Vec::new());
        for ((id, day), key) in orders.iter().zip(&keys) {
            // One that is closed was never sent.
            let is_own = |balance: &Balance| balance.store == self.store.as_str() && !balance.is_closed();
            let balance = ledger.balance(id.as_str()).await?.filter(is_own);
            for refund in balance.iter().flat_map(|balance| balance.parts.keys()) {
                refunds.push(keys::refund(self.store, id, refund).map_err(BadRow::from)?);
            }
            bought.push(Bought { day: *day, known: known.remove(key), balance });
        }
        let given_back = ledger.read(&refunds).await?;
        let refunds: Vec<Option<&Record>> = refunds.iter().map(|key| given_back.get(key)).collect();
        let (now, settled) = (ledger.now().into(), self.reconciler.config.protocol.missing_after);
        Ok(sum(&bought, &refunds, market.start, now, settled))
    }
}

/// What the orders come to; nothing where some of it is not ours, or has not been at Yotpo for long enough to be shown.
fn sum(
    bought: &[Bought],
    refunds: &[Option<&Record>],
    start: BusinessDay,
    now: Millis,
    settled: Duration,
) -> Option<Spent> {
    let is_old = |record: &Record| record.updated_at.plus(settled) <= now;
    let refunded = |record: Option<&Record>| {
        record.is_some_and(|it| matches!(it.state, State::Accepted | State::Confirmed) && is_old(it))
    };
    if !refunds.iter().copied().all(refunded) {
        return None;
    }
    let (mut spent, mut currency) = (Spent::default(), None);
    for one in bought {
        if one.day.is_some_and(|day| day < start) {
            return None;
        }
        let Some(balance) = &one.balance else {
            // It was never sent, or is about to be.
            let is_still = |known: &Record| matches!(known.state, State::Skipped | State::Rejected | State::Parked);
            if one.known.as_ref().is_none_or(is_still) {
                continue;
            }
            return None;
        };
        let is_there = one.known.as_ref().is_some_and(|known| known.accepted_at.is_some() && is_old(known));
        if !is_there || *currency.get_or_insert(&balance.currency) != &balance.currency {
            return None;
        }
        spent.orders += 1;
        spent.whole += balance.amount;
        spent.rest += balance.rest;
    }
    Some(spent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::{Delivery, EffectHash, Revision};
    use serde_json::json;
    use std::collections::BTreeSet;

    const SETTLED: Duration = Duration::from_hours(6);

    fn record(state: State) -> Record {
        let delivery = Delivery {
            key: DeliveryKey::try_from("loyalty/default/order/801000000000001AAA".to_owned()).unwrap(),
            revision: Revision(1),
            hash: EffectHash::of(b""),
            store: "default".to_owned(),
            day: None,
            triggered_at: None,
        };
        let accepted_at = (state == State::Accepted).then_some(Millis(0));
        Record { accepted_at, updated_at: Millis(0), ..Record::new(&delivery, state) }
    }

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    fn order(amount: i64, rest: i64, currency: &str) -> Bought {
        let balance = Balance {
            store: "default".to_owned(),
            currency: currency.to_owned(),
            customer: None,
            amount,
            rest,
            parts: BTreeMap::new(),
            released: BTreeSet::new(),
            cancelled_at: None,
            version: 1,
        };
        Bought { day: Some(day("2026-11-20")), known: Some(record(State::Accepted)), balance: Some(balance) }
    }

    fn add_up(bought: &[Bought], refunds: &[Option<&Record>], hours: u64) -> Option<Spent> {
        let now = Millis(0).plus(Duration::from_hours(hours));
        sum(bought, refunds, day("2026-01-01"), now, SETTLED)
    }

    #[test]
    fn only_a_history_that_is_ours_and_at_rest_is_added_up() {
        let two = || vec![order(5000, 5000, "USD"), order(3000, 1000, "USD")];
        let all = Some(Spent { orders: 2, whole: 8000, rest: 6000 });
        let accepted = record(State::Accepted);
        assert_eq!(add_up(&two(), &[Some(&accepted)], 6), all);
        assert_eq!(add_up(&two(), &[Some(&accepted)], 5), None, "Yotpo may not have reckoned yet");
        assert_eq!(add_up(&two(), &[Some(&record(State::Pending))], 6), None);
        assert_eq!(add_up(&two(), &[None], 6), None);
        let with = |other: Bought| add_up(&two().into_iter().chain([other]).collect::<Vec<_>>(), &[], 6);
        assert_eq!(with(Bought { day: Some(day("2025-12-31")), ..order(1, 1, "USD") }), None, "of before the start");
        assert_eq!(with(order(1, 1, "EUR")), None);
        assert_eq!(with(Bought { known: Some(record(State::Claimed)), ..order(1, 1, "USD") }), None);
        for state in [State::Skipped, State::Parked, State::Rejected] {
            assert_eq!(with(Bought { balance: None, known: Some(record(state)), ..order(1, 1, "USD") }), all);
        }
        assert_eq!(with(Bought { balance: None, known: Some(record(State::Pending)), ..order(1, 1, "USD") }), None);
        assert_eq!(with(Bought { balance: None, known: None, ..order(1, 1, "USD") }), all, "a draft");
    }

    #[test]
    fn with_or_without_what_was_given_back_is_right_and_a_longer_history_is_not_ours() {
        let spent = Spent { orders: 2, whole: 8000, rest: 6000 };
        let of = |shown| spent.differs(&serde_json::from_value::<CustomerDetails>(shown).unwrap());
        assert!(!of(json!({})));
        assert!(!of(json!({"total_spend_cents": 8000, "total_purchases": 2})));
        assert!(!of(json!({"total_spend_cents": 6000})));
        assert!(of(json!({"total_spend_cents": 5000, "total_purchases": 1})), "an order is not there");
        assert!(of(json!({"total_spend_cents": 16000, "total_purchases": 2})));
        assert!(!of(json!({"total_spend_cents": 16000, "total_purchases": 4})));
    }
}
