use rust_decimal::{Decimal, RoundingStrategy};

use crate::{Currency, MoneyBag, Order, TaxLine};

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

/// One of the two kinds of money that a [`MoneyBag`] has: the one that is meant throughout an order and its refunds.
#[derive(Debug, Clone, Copy)]
pub struct Coin {
    presentment: bool,
    /// Its currency.
    pub currency: Currency,
    digits: u32,
}

impl Coin {
    /// The shop's of an order, or the buyer's.
    pub fn of(order: &Order, presentment: bool) -> Coin {
        let currency = if presentment { order.presentment_currency } else { order.currency };
        let other = DIGITS.iter().find(|(_, codes)| codes.contains(&currency.as_str()));
        Coin { presentment, currency, digits: other.map_or(2, |(digits, _)| *digits) }
    }

    /// The amount that is meant.
    pub fn pick(self, bag: &MoneyBag) -> Decimal {
        self.within(if self.presentment { bag.presentment_money.amount } else { bag.shop_money.amount })
    }

    /// The same, or nothing.
    pub fn pick_or_zero(self, bag: Option<&MoneyBag>) -> Decimal {
        bag.map_or(Decimal::ZERO, |bag| self.pick(bag))
    }

    /// All of them.
    pub fn sum<'a>(self, bags: impl Iterator<Item = &'a MoneyBag>) -> Decimal {
        bags.map(|bag| self.pick(bag)).sum()
    }

    /// All taxes.
    pub fn taxes(self, lines: &[TaxLine]) -> Decimal {
        self.sum(lines.iter().map(|line| &line.price_set))
    }

    /// No price comes near a quadrillion; a forged one is not to overflow what is reckoned with it.
    pub fn within(self, amount: Decimal) -> Decimal {
        let most = Decimal::from(1_000_000_000_000_000_i64);
        amount.clamp(-most, most)
    }

    /// To the currency's digits, halves away from zero.
    pub fn round(self, amount: Decimal) -> Decimal {
        amount.round_dp_with_strategy(self.digits, RoundingStrategy::MidpointAwayFromZero)
    }
}
