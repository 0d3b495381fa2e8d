//! Refunds: what comes off the order, and what a memo gives back.

use super::fixture_tests::*;
use super::*;
use serde_json::json;

const SHIPPED: &str = "2026-11-22T10:00:00-05:00";

/// The plain order after one refund: `left` pieces of shirts and mugs, now worth `total`.
fn after(refund: &Value, left: [u32; 2], shipped: bool, total: &str) -> Order {
    let mut order = plain();
    order["line_items"][0]["current_quantity"] = left[0].into();
    order["line_items"][1]["current_quantity"] = left[1].into();
    order["current_total_price_set"] = money(total);
    order["refunds"] = json!([refund]);
    if shipped {
        let lines = json!([{ "id": 11, "quantity": 2 }]);
        order["fulfillments"] = json!([{ "id": 1, "created_at": SHIPPED, "status": "success", "line_items": lines }]);
    }
    read(&order)
}

/// A line, as `(key, quantity, rate)`.
type Short = (String, u32, String);

fn both(refunded: &Value, at: &Order) -> (Vec<Short>, Result<Vec<Short>, NoMemo>) {
    let erp = erp(&[]);
    let settings = settings(&erp);
    let text = |lines: &[OrderLine]| {
        let short = short(lines).into_iter().map(|(key, _, quantity, rate)| (key.to_owned(), quantity, rate));
        short.collect::<Vec<_>>()
    };
    let effect = order(at, &settings).unwrap();
    assert!(!effect.sums.differ(), "{:?}", effect.sums);
    (text(&effect.lines), refund(&read_refund(refunded), at, &settings).map(|memo| text(&memo.lines)))
}

fn line(key: &str, quantity: u32, rate: &str) -> Short {
    (key.to_owned(), quantity, rate.to_owned())
}

#[test]
fn what_had_not_shipped_comes_off_the_order() {
    for kind in ["cancel", "no_restock"] {
        let refunded = refund_json(&[(11, 1, kind, "18.00", "1.25")]);
        let (lines, memo) = both(&refunded, &after(&refunded, [1, 1], false, "34.75"));
        let rest = [line("shipping:21", 1, "10"), line("discount", 1, "-2"), line("tax", 1, "1.75")];
        assert_eq!(lines, [vec![line("11", 1, "20"), line("12", 1, "5")], rest.to_vec()].concat(), "{kind}");
        assert_eq!(memo, Err(NoMemo::Skip(Skip::OrderReduced)), "{kind}");
    }
}

#[test]
fn what_came_back_is_credited() {
    for (kind, shipped) in [("return", false), ("legacy_restock", false), ("no_restock", true), ("of_2030", true)] {
        let refunded = refund_json(&[(11, 1, kind, "18.00", "1.25")]);
        let (lines, memo) = both(&refunded, &after(&refunded, [1, 1], shipped, "34.75"));
        assert_eq!(lines[0], line("11", 2, "20"), "{kind}");
        assert_eq!(memo.unwrap(), [line("11", 1, "20"), line("discount", 1, "-2"), line("tax", 1, "1.25")], "{kind}");
    }
}

fn memo(refund: &Value, changes: &[(&str, Value)], lines: &[(&str, &str)]) -> Result<MemoEffect, NoMemo> {
    let mut order = plain();
    for (name, value) in changes {
        order[*name] = value.clone();
    }
    order["refunds"] = json!([refund]);
    let erp = erp(lines);
    super::refund(&read_refund(refund), &read(&order), &settings(&erp))
}

fn payment(status: &str, amount: &str) -> Value {
    json!({ "id": 1, "kind": "refund", "status": status, "amount": amount, "currency": null })
}

fn with(field: &str, value: Value) -> Value {
    let mut refund = refund_json(&[(11, 1, "return", "18.00", "1.25")]);
    refund[field] = value;
    refund
}

#[test]
fn a_memo_is_dated_in_the_shops_zone_and_for_the_orders_customer() {
    let effect = memo(&with("created_at", json!("2026-12-01T04:59:00Z")), &[], &[]).unwrap();
    assert_eq!((effect.record, effect.external_id.as_str()), ("creditMemo", "shopify_refund_509562969"));
    assert_eq!(effect.entity, Entity::External("shopify_customer_207119551".to_owned()));
    let fields = [("memo", json!("Too small")), ("otherRefNum", json!("#1001")), ("tranDate", json!("2026-11-30"))];
    assert_eq!(effect.fields, fields.into());
    let (entity, items) = ("110".parse().unwrap(), items(&effect.lines));
    let ids = Ids { entity: &entity, currency: None, items: &items };
    let erp = erp(&[]);
    let body = memo_record(&effect, &ids, ledger::Revision(0), &settings(&erp)).unwrap();
    let stamp: Stamp = body["custbody_order_relay"].as_str().unwrap().parse().unwrap();
    assert_eq!((stamp.effect, body["item"]["items"].as_array().unwrap().len()), (effect.hash(), 3));
    let authorization = memo(&with("note", json!(null)), &[], &[("", "refunds = \"return_authorization\"")]);
    assert_eq!(authorization.unwrap().record, "returnAuthorization");
}

#[test]
fn refunds_that_make_no_memo() {
    let skip = |reason| Err(NoMemo::Skip(reason));
    let payments = |all: &[Value]| with("transactions", json!(all));
    let of = |refund: &Value| memo(refund, &[], &[]).map(|effect| effect.sums);
    assert_eq!(of(&payments(&[payment("failure", "1"), payment("error", "1")])), skip(Skip::RefundFailed));
    assert_eq!(of(&payments(&[payment("success", "1"), payment("pending", "1")])), Err(NoMemo::Pending));
    let sums = |shopify: i64| Ok(Some(Sums { ours: "19.25".parse().unwrap(), shopify: shopify.into() }));
    assert_eq!(of(&payments(&[payment("failure", "1"), payment("success", "15")])), sums(15));
    assert_eq!(of(&with("note", json!(null))), Ok(None));
    let any = with("note", json!(null));
    let sums = |result: Result<MemoEffect, NoMemo>| result.map(|effect| effect.sums);
    assert_eq!(sums(memo(&any, &[], &[("", "refunds = \"none\"")])), skip(Skip::RefundsOff));
    assert_eq!(sums(memo(&any, &[("created_at", json!("2025-12-31T00:00:00Z"))], &[])), skip(Skip::BeforeStart));
}

#[test]
fn shipping_and_differences_are_part_of_the_memo() {
    let shipping = json!([{ "id": 21, "subtotal_amount_set": money("10.00"), "tax_amount_set": money("1.00") }]);
    let lines = |refund: &Value| {
        memo(refund, &[], &[]).map(|memo| {
            let short = short(&memo.lines).into_iter().map(|(key, item, _, rate)| format!("{key} {item} {rate}"));
            short.collect::<Vec<_>>()
        })
    };
    // Nothing had shipped: the shirt comes off the order, its shipping does not.
    let mut refund = refund_json(&[(11, 1, "cancel", "18.00", "1.25")]);
    refund["refund_shipping_lines"] = shipping;
    assert_eq!(lines(&refund).unwrap(), ["shipping:21 SHIPPING 10", "tax TAX 1"]);
    // Five were kept, two given on top.
    let adjustment =
        |amount: &str, tax: &str| json!([{ "id": 1, "amount_set": money(amount), "tax_amount_set": money(tax) }]);
    let kept = lines(&with("order_adjustments", adjustment("5.00", "0.50"))).unwrap();
    assert_eq!(kept, ["11 SHIRT-M 20", "adjustment DISCOUNT -5", "discount DISCOUNT -2", "tax TAX 0.75"]);
    let given = lines(&with("order_adjustments", adjustment("-2.00", "0"))).unwrap();
    assert_eq!(given[1], "adjustment DISCOUNT 2");
    let Err(NoMemo::Parked(parked)) = lines(&with("order_adjustments", adjustment("50.00", "0"))) else {
        panic!("parked")
    };
    assert_eq!(parked.reason, "negative_memo");
    // Goodwill: the payment is all there is.
    let mut goodwill = refund_json(&[]);
    goodwill["transactions"] = json!([payment("success", "7.50")]);
    assert_eq!(lines(&goodwill).unwrap(), ["adjustment DISCOUNT 7.5"]);
}

/// Shipping was refunded `at`, then the whole order was cancelled at eleven, and the goods were refunded with it.
fn refunded_then_cancelled(at: &str) -> (Value, Value) {
    let mut shipping = refund_json(&[]);
    shipping["created_at"] = format!("2026-11-25T{at}-05:00").into();
    shipping["refund_shipping_lines"] =
        json!([{ "id": 21, "subtotal_amount_set": money("8.00"), "tax_amount_set": money("0.80") }]);
    let mut rest = refund_json(&[(11, 2, "cancel", "36.00", "2.50"), (12, 1, "cancel", "5.00", "0.50")]);
    (rest["id"], rest["created_at"]) = (2.into(), "2026-11-25T11:00:00-05:00".into());
    let mut order = plain();
    for line in order["line_items"].as_array_mut().unwrap() {
        line["current_quantity"] = 0.into();
    }
    order["cancelled_at"] = "2026-11-25T11:00:00-05:00".into();
    order["current_total_price_set"] = money("0.00");
    order["refunds"] = json!([shipping, rest]);
    (order, shipping)
}

#[test]
fn a_cancelled_order_keeps_what_a_memo_gives_back_and_less_it_is_worth_nothing() {
    // Its memo was made before anybody thought of cancelling, be it by seconds.
    for at in ["10:00:00", "10:59:25"] {
        let (order, shipping) = refunded_then_cancelled(at);
        let (lines, memo) = both(&shipping, &read(&order));
        assert_eq!(lines, [line("shipping:21", 1, "8"), line("tax", 1, "0.8")], "{at}");
        assert_eq!(memo.unwrap(), lines);
        let erp = erp(&[]);
        let OrderWorth { order: whole, memos, .. } = worth(&read(&order), &settings(&erp));
        assert_eq!((whole, memos.len(), memos[0].1), ("8.8".parse().unwrap(), 1, whole), "{at}");
    }
    // What is paid back afterwards is of what was closed.
    let (order, shipping) = refunded_then_cancelled("11:00:30");
    let (lines, memo) = both(&shipping, &read(&order));
    assert_eq!((lines.len(), memo), (0, Err(NoMemo::Skip(Skip::OrderReduced))));
    let (order, _) = refunded_then_cancelled("10:00:00");
    // Where there is no memo, nothing is kept.
    let none = super::fixture_tests::erp(&[("", "refunds = \"none\"")]);
    assert_eq!(super::order(&read(&order), &settings(&none)).unwrap().lines, []);
    assert_eq!(worth(&read(&order), &settings(&none)).order, 0.into());
}

/// Shopify's page of the reason says that it passes with the transaction.
#[test]
fn what_is_pending_is_no_adjustment() {
    let pending = |reason: &str| json!([{ "id": 1, "reason": reason, "amount_set": money("19.25"), "tax_amount_set": money("0") }]);
    // A piece comes off the order while its money is under way.
    let mut refunded = refund_json(&[(11, 1, "cancel", "18.00", "1.25")]);
    for reason in ["Pending refund discrepancy", "pending_refund_discrepancy"] {
        refunded["order_adjustments"] = pending(reason);
        let (lines, memo) = both(&refunded, &after(&refunded, [1, 1], false, "34.75"));
        assert!(lines.iter().all(|(key, ..)| !key.starts_with("adjustment")), "{lines:?}");
        assert_eq!(memo, Err(NoMemo::Skip(Skip::OrderReduced)));
    }
    // One that came back, paid by now, and the adjustment is listed still.
    let mut refunded = with("order_adjustments", pending("PENDING_REFUND_DISCREPANCY"));
    refunded["transactions"] = json!([payment("success", "19.25")]);
    let lines = memo(&refunded, &[], &[]).unwrap().lines;
    assert!(lines.iter().all(|line| line.key != "adjustment"), "{lines:?}");
    // Another reason is booked.
    let lines = memo(&with("order_adjustments", pending("Refund discrepancy")), &[], &[]);
    assert!(lines.unwrap().lines.iter().any(|line| line.key == "adjustment"));
}
