use super::*;
use crate::{
    message::{Message, Payload},
    source::{
        fields::Fields,
        testing::{Bench, row, with},
    },
};
use config::Currency;
use delivery::{Fate, Item};
use serde_json::{Value, json};

const ORDER: &str = "801000000000001AAA";
const RETURN: &str = "801000000000009AAA";

fn reduction() -> Value {
    json!({
        "Id": RETURN, "SystemModstamp": "2026-11-23T09:00:00.000+0000", "TotalAmount": -19.99,
        "OriginalOrder": {"Id": ORDER, "ActivatedDate": "2026-11-20T18:04:31.000+0000"},
    })
}

fn dollars(changes: &[(&str, &str)]) -> Bench {
    let currency = ("[stores.default]", "[stores.default]\ncurrency = \"USD\"\n");
    Bench::new(&[&[currency], changes].concat())
}

fn a_return(bench: &Bench, fields: &Fields, json: &Value, earlier: &Earlier) -> Item {
    let mapped = bench.mapping(fields).a_return(&row(json.clone()), fields.returns.as_ref().unwrap(), earlier).unwrap();
    let Mapped::Item(item) = mapped else { panic!("{mapped:?}") };
    item
}

fn asked_for(item: &Item) -> ReturnAsked {
    let Payload::Return(asked) = Message::parse(&item.entry().unwrap().body).unwrap().payload else { panic!() };
    asked
}

#[tokio::test]
async fn a_return_of_either_sign_takes_back_its_amount() {
    let bench = dollars(&[]);
    let fields = bench.fields().await;
    for amount in [json!(19.99), json!(-19.99)] {
        let item = a_return(&bench, &fields, &with(&reduction(), &json!({"TotalAmount": amount})), &Earlier::default());
        assert_eq!(item.delivery.key.as_str(), format!("loyalty/default/refund/{ORDER}/{RETURN}"));
        let asked = asked_for(&item);
        assert_eq!((asked.amount.units, asked.order.as_str(), asked.imported), (1999, ORDER, None));
    }
}

#[tokio::test]
async fn every_reason_has_its_return() {
    let bench = dollars(&[]);
    let fields = bench.fields().await;
    let original = |more: Value| json!({"OriginalOrder": with(&reduction()["OriginalOrder"], &more)});
    for (more, reason) in [
        (json!({"TotalAmount": 0}), "zero_amount"),
        (original(json!({"ActivatedDate": "2025-12-31T18:04:31.000+0000"})), "before_start"),
    ] {
        let item = a_return(&bench, &fields, &with(&reduction(), &more), &Earlier::default());
        assert!(matches!(item.fate, Fate::Skip(skipped) if skipped == reason), "{reason}: {:?}", item.fate);
    }
    for (more, reason) in [(json!({"TotalAmount": null}), "bad_amount"), (json!({"OriginalOrder": null}), "no_order")] {
        let item = a_return(&bench, &fields, &with(&reduction(), &more), &Earlier::default());
        assert!(matches!(item.fate, Fate::Park(parked, _) if parked == reason), "{reason}: {:?}", item.fate);
    }
    let unpriced = Bench::new(&[]);
    let item = a_return(&unpriced, &unpriced.fields().await, &reduction(), &Earlier::default());
    assert!(matches!(item.fate, Fate::Park("no_currency", _)));
    let two = Bench::two_stores(&[]);
    let item = a_return(&two, &two.fields().await, &reduction(), &Earlier::default());
    assert!(matches!(item.fate, Fate::Park("unknown_store", _)), "{:?}", item.fate);
    assert_eq!(item.delivery.key.as_str(), format!("loyalty/unrouted/refund/{ORDER}/{RETURN}"));
}

#[tokio::test]
async fn of_before_the_start_what_was_imported_or_sent_by_hand_is_taken_back() {
    let bench = dollars(&[("history = \"none\"", "history = \"imported\"")]);
    let fields = bench.fields().await;
    let old = json!({"OriginalOrder": {"Id": ORDER, "ActivatedDate": "2025-12-31T18:04:31.000+0000"}});
    let old = with(&reduction(), &old);
    let order = Id::parse(ORDER).unwrap();
    let usd = |units| MinorAmount { units, currency: Currency::try_from("USD".to_owned()).unwrap() };
    let imported = |units| Earlier { imported: [(order.clone(), usd(units))].into(), ..Earlier::default() };
    assert_eq!(asked_for(&a_return(&bench, &fields, &old, &imported(5000))).imported, Some(usd(5000)));
    assert!(matches!(a_return(&bench, &fields, &old, &imported(0)).fate, Fate::Skip("zero_amount")));
    assert!(matches!(a_return(&bench, &fields, &old, &Earlier::default()).fate, Fate::Park("bad_amount", _)));
    let sent = Earlier { sent: [order].into(), ..Earlier::default() };
    assert_eq!(asked_for(&a_return(&bench, &fields, &old, &sent)).imported, None);
}

#[tokio::test]
async fn a_cancellation_takes_what_is_left() {
    let bench = dollars(&[]);
    let fields = bench.fields().await;
    let order = json!({"Id": ORDER, "SystemModstamp": "2026-11-23T09:00:00.000+0000", "TotalAmount": 59.97,
                       "ActivatedDate": "2026-11-20T18:04:31.000+0000"});
    let mapped = bench.mapping(&fields).cancellation(&row(order), &Earlier::default()).unwrap();
    let Mapped::Item(item) = mapped else { panic!("{mapped:?}") };
    assert_eq!(item.delivery.key.as_str(), format!("loyalty/default/refund/{ORDER}/cancel"));
    let Payload::Cancellation(asked) = Message::parse(&item.entry().unwrap().body).unwrap().payload else { panic!() };
    assert_eq!((asked.order.as_str(), asked.seen_at.0), (ORDER, 1_795_424_400_000));
}

#[tokio::test]
async fn changes_of_order_management_and_records_of_ones_own_are_read_as_well() {
    let changes =
        ("returns = { source = \"reduction_orders\" }", "returns = { source = \"order_item_summary_changes\" }");
    let bench = dollars(&[changes]);
    let put = |object, json: Value| bench.vendors.salesforce.put(object, &json).unwrap();
    put("OrderSummary", json!({}));
    put("OrderItemSummaryChange", json!({"ChangeType": "Return"}));
    let fields = bench.fields().await;
    let change = json!({
        "Id": "0cs000000000001AAA", "SystemModstamp": "2026-11-23T09:00:00.000+0000", "ChangeOrderItem": {"TotalPrice": -5.0},
        "OrderSummary": {"OriginalOrder": {"Id": ORDER, "ActivatedDate": "2026-11-20T18:04:31.000+0000"}},
    });
    let item = a_return(&bench, &fields, &change, &Earlier::default());
    assert_eq!(item.delivery.key.as_str(), format!("loyalty/default/refund/{ORDER}/0cs000000000001AAA"));
    assert_eq!(asked_for(&item).amount.units, 500);
}
