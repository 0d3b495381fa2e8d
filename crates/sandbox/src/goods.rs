//! What the simulated shops sell and the simulated account has items for.

use rust_decimal::Decimal;

const COUNT: u32 = 60;

/// The SKUs, in order.
pub(crate) fn skus() -> impl Iterator<Item = String> {
    (0..COUNT).map(sku)
}

pub(crate) fn sku(number: u32) -> String {
    format!("OR-{:03}", number % COUNT)
}

/// What a shop asks for it, in a currency with two digits.
pub(crate) fn price(number: u32) -> Decimal {
    let number = i64::from(number % COUNT);
    Decimal::new(499 + number * number * 7 % 19_000, 2)
}
