//! What names a delivery: the store, the kind, and the source record's own id.

use crate::FLOW;
use config::StoreName;
use ledger::{DeliveryKey, InvalidKey};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use salesforce::Id;

/// The kinds of delivery, the third segment of a key.
pub mod kind {
    /// A Contact or person account becomes Yotpo's customer.
    pub const CUSTOMER: &str = "customer";
    /// A completed order is sent, once.
    pub const ORDER: &str = "order";
    /// A return, or what a cancellation leaves, is taken back.
    pub const REFUND: &str = "refund";
    /// A lifecycle event becomes an action.
    pub const ACTION: &str = "action";
    /// What Yotpo shows of a customer is written to the org.
    pub const STATE: &str = "state";
    /// A redemption is written to the org.
    pub const REWARD: &str = "reward";
    /// Every one.
    pub const ALL: [&str; 6] = [CUSTOMER, ORDER, REFUND, ACTION, STATE, REWARD];
}

/// What stands for a return's id in the refund that a cancellation makes. No Salesforce id is so short.
pub const CANCEL: &str = "cancel";

/// What cannot stand in a segment as it is: Yotpo's ids of customers are any text of the shop's.
const OUTSIDE: &AsciiSet = &CONTROLS.add(b' ').add(b'/').add(b'%');

fn key(store: &StoreName, kind: &str, id: &str) -> Result<DeliveryKey, InvalidKey> {
    DeliveryKey::try_from(format!("{FLOW}/{store}/{kind}/{id}"))
}

/// `loyalty/{store}/customer/{id}`, of a Contact or person account.
///
/// # Errors
/// Never for a Salesforce id; the type says it may, here and below.
pub fn customer(store: &StoreName, id: &Id) -> Result<DeliveryKey, InvalidKey> {
    key(store, kind::CUSTOMER, id.as_str())
}

/// `loyalty/{store}/order/{order id}`.
///
/// # Errors
/// As [`customer`].
pub fn order(store: &StoreName, id: &Id) -> Result<DeliveryKey, InvalidKey> {
    key(store, kind::ORDER, id.as_str())
}

/// `loyalty/{store}/refund/{order id}/{refund id}`; the refund's id is the return's own.
///
/// # Errors
/// When `refund` is nothing, or longer than a key may be.
pub fn refund(store: &StoreName, order: &Id, refund: &str) -> Result<DeliveryKey, InvalidKey> {
    key(store, kind::REFUND, &format!("{order}/{}", segment(refund)))
}

/// `loyalty/{store}/refund/{order id}/cancel`.
///
/// # Errors
/// As [`customer`].
pub fn cancellation(store: &StoreName, order: &Id) -> Result<DeliveryKey, InvalidKey> {
    refund(store, order, CANCEL)
}

/// `loyalty/{store}/action/{record id}/{word}`; the word is the one in `[loyalty.actions.<word>]`.
///
/// # Errors
/// As [`customer`].
pub fn action(store: &StoreName, record: &Id, word: &str) -> Result<DeliveryKey, InvalidKey> {
    key(store, kind::ACTION, &format!("{record}/{}", segment(word)))
}

/// `loyalty/{store}/state/{customer id}`, the id by which Yotpo knows the customer.
///
/// # Errors
/// When the id is nothing, or longer than a key may be.
pub fn state(store: &StoreName, customer: &str) -> Result<DeliveryKey, InvalidKey> {
    key(store, kind::STATE, &segment(customer))
}

/// `loyalty/{store}/reward/{redemption id}`.
///
/// # Errors
/// As [`state`].
pub fn reward(store: &StoreName, redemption: &str) -> Result<DeliveryKey, InvalidKey> {
    key(store, kind::REWARD, &segment(redemption))
}

/// Whether the delivery fitted no store when it was met.
pub(crate) fn is_unrouted(key: &DeliveryKey) -> bool {
    key.scope() == Some(StoreName::UNROUTED)
}

/// The id of the record that a delivery is made of: that of a return stands behind its order's.
pub(crate) fn record_of(key: &DeliveryKey) -> &str {
    match key.id().split_once('/') {
        Some((_, returned)) if key.kind() == Some(kind::REFUND) && returned != CANCEL => returned,
        Some((record, _)) => record,
        None => key.id(),
    }
}

/// The order that a refund is of, and the refund's id, as its balance has them; none of what is no refund.
pub fn refund_of(key: &DeliveryKey) -> Option<(String, String)> {
    let (order, refund) = key.id().split_once('/').filter(|_| key.kind() == Some(kind::REFUND))?;
    Some((order.to_owned(), percent_decode_str(refund).decode_utf8().ok()?.into_owned()))
}

fn segment(text: &str) -> String {
    utf8_percent_encode(text, OUTSIDE).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn store() -> StoreName {
        StoreName::try_from("default".to_owned()).unwrap()
    }

    #[test]
    fn a_refunds_key_says_what_its_balance_has() {
        let (store, id) = (store(), Id::parse("801RO000000AbcD").unwrap());
        let of = |key: DeliveryKey| refund_of(&key);
        let pair = |refund: &str| Some((id.to_string(), refund.to_owned()));
        assert_eq!(of(refund(&store, &id, "r 1/2%").unwrap()), pair("r 1/2%"));
        assert_eq!(of(cancellation(&store, &id).unwrap()), pair(CANCEL));
        assert_eq!(of(order(&store, &id).unwrap()), None);
    }

    #[test]
    fn keys_are_as_the_rules_have_them() {
        let (store, id) = (store(), Id::parse("801RO000000AbcD").unwrap());
        for (made, expected, kind) in [
            (customer(&store, &id), "loyalty/default/customer/801RO000000AbcDYAS", kind::CUSTOMER),
            (order(&store, &id), "loyalty/default/order/801RO000000AbcDYAS", kind::ORDER),
            (refund(&store, &id, "0a7"), "loyalty/default/refund/801RO000000AbcDYAS/0a7", kind::REFUND),
            (cancellation(&store, &id), "loyalty/default/refund/801RO000000AbcDYAS/cancel", kind::REFUND),
            (action(&store, &id, "survey"), "loyalty/default/action/801RO000000AbcDYAS/survey", kind::ACTION),
            (state(&store, "C 1/2%"), "loyalty/default/state/C%201%2F2%25", kind::STATE),
            (reward(&store, "17"), "loyalty/default/reward/17", kind::REWARD),
        ] {
            let made = made.unwrap();
            assert_eq!((made.as_str(), made.kind(), made.flow()), (expected, Some(kind), FLOW));
        }
        assert!(state(&store, "").is_err() && refund(&store, &id, "").is_err());
    }

    #[test]
    fn a_delivery_is_made_of_the_record_that_its_key_names() {
        for (key, id) in [
            ("loyalty/default/customer/003000000000001AAA", "003000000000001AAA"),
            ("loyalty/default/order/801000000000001AAA", "801000000000001AAA"),
            ("loyalty/eu/refund/801000000000001AAA/cancel", "801000000000001AAA"),
            ("loyalty/eu/refund/801000000000001AAA/801000000000009AAA", "801000000000009AAA"),
            ("loyalty/eu/action/500000000000001AAA/birthdaygiftone", "500000000000001AAA"),
        ] {
            assert_eq!(record_of(&DeliveryKey::try_from(key.to_owned()).unwrap()), id, "{key}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_shop_calls_its_customers_each_has_a_key_of_its_own(a in ".{1,40}", b in ".{1,40}") {
            let (one, other) = (state(&store(), &a).unwrap(), state(&store(), &b).unwrap());
            prop_assert_eq!(one == other, a == b);
            prop_assert_eq!(one.as_str().split('/').count(), 4);
        }
    }
}
