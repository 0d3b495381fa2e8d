use std::collections::BTreeMap;
use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::is_email;

/// An order as Yotpo wants to hear of it:
/// <https://core-api.yotpo.com/v1.0/reference/create-an-order-within-the-yotpo-system-metadata>.
///
/// Every value is a JSON string, also prices.  `utoken` and `validate_data` (the boolean `true`, the one value without
/// quotes) are added when it is sent.  `Debug` shows nothing personal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// The buyer's address; see [`is_email`].
    pub email: String,
    /// Not blank, under 255 characters, also without its HTML tags.
    pub customer_name: String,
    /// The shop's name for the order; Yotpo does not create one that it has already.
    pub order_id: String,
    /// The day it counts for, written `2026-11-20`.  Orders older than six months are not asked about.
    pub order_date: NaiveDate,
    /// ISO 4217, three capitals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency_iso: Option<String>,
    /// The shop system, as Yotpo spells it: `commerce_cloud`, `shopify`, …; any other is `general`.
    pub platform: String,
    /// What was bought, by product id; see [`is_product_id`].
    pub products: BTreeMap<String, Product>,
    /// The buyer in a points or rewards programme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_reference: Option<String>,
}

/// A product of a purchase; Yotpo adds it if it does not know it, and takes over what has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its picture's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// A few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A decimal number, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// `upc`, `isbn`, `mpn`, `brand`, `sku`, `ean`, `external_sku`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub specs: BTreeMap<String, String>,
}

/// A purchase that Yotpo would drop without a word.  Names the field and not its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: expected {expected}")]
pub struct Invalid {
    /// The field of [`Purchase`].
    pub field: &'static str,
    /// What would have been right.
    pub expected: &'static str,
}

/// Whether Yotpo takes this as a product id: letters, digits, `_` and `-`, nothing else.  "An invalid character in the
/// product ID will cause the transaction to be ignored with no indication of failure" (Yotpo's Salesforce cartridge).
pub fn is_product_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

impl Purchase {
    /// Applies the rules by which Yotpo drops orders.  Where they are not known exactly, stricter than Yotpo and
    /// never laxer.
    pub fn check(&self) -> Result<(), Invalid> {
        let rules = [
            (is_email(&self.email), "email", "an e-mail address that Yotpo accepts"),
            (is_customer_name(&self.customer_name), "customer_name", "text that is not blank, under 255 characters"),
            (is_plain(&self.order_id), "order_id", "text without spaces around it"),
            ((1..=9999).contains(&self.order_date.year()), "order_date", "a year of four digits"),
            (self.currency_iso.as_deref().is_none_or(is_currency), "currency_iso", "three capital letters"),
            (is_plain(&self.platform), "platform", "the name of a shop system, or `general`"),
            (!self.products.is_empty(), "products", "at least one product"),
            (self.products.keys().all(|id| is_product_id(id)), "products", "ids of letters, digits, `_` and `-` only"),
        ];
        match rules.into_iter().find(|(good, ..)| !good) {
            Some((_, field, expected)) => Err(Invalid { field, expected }),
            None => Ok(()),
        }
    }
}

/// Whether Yotpo takes a customer name: under 255 characters, something visible outside HTML tags (it strips them).
pub fn is_customer_name(text: &str) -> bool {
    let mut in_tag = false;
    let visible = text.chars().any(|c| {
        in_tag = c == '<' || (in_tag && c != '>');
        !in_tag && c != '>' && !c.is_whitespace() && !c.is_control()
    });
    visible && text.chars().count() < 255
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.chars().any(char::is_control)
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

impl fmt::Debug for Purchase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Purchase({}, {}, {} products)", self.order_id, self.order_date, self.products.len())
    }
}

#[cfg(test)]
mod tests;
