//! Amounts in two currencies at once: the shop's and the buyer's.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Currency {
    pub(super) code: &'static str,
    /// Digits after the point.
    pub(super) digits: u32,
    /// Of it for one dollar, about.
    worth: (i64, u32),
}

pub(super) const USD: Currency = Currency { code: "USD", digits: 2, worth: (1, 0) };
pub(super) const EUR: Currency = Currency { code: "EUR", digits: 2, worth: (92, 2) };
pub(super) const GBP: Currency = Currency { code: "GBP", digits: 2, worth: (79, 2) };
pub(super) const JPY: Currency = Currency { code: "JPY", digits: 0, worth: (151, 0) };
pub(super) const KWD: Currency = Currency { code: "KWD", digits: 3, worth: (307, 3) };

pub(super) const ALL: [Currency; 5] = [USD, EUR, GBP, JPY, KWD];

impl Currency {
    /// So many dollars in it.
    pub(super) fn of_dollars(self, dollars: Decimal) -> Decimal {
        self.round(dollars * Decimal::new(self.worth.0, self.worth.1))
    }

    fn round(self, amount: Decimal) -> Decimal {
        amount.round_dp_with_strategy(self.digits, RoundingStrategy::MidpointAwayFromZero)
    }

    /// As webhooks write it: with all its digits.
    pub(super) fn text(self, amount: Decimal) -> String {
        format!("{:.*}", self.digits as usize, amount)
    }
}

/// An amount in the shop's currency and in the buyer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Bag {
    pub(super) shop: Decimal,
    pub(super) presentment: Decimal,
}

/// What an order is priced and paid in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tender {
    pub(super) shop: Currency,
    pub(super) presentment: Currency,
}

impl Tender {
    pub(super) fn bag(self, dollars: Decimal) -> Bag {
        Bag { shop: self.shop.of_dollars(dollars), presentment: self.presentment.of_dollars(dollars) }
    }

    /// Each of the two amounts by `change`, rounded to its currency.
    pub(super) fn map(self, bag: Bag, change: impl Fn(Decimal) -> Decimal) -> Bag {
        Bag { shop: self.shop.round(change(bag.shop)), presentment: self.presentment.round(change(bag.presentment)) }
    }

    /// What the pieces `from..to` of `of` have of `whole`: the shares of all pieces add up to it.
    pub(super) fn share(self, whole: Bag, from: i64, to: i64, of: i64) -> Bag {
        let until = |pieces: i64| self.map(whole, |amount| amount * Decimal::from(pieces) / Decimal::from(of.max(1)));
        until(to) - until(from)
    }

    /// `{"shop_money": …, "presentment_money": …}`
    pub(super) fn set(self, bag: Bag) -> Value {
        let money =
            |currency: Currency, amount| json!({"amount": currency.text(amount), "currency_code": currency.code});
        json!({
            "shop_money": money(self.shop, bag.shop),
            "presentment_money": money(self.presentment, bag.presentment),
        })
    }

    /// The Admin API's `MoneyBag`, whose decimals have no zeros at the end but one.
    pub(super) fn money_bag(self, bag: Bag) -> Value {
        let money = |currency: Currency, amount: Decimal| {
            let text = amount.normalize().to_string();
            let text = if text.contains('.') { text } else { format!("{text}.0") };
            json!({"__typename": "MoneyV2", "amount": text, "currencyCode": currency.code})
        };
        json!({
            "__typename": "MoneyBag",
            "shopMoney": money(self.shop, bag.shop),
            "presentmentMoney": money(self.presentment, bag.presentment),
        })
    }
}

impl Bag {
    pub(super) fn times(self, count: i64) -> Self {
        let count = Decimal::from(count);
        Self { shop: self.shop * count, presentment: self.presentment * count }
    }

    pub(super) fn is_zero(self) -> bool {
        self.shop.is_zero() && self.presentment.is_zero()
    }
}

impl Add for Bag {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { shop: self.shop + other.shop, presentment: self.presentment + other.presentment }
    }
}

impl AddAssign for Bag {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Bag {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + other.times(-1)
    }
}

impl Sum for Bag {
    fn sum<I: Iterator<Item = Self>>(bags: I) -> Self {
        bags.fold(Self::default(), Add::add)
    }
}
