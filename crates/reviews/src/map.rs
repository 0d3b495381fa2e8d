//! An order becomes a Yotpo purchase, or a reason why it does not. Pure and total: no I/O, every row has an
//! answer.

use crate::{
    fields::{Fields, LineFields},
    optional::{address, decimal},
};
use config::{BusinessDay, Relay, Store};
use org::{LINES, clean, trim};
use salesforce::Record;
use std::collections::BTreeMap;
use yotpo::{Product, Purchase, is_customer_name, is_email, is_product_id};

/// Yotpo takes a customer's name of fewer characters than this.
const NAME_LIMIT: usize = 255;

/// What becomes of an order.
#[derive(Debug, PartialEq, Eq)]
pub enum Mapped {
    /// It is sent, without the lines that Yotpo would not take.
    Send {
        /// What Yotpo is asked to create.
        purchase: Box<Purchase>,
        /// How many lines were left out.
        lines_left_out: usize,
    },
    /// It is not sent, by rule.
    Skip(Skip),
}

/// Why an order is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// The buyer has no e-mail address.
    NoEmail,
    /// Yotpo would refuse the address.
    InvalidEmail,
    /// No line has a product id that Yotpo takes.
    NoValidProducts,
    /// Reviews cannot be asked for any more.
    OlderThanSixMonths,
    /// The order is marked as a test.
    TestOrder,
}

impl Skip {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::NoEmail, Self::InvalidEmail, Self::NoValidProducts, Self::OlderThanSixMonths, Self::TestOrder];

    /// The reason as it is counted and recorded.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoEmail => "no_email",
            Self::InvalidEmail => "invalid_email",
            Self::NoValidProducts => "no_valid_products",
            Self::OlderThanSixMonths => "older_than_six_months",
            Self::TestOrder => "test_order",
        }
    }
}

/// Yotpo's order id of the order in `row`, whether or not it is sent. An order without the configured id is still an
/// order: its Salesforce id is as unique. It stands in as well for an id that would have to be altered by more than the spaces
/// around it: two ids that the org tells apart stay two.
pub fn order_id(row: &Record, fields: &Fields) -> String {
    let text = row.text(&fields.order_id);
    let configured = text.and_then(|text| clean(&text).filter(|clean| clean == text.trim_matches(' ')));
    configured.unwrap_or_else(|| row.id().map(|id| id.to_string()).unwrap_or_default())
}

/// Maps the order in `row`, which belongs to `store` and `day`; orders of days before `oldest` are too old.
pub fn map(
    row: &Record,
    fields: &Fields,
    config: &Relay,
    store: &Store,
    day: BusinessDay,
    oldest: BusinessDay,
) -> Mapped {
    let text = |path: &String| row.text(path).map(|text| trim(&text).to_owned()).filter(|text| !text.is_empty());
    if fields.test_order.as_ref().and_then(text).is_some_and(|marked| marked == "true") {
        return Mapped::Skip(Skip::TestOrder);
    }
    if day < oldest {
        return Mapped::Skip(Skip::OlderThanSixMonths);
    }
    let Some(email) = fields.email.iter().find_map(text) else {
        return Mapped::Skip(Skip::NoEmail);
    };
    if !is_email(&email) {
        return Mapped::Skip(Skip::InvalidEmail);
    }
    let (products, lines_left_out) = products(row.children(LINES), &fields.line);
    if products.is_empty() {
        return Mapped::Skip(Skip::NoValidProducts);
    }
    // An order's own currency, even one that Yotpo would not take, is not the store's.
    let currency = match fields.currency.as_ref().and_then(text) {
        Some(own) => org::currency(&own),
        None => store.currency.as_ref().map(|currency| currency.as_str().to_owned()),
    };
    let purchase = Purchase {
        customer_name: customer_name(fields.customer_name.iter().find_map(text).as_deref(), &email),
        email,
        order_id: order_id(row, fields),
        order_date: day.date(),
        currency_iso: currency,
        platform: config.reviews.platform.clone(),
        products,
        user_reference: None,
    };
    Mapped::Send { purchase: Box::new(purchase), lines_left_out }
}

/// The lines' products by id, and how many lines had none that Yotpo takes: it drops the whole order without
/// a word for one invalid character in one id. Of two lines with one product the last counts, as at Yotpo.
fn products(lines: &[Record], fields: &LineFields) -> (BTreeMap<String, Product>, usize) {
    let mut products = BTreeMap::new();
    let mut left_out = 0;
    for line in lines {
        match line.text(&fields.product_id) {
            Some(id) if is_product_id(trim(&id)) => {
                products.insert(trim(&id).to_owned(), product(line, fields));
            }
            _ => left_out += 1,
        }
    }
    (products, left_out)
}

fn product(line: &Record, fields: &LineFields) -> Product {
    let text = |path: &Option<String>| path.as_ref().and_then(|path| line.text(path));
    Product {
        url: text(&fields.url).and_then(|url| address(&url)),
        name: clean(&line.text(&fields.name).unwrap_or_default()),
        image: text(&fields.image).and_then(|image| address(&image)),
        description: text(&fields.description).and_then(|description| clean(&description)),
        price: text(&fields.price).and_then(|price| decimal(&price)),
        specs: fields
            .specs
            .iter()
            .filter_map(|(spec, path)| Some((spec.as_str().to_owned(), clean(&line.text(path)?)?)))
            .collect(),
    }
}

/// The buyer's name as Yotpo takes it; without one, what stands before the `@`.
fn customer_name(name: Option<&str>, email: &str) -> String {
    let short = |name: &str| -> String { name.chars().take(NAME_LIMIT - 1).collect() };
    let name = name.and_then(clean).map(|name| short(&name)).filter(|name| is_customer_name(name));
    name.unwrap_or_else(|| short(email.split('@').next().unwrap_or_default()))
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
