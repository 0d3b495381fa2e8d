//! `[salesforce]`: where things are in the org.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Clause, FieldPath};

/// Where an org keeps what the flows need of an order. Paths start at Order, those of [`Line`] at `OrderItem`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Salesforce {
    /// REST API version, such as `v66.0`.
    #[serde(default = "api_version")]
    pub api_version: String,
    /// Share of the org's rolling 24-hour API quota, all integrations together, above which we stop: over 0, at most 1.
    #[serde(default = "quota_share")]
    pub quota_share: f64,
    /// An order is completed when every clause holds; never empty, and of no other record's fields than those of Order and its
    /// `RecordType`.
    pub completed: Vec<Clause>,
    /// The date or date-time field of Order that says when it was completed: it decides the business day.
    pub completed_at: FieldPath,
    /// Where the buyer's e-mail address may be: the first that is not blank counts. Never empty.
    #[serde(default = "email")]
    pub email: Vec<FieldPath>,
    /// Where the buyer's full name may be: the first that is not blank counts. Never empty.
    #[serde(default = "customer_name")]
    pub customer_name: Vec<FieldPath>,
    /// The field that becomes Yotpo's `order_id`.
    #[serde(default = "order_id")]
    pub order_id: FieldPath,
    /// The field with the order's currency; only multi-currency orgs have one. Without it the store's currency is used.
    #[serde(default)]
    pub currency: Option<FieldPath>,
    /// The field whose value decides the store; `None` only where there is one store.
    #[serde(default)]
    pub route_by: Option<FieldPath>,
    /// Where a customer's id at the destination may be, from Contact (or Account, with person accounts) on: the first that is not
    /// blank counts, at last the record's own 18-character id.
    #[serde(default)]
    pub customer_id: Vec<FieldPath>,
    /// Where an order's lines keep what the destinations need.
    #[serde(default)]
    pub line: Line,
}

/// `[salesforce.line]`: paths that start at `OrderItem`. What is `None` is not sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The product's id at the destination; Yotpo takes `[0-9A-Za-z_-]` only.
    #[serde(default = "product_id")]
    pub product_id: FieldPath,
    /// The product's name.
    #[serde(default = "name")]
    pub name: FieldPath,
    /// The product's page in the shop.
    #[serde(default)]
    pub url: Option<FieldPath>,
    /// The product's picture, a URL.
    #[serde(default)]
    pub image: Option<FieldPath>,
    /// The product's description.
    #[serde(default)]
    pub description: Option<FieldPath>,
    /// The price of one.
    #[serde(default)]
    pub price: Option<FieldPath>,
    /// Yotpo's product specs; those that are absent are not sent.
    #[serde(default)]
    pub specs: BTreeMap<Spec, FieldPath>,
}

/// The product specs that Yotpo knows.
/// <https://core-api.yotpo.com/v1.0/reference/create-an-order-within-the-yotpo-system-metadata>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spec {
    /// Universal product code.
    Upc,
    /// International standard book number.
    Isbn,
    /// Manufacturer's part number.
    Mpn,
    /// The brand's name.
    Brand,
    /// Stock keeping unit.
    Sku,
    /// European article number.
    Ean,
}

impl Spec {
    /// Yotpo's key for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upc => "upc",
            Self::Isbn => "isbn",
            Self::Mpn => "mpn",
            Self::Brand => "brand",
            Self::Sku => "sku",
            Self::Ean => "ean",
        }
    }
}

impl Default for Line {
    fn default() -> Self {
        Self {
            product_id: product_id(),
            name: name(),
            url: None,
            image: None,
            description: None,
            price: None,
            specs: BTreeMap::new(),
        }
    }
}

fn api_version() -> String {
    "v66.0".to_owned()
}

fn quota_share() -> f64 {
    0.8
}

fn email() -> Vec<FieldPath> {
    vec![FieldPath::known("BillToContact.Email"), FieldPath::known("Account.PersonEmail")]
}

fn customer_name() -> Vec<FieldPath> {
    vec![FieldPath::known("BillToContact.Name"), FieldPath::known("Account.Name")]
}

fn order_id() -> FieldPath {
    FieldPath::known("OrderNumber")
}

fn product_id() -> FieldPath {
    FieldPath::known("Product2.ProductCode")
}

fn name() -> FieldPath {
    FieldPath::known("Product2.Name")
}
