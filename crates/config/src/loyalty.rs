//! `[loyalty]`: how the org's customers, orders and returns reach Yotpo Loyalty, and what comes back.

mod action;
mod customer;
mod route;
mod source;
#[cfg(test)]
mod tests;
mod write_back;

pub use action::Action;
pub use customer::{BuyerFields, BuyerObject};
pub use route::{Market, Platform, PriorOrders, Route, RouteBy};
pub use source::{Amount, GoodsLine, ReturnObject, Returns};
pub use write_back::{MembershipFields, RewardFields, WriteBack};

use crate::fault::{Fault, require, within};
use crate::{BusinessDay, Clause, Currency, FieldPath, Store, StoreName, duration};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// The loyalty flow's rules, and each store's own.
#[derive(Debug, Clone, PartialEq)]
pub struct Loyalty {
    /// What holds for every store that does not say otherwise.
    pub market: Market,
    /// The stores that take part, by the names that `[stores]` gives them; never empty.
    pub stores: BTreeMap<StoreName, Market>,
    /// The fields of an order that decide its store.
    pub route_by: RouteBy,
    /// The field of Order with the coupon's code, one of them.
    pub coupon_code: Option<FieldPath>,
    /// The field of Order with the buyer's address on the internet.
    pub ip_address: Option<FieldPath>,
    /// The field of Order with the buyer's browser.
    pub user_agent: Option<FieldPath>,
    /// What an order is worth, and a return.
    pub amount: Amount,
    /// What Yotpo is told of the lines.
    pub line: GoodsLine,
    /// Where returns are.
    pub returns: Returns,
    /// An order is cancelled when every clause holds; empty: none ever is.
    pub cancelled: Vec<Clause>,
    /// Where customers are, and what is sent of them.
    pub customer: BuyerFields,
    /// Lifecycle events that become actions at Yotpo, by the word that stands in their keys.
    pub actions: BTreeMap<String, Action>,
    /// Whether an order or a refund of unknown outcome may be sent again.
    pub repeat: Repeats,
    /// Where the org keeps what comes back.
    pub write_back: WriteBack,
    /// How long after what changes it a customer is read back; at most 15 minutes.
    pub refresh_after: Duration,
    /// How far before its last look a pass reads again; at most 7 days.
    pub overlap: Duration,
    /// Digits after the point, of currencies for which Yotpo's are not those of ISO 4217.
    pub digits: BTreeMap<Currency, u32>,
    /// Customers of a business day that are compared at both ends whenever the day is looked at; at most 200.
    pub sample: u32,
}

/// Whether a call of unknown outcome may be made again. Yotpo does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeatable {
    /// It takes effect once.
    #[default]
    Harmless,
    /// It might take effect twice: a person decides.
    Never,
}

/// `[loyalty.repeat]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Repeats {
    /// `POST /orders` with an order id that was sent before.
    pub orders: Repeatable,
    /// `POST /refunds` with an id that was sent before.
    pub refunds: Repeatable,
}

/// `[loyalty]` as written: what a store leaves out is not filled in yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLoyalty {
    start: BusinessDay,
    #[serde(default)]
    history: PriorOrders,
    #[serde(default)]
    platform: Platform,
    #[serde(default = "order_status")]
    order_status: String,
    #[serde(default)]
    route_by: RouteBy,
    coupon_code: Option<FieldPath>,
    ip_address: Option<FieldPath>,
    user_agent: Option<FieldPath>,
    #[serde(default)]
    amount: Amount,
    #[serde(default)]
    line: GoodsLine,
    #[serde(default)]
    returns: Returns,
    #[serde(default = "cancelled")]
    cancelled: Vec<Clause>,
    #[serde(default)]
    customer: BuyerFields,
    #[serde(default)]
    actions: BTreeMap<String, Action>,
    #[serde(default)]
    repeat: Repeats,
    #[serde(default)]
    write_back: WriteBack,
    #[serde(default = "refresh_after", deserialize_with = "duration::read")]
    refresh_after: Duration,
    #[serde(default = "overlap", deserialize_with = "duration::read")]
    overlap: Duration,
    #[serde(default)]
    digits: BTreeMap<Currency, u32>,
    #[serde(default = "sample")]
    sample: u32,
    #[serde(default)]
    stores: BTreeMap<StoreName, RawMarket>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMarket {
    start: Option<BusinessDay>,
    history: Option<PriorOrders>,
    platform: Option<Platform>,
    order_status: Option<String>,
    #[serde(default)]
    routes: Vec<Route>,
}

fn order_status() -> String {
    "paid".to_owned()
}

fn cancelled() -> Vec<Clause> {
    vec![Clause::text("Status", "Cancelled")]
}

fn refresh_after() -> Duration {
    Duration::from_mins(10)
}

fn overlap() -> Duration {
    Duration::from_mins(30)
}

fn sample() -> u32 {
    20
}

impl RawLoyalty {
    /// Filled in; `stores`: those of the file.
    pub(crate) fn complete(self, stores: &BTreeMap<StoreName, Store>) -> Loyalty {
        let market = Market {
            start: self.start,
            history: self.history,
            platform: self.platform,
            order_status: self.order_status,
            routes: vec![],
        };
        let mut own: BTreeMap<_, _> =
            self.stores.into_iter().map(|(name, raw)| (name, raw.over(market.clone()))).collect();
        if own.is_empty() {
            own = stores.keys().map(|name| (name.clone(), market.clone())).collect();
        }
        Loyalty {
            market,
            stores: own,
            route_by: self.route_by,
            coupon_code: self.coupon_code,
            ip_address: self.ip_address,
            user_agent: self.user_agent,
            amount: self.amount,
            line: self.line,
            returns: self.returns,
            cancelled: self.cancelled,
            customer: self.customer,
            actions: self.actions,
            repeat: self.repeat,
            write_back: self.write_back,
            refresh_after: self.refresh_after,
            overlap: self.overlap,
            digits: self.digits,
            sample: self.sample,
        }
    }

    /// `stores`: the names of the file's; `has_currency`: whether its orders say their currency.
    pub(crate) fn check(&self, stores: &[&StoreName], has_currency: bool) -> Result<(), Fault> {
        status(&self.order_status, "loyalty.order_status")?;
        within(self.refresh_after, Duration::ZERO, Duration::from_mins(15), "loyalty.refresh_after")?;
        within(self.overlap, Duration::ZERO, Duration::from_hours(7 * 24), "loyalty.overlap")?;
        require(
            self.cancelled.iter().all(|clause| !clause.field.is_on_parent()),
            "loyalty.cancelled",
            "expected fields of Order itself: a change of another record does not move the order's SystemModstamp and \
             would not be noticed",
        )?;
        for (currency, digits) in &self.digits {
            require(*digits <= 4, &format!("loyalty.digits.{currency}"), "expected 0 to 4 digits after the point")?;
        }
        require(self.sample <= 200, "loyalty.sample", "expected 0 to 200 customers")?;
        self.amount.check()?;
        self.returns.check()?;
        self.customer.check()?;
        self.write_back.check()?;
        for (word, action) in &self.actions {
            action.check(word)?;
        }
        self.check_stores(stores, has_currency)
    }

    fn check_stores(&self, stores: &[&StoreName], has_currency: bool) -> Result<(), Fault> {
        require(
            !self.stores.is_empty() || stores.len() < 2,
            "loyalty.stores",
            "expected a table for each store that takes part, such as [loyalty.stores.default], for there are several stores",
        )?;
        for (name, store) in &self.stores {
            let key = format!("loyalty.stores.{name}");
            require(stores.contains(&name), &key, "expected the name of one of the stores in [stores.<name>]")?;
            if let Some(word) = &store.order_status {
                status(word, &format!("{key}.order_status"))?;
            }
            let alone = self.stores.len() == 1;
            require(
                alone || !store.routes.is_empty(),
                &format!("{key}.routes"),
                "expected at least one route, for several stores take part: no order could reach this one",
            )?;
            for route in &store.routes {
                route.check(&format!("{key}.routes"), &self.route_by, has_currency)?;
            }
        }
        let routes = self.stores.iter().flat_map(|(name, store)| store.routes.iter().map(move |route| (name, route)));
        route::refuse_overlaps(&routes.collect::<Vec<_>>())
    }
}

impl Loyalty {
    /// The store that these values lead to, compared exactly. `None`: park it as `unknown_store`.
    pub fn route(
        &self,
        store: Option<&str>,
        locale: Option<&str>,
        currency: Option<&Currency>,
    ) -> Option<(&StoreName, &Market)> {
        self.stores.iter().find(|(_, market)| market.takes(store, locale, currency))
    }
}

impl RawMarket {
    fn over(self, default: Market) -> Market {
        Market {
            start: self.start.unwrap_or(default.start),
            history: self.history.unwrap_or(default.history),
            platform: self.platform.unwrap_or(default.platform),
            order_status: self.order_status.unwrap_or(default.order_status),
            routes: self.routes,
        }
    }
}

fn status(word: &str, key: &str) -> Result<(), Fault> {
    require(
        (1..=40).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_graphic()),
        key,
        "expected a word of at most 40 characters that the Loyalty admin lists among those that award points, such as \"paid\"",
    )
}
