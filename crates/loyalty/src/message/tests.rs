use super::*;
use crate::money::MinorAmount;
use chrono::DateTime;
use config::Currency;
use proptest::prelude::*;
use salesforce::Id;

fn store() -> StoreName {
    StoreName::try_from("default".to_owned()).unwrap()
}

fn jane() -> CustomerAsked {
    CustomerAsked {
        contact: Id::parse("003RO000000AbcD").unwrap(),
        customer_id: "C1".to_owned(),
        email: "jane@example.com".to_owned(),
        first_name: Some("Jane".to_owned()),
        last_name: None,
        phone: None,
        country: None,
        has_account: None,
        opt_in: None,
        tags: None,
        twins: vec![],
        absorbed: vec![],
        gone: None,
    }
}

fn usd(units: i64) -> MinorAmount {
    MinorAmount { units, currency: Currency::try_from("USD".to_owned()).unwrap() }
}

fn an_order() -> OrderAsked {
    OrderAsked {
        order: Id::parse("801RO000000AbcD").unwrap(),
        amount: usd(4999),
        completed_at: DateTime::UNIX_EPOCH,
        email: "jane@example.com".to_owned(),
        customer: Some(OrderCustomer { revision: Revision(7), asked: jane() }),
        coupon_code: None,
        ip_address: None,
        user_agent: None,
        items: vec![],
    }
}

#[test]
fn every_message_survives_its_way() {
    let day: BusinessDay = "2026-11-20".parse().unwrap();
    let record = Id::parse("500RO000000AbcD").unwrap();
    let asked = an_order();
    let (order_id, refund) = (asked.order.clone(), "0a7".to_owned());
    let returned = ReturnAsked { order: order_id.clone(), refund, amount: usd(1), imported: None };
    let cancelled = CancellationAsked { order: order_id, seen_at: Revision(9), imported: Some(usd(2)) };
    let (word, customer_id, email) = ("survey".to_owned(), "C1".to_owned(), "jane@example.com".to_owned());
    let acted = ActionAsked { word, record, contact: jane().contact, customer_id, email, at: DateTime::UNIX_EPOCH };
    for message in [
        customer(&store(), Revision(7), jane()).unwrap(),
        order(&store(), Revision(7), &day, asked).unwrap(),
        a_return(&store(), returned).unwrap(),
        cancellation(&store(), cancelled).unwrap(),
        action(&store(), acted).unwrap(),
    ] {
        let body = serde_json::to_string(&message).unwrap();
        assert_eq!(Message::parse(&body).unwrap(), message, "{body}");
        assert_eq!(serde_json::from_str::<Delivery>(&body).unwrap(), message.delivery);
    }
}

#[test]
fn the_address_is_no_part_of_an_orders_effect_and_all_that_earns_is() {
    let hash = |asked: &OrderAsked| asked.hash(&store()).unwrap();
    let same = OrderAsked { email: "new@example.com".to_owned(), customer: None, ..an_order() };
    assert_eq!(hash(&same), hash(&an_order()));
    let goods = GoodsAsked {
        id: "1".to_owned(),
        name: None,
        quantity: 1,
        price: None,
        vendor: None,
        kind: None,
        collections: None,
    };
    for other in [
        OrderAsked { amount: usd(5000), ..an_order() },
        OrderAsked { coupon_code: Some("FIVE".to_owned()), ..an_order() },
        OrderAsked { items: vec![goods], ..an_order() },
    ] {
        assert_ne!(hash(&other), hash(&an_order()));
    }
}

#[test]
fn an_applied_effect_tells_whether_identity_or_membership_changed() {
    let hash = |asked: &CustomerAsked| asked.hash().unwrap();
    let renamed = CustomerAsked { first_name: Some("Janet".to_owned()), ..jane() };
    let moved = CustomerAsked { email: "new@example.com".to_owned(), ..jane() };
    let twin = CustomerAsked { twins: vec!["C2".to_owned()], absorbed: vec!["C3".to_owned()], ..jane() };
    assert!(hash(&renamed) != hash(&jane()) && renamed.has_identity_of(&hash(&jane())).unwrap());
    assert!(!moved.has_identity_of(&hash(&jane())).unwrap());
    assert_eq!(hash(&twin), hash(&jane()), "whom it shares its address with is no part of the effect");
    for (opt_in, expected) in [(None, Membership::Unsaid), (Some(false), Membership::Out), (Some(true), Membership::In)]
    {
        let asked = CustomerAsked { opt_in, ..jane() };
        assert_eq!((asked.membership(), Membership::of(&hash(&asked))), (expected, Some(expected)));
        assert_eq!(hash(&asked).as_str().len(), 32);
        assert!(hash(&asked).to_bits().is_some());
    }
    assert_eq!(Membership::of(&EffectHash::stored("")), None);
}

proptest! {
    #[test]
    fn customers_that_differ_in_what_is_sent_have_different_effects(a in "[ab]{1,2}", b in "[ab]{1,2}", name in prop::option::of("[ab]")) {
        let one = CustomerAsked { customer_id: a.clone(), ..jane() };
        let other = CustomerAsked { customer_id: b.clone(), first_name: name.clone(), ..jane() };
        let same = a == b && name == jane().first_name;
        prop_assert_eq!(one.hash().unwrap() == other.hash().unwrap(), same);
    }
}
