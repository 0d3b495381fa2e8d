//! What the simulated shops sell and the simulated account has items for.

const COUNT: u32 = 60;

/// The SKUs, in order.
pub(crate) fn skus() -> impl Iterator<Item = String> {
    (0..COUNT).map(sku)
}

pub(crate) fn sku(number: u32) -> String {
    format!("OR-{:03}", number % COUNT)
}
