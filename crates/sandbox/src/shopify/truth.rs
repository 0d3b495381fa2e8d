//! What each order is in the end, for a comparison with the destination.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

use super::order::Order;

/// An order as Shopify has it now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// The shop's domain.
    pub shop: String,
    /// Its id.
    pub id: u64,
    /// Its name, `#1001`.
    pub name: String,
    /// Its customer, unless a guest ordered.
    pub customer: Option<u64>,
    /// The shop's currency, which the total is in.
    pub currency: &'static str,
    /// `current_total_price`: without what was removed, refunded or given back.
    pub current_total: Decimal,
    /// `total_price`.
    pub total: Decimal,
    /// Shipping that was refunded, with its tax where that comes on top.
    pub refunded_shipping: Decimal,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// Before anything had left.
    pub cancelled: bool,
    /// The buyer's words.
    pub note: Option<String>,
    /// Where it goes.
    pub zip: String,
    /// A test order.
    pub test: bool,
    /// All lines that it ever had.
    pub lines: Vec<TruthLine>,
    /// Its refunds' ids.
    pub refunds: Vec<u64>,
}

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TruthLine {
    /// Its id.
    pub id: u64,
    /// Its SKU; custom lines and gift cards have none.
    pub sku: Option<String>,
    /// As ordered.
    pub quantity: i64,
    /// Less what was removed or came back.
    pub current: i64,
    /// Pieces that left and came back: they are the memo's, not the order's.
    pub returned: i64,
    /// Pieces that have left.
    pub shipped: i64,
}

pub(super) fn truth(shop: &str, order: &Order) -> Truth {
    let refunded = order.shipping.iter().filter(|shipping| shipping.is_refunded).map(|shipping| {
        if order.taxes_included { shipping.price.shop } else { shipping.price.shop + shipping.tax.shop }
    });
    Truth {
        shop: shop.to_owned(),
        id: order.id,
        name: order.name(),
        customer: order.customer,
        currency: order.tender.shop.code,
        current_total: order.current().total.shop,
        total: order.sums().total.shop,
        refunded_shipping: refunded.sum(),
        placed_at: order.created_at,
        cancelled: order.cancelled_at.is_some(),
        note: order.note.clone(),
        zip: order.address.zip.clone(),
        test: order.test,
        lines: order
            .lines
            .iter()
            .map(|line| TruthLine {
                id: line.id,
                sku: line.sku.clone(),
                quantity: line.quantity,
                current: line.current(),
                returned: line.returned,
                shipped: line.shipped,
            })
            .collect(),
        refunds: order.refunds.iter().map(|refund| refund.id).collect(),
    }
}
