//! Orders as Shopify might have made them: every amount follows from what was ordered, edited, shipped and refunded.

use proptest::collection::vec;
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// A line as ordered, in the currency's smallest unit, and what became of it.
#[derive(Debug, Clone)]
pub(super) struct Made {
    quantity: u32,
    price: i64,
    /// Of the line's whole price, in thousandths.
    discount: i64,
    tax: i64,
    shipped: bool,
    /// An edit took all of it off, without a refund.
    edited: bool,
}

/// A refund: pieces of each line, by how they went back, and what else was given back.
#[derive(Debug, Clone)]
pub(super) struct Back {
    pieces: Vec<(u32, usize)>,
    shipping: i64,
    adjustment: i64,
    /// After the goods had shipped.
    late: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) currency: (&'static str, u32),
    pub(super) included: bool,
    lines: Vec<Made>,
    shipping: Vec<(i64, i64, bool)>,
    /// Tip, duties, fees, cash rounding.
    charges: [i64; 4],
    /// By how much the order's tax differs from its lines'.
    drift: i64,
    backs: Vec<Back>,
}

const RESTOCK: [&str; 5] = ["cancel", "return", "no_restock", "legacy_restock", "of_2030"];
pub(super) const ORDERED: &str = "2026-11-20T10:00:00Z";
const SHIPPED: &str = "2026-11-21T10:00:00Z";
const LATE: &str = "2026-11-22T10:00:00Z";

prop_compose! {
    fn made()(quantity in 1..6_u32, price in 0..20_000_i64, discount in prop_oneof![Just(0), 0..1000_i64], tax in 0..250_i64,
              shipped: bool, edited in prop::bool::weighted(0.1)) -> Made {
        Made { quantity, price, discount, tax, shipped, edited }
    }
}

prop_compose! {
    fn back()(pieces in vec((0..4_u32, 0..RESTOCK.len()), 0..4), shipping in prop_oneof![Just(0), 0..900_i64],
              adjustment in prop_oneof![Just(0), -500..500_i64], late: bool) -> Back {
        Back { pieces, shipping, adjustment, late }
    }
}

prop_compose! {
    pub(super) fn case()(currency in prop_oneof![Just(("JPY", 0)), Just(("USD", 2)), Just(("KWD", 3))], included: bool,
                         lines in vec(made(), 1..5), shipping in vec((0..2_000_i64, 0..200_i64, prop::bool::weighted(0.2)), 0..3),
                         charges in [prop_oneof![Just(0), 1..500_i64], prop_oneof![Just(0), 1..500_i64],
                                     prop_oneof![Just(0), 1..500_i64], prop_oneof![Just(0), -2..3_i64]],
                         drift in -1..2_i64, backs in vec(back(), 0..4)) -> Case {
        Case { currency, included, lines, shipping, charges, drift, backs }
    }
}

impl Case {
    fn money(&self, minor: i64) -> Value {
        let amount = Decimal::new(minor, self.currency.1);
        let of = |amount: Decimal, code: &str| json!({ "amount": amount.to_string(), "currency_code": code });
        json!({ "shop_money": of(amount, self.currency.0), "presentment_money": of(amount * Decimal::TWO, "EUR") })
    }

    /// The order before and after each refund, oldest first: as many webhooks' bodies.
    pub(super) fn orders(&self) -> Vec<Value> {
        (0..=self.backs.len()).map(|done| self.order(done)).collect()
    }

    /// The order with the first `done` of its refunds.
    fn order(&self, done: usize) -> Value {
        let on_top = |tax: i64| if self.included { 0 } else { tax };
        let (mut lines, mut left) = (Vec::new(), Vec::new());
        let (mut total, mut taxes) = (0, 0);
        for (at, line) in self.lines.iter().enumerate() {
            let whole = line.price * i64::from(line.quantity);
            let discount = whole * line.discount / 1000;
            let tax = (whole - discount) * line.tax / 1000;
            total += whole - discount + on_top(tax);
            taxes += tax;
            left.push((line.quantity, discount, tax));
            lines.push(json!({
                "id": at + 1, "sku": (at % 3 != 2).then(|| format!("SKU-{at}")), "title": "A", "name": "A", "gift_card": at == 3,
                "quantity": line.quantity, "price_set": self.money(line.price),
                "discount_allocations": [{ "amount_set": self.money(discount / 2) }, { "amount_set": self.money(discount - discount / 2) }],
                "tax_lines": [{ "price_set": self.money(tax) }],
            }));
        }
        let mut shipping = Vec::new();
        for (at, (price, tax, removed)) in self.shipping.iter().enumerate() {
            let discount = price / 3;
            if !removed {
                total += price - discount + on_top(*tax);
                taxes += tax;
            }
            shipping.push(json!({
                "id": 70 + at, "title": "S", "price_set": self.money(*price), "discounted_price_set": self.money(*price),
                "is_removed": removed, "tax_lines": [{ "price_set": self.money(*tax) }],
                "discount_allocations": [{ "amount_set": self.money(discount) }],
            }));
        }
        taxes += self.drift;
        total += on_top(self.drift);
        let [tip, duties, fees, rounding] = self.charges;
        total += tip + duties + fees;
        let mut current = total;
        for (line, left) in self.lines.iter().zip(&mut left).filter(|(line, _)| line.edited) {
            current -= line.price * i64::from(left.0) - left.1 + on_top(left.2);
            left.0 = 0;
        }
        let refunds: Vec<Value> = self
            .backs
            .iter()
            .take(done)
            .enumerate()
            .map(|(at, back)| self.refund(at, back, &mut left, &mut current))
            .collect();
        for (line, left) in lines.iter_mut().zip(&left) {
            line["current_quantity"] = left.0.into();
        }
        let shipped = self.lines.iter().enumerate().filter(|(_, line)| line.shipped);
        let shipped: Vec<Value> =
            shipped.map(|(at, line)| json!({ "id": at + 1, "quantity": line.quantity })).collect();
        json!({
            "id": 1, "name": "#1", "order_number": 1, "created_at": ORDERED, "updated_at": ORDERED, "financial_status": "paid",
            "currency": self.currency.0, "presentment_currency": "EUR", "taxes_included": self.included, "tags": "a, b",
            "line_items": lines, "shipping_lines": shipping, "refunds": refunds,
            "fulfillments": [{ "id": 1, "created_at": SHIPPED, "status": "success", "line_items": shipped }],
            "total_tip_received": Decimal::new(tip, self.currency.1).to_string(),
            "original_total_duties_set": self.money(duties), "original_total_additional_fees_set": self.money(fees),
            "total_cash_rounding_payment_adjustment_set": self.money(rounding),
            "total_tax_set": self.money(taxes), "total_price_set": self.money(total), "current_total_price_set": self.money(current),
        })
    }

    /// Takes pieces off what is `left` of each line: quantity, discount, tax.
    fn refund(&self, at: usize, back: &Back, left: &mut [(u32, i64, i64)], current: &mut i64) -> Value {
        let on_top = |tax: i64| if self.included { 0 } else { tax };
        let mut lines = Vec::new();
        for (line, (pieces, restock)) in back.pieces.iter().enumerate().take(self.lines.len()) {
            let (quantity, discount, tax) = &mut left[line];
            let pieces = (*pieces).min(*quantity);
            if pieces == 0 {
                continue;
            }
            let share = |of: i64| of * i64::from(pieces) / i64::from(*quantity);
            let (less, taxed) = (share(*discount), share(*tax));
            *quantity -= pieces;
            *discount -= less;
            *tax -= taxed;
            let subtotal = self.lines[line].price * i64::from(pieces) - less;
            *current -= subtotal + on_top(taxed);
            lines.push(json!({
                "id": 100 * (at + 1) + line, "line_item_id": line + 1, "quantity": pieces, "restock_type": RESTOCK[*restock],
                "subtotal_set": self.money(subtotal), "total_tax_set": self.money(taxed),
            }));
        }
        let mut refund = json!({
            "id": at + 1, "order_id": 1, "created_at": if back.late { LATE } else { ORDERED }, "refund_line_items": lines,
        });
        if back.shipping > 0 {
            let tax = back.shipping / 10;
            *current -= back.shipping + on_top(tax);
            refund["refund_shipping_lines"] = json!([{ "id": 70, "subtotal_amount_set": self.money(back.shipping), "tax_amount_set": self.money(tax) }]);
        }
        if back.adjustment != 0 {
            let tax = back.adjustment / 10;
            *current += back.adjustment + tax;
            refund["order_adjustments"] =
                json!([{ "id": 7, "amount_set": self.money(back.adjustment), "tax_amount_set": self.money(tax) }]);
        } else if back.shipping == 0 && lines.is_empty() {
            // Money back for nothing that is named.
            *current -= 123;
            let amount = Decimal::new(123, self.currency.1).to_string();
            refund["transactions"] = json!([{ "id": 8, "kind": "refund", "status": "success", "amount": amount, "currency": self.currency.0 }]);
        }
        refund
    }
}
