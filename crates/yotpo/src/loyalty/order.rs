use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An order as Yotpo wants to hear of it: <https://loyaltyapi.yotpo.com/reference/create-order>. What is `None` is not sent. `Debug`
/// shows nothing personal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
    /// The buyer's address.
    pub customer_email: String,
    /// The shop's own id of the buyer. Beside another address than Yotpo has, it makes this the customer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// Without discounts, in the currency's smallest unit: yen as they are, dollars times 100, dinars times 1,000.
    pub total_amount_cents: i64,
    /// ISO 4217.
    pub currency_code: String,
    /// The shop's own id, to which refunds refer.
    pub order_id: String,
    /// One of the words that the account's settings let earn; others are taken and earn nothing.
    pub status: String,
    /// When it was placed, or completed.
    pub created_at: DateTime<Utc>,
    /// One code, by which Yotpo recognises a reward that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon_code: Option<String>,
    /// The buyer's; referrals need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// The buyer's; referrals need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// What was bought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<PricedItem>,
}

/// A line of an order, as far as campaigns look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricedItem {
    /// The product's.
    pub id: String,
    /// The product's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Pieces.
    pub quantity: i64,
    /// All pieces together, in the currency's smallest unit.
    pub price_cents: i64,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// What it is.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub product_type: Option<String>,
    /// Where it belongs, separated by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collections: Option<String>,
}

impl OrderRecord {
    pub(super) fn personal(&self) -> Vec<&str> {
        let optional = [&self.customer_id, &self.ip_address, &self.user_agent];
        let optional = optional.into_iter().filter_map(|field| field.as_deref());
        std::iter::once(self.customer_email.as_str()).chain(optional).collect()
    }
}

impl fmt::Debug for OrderRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrderRecord({}, {} items)", self.order_id, self.items.len())
    }
}
