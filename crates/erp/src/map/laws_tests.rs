//! What holds for every order.

use super::fixture_tests::{erp, items, read, settings};
use super::made_tests::case;
use super::*;
use ledger::{EffectHash, Revision};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::json;

const NAMED: &str = "tip = \"TIP\"\nduties = \"DUTIES\"\nfees = \"FEES\"\ncustom = \"CUSTOM\"\nrounding = \"ROUNDING\"";

/// Fewer than usual, since each is dear, unless somebody asks for more.
fn cases() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    if asked { ProptestConfig::default() } else { ProptestConfig::with_cases(128) }
}

fn modes() -> impl Strategy<Value = Erp> {
    let suitetax = ("suitetax", "tax_type = \"13\"\ntax_code = \"91\"");
    prop_oneof![
        Just(erp(&[("charges", NAMED)])),
        Just(erp(&[("charges", NAMED), ("", "tax = \"suitetax\""), suitetax])),
        Just(erp(&[("charges", NAMED), ("", "tax = \"netsuite\"")])),
    ]
}

fn current_total(order: &Value) -> Decimal {
    order["current_total_price_set"]["shop_money"]["amount"].as_str().unwrap().parse().unwrap()
}

fn rounding(order: &Value) -> Decimal {
    order["total_cash_rounding_payment_adjustment_set"]["shop_money"]["amount"].as_str().unwrap().parse().unwrap()
}

/// What NetSuite would make of the lines: rate times quantity, and tax beside them.
fn total(lines: &[OrderLine]) -> Decimal {
    lines.iter().map(|line| line.rate * Decimal::from(line.quantity) + line.tax).sum()
}

/// The same text with the keys of every object in the opposite order.
fn backwards(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().rev().map(|(key, value)| format!("{}:{}", json!(key), backwards(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(backwards).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

/// The order at its newest state, and its refunds' memos; `None` where a refund keeps more than it gives back.
fn mapped(whole: &Value, settings: &Settings<'_>) -> Option<(OrderEffect, Vec<MemoEffect>)> {
    let whole = read(whole);
    let mut memos = Vec::new();
    for refunded in &whole.refunds {
        match refund(refunded, &whole, settings) {
            Ok(memo) => memos.push(memo),
            Err(NoMemo::Skip(Skip::OrderReduced)) => {}
            Err(NoMemo::Parked(parked)) if parked.reason == "negative_memo" => return None,
            Err(other) => panic!("{other:?}"),
        }
    }
    Some((order(&whole, settings).unwrap(), memos))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn an_order_less_its_memos_is_shopifys_current_total(case in case(), erp in modes()) {
        let settings = settings(&erp);
        for whole in case.orders() {
            let Some((effect, memos)) = mapped(&whole, &settings) else { continue };
            prop_assert!(!effect.sums.differ(), "{:?}", effect.sums);
            if erp.tax != config::Tax::Netsuite {
                let back: Decimal = memos.iter().map(|memo| total(&memo.lines)).sum();
                prop_assert_eq!(total(&effect.lines) - back, current_total(&whole) + rounding(&whole));
            }
            // A rate is what NetSuite can hold.
            let rates = effect.lines.iter().chain(memos.iter().flat_map(|memo| &memo.lines)).map(|line| line.rate);
            prop_assert!(rates.into_iter().all(|rate| rate.normalize().scale() <= case.currency.1));
            let mut keys: Vec<&str> = effect.lines.iter().map(|line| line.key.as_str()).collect();
            keys.sort_unstable();
            keys.dedup();
            prop_assert_eq!(keys.len(), effect.lines.len());
            prop_assert!(effect.lines.iter().all(|line| line.quantity > 0));
        }
    }

    /// What Shopify says that an order and its memos are worth is what their lines come to, so that a certificate's totals agree.
    #[test]
    fn each_record_is_worth_its_lines(case in case()) {
        let erp = erp(&[("charges", NAMED)]);
        let settings = settings(&erp);
        for whole in case.orders() {
            let Some((effect, memos)) = mapped(&whole, &settings) else { continue };
            let OrderWorth { order, memos: given_back, .. } = worth(&read(&whole), &settings);
            prop_assert_eq!(order, total(&effect.lines));
            let given_back: Vec<Decimal> = given_back.into_iter().map(|(_, amount)| amount).collect();
            prop_assert_eq!(given_back, memos.iter().map(|memo| total(&memo.lines)).collect::<Vec<_>>());
        }
    }

    /// A refund that makes the order no smaller leaves its effect as it was, and one effect has one hash whatever else changes.
    #[test]
    fn what_is_not_mapped_does_not_matter(case in case()) {
        let erp = erp(&[("charges", NAMED)]);
        let settings = settings(&erp);
        for whole in case.orders() {
            let Some((effect, memos)) = mapped(&whole, &settings) else { continue };
            let mut other = whole.clone();
            other["tags"] = "c".into();
            other["updated_at"] = "2027-01-01T00:00:00Z".into();
            other["financial_status"] = "partially_refunded".into();
            other["fulfillment_status"] = "fulfilled".into();
            other["payment_gateway_names"] = json!(["x"]);
            let parcels = other["fulfillments"].as_array_mut().unwrap();
            parcels.push(json!({ "id": 2, "created_at": "2026-12-24T00:00:00Z", "status": "success",
                                 "line_items": [{ "id": 1, "quantity": 1 }] }));
            let (same, same_memos) = mapped(&other, &settings).unwrap();
            prop_assert_eq!(effect.hash(), same.hash());
            let reversed: Value = serde_json::from_str(&backwards(&whole)).unwrap();
            prop_assert_eq!(effect.hash(), mapped(&reversed, &settings).unwrap().0.hash());
            let hashes = |memos: &[MemoEffect]| memos.iter().map(MemoEffect::hash).collect::<Vec<_>>();
            prop_assert_eq!(hashes(&memos), hashes(&same_memos));
        }
    }

    /// The refund of a webhook that came late says what it said at once.
    #[test]
    fn a_refund_is_the_same_from_every_payload_that_lists_it(case in case()) {
        let erp = erp(&[("charges", NAMED)]);
        let settings = settings(&erp);
        let orders: Vec<_> = case.orders().iter().map(read).collect();
        let newest = orders.last().unwrap();
        for (at, refunded) in newest.refunds.iter().enumerate() {
            prop_assert_eq!(refund(refunded, newest, &settings), refund(refunded, &orders[at + 1], &settings));
        }
    }

    /// The other of the two amounts, throughout.
    #[test]
    fn one_kind_of_money_goes_through_all_of_it(case in case()) {
        let tipless = |mut order: Value| { order["total_tip_received"] = "0".into(); order };
        let (shop, presentment) = (erp(&[("charges", NAMED)]), erp(&[("charges", NAMED), ("", "money = \"presentment\"")]));
        let whole = read(&tipless(case.orders().swap_remove(0)));
        let ours = order(&whole, &settings(&shop)).unwrap();
        let theirs = order(&whole, &settings(&presentment)).unwrap();
        prop_assert_eq!(theirs.currency.as_str(), "EUR");
        prop_assert_eq!(total(&ours.lines) * Decimal::TWO, total(&theirs.lines));
    }

    #[test]
    fn a_stamp_is_read_as_it_was_written(revision: i64, effect: Vec<u8>, lines: Vec<u8>) {
        let stamp = Stamp { revision: Revision(revision), effect: EffectHash::of(&effect), lines: EffectHash::of(&lines) };
        prop_assert_eq!(stamp.to_string().parse::<Stamp>(), Ok(stamp.clone()));
        prop_assert!(stamp.to_string().len() <= 300);
    }

    #[test]
    fn a_text_that_is_no_stamp_is_none(text in ".{0,40}") {
        prop_assert!(text.parse::<Stamp>().is_err());
    }

    /// A JSON number has the decimal's digits.
    #[test]
    fn amounts_keep_their_digits(minor in -999_999_999_999_999_i64..999_999_999_999_999, digits in 0..4_u32) {
        let amount = Decimal::new(minor, digits).normalize();
        prop_assert_eq!(record::number(amount).to_string(), amount.to_string());
    }

    /// NetSuite reads our lines back as we left them.
    #[test]
    fn what_was_just_written_counts_as_unedited(case in case()) {
        let erp = erp(&[("charges", NAMED)]);
        let settings = settings(&erp);
        let effect = order(&read(&case.orders()[0]), &settings).unwrap();
        let (entity, items) = ("1".parse().unwrap(), items(&effect.lines));
        let ids = Ids { entity: &entity, currency: None, items: &items };
        let mut record = order_record(&effect, &ids, Revision(1), &settings).unwrap();
        record["id"] = "647".into();
        for (at, line) in record["item"]["items"].as_array_mut().unwrap().iter_mut().enumerate() {
            line["line"] = (at + 1).into();
        }
        let held = NetSuiteOrder::parse(&record).unwrap();
        prop_assert!(!held.is_edited());
        prop_assert_eq!(patch(&effect, &held, &ids, Revision(2), &settings).unwrap().body(true), None);
    }
}
