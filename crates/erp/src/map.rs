//! What Shopify's payloads ask for, in NetSuite's words. Pure and total: no I/O, no clock; every order has an answer.
//!
//! An *effect* is what a payload asks for before items, customer and currency are looked up: [`OrderEffect`], [`CustomerEffect`],
//! [`MemoEffect`]. It depends on the payload alone, never on the topic that brought it, and is compared by its hash. With what was
//! looked up ([`Ids`]) it becomes the body of a create, or a [`Patch`] of what NetSuite has ([`NetSuiteOrder`]).
//!
//! [`due`] decides whether an order is carried at all. `sheet` is the arithmetic: an order's lines, less its memos' lines,
//! add up to Shopify's current total, to the last digit.

mod address;
#[cfg(test)]
mod carried_tests;
mod customer;
#[cfg(test)]
mod customer_tests;
mod due;
#[cfg(test)]
mod fixture_tests;
mod held;
#[cfg(test)]
mod laws_tests;
#[cfg(test)]
mod made_tests;
mod money;
mod order;
mod patch;
#[cfg(test)]
mod patch_tests;
mod record;
mod refund;
#[cfg(test)]
mod refund_tests;
mod sheet;
mod stamp;
mod worth;

pub use customer::{Buyer, CustomerEffect, Entity, buyer, customer};
pub use due::{Skip, due};
pub use held::{HeldLine, NetSuiteOrder, NotAnOrder};
pub use money::Sums;
pub use netsuite::Mended;
pub use order::{OrderEffect, order};
pub use patch::{Patch, patch};
pub use record::{Ids, memo_record, order_record};
pub use refund::{MemoEffect, NoMemo, refund};
pub use sheet::OrderLine;
pub use stamp::{LINE_FIELD, NotAStamp, STAMP_FIELD, Stamp, external_id};
pub use worth::{OrderWorth, worth};

use config::{Erp, InternalId, Shop, StoreName};
use serde_json::Value;
use shopify::{Coin, Order};
use std::collections::BTreeMap;

/// What the mapping goes by: the flow's rules, and the shop's.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// `[erp]`.
    pub erp: &'a Erp,
    /// What holds for the shop.
    pub shop: &'a Shop,
}

impl<'a> Settings<'a> {
    /// Those of the shop with this domain.
    pub fn of(erp: &'a Erp, shop: &str) -> Self {
        let name = StoreName::try_from(shop.to_owned());
        Self { erp, shop: name.map_or(&erp.shop, |name| erp.shop(&name)) }
    }
}

/// Why a person has to decide.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Parked {
    /// What the ledger keeps: `unmapped_charge`, `unknown_company`, `unknown_item`, `sums_differ`, `negative_memo`.
    pub reason: &'static str,
    /// For the person: names SKUs, settings and amounts, nobody's data.
    pub error: String,
}

impl Parked {
    fn new(reason: &'static str, error: impl Into<String>) -> Self {
        Self { reason, error: error.into() }
    }
}

/// A reference as NetSuite's REST API writes it.
fn reference(id: &InternalId) -> Value {
    serde_json::json!({ "id": id.as_str() })
}

/// What an order and its memos have in common: subsidiary, location, class, department.
fn common(settings: &Settings<'_>, order: &Order) -> BTreeMap<&'static str, Value> {
    let shop = settings.shop;
    let here = order.location_id.and_then(|id| settings.erp.locations.get(&id.to_string()));
    let named = [
        ("subsidiary", shop.subsidiary.as_ref()),
        ("location", here.or(shop.location.as_ref())),
        ("class", shop.class.as_ref()),
        ("department", shop.department.as_ref()),
    ];
    named.into_iter().filter_map(|(field, id)| Some((field, reference(id?)))).collect()
}

/// The money that is meant throughout an order and its refunds.
fn coin(order: &Order, settings: &Settings<'_>) -> Coin {
    Coin::of(order, settings.shop.money == config::MoneyKind::Presentment)
}
