//! Amounts: which of Shopify's two is meant, how many digits it has, and whether lines add up.

use super::{Parked, Settings};
use config::{MoneyKind, OnDifference};
use rust_decimal::{Decimal, RoundingStrategy};
use shopify::{Currency, MoneyBag, Order, TaxLine};

/// Currencies that do not have two digits after the point, by ISO 4217.
const DIGITS: [(u32, &[&str]); 3] = [
    (
        0,
        &[
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
            "XOF", "XPF",
        ],
    ),
    (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
    (4, &["CLF", "UYW"]),
];

/// What our lines add up to, and what Shopify says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// Our lines, tax included however it is sent.
    pub ours: Decimal,
    /// For an order: Shopify's current total and what its memos give back. For a refund: the payments back.
    pub shopify: Decimal,
}

impl Sums {
    /// By how much ours are too high.
    pub fn difference(&self) -> Decimal {
        self.ours - self.shopify
    }

    /// Whether they differ at all.
    pub fn differ(&self) -> bool {
        !self.difference().is_zero()
    }

    /// As the settings want it.
    pub(super) fn check(self, settings: &Settings<'_>) -> Result<Self, Parked> {
        if self.differ() && settings.erp.on_difference == OnDifference::Park {
            let Self { ours, shopify } = self;
            return Err(Parked::new(
                "sums_differ",
                format!("the lines add up to {ours}, Shopify's total is {shopify}"),
            ));
        }
        Ok(self)
    }
}

/// One kind of money, throughout an order and its refunds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coin {
    pub(super) kind: MoneyKind,
    pub(super) currency: Currency,
    digits: u32,
}

impl Coin {
    pub(super) fn of(order: &Order, kind: MoneyKind) -> Self {
        let currency = match kind {
            MoneyKind::Shop => order.currency,
            MoneyKind::Presentment => order.presentment_currency,
        };
        let other = DIGITS.iter().find(|(_, codes)| codes.contains(&currency.as_str()));
        Self { kind, currency, digits: other.map_or(2, |(digits, _)| *digits) }
    }

    /// The amount that is meant.
    pub(super) fn pick(self, bag: &MoneyBag) -> Decimal {
        match self.kind {
            MoneyKind::Shop => bag.shop_money.amount,
            MoneyKind::Presentment => bag.presentment_money.amount,
        }
    }

    pub(super) fn pick_or_zero(self, bag: Option<&MoneyBag>) -> Decimal {
        bag.map_or(Decimal::ZERO, |bag| self.pick(bag))
    }

    pub(super) fn sum<'a>(self, bags: impl Iterator<Item = &'a MoneyBag>) -> Decimal {
        bags.map(|bag| self.pick(bag)).sum()
    }

    pub(super) fn taxes(self, lines: &[TaxLine]) -> Decimal {
        self.sum(lines.iter().map(|line| &line.price_set))
    }

    /// To the currency's digits, halves away from zero.
    pub(super) fn round(self, amount: Decimal) -> Decimal {
        amount.round_dp_with_strategy(self.digits, RoundingStrategy::MidpointAwayFromZero)
    }
}
