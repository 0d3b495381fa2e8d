//! The tables of `docs/COST.md`.

use super::{
    ERP, LOYALTY, REVIEWS, erp, loyalty, metrics,
    model::{self, DAYS, Line},
    prices::Prices,
    stack::Stack,
};
use simulation::Bill;
use std::fmt::Write as _;

const VOLUMES: [f64; 3] = [1_000.0, 10_000.0, 100_000.0];

/// Everything between the document's marks.
pub(super) fn tables(bill: &Bill, prices: &Prices) -> String {
    let stack = &Stack::with(&[REVIEWS]);
    let (an_order, idle) = (model::an_order(bill, stack), idle());
    let mut text = String::new();
    month(&mut text, prices, &an_order, model::usd(prices, &idle));
    text.push_str("\n### What an order uses\n\n| unit | an order | US$ for a million orders |\n|---|---:|---:|\n");
    rows(&mut text, prices, &an_order, 1_000_000.0);
    text.push_str("\n### What a stack uses in a month without an order\n\n| unit | a month | US$ |\n|---|---:|---:|\n");
    rows(&mut text, prices, &idle, 1.0);
    text.push_str(
        "\n### What the erp flow adds in a month without a webhook\n\n| unit | a month | US$ |\n|---|---:|---:|\n",
    );
    rows(&mut text, prices, &idle_erp(), 1.0);
    text.push_str(
        "\n### What an order of the erp flow uses\n\n| unit | an order | US$ for a million orders |\n|---|---:|---:|\n",
    );
    rows(&mut text, prices, &erp::an_order(&Stack::with(&[ERP])), 1_000_000.0);
    let (webhooks, calls) = erp::life();
    let _ = writeln!(text, "\n{webhooks} webhooks and {calls} calls: {}.", erp::told());
    text.push_str(
        "\n### What the loyalty flow adds in a month without a change\n\n| unit | a month | US$ |\n|---|---:|---:|\n",
    );
    rows(&mut text, prices, &idle_loyalty(), 1.0);
    text.push_str(
        "\n### What an order of the loyalty flow uses\n\n| unit | an order | US$ for a million orders |\n|---|---:|---:|\n",
    );
    rows(&mut text, prices, &loyalty::an_order(&Stack::with(&[LOYALTY])), 1_000_000.0);
    let _ = writeln!(text, "\n{}.", loyalty::told());
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

/// What a stack with the reviews flow alone uses in a month without an order.
fn idle() -> Vec<Line> {
    let mut lines = model::idle(&Stack::with(&[REVIEWS]), metrics::of_reviews());
    lines.retain(|line| line.units > 0.0);
    lines
}

/// What the erp flow adds.
pub(super) fn idle_erp() -> Vec<Line> {
    let (reviews, erp) = (metrics::of_reviews(), metrics::of_idle_erp());
    let with = model::idle(&Stack::with(&[REVIEWS, ERP]), reviews + erp);
    model::added(with, &model::idle(&Stack::with(&[REVIEWS]), reviews))
}

/// What the loyalty flow adds to the reviews flow, whose secrets it has in common with it.
pub(super) fn idle_loyalty() -> Vec<Line> {
    let (reviews, loyalty) = (metrics::of_reviews(), metrics::of_idle_loyalty());
    let with = model::idle(&Stack::with(&[REVIEWS, LOYALTY]), reviews + loyalty);
    model::added(with, &model::idle(&Stack::with(&[REVIEWS]), reviews))
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
