//! What was given back, once: a refund never changes.

use chrono::{DateTime, Utc};

use super::money::Bag;
use super::order::Line;

#[derive(Debug, Clone)]
pub(super) struct Refund {
    pub(super) id: u64,
    pub(super) at: DateTime<Utc>,
    pub(super) lines: Vec<RefundLine>,
    /// The shipping line that was refunded, with price and tax.
    pub(super) shipping: Option<(u64, Bag, Bag)>,
    /// Given without a line: an adjustment.
    pub(super) goodwill: Bag,
    /// All of it, in one transaction; zero where no money moved.
    pub(super) paid: Bag,
    pub(super) transaction: u64,
    pub(super) adjustment: u64,
}

#[derive(Debug, Clone)]
pub(super) struct RefundLine {
    pub(super) id: u64,
    pub(super) quantity: i64,
    /// `cancel`, `return`, `no_restock`
    pub(super) restock: &'static str,
    pub(super) subtotal: Bag,
    pub(super) tax: Bag,
    /// The order's line as it was just then.
    pub(super) line: Line,
}
