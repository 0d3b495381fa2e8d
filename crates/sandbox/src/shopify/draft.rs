//! New orders, drawn at random.

use chrono::{DateTime, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;

use super::customer::Address;
use super::ids::Ids;
use super::money::{ALL, Bag, Currency, Tender};
use super::order::{Line, Order, Shipping};
use crate::{goods, seed::people};

/// How often an order has what not every order has, as a share of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mix {
    /// No customer.
    pub guests: f64,
    /// A customer who ordered before.
    pub returning: f64,
    /// A discount on a line.
    pub discounts: f64,
    /// Paid in another currency than the shop's.
    pub foreign: f64,
    /// No shipping.
    pub unshipped: f64,
    /// A gift card among what is sold.
    pub gift_cards: f64,
    /// A tip.
    pub tips: f64,
    /// A line without SKU.
    pub custom_lines: f64,
    /// A test order.
    pub tests: f64,
}

impl Default for Mix {
    /// Everything that a mapping out of the box has an item for.
    fn default() -> Self {
        Self {
            guests: 0.1,
            returning: 0.4,
            discounts: 0.3,
            foreign: 0.15,
            unshipped: 0.1,
            gift_cards: 0.05,
            tips: 0.0,
            custom_lines: 0.0,
            tests: 0.0,
        }
    }
}

/// What a shop gives each of its orders.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) currency: Currency,
    pub(super) taxes_included: bool,
    /// In thousandths.
    pub(super) tax_rate: i64,
}

/// An order without its customer.
pub(super) fn order(
    terms: Terms,
    mix: &Mix,
    number: u64,
    at: DateTime<Utc>,
    ids: &mut Ids,
    rng: &mut ChaCha8Rng,
) -> Order {
    let presentment = if rng.random_bool(mix.foreign) { ALL[rng.random_range(0..ALL.len())] } else { terms.currency };
    let (first, last) = people::name(rng);
    let mut order = Order {
        id: ids.next(),
        number,
        tender: Tender { shop: terms.currency, presentment },
        taxes_included: terms.taxes_included,
        tax_rate: terms.tax_rate,
        customer: None,
        email: format!("guest-{number}@quillwort.example"),
        address: Address::draw(ids, rng),
        name: (first.to_owned(), last.to_owned()),
        lines: Vec::new(),
        shipping: Vec::new(),
        tip: Bag::default(),
        parcels: Vec::new(),
        refunds: Vec::new(),
        note: None,
        tags: Vec::new(),
        test: rng.random_bool(mix.tests),
        created_at: at,
        updated_at: at,
        cancelled_at: None,
    };
    for _ in 0..rng.random_range(1..=4) {
        let line = line(&order, mix, ids, rng);
        order.lines.push(line);
    }
    if rng.random_bool(mix.gift_cards) {
        order.lines.push(gift_card(order.tender, ids));
    }
    if !rng.random_bool(mix.unshipped) {
        let price = order.tender.bag(Decimal::new([495, 990, 1_500][rng.random_range(0..3)], 2));
        let tax = order.tax_on(price);
        order.shipping.push(Shipping { id: ids.next(), price, tax, is_refunded: false, is_removed: false });
    }
    if rng.random_bool(mix.tips) {
        order.tip = order.tender.bag(Decimal::new(rng.random_range(100..900), 2));
    }
    order
}

/// A line of goods for an order, with its tax.
pub(super) fn line(order: &Order, mix: &Mix, ids: &mut Ids, rng: &mut ChaCha8Rng) -> Line {
    let good = rng.random_range(0..1_000);
    let (price, quantity) = (order.tender.bag(goods::price(good)), rng.random_range(1..=4));
    let is_custom = rng.random_bool(mix.custom_lines);
    let percent = if rng.random_bool(mix.discounts) { rng.random_range(5..=40) } else { 0 };
    let discount = order.tender.map(price.times(quantity), |amount| amount * Decimal::new(percent, 2));
    let tax = order.tax_on(price.times(quantity) - discount);
    Line {
        id: ids.next(),
        sku: (!is_custom).then(|| goods::sku(good)),
        title: if is_custom { "Engraving".to_owned() } else { format!("Good no. {good}") },
        price,
        quantity,
        removed: 0,
        returned: 0,
        shipped: 0,
        discount,
        tax,
        gift_card: false,
    }
}

fn gift_card(tender: Tender, ids: &mut Ids) -> Line {
    Line {
        id: ids.next(),
        sku: None,
        title: "Gift card".to_owned(),
        price: tender.bag(Decimal::from(25)),
        quantity: 1,
        removed: 0,
        returned: 0,
        shipped: 0,
        discount: Bag::default(),
        tax: Bag::default(),
        gift_card: true,
    }
}
