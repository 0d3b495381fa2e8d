//! Whether an order is carried at all.

use super::Settings;
use config::BusinessDay;
use shopify::Order;

/// Why an order, a customer or a refund is not carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// The order was created before the shop's start.
    BeforeStart,
    /// The order was paid in test mode.
    TestOrder,
    /// The order was cancelled before it was ever applied.
    Cancelled,
    /// Everything was taken off the order before it was ever applied.
    NothingLeft,
    /// The order is still being put together.
    NotConfirmed,
    /// The order's financial status does not make it due.
    NotPaid,
    /// The refund made the order smaller, and nothing else.
    OrderReduced,
    /// The settings carry no refunds.
    RefundsOff,
    /// No money moved.
    RefundFailed,
    /// The customer has not ordered, and the settings carry only those who have.
    NeverOrdered,
}

impl Skip {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::BeforeStart,
        Self::TestOrder,
        Self::Cancelled,
        Self::NothingLeft,
        Self::NotConfirmed,
        Self::NotPaid,
        Self::OrderReduced,
        Self::RefundsOff,
        Self::RefundFailed,
        Self::NeverOrdered,
    ];

    /// The reason as it is counted and recorded.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeStart => "before_start",
            Self::TestOrder => "test_order",
            Self::Cancelled => "cancelled",
            Self::NothingLeft => "nothing_left",
            Self::NotConfirmed => "not_confirmed",
            Self::NotPaid => "not_paid",
            Self::OrderReduced => "order_reduced",
            Self::RefundsOff => "refunds_off",
            Self::RefundFailed => "refund_failed",
            Self::NeverOrdered => "never_ordered",
        }
    }

    /// Whether an order may have been due before, so that NetSuite may have it though the ledger has lost it: what is left open there
    /// would be shipped.
    pub const fn may_be_there(self) -> bool {
        matches!(self, Self::Cancelled | Self::NothingLeft)
    }
}

/// Whether the order is carried. One that is `applied`, which NetSuite has, stays so whatever becomes of it.
///
/// # Errors
/// Why it is not.
pub fn due(order: &Order, settings: &Settings<'_>, applied: bool) -> Result<(), Skip> {
    if applied {
        return Ok(());
    }
    if BusinessDay::of(order.created_at, settings.shop.time_zone) < settings.shop.start {
        return Err(Skip::BeforeStart);
    }
    if order.test && !settings.erp.test_orders {
        return Err(Skip::TestOrder);
    }
    if order.cancelled_at.is_some() {
        return Err(Skip::Cancelled);
    }
    if !order.confirmed {
        return Err(Skip::NotConfirmed);
    }
    if is_empty(order, settings) {
        return Err(Skip::NothingLeft);
    }
    let listed = |status: &str| settings.erp.statuses.iter().any(|listed| listed == status);
    let paid = order.financial_status.as_ref().is_some_and(|status| listed(status.as_str()));
    if paid || order.payment_terms.is_some() { Ok(()) } else { Err(Skip::NotPaid) }
}

/// Whether nothing is left of it, not even a charge: NetSuite has no order without a line.
fn is_empty(order: &Order, settings: &Settings<'_>) -> bool {
    let removed = order.line_items.iter().all(|line| line.current_quantity == 0);
    removed && super::order(order, settings).is_ok_and(|effect| effect.lines.is_empty())
}
