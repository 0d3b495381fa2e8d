use super::*;
use crate::{
    message::{Message, Payload},
    source::{
        customers::asked,
        testing::{Bench, row, with},
    },
};
use delivery::{Fate, Item};
use serde_json::{Value, json};

const JANE: &str = "003000000000001AAA";

fn an_order() -> Value {
    json!({
        "Id": "801000000000001AAA", "SystemModstamp": "2026-11-23T09:00:00.000+0000", "ActivatedDate": "2026-11-22T18:04:31.000+0000",
        "BillToContactId": JANE, "BillToContact": {"Email": "old@example.com"}, "Account": null, "TotalAmount": 59.97, "Coupon_Code__c": " FIVE ",
        "OrderItems": {"done": true, "records": [
            {"Id": "802000000000001AAA", "Quantity": 2.0, "TotalPrice": 39.98, "Product2": {"ProductCode": "A-1", "Name": "Shirt"}},
            {"Id": "802000000000002AAA", "Quantity": 0.4, "TotalPrice": 19.99, "Product2": {"ProductCode": "B-2", "Name": "Silk"}},
            {"Id": "802000000000003AAA", "Quantity": 1.0, "TotalPrice": 0.0, "Product2": null},
        ]},
    })
}

fn jane() -> Value {
    json!({"Id": JANE, "SystemModstamp": "2026-11-20T09:00:00.000+0000", "IsDeleted": false, "MasterRecordId": null,
           "Email": " Jane@Example.com", "FirstName": "Jane", "LastName": "Doe"})
}

/// The bench, with currency and a customer.
async fn mapped(bench: &Bench, order: &Value, customers: &[Value]) -> Mapped {
    let fields = bench.fields().await;
    let rows: Vec<_> = customers.iter().map(|customer| row(customer.clone())).collect();
    let person = |row: &Record| {
        (row.id().unwrap(), Person::alone(revision(row).unwrap(), asked(row, &fields.customer).unwrap()))
    };
    let people = rows.iter().map(person).collect();
    bench.mapping(&fields).order(&row(order.clone()), &people).unwrap()
}

fn dollars() -> Bench {
    Bench::new(&[("[stores.default]", "[stores.default]\ncurrency = \"USD\"\n")])
}

fn item(mapped: Mapped) -> Item {
    let Mapped::Item(item) = mapped else { panic!("{mapped:?}") };
    item
}

fn asked_for(item: &Item) -> OrderAsked {
    let Payload::Order(asked) = Message::parse(&item.entry().unwrap().body).unwrap().payload else { panic!() };
    asked
}

#[tokio::test]
async fn an_order_is_asked_for_with_its_customer_as_the_org_has_them() {
    let item = item(mapped(&dollars(), &an_order(), &[jane()]).await);
    assert_eq!(item.delivery.key.as_str(), "loyalty/default/order/801000000000001AAA");
    assert_eq!((item.delivery.revision.0, item.delivery.day.as_deref()), (1_795_424_400_000, Some("2026-11-22")));
    let asked = asked_for(&item);
    assert_eq!((asked.amount.units, asked.amount.currency.as_str()), (5997, "USD"));
    assert_eq!((asked.email.as_str(), asked.coupon_code.as_deref()), ("jane@example.com", Some("FIVE")));
    assert_eq!(asked.completed_at.to_rfc3339(), "2026-11-22T18:04:31+00:00");
    let customer = asked.customer.unwrap();
    assert_eq!((customer.asked.customer_id.as_str(), customer.revision.0), (JANE, 1_795_165_200_000));
    let goods: Vec<_> = asked.items.iter().map(|goods| (goods.id.as_str(), goods.quantity, goods.price)).collect();
    assert_eq!(goods, [("A-1", 2, Some(3998)), ("B-2", 1, Some(1999))]);
}

#[tokio::test]
async fn without_a_customer_it_is_a_guests_who_is_known_by_address_alone() {
    let asked = asked_for(&item(mapped(&dollars(), &an_order(), &[]).await));
    assert_eq!((asked.email.as_str(), asked.customer), ("old@example.com", None));
}

/// Every reason for which an order is not sent.
#[tokio::test]
async fn every_reason_has_its_order() {
    for (more, customer, reason) in [
        (json!({"BillToContact": null}), None, "no_email"),
        (json!({"BillToContact": {"Email": "jane"}}), None, "invalid_email"),
        (json!({}), Some(json!({"Email": null})), "no_email"),
        (json!({}), Some(json!({"Email": "jane@nowhere.invalid"})), "invalid_email"),
        (json!({"TotalAmount": 0}), None, "zero_amount"),
        (json!({"TotalAmount": 0.004}), None, "zero_amount"),
    ] {
        let customers: Vec<_> = customer.iter().map(|more| with(&jane(), more)).collect();
        let item = item(mapped(&dollars(), &with(&an_order(), &more), &customers).await);
        assert!(matches!(item.fate, Fate::Skip(skipped) if skipped == reason), "{reason}: {:?}", item.fate);
    }
    for (more, reason) in [
        (json!({"TotalAmount": -1}), "bad_amount"),
        (json!({"TotalAmount": null}), "bad_amount"),
        (json!({"TotalAmount": 1e12}), "bad_amount"),
        (json!({"ActivatedDate": null}), "no_completion_date"),
        (json!({"ActivatedDate": "2026-11-24T00:00:00.000+0000"}), "future_completion_date"),
    ] {
        let item = item(mapped(&dollars(), &with(&an_order(), &more), &[]).await);
        assert!(matches!(item.fate, Fate::Park(parked, _) if parked == reason), "{reason}: {:?}", item.fate);
        assert!(item.delivery.key.as_str().starts_with("loyalty/default/order/"));
    }
    let item = item(mapped(&Bench::new(&[]), &an_order(), &[]).await);
    assert!(matches!(item.fate, Fate::Park("no_currency", _)), "{:?}", item.fate);
}

#[tokio::test]
async fn orders_of_before_the_start_are_passed_over_and_counted() {
    let early = with(&an_order(), &json!({"ActivatedDate": "2025-12-31T23:59:59.000+0000"}));
    let mapped = mapped(&dollars(), &early, &[]).await;
    assert!(
        matches!(&mapped, Mapped::Outside(_, day, "before_start") if day.to_string() == "2025-12-31"),
        "{mapped:?}"
    );
}

#[tokio::test]
async fn an_order_goes_where_store_and_currency_lead() {
    let bench = Bench::two_stores(&[]);
    for (store, currency, expected) in [
        ("US", "USD", Some("default")),
        ("EU", "EUR", Some("eu")),
        ("EU", "JPY", Some("eu")),
        ("US", "EUR", None),
        ("us", "USD", None),
        ("", "USD", None),
    ] {
        let order = with(&an_order(), &json!({"Store__c": store, "CurrencyIsoCode": currency}));
        let item = item(mapped(&bench, &order, &[jane()]).await);
        let delivery_key = item.delivery.key.as_str();
        if let Some(expected) = expected {
            assert_eq!((item.store.as_str(), item.entry().is_some()), (expected, true), "{delivery_key}");
        } else {
            assert!(matches!(item.fate, Fate::Park("unknown_store", _)), "{store} {currency}");
            assert_eq!(delivery_key, "loyalty/unrouted/order/801000000000001AAA");
        }
    }
}

#[tokio::test]
async fn the_day_of_an_order_is_that_of_its_store() {
    let order = json!({"Store__c": "EU", "CurrencyIsoCode": "EUR", "ActivatedDate": "2026-11-21T23:30:00.000+0000"});
    let item = item(mapped(&Bench::two_stores(&[]), &with(&an_order(), &order), &[jane()]).await);
    assert_eq!(item.delivery.day.as_deref(), Some("2026-11-22"));
}

#[tokio::test]
async fn only_lines_that_count_are_told_and_added_up() {
    let lines = (
        "amount = { field = \"TotalAmount\" }",
        "amount = { sum = \"TotalPrice\", keep = [{ field = \"Product2.Name\", is_not = [\"Silk\"] }] }",
    );
    let bench = Bench::new(&[("[stores.default]", "[stores.default]\ncurrency = \"KWD\"\n"), lines]);
    let asked = asked_for(&item(mapped(&bench, &an_order(), &[jane()]).await));
    assert_eq!(asked.amount.units, 39_980);
    assert_eq!(asked.items.iter().map(|goods| goods.id.as_str()).collect::<Vec<_>>(), ["A-1"]);
}
