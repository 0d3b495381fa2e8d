//! An order at Yotpo: sent once, after its customer, for an amount that is fixed before.

use crate::{
    consume::{Consumer, made, store_of},
    keys,
    message::{GoodsAsked, OrderAsked, OrderCustomer, customer_delivery},
    outcome::{internal, parked},
};
use config::{Repeatable, StoreName};
use delivery::{Claim, Undelivered};
use ledger::{Balance, BalanceEvent, BalanceVerdict, DeliveryKey, ErrorClass, Record, Revision, State};
use yotpo::loyalty::{CustomerRecord, OrderRecord, PricedItem};

/// An order's customer, as the ledger knows it just before the order's call.
struct Ensured<'a> {
    customer: &'a OrderCustomer,
    key: DeliveryKey,
    /// The newest revision that anybody has begun to send.
    revision: Revision,
    address: String,
}

impl Consumer {
    /// Has Yotpo know a completed order.
    pub(crate) async fn order(&self, asked: &OrderAsked, claim: &Claim<'_>) -> Result<(), Undelivered> {
        let store = store_of(claim)?;
        let ledger = &self.worker.ledger;
        let (revision, key) = (claim.delivery.revision, &claim.delivery.key);
        let balance = ledger.balance(asked.order.as_str()).await.map_err(|error| internal(&error))?;
        let matches = |balance: &Balance| {
            // Before the first call a balance is opened, which one that is closed keeps from being.
            if balance.is_closed() {
                claim.note_untouched();
            }
            matches(balance, asked, &store, revision)
        };
        if let Some(balance) = &balance {
            matches(balance)?;
        }
        // A newer revision moves the record on, and nothing more: no call takes back what an order has earned.
        if claim.is_unchanged() || self.was_accepted(key, claim).await? {
            return Ok(());
        }
        // Before the first call the balance is opened: without one there was none.
        if claim.unanswered && balance.is_some() && self.loyalty.repeat.orders == Repeatable::Never {
            return Err(unanswered("an order"));
        }
        let ensured = match &asked.customer {
            Some(customer) => Some(self.ensured(customer, &asked.email, &store, claim).await?),
            None => None,
        };
        let open = BalanceEvent::Open {
            store: store.to_string(),
            currency: asked.amount.currency.to_string(),
            amount: asked.amount.units,
            customer: asked.customer.as_ref().map(|customer| customer.asked.customer_id.clone()),
        };
        let opened = ledger.put_to_balance(asked.order.as_str(), &open).await.map_err(|error| internal(&error))?;
        if let BalanceVerdict::Opened(balance) = &opened {
            matches(balance)?;
        }
        let record = self.record(asked, ensured.as_ref(), &store);
        self.call(claim, async |client| client.record_order(&record).await).await?;
        let Some(ensured) = &ensured else { return Ok(()) };
        match self.keep_address(ensured, claim).await {
            // The order is there, and may not be sent once more for the address's sake: the customer's next change mends that.
            Err(failure) if self.loyalty.repeat.orders == Repeatable::Never => {
                tracing::error!(error_class = %ErrorClass::Conflict, ?failure, "the customer's newer address may be overwritten");
                Ok(())
            }
            kept => kept,
        }
    }

    /// Whether Yotpo has said yes to the order, at whatever revision.
    async fn was_accepted(&self, key: &DeliveryKey, claim: &Claim<'_>) -> Result<bool, Undelivered> {
        if claim.attempt == 1 {
            return Ok(false);
        }
        Ok(self.known(key).await?.is_some_and(|record| record.accepted_at.is_some()))
    }

    /// What the ledger knows of a delivery now.
    pub(crate) async fn known(&self, key: &DeliveryKey) -> Result<Option<Record>, Undelivered> {
        self.worker.ledger.read_now(key).await.map_err(|error| internal(&error))
    }

    /// The order's customer, there before the order, and its address no older than what is there.
    async fn ensured<'a>(
        &self,
        customer: &'a OrderCustomer,
        address: &str,
        store: &StoreName,
        claim: &Claim<'_>,
    ) -> Result<Ensured<'a>, Undelivered> {
        let delivery = made(customer_delivery(store, customer.revision, &customer.asked))?;
        let send = async |inner: &Claim<'_>| self.customer(&customer.asked, inner).await;
        self.worker.within(claim, &delivery, async || Ok(false), send).await?;
        let known = self.known(&delivery.key).await?;
        if known.as_ref().is_some_and(|known| matches!(known.state, State::Rejected | State::Parked)) {
            return Err(Undelivered::Waits(delivery.key));
        }
        let revision = known.map_or(customer.revision, |known| known.revision);
        let address = if revision > customer.revision {
            self.address_now(&customer.asked.contact, &delivery.key).await?
        } else {
            address.to_owned()
        };
        Ok(Ensured { customer, key: delivery.key, revision, address })
    }

    /// Yotpo takes the order's address for the customer's newest: where a newer version of the customer was begun meanwhile, which may
    /// have landed before the order, its address is said once more.
    async fn keep_address(&self, ensured: &Ensured<'_>, claim: &Claim<'_>) -> Result<(), Undelivered> {
        let known = self.known(&ensured.key).await?;
        if known.is_none_or(|known| known.revision <= ensured.revision) {
            return Ok(());
        }
        let asked = &ensured.customer.asked;
        let email = self.address_now(&asked.contact, &ensured.key).await?;
        if email == ensured.address {
            return Ok(());
        }
        let record = CustomerRecord { id: asked.customer_id.clone(), email, ..CustomerRecord::default() };
        self.call(claim, async |client| client.record_customer(&record).await).await
    }

    fn record(&self, asked: &OrderAsked, ensured: Option<&Ensured<'_>>, store: &StoreName) -> OrderRecord {
        let market = self.loyalty.stores.get(store).unwrap_or(&self.loyalty.market);
        OrderRecord {
            customer_email: ensured.map_or_else(|| asked.email.clone(), |ensured| ensured.address.clone()),
            customer_id: ensured.map(|ensured| ensured.customer.asked.customer_id.clone()),
            total_amount_cents: asked.amount.units,
            currency_code: asked.amount.currency.to_string(),
            order_id: asked.order.to_string(),
            status: market.order_status.clone(),
            created_at: asked.completed_at,
            coupon_code: asked.coupon_code.clone(),
            ip_address: asked.ip_address.clone(),
            user_agent: asked.user_agent.clone(),
            items: asked.items.iter().map(item).collect(),
        }
    }
}

fn item(goods: &GoodsAsked) -> PricedItem {
    PricedItem {
        id: goods.id.clone(),
        name: goods.name.clone(),
        quantity: goods.quantity.into(),
        price_cents: goods.price.unwrap_or_default(),
        vendor: goods.vendor.clone(),
        product_type: goods.kind.clone(),
        collections: goods.collections.clone(),
    }
}

/// Why nothing is sent, or taken back, of an order that was cancelled before it was sent.
pub(crate) const CANCELLED: &str = "cancelled";

/// A call was made that nobody answered, and nothing at Yotpo tells whether it took effect.
pub(crate) fn unanswered(what: &str) -> Undelivered {
    let class = ErrorClass::Uncertain;
    parked(class, class.as_str(), format!("nobody answered the call, and {what} cannot be read back at Yotpo"))
}

/// Whether the order still is what its balance was opened for.
fn matches(balance: &Balance, asked: &OrderAsked, store: &StoreName, revision: Revision) -> Result<(), Undelivered> {
    let (class, amount) = (ErrorClass::Conflict, &asked.amount);
    if balance.is_closed() && balance.cancelled_at.is_some_and(|at| revision <= at) {
        return Err(Undelivered::Skipped(CANCELLED.to_owned()));
    }
    if balance.store != store.as_str() {
        let error = format!("the order was first sent to {}, and would be awarded again by {store}", balance.store);
        return Err(parked(class, "store_changed", error));
    }
    let differs = balance.currency != amount.currency.as_str() || balance.amount != amount.units;
    if differs && !balance.is_closed() {
        let (was, currency) = (balance.amount, &balance.currency);
        let returned = balance.amount - balance.taken();
        let net = if balance.taken() > 0 && amount.units == returned {
            "; the difference is exactly what was returned: the configured field is net of returns"
        } else {
            ""
        };
        let error = format!("the order was sent for {was} minor units of {currency}, and now is {amount}{net}");
        return Err(parked(class, "amount_changed", error));
    }
    match balance.cancelled_at {
        // What is no newer than the cancellation was late.
        Some(at) if revision > at => {
            let error = if balance.is_closed() {
                "the order was cancelled before it was sent, and is completed again"
            } else {
                "the order was cancelled, which took all back, and is completed again"
            };
            Err(parked(class, "reactivated", error))
        }
        _ => Ok(()),
    }
}

/// The delivery of an order.
pub(crate) fn order_key(store: &StoreName, order: &salesforce::Id) -> Result<DeliveryKey, Undelivered> {
    made(keys::order(store, order))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::MinorAmount;
    use chrono::DateTime;
    use config::Currency;
    use salesforce::Id;
    use std::collections::{BTreeMap, BTreeSet};

    fn asked(units: i64, currency: &str) -> OrderAsked {
        OrderAsked {
            order: Id::parse("801RO000000AbcD").unwrap(),
            amount: MinorAmount { units, currency: Currency::try_from(currency.to_owned()).unwrap() },
            completed_at: DateTime::UNIX_EPOCH,
            email: "jane@example.com".to_owned(),
            customer: None,
            coupon_code: None,
            ip_address: None,
            user_agent: None,
            items: vec![],
        }
    }

    fn reason(balance: &Balance, asked: &OrderAsked, store: &str, revision: i64) -> Option<(&'static str, String)> {
        let store = StoreName::try_from(store.to_owned()).unwrap();
        match matches(balance, asked, &store, Revision(revision)) {
            Err(Undelivered::Parked { reason, error, .. }) => Some((reason, error)),
            other => {
                assert_eq!(other, Ok(()));
                None
            }
        }
    }

    #[test]
    fn what_differs_from_what_was_sent_is_a_persons() {
        let part = ledger::balance::BalancePart { asked: 1000, taken: 1000 };
        let balance = Balance {
            store: "us".to_owned(),
            currency: "USD".to_owned(),
            customer: None,
            amount: 5000,
            rest: 4000,
            parts: BTreeMap::from([("r".to_owned(), part)]),
            released: BTreeSet::new(),
            cancelled_at: Some(Revision(7)),
            version: 1,
        };
        let same = asked(5000, "USD");
        assert_eq!(reason(&balance, &same, "us", 7), None, "it was late");
        let word = |found: Option<(&'static str, String)>| found.unwrap().0;
        assert_eq!(word(reason(&balance, &same, "us", 8)), "reactivated");
        assert_eq!(word(reason(&balance, &same, "ca", 7)), "store_changed");
        assert_eq!(word(reason(&balance, &asked(5000, "CAD"), "us", 7)), "amount_changed");
        let (word, error) = reason(&balance, &asked(5001, "USD"), "us", 7).unwrap();
        assert_eq!(word, "amount_changed");
        assert!(
            error.contains("5000 minor units of USD") && error.contains("5001") && !error.contains("net"),
            "{error}"
        );
        assert!(reason(&balance, &asked(4000, "USD"), "us", 7).unwrap().1.contains("net of returns"));
        // Cancelled before it was sent: nothing is, and what is completed again is a person's.
        let closed = Balance { currency: String::new(), amount: 0, rest: 0, parts: BTreeMap::new(), ..balance };
        let store = StoreName::try_from("us".to_owned()).unwrap();
        let skipped = Err(Undelivered::Skipped(CANCELLED.to_owned()));
        assert_eq!(matches(&closed, &same, &store, Revision(7)), skipped);
        assert_eq!(reason(&closed, &same, "us", 8).unwrap().0, "reactivated");
    }
}
