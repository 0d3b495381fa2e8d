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
