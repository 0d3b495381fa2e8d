//! What is asked for of an order.

use super::{CustomerAsked, Unmade, hash};
use crate::money::MinorAmount;
use chrono::{DateTime, Utc};
use config::StoreName;
use ledger::{EffectHash, Revision};
use salesforce::Id;
use serde::{Deserialize, Serialize};

/// A completed order, with its original amount: its returns are messages of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderAsked {
    /// The order; Yotpo knows it by this id, which never changes.
    pub order: Id,
    /// What it is worth: more than nothing.
    pub amount: MinorAmount,
    /// When it was completed.
    pub completed_at: DateTime<Utc>,
    /// The buyer's address, trimmed and in lower case.
    pub email: String,
    /// The buyer; `None`: a guest, known by address alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<OrderCustomer>,
    /// The coupon's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon_code: Option<String>,
    /// The buyer's address on the internet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// The buyer's browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// What was bought.
    #[serde(default)]
    pub items: Vec<GoodsAsked>,
}

/// An order's customer, as the order's own row shows it: the order's address was mapped from this revision of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCustomer {
    /// The record's `SystemModstamp` in milliseconds.
    pub revision: Revision,
    /// What is sent if the customer is not there yet.
    pub asked: CustomerAsked,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoodsAsked {
    /// The product's id.
    pub id: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many, in whole pieces.
    pub quantity: u32,
    /// What the line costs, in the order's minor units, all pieces together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<i64>,
    /// Its maker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its collections, separated by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collections: Option<String>,
}

impl OrderAsked {
    /// The hash of the effect: what earns points. Not the address, which is the customer's.
    ///
    /// # Errors
    /// Never in practice.
    pub fn hash(&self, store: &StoreName) -> Result<EffectHash, Unmade> {
        hash(&(store, &self.amount, &self.items, &self.coupon_code))
    }
}
