//! What Shopify says that an order and its refunds are worth.

use super::refund::{NoMemo, refund};
use super::{Settings, coin};
use config::Refunds;
use rust_decimal::Decimal;
use shopify::{Currency, Order, RefundId, RefundParts};

/// What NetSuite is to hold of an order: less its memos it is worth Shopify's current total, and what cash was rounded by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderWorth {
    /// The currency of all amounts.
    pub currency: Currency,
    /// The sales order.
    pub order: Decimal,
    /// Each memo that there is, or is to be, by its refund.
    pub memos: Vec<(RefundId, Decimal)>,
}

/// What the order is worth, by Shopify's own sums and never by the lines that we make of them.
pub fn worth(order: &Order, settings: &Settings<'_>) -> OrderWorth {
    let coin = coin(order, settings);
    // What was cancelled before anything shipped is closed as a whole, whatever is left to be paid back.
    let closed = order.cancelled_at.is_some() && order.fulfillments.is_empty();
    let current = if closed { Decimal::ZERO } else { coin.pick(&order.current_total_price_set) };
    let rounded = coin.pick_or_zero(order.total_cash_rounding_payment_adjustment_set.as_ref());
    let (mut whole, mut memos) = (if closed { current } else { current + rounded }, Vec::new());
    for one in &order.refunds {
        let given_back = RefundParts::of(order, one).given_back(order.taxes_included, coin);
        // What is closed keeps no more than its memos give back.
        if !closed || settings.erp.refunds != Refunds::None {
            whole += given_back;
        }
        if !matches!(refund(one, order, settings), Err(NoMemo::Skip(_))) {
            memos.push((one.id, given_back));
        }
    }
    OrderWorth { currency: coin.currency, order: whole, memos }
}
