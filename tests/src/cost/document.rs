//! The tables of `docs/COST.md`.

use super::{
    model::{self, DAYS, Line},
    prices::Prices,
    stack::Stack,
};
use simulation::Bill;
use std::fmt::Write as _;

const VOLUMES: [f64; 3] = [1_000.0, 10_000.0, 100_000.0];

/// Everything between the document's marks.
pub(super) fn tables(bill: &Bill, stack: &Stack, prices: &Prices) -> String {
    let (an_order, idle) = (model::an_order(bill, stack), model::idle(stack));
    let mut text = String::new();
    month(&mut text, prices, &an_order, model::usd(prices, &idle));
    text.push_str("\n### What an order uses\n\n| unit | an order | US$ for a million orders |\n|---|---:|---:|\n");
    rows(&mut text, prices, &an_order, 1_000_000.0);
    text.push_str("\n### What a stack uses in a month without an order\n\n| unit | a month | US$ |\n|---|---:|---:|\n");
    rows(&mut text, prices, &idle, 1.0);
    let (producer, consumer) = model::billed_ms(stack);
    let _ = write!(
        text,
        "\nA customer-managed key, if the stack's parameter asks for one: {:.2} more.\n\n\
         Billed for an order: {producer:.1} ms of the producer, {consumer:.0} ms of the consumer.\n",
        prices.of("keys", 1.0)
    );
    let _ = write!(text, "\n### Prices\n\n{}, read on {}.\n\n", prices.region, prices.read);
    text.push_str("| US$ | for | page |\n|---:|---|---|\n");
    for price in prices.of.values() {
        let per = if price.per > 1.0 { format!("{} ", thousands(price.per)) } else { String::new() };
        let _ = writeln!(text, "| {} | {per}{} | <{}> |", price.usd, price.unit, price.source);
    }
    text
}

fn month(text: &mut String, prices: &Prices, an_order: &[Line], idle: f64) {
    text.push_str("### A month, in US$\n\n| orders a day | for the orders | idle | together | for an order |\n");
    text.push_str("|---:|---:|---:|---:|---:|\n");
    for volume in VOLUMES {
        let orders = volume * DAYS;
        let variable = model::usd(prices, an_order) * orders;
        let all = variable + idle;
        let _ =
            writeln!(text, "| {} | {variable:.2} | {idle:.2} | {all:.2} | {:.6} |", thousands(volume), all / orders);
    }
}

fn rows(text: &mut String, prices: &Prices, lines: &[Line], times: f64) {
    for line in lines {
        let usd = prices.of(line.price, line.units * times);
        let _ = writeln!(text, "| {} | {} | {usd:.2} |", line.what, units(line.units));
    }
    let _ = writeln!(text, "| together | | {:.2} |", model::usd(prices, lines) * times);
}

/// Three digits that count.
fn units(value: f64) -> String {
    match value {
        v if v >= 1000.0 => thousands(v),
        v if v >= 100.0 || v.fract() == 0.0 => format!("{v:.0}"),
        v if v >= 0.0005 => format!("{v:.3}"),
        v => format!("{v:.2e}"),
    }
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
