//! An order as the shop knows it, and its sums, which add up.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::customer::Address;
use super::money::{Bag, Tender};
use super::refund::Refund;

#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) id: u64,
    pub(super) number: u64,
    pub(super) tender: Tender,
    /// Prices have the tax in them.
    pub(super) taxes_included: bool,
    /// In thousandths.
    pub(super) tax_rate: i64,
    /// Absent: a guest.
    pub(super) customer: Option<u64>,
    pub(super) email: String,
    pub(super) address: Address,
    /// First and last.
    pub(super) name: (String, String),
    pub(super) lines: Vec<Line>,
    pub(super) shipping: Vec<Shipping>,
    pub(super) tip: Bag,
    /// Parcels that left.
    pub(super) parcels: Vec<Parcel>,
    pub(super) refunds: Vec<Refund>,
    pub(super) note: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) test: bool,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) cancelled_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) id: u64,
    /// Custom lines have none.
    pub(super) sku: Option<String>,
    pub(super) title: String,
    /// For one piece.
    pub(super) price: Bag,
    pub(super) quantity: i64,
    /// Taken off before they had left.
    pub(super) removed: i64,
    /// Come back.
    pub(super) returned: i64,
    /// That have left.
    pub(super) shipped: i64,
    /// For the quantity as ordered, like the tax.
    pub(super) discount: Bag,
    pub(super) tax: Bag,
    pub(super) gift_card: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Shipping {
    pub(super) id: u64,
    pub(super) price: Bag,
    pub(super) tax: Bag,
    /// By a refund.
    pub(super) is_refunded: bool,
    /// By an edit: it costs nothing and stays listed.
    pub(super) is_removed: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) id: u64,
    pub(super) at: DateTime<Utc>,
    /// Line and pieces.
    pub(super) lines: Vec<(u64, i64)>,
}

/// What an order comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sums {
    /// Lines less their discounts.
    pub(super) subtotal: Bag,
    /// Lines before their discounts.
    pub(super) lines: Bag,
    pub(super) discounts: Bag,
    pub(super) shipping: Bag,
    pub(super) tax: Bag,
    pub(super) total: Bag,
}

impl Line {
    /// Pieces that were removed or came back.
    pub(super) fn gone(&self) -> i64 {
        self.removed + self.returned
    }

    pub(super) fn current(&self) -> i64 {
        self.quantity - self.gone()
    }

    /// Pieces that are still to leave.
    pub(super) fn open(&self) -> i64 {
        self.quantity - self.removed - self.shipped
    }

    /// Price less discount, and tax, of the next pieces that go.
    pub(super) fn next(&self, tender: Tender, pieces: i64) -> (Bag, Bag) {
        let (from, to) = (self.gone(), self.gone() + pieces);
        let discount = tender.share(self.discount, from, to, self.quantity);
        (self.price.times(pieces) - discount, tender.share(self.tax, from, to, self.quantity))
    }
}

impl Order {
    pub(super) fn name(&self) -> String {
        format!("#{}", self.number)
    }

    /// As it was placed and added to.
    pub(super) fn sums(&self) -> Sums {
        let lines = self.lines.iter().map(|line| line.price.times(line.quantity)).sum();
        let discounts = self.lines.iter().map(|line| line.discount).sum();
        let tax = self.lines.iter().map(|line| line.tax).sum();
        self.add_up(lines, discounts, tax, |shipping| !shipping.is_removed, Bag::default())
    }

    /// What is left of it: without what was removed or refunded.
    pub(super) fn current(&self) -> Sums {
        let tender = self.tender;
        let left = |line: &Line, whole: Bag| tender.share(whole, line.gone(), line.quantity, line.quantity);
        let lines = self.lines.iter().map(|line| line.price.times(line.current())).sum();
        let discounts = self.lines.iter().map(|line| left(line, line.discount)).sum();
        let tax = self.lines.iter().map(|line| left(line, line.tax)).sum();
        let goodwill = self.refunds.iter().map(|refund| refund.goodwill).sum();
        self.add_up(lines, discounts, tax, |shipping| !shipping.is_removed && !shipping.is_refunded, goodwill)
    }

    fn add_up(&self, lines: Bag, discounts: Bag, tax: Bag, counts: impl Fn(&Shipping) -> bool, given: Bag) -> Sums {
        let counted = || self.shipping.iter().filter(|shipping| counts(shipping));
        let shipping = counted().map(|shipping| shipping.price).sum();
        let tax = tax + counted().map(|shipping| shipping.tax).sum();
        let subtotal = lines - discounts;
        let added = if self.taxes_included { Bag::default() } else { tax };
        Sums { subtotal, lines, discounts, shipping, tax, total: subtotal + shipping + added + self.tip - given }
    }

    /// What the tax on an amount is.
    pub(super) fn tax_on(&self, amount: Bag) -> Bag {
        let rate = Decimal::new(self.tax_rate, 3);
        let of = if self.taxes_included { rate / (Decimal::ONE + rate) } else { rate };
        self.tender.map(amount, |amount| amount * of)
    }

    /// `None`, `partial`, `fulfilled`
    pub(super) fn fulfillment_status(&self) -> Option<&'static str> {
        let shipped: i64 = self.lines.iter().map(|line| line.shipped).sum();
        let open: i64 = self.lines.iter().map(Line::open).sum();
        match (shipped, open) {
            (0, _) => None,
            (_, 0) => Some("fulfilled"),
            _ => Some("partial"),
        }
    }

    pub(super) fn financial_status(&self) -> &'static str {
        let is_refunded = self.refunds.iter().any(|refund| !refund.paid.is_zero());
        match (is_refunded, self.current().total.is_zero()) {
            (false, _) => "paid",
            (true, true) => "refunded",
            (true, false) => "partially_refunded",
        }
    }
}

impl Line {
    pub(super) fn fulfillment_status(&self) -> Option<&'static str> {
        match (self.shipped, self.open()) {
            (0, _) => None,
            (_, 0) => Some("fulfilled"),
            _ => Some("partial"),
        }
    }
}
