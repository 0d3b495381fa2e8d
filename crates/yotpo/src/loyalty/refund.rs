use serde::{Deserialize, Serialize};

/// A refund as Yotpo wants to hear of it: <https://loyaltyapi.yotpo.com/reference/create-refund>.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRecord {
    /// The shop's own id. Without one Yotpo makes one up, and each repeat is another refund.
    pub id: String,
    /// As the order was handed in.
    pub order_id: String,
    /// Of this refund, above zero, in the currency's smallest unit.
    pub total_amount_cents: i64,
    /// ISO 4217, and the order's.
    pub currency: String,
    /// What came back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ReturnedItem>,
}

/// A line of a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnedItem {
    /// The product's.
    pub id: String,
    /// Pieces.
    pub quantity: i64,
}
