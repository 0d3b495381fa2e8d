//! What an order is worth, and where its returns are.

use crate::fault::{Fault, require};
use crate::{Clause, FieldPath};
use serde::Deserialize;

/// The rule for what an order is worth, and a return: after discounts, and the same for both. No formula fields: they may change
/// without the record.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "RawAmount")]
pub enum Amount {
    /// This field of Order.
    Field(FieldPath),
    /// The sum of this field over the lines of which every clause holds; paths start at `OrderItem`.
    Lines {
        /// What is added up.
        sum: FieldPath,
        /// Which lines count; empty: all.
        keep: Vec<Clause>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAmount {
    field: Option<FieldPath>,
    sum: Option<FieldPath>,
    #[serde(default)]
    keep: Vec<Clause>,
}

/// `[loyalty.line]`: paths that start at `OrderItem`; id and name are `[salesforce.line]`'s. What is `None` is not sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GoodsLine {
    /// What the line costs, all pieces together.
    pub price: FieldPath,
    /// The product's maker.
    pub vendor: Option<FieldPath>,
    /// The product's kind.
    #[serde(rename = "type")]
    pub kind: Option<FieldPath>,
    /// The collections that it belongs to, separated by commas.
    pub collections: Option<FieldPath>,
}

/// `loyalty.returns`: one way an org.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case", deny_unknown_fields)]
pub enum Returns {
    /// Activated reduction orders, each by its `OriginalOrderId`.
    #[default]
    ReductionOrders,
    /// `OrderItemSummaryChange`, of Order Management.
    OrderItemSummaryChanges,
    /// Records of another object.
    Object(ReturnObject),
    /// None are sent.
    None,
}

/// Where returns are, if they are records of an object of the org's own.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnObject {
    /// The object, such as `Return__c`.
    pub object: FieldPath,
    /// Its field with the order's id.
    pub order: FieldPath,
    /// Its field with the amount, of either sign.
    pub amount: FieldPath,
    /// A record counts when every clause holds; paths start at the object.
    #[serde(default)]
    pub when: Vec<Clause>,
}

impl TryFrom<RawAmount> for Amount {
    type Error = &'static str;

    fn try_from(raw: RawAmount) -> Result<Self, Self::Error> {
        match (raw.field, raw.sum) {
            (Some(field), None) if raw.keep.is_empty() => Ok(Self::Field(field)),
            (None, Some(sum)) => Ok(Self::Lines { sum, keep: raw.keep }),
            _ => Err(
                "expected { field = \"TotalAmount\" }, or { sum = \"TotalPrice\", keep = […] } with clauses on the lines",
            ),
        }
    }
}

impl Default for Amount {
    fn default() -> Self {
        Self::Field(FieldPath::known("TotalAmount"))
    }
}

impl Amount {
    pub(super) fn check(&self) -> Result<(), Fault> {
        let own = match self {
            Self::Field(field) => !field.is_on_parent(),
            Self::Lines { sum, .. } => !sum.is_on_parent(),
        };
        require(
            own,
            "loyalty.amount",
            "expected a field of Order itself, or of its lines: a change of another record does not move the order's \
             SystemModstamp and would not be noticed",
        )
    }
}

impl Returns {
    pub(super) fn check(&self) -> Result<(), Fault> {
        let Self::Object(from) = self else { return Ok(()) };
        let plain = [&from.object, &from.order, &from.amount].into_iter().all(|name| !name.is_on_parent());
        require(plain, "loyalty.returns", "expected the names of an object and of its own fields, without dots")
    }
}

impl Default for GoodsLine {
    fn default() -> Self {
        Self { price: FieldPath::known("TotalPrice"), vendor: None, kind: None, collections: None }
    }
}
