//! `docs/COST.md`: computed from a simulated night, the templates and `infra/prices.toml`. `UPDATE_COST=1` writes it (`make
//! cost`); without it the test fails when one of these has changed and the document has not.

mod document;
mod erp;
mod loyalty;
mod metrics;
mod model;
mod prices;
mod stack;

use crate::template::FLOWS;
use prices::Prices;
use simulation::{Scenario, run};
use stack::Stack;

const BEGIN: &str = "<!-- computed by tests/src/cost, make cost -->\n";
const END: &str = "<!-- end -->";
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/COST.md");

/// The parameters of the flows that the tables are about.
const REVIEWS: &str = FLOWS[0];
const ERP: &str = FLOWS[1];
const LOYALTY: &str = FLOWS[2];

#[test]
fn the_document_is_current() {
    let night = run(&Scenario::ordinary(1, 1_000));
    assert_eq!(night.failure(), None);
    let tables = document::tables(&night.bill, &Prices::read());
    let text = std::fs::read_to_string(DOCUMENT).unwrap();
    let (head, rest) = text.split_once(BEGIN).unwrap();
    let (committed, tail) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_COST").is_some() {
        std::fs::write(DOCUMENT, format!("{head}{BEGIN}\n{tables}\n{END}{tail}")).unwrap();
    } else {
        assert_eq!(committed.trim(), tables.trim(), "docs/COST.md is not current: make cost");
    }
}

#[test]
fn every_price_is_used_and_every_change_of_one_changes_the_document() {
    let bill = simulation::Bill { orders: 1, stored_bytes: 1, ..Default::default() };
    let before = document::tables(&bill, &Prices::read());
    for name in Prices::read().of.keys() {
        let mut changed = Prices::read();
        changed.of.get_mut(name).unwrap().usd *= 2.0;
        assert_ne!(document::tables(&bill, &changed), before, "{name}");
    }
}

#[test]
fn the_command_lines_estimate_is_that_of_the_document() {
    let night = run(&Scenario::ordinary(1, 1_000));
    let usd = model::usd(&Prices::read(), &model::an_order(&night.bill, &Stack::with(&[REVIEWS]))) * 1e6;
    let said = reviews::estimate::USD_FOR_A_MILLION_ORDERS;
    assert!((usd - said).abs() < 0.005, "USD_FOR_A_MILLION_ORDERS is {said}, and a million orders cost US$ {usd:.2}");
}

#[test]
fn the_erp_flow_costs_no_more_than_its_budget_while_nothing_happens() {
    let usd = model::usd(&Prices::read(), &document::idle_erp());
    println!("US$ {usd:.2} a month more");
    assert!(usd <= 12.0, "the erp flow adds US$ {usd:.2} a month");
}

/// Most of it is Lambda's time while NetSuite thinks: a thousand orders cost less than a quarter of a dollar.
#[test]
fn an_erp_order_stays_within_its_budget() {
    let usd = model::usd(&Prices::read(), &erp::an_order(&Stack::with(&[ERP])));
    println!("US$ {:.2} for a million orders", usd * 1e6);
    assert!(usd <= 0.00025, "US$ {usd} an order");
}

#[test]
fn the_loyalty_flow_costs_no_more_than_its_budget_while_nothing_happens() {
    let usd = model::usd(&Prices::read(), &document::idle_loyalty());
    println!("US$ {usd:.2} a month more");
    assert!(usd <= 12.0, "the loyalty flow adds US$ {usd:.2} a month");
}
