//! `docs/COST.md`: computed from a simulated night, the templates and `infra/prices.toml`. `UPDATE_COST=1` writes it (`make
//! cost`); without it the test fails when one of these has changed and the document has not.

mod document;
mod model;
mod prices;
mod stack;

use prices::Prices;
use simulation::{Scenario, run};
use stack::Stack;

const BEGIN: &str = "<!-- computed by tests/src/cost, make cost -->\n";
const END: &str = "<!-- end -->";
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/COST.md");

#[test]
fn the_document_is_current() {
    let night = run(&Scenario::ordinary(1, 1_000));
    assert_eq!(night.failure(), None);
    let tables = document::tables(&night.bill, &Stack::read(), &Prices::read());
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
    let (stack, prices) = (Stack::read(), Prices::read());
    let before = document::tables(&bill, &stack, &prices);
    for name in prices.of.keys() {
        let mut changed = Prices::read();
        changed.of.get_mut(name).unwrap().usd *= 2.0;
        assert_ne!(document::tables(&bill, &stack, &changed), before, "{name}");
    }
}

#[test]
fn the_command_lines_estimate_is_that_of_the_document() {
    let night = run(&Scenario::ordinary(1, 1_000));
    let usd = model::usd(&Prices::read(), &model::an_order(&night.bill, &Stack::read())) * 1e6;
    let said = reviews::estimate::USD_FOR_A_MILLION_ORDERS;
    assert!((usd - said).abs() < 0.005, "USD_FOR_A_MILLION_ORDERS is {said}, and a million orders cost US$ {usd:.2}");
}
