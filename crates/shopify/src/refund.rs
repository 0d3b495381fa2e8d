use std::fmt;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::lenient::{or_default, text, time};
use crate::money::decimal;
use crate::open_enum::open_enum;
use crate::{Currency, LineItemId, MoneyBag, OrderId, RefundId, id};

/// A refund, of `refunds/create`, of an order's own list or of the Admin API.  It never changes but for the status of its
/// transactions.  `Debug` shows ids alone.
///
/// Its parts need not add up: in Shopify's sample the lines are 414.95 and the transactions 85.00.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Names it.
    pub id: RefundId,
    /// What was refunded of.
    pub order_id: OrderId,
    /// When.
    #[serde(deserialize_with = "time")]
    pub created_at: DateTime<Utc>,
    /// The merchant's words.
    #[serde(default, deserialize_with = "text")]
    pub note: Option<String>,
    /// What was taken back, or off the order.
    #[serde(default, deserialize_with = "or_default")]
    pub refund_line_items: Vec<RefundLineItem>,
    /// Shipping that was refunded.
    #[serde(default, deserialize_with = "or_default")]
    pub refund_shipping_lines: Vec<RefundShippingLine>,
    /// What lies between the sum of the lines and what was paid back; shipping is none of it since 2024-10.
    #[serde(default, deserialize_with = "or_default")]
    pub order_adjustments: Vec<OrderAdjustment>,
    /// Duties that were refunded.
    #[serde(default, deserialize_with = "or_default")]
    pub duties: Vec<RefundDuty>,
    /// The payments back.
    #[serde(default, deserialize_with = "or_default")]
    pub transactions: Vec<Transaction>,
}

/// A line of a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLineItem {
    /// Its own id, which is not that of the order's line; null in the Admin API for some.
    #[serde(default, deserialize_with = "id::optional")]
    pub id: Option<u64>,
    /// The order's line.
    pub line_item_id: LineItemId,
    /// Pieces.
    pub quantity: u32,
    /// What became of them.
    pub restock_type: RestockType,
    /// Where they went back to.
    #[serde(default, deserialize_with = "id::optional")]
    pub location_id: Option<u64>,
    /// For all pieces, after discounts; with tax where the order's `taxes_included` says so.
    pub subtotal_set: MoneyBag,
    /// The tax for all pieces.
    pub total_tax_set: MoneyBag,
    /// What the order's line sells.
    #[serde(default)]
    pub line_item: Option<RefundedItem>,
}

/// What a refund says of the order's line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundedItem {
    /// The merchant's name for it.
    #[serde(default, deserialize_with = "text")]
    pub sku: Option<String>,
    /// The product's title.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// A gift card was sold.
    #[serde(default, deserialize_with = "or_default")]
    pub gift_card: bool,
    /// How much of the line had shipped when `refunds/create` was written.  None: nothing, or the refund is an order's: there the
    /// order's fulfilments say it, with their dates.
    #[serde(default)]
    pub fulfillment_status: Option<LineFulfillment>,
}

open_enum! {
    /// What became of the pieces: <https://shopify.dev/docs/api/admin-graphql/2026-10/enums/RefundLineItemRestockType>.
    RestockType {
        /// They came back and lie in stock again.
        Return = "return",
        /// They had not shipped and will not.
        Cancel = "cancel",
        /// The stock was left as it was; whether they had shipped is not said.
        NoRestock = "no_restock",
        /// They lie in stock again; of refunds before Shopify told the two apart.
        LegacyRestock = "legacy_restock",
    }
}

open_enum! {
    /// How much of a line has shipped.
    LineFulfillment {
        /// All.
        Fulfilled = "fulfilled",
        /// Some.
        Partial = "partial",
        /// It is none that ships.
        NotEligible = "not_eligible",
    }
}

/// Shipping that was refunded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundShippingLine {
    /// Names it.
    #[serde(deserialize_with = "id::any")]
    pub id: u64,
    /// Without the tax, unless prices include it.
    pub subtotal_amount_set: MoneyBag,
    /// The tax.
    pub tax_amount_set: MoneyBag,
}

/// What lies between the sum of a refund's lines, shipping and taxes, and what was paid back: that is the sum less the adjustments, so
/// that a negative one means that more was paid.  While a transaction is pending nothing was, and Shopify adjusts by the whole sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderAdjustment {
    /// Names it.
    #[serde(deserialize_with = "id::any")]
    pub id: u64,
    /// Why.
    #[serde(default)]
    pub reason: Option<AdjustmentReason>,
    /// Without the tax.
    pub amount_set: MoneyBag,
    /// The tax.
    pub tax_amount_set: MoneyBag,
}

open_enum! {
    /// Why a refund was adjusted: <https://shopify.dev/docs/api/admin-graphql/2026-10/enums/OrderAdjustmentDiscrepancyReason>.
    AdjustmentReason {
        /// Another sum was paid than the lines are.
        RefundDiscrepancy = "refund_discrepancy",
        /// A transaction is pending: passing.
        PendingRefundDiscrepancy = "pending_refund_discrepancy",
        /// What balances a return of everything.
        FullReturnBalancingAdjustment = "full_return_balancing_adjustment",
        /// A fee for taking goods back.
        Restock = "restock",
        /// Goods came back damaged.
        Damage = "damage",
        /// For the customer's sake.
        Customer = "customer",
    }
}

/// A duty that was refunded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundDuty {
    /// How much.
    pub amount_set: MoneyBag,
}

/// A payment back to the buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// Names it.
    #[serde(deserialize_with = "id::any")]
    pub id: u64,
    /// `refund`, but for the odd one.
    pub kind: TransactionKind,
    /// Whether the money moved.
    pub status: TransactionStatus,
    /// In `currency`.
    #[serde(with = "decimal")]
    pub amount: Decimal,
    /// Null in Shopify's sample.
    #[serde(default)]
    pub currency: Option<Currency>,
}

open_enum! {
    /// What a transaction does: <https://shopify.dev/docs/api/admin-graphql/2026-10/enums/OrderTransactionKind>.
    TransactionKind {
        /// Money goes back.
        Refund = "refund",
        /// An authorisation is given up.
        Void = "void",
        /// Change is given, at a till.
        Change = "change",
    }
}

open_enum! {
    /// How a transaction ended: <https://shopify.dev/docs/api/admin-graphql/2026-10/enums/OrderTransactionStatus>.
    TransactionStatus {
        /// The money moved.
        Success = "success",
        /// It has not ended.
        Pending = "pending",
        /// It has not ended: the payment provider owes an answer.
        AwaitingResponse = "awaiting_response",
        /// The provider refused.
        Failure = "failure",
        /// It could not be carried out.
        Error = "error",
    }
}

impl fmt::Debug for Refund {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refund({} of order {}, {} lines)", self.id, self.order_id, self.refund_line_items.len())
    }
}
