use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use crate::{
    AdjustmentReason, Coin, FulfillmentStatus, LineFulfillment, LineItem, MoneyBag, Order, OrderAdjustment, Refund,
    RefundLineItem, RestockType, Transaction, TransactionKind, TransactionStatus,
};

/// A refund of an order, taken apart: pieces that had shipped came back, the others came off the order.  Decided the same from
/// either of the payloads that list the refund, however much is shipped later.
#[derive(Debug)]
pub struct RefundParts<'a> {
    /// The whole of it.
    pub refund: &'a Refund,
    /// Lines that had shipped.
    pub returned: Vec<&'a RefundLineItem>,
    /// Lines that had not.
    pub reduced: Vec<&'a RefundLineItem>,
    /// It belongs to the cancellation of an order of which nothing had shipped: shipping and duties come off the order too.
    pub cancels: bool,
}

/// A cancellation and its refund are one action, and not of one instant.
const ONE_ACTION: TimeDelta = TimeDelta::minutes(1);

/// Pieces of a line, with their share of its discounts and taxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pieces {
    /// How many.
    pub quantity: u32,
    /// What they cost less.
    pub discount: Decimal,
    /// Their tax.
    pub tax: Decimal,
}

/// Whether a refund's money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payback {
    /// Some of it, or there was none to move.
    Done,
    /// Not known yet.
    Pending,
    /// None of it will.
    Failed,
}

/// Whether a refund belongs to the cancellation: it came with it or after it. What came shortly before is of it only where it took the
/// last lines off: what was paid back for itself has its memo by then.
fn is_of_cancellation(order: &Order, refund: &Refund, cancelled_at: DateTime<Utc>) -> bool {
    let has_lines = |refund: &Refund| !refund.refund_line_items.is_empty();
    let is_last = || has_lines(refund) && !order.refunds.iter().any(|other| other.id > refund.id && has_lines(other));
    refund.created_at >= cancelled_at || (refund.created_at + ONE_ACTION >= cancelled_at && is_last())
}

impl<'a> RefundParts<'a> {
    /// Takes a refund of `order` apart.
    pub fn of(order: &Order, refund: &'a Refund) -> RefundParts<'a> {
        let (returned, reduced) = refund.refund_line_items.iter().partition(|line| match line.restock_type {
            RestockType::Return | RestockType::LegacyRestock => true,
            RestockType::Cancel => false,
            // The stock was left alone: did the line ship before?
            RestockType::NoRestock | RestockType::Other(_) => had_shipped(order, refund, line),
        });
        let shipped = order.fulfillments.iter().any(|parcel| parcel.created_at <= refund.created_at);
        let cancels = order.cancelled_at.is_some_and(|at| !shipped && is_of_cancellation(order, refund, at));
        RefundParts { refund, returned, reduced, cancels }
    }

    /// Whether anything is given back beside what came off the order.  Shipping and duties are, unless the whole order is cancelled.
    pub fn gives_back(&self) -> bool {
        if self.cancels {
            return false;
        }
        let beside = !self.refund.refund_shipping_lines.is_empty() || !self.refund.duties.is_empty();
        !self.returned.is_empty() || beside || self.refund.refund_line_items.is_empty()
    }

    /// What lies between the lines and what was paid back, and its tax: below zero where more was paid back. What is only pending is
    /// none of it: it passes with its transaction.
    pub fn adjustments(&self, coin: Coin) -> (Decimal, Decimal) {
        let sum = |of: fn(&OrderAdjustment) -> &MoneyBag| coin.sum(self.adjusted().map(of));
        (sum(|adjustment| &adjustment.amount_set), sum(|adjustment| &adjustment.tax_amount_set))
    }

    fn adjusted(&self) -> impl Iterator<Item = &'a OrderAdjustment> {
        let passes =
            |adjustment: &&OrderAdjustment| adjustment.reason == Some(AdjustmentReason::PendingRefundDiscrepancy);
        self.refund.order_adjustments.iter().filter(move |adjustment| !passes(adjustment))
    }

    /// Duties that were refunded.
    pub fn duties(&self, coin: Coin) -> Decimal {
        coin.sum(self.refund.duties.iter().map(|duty| &duty.amount_set))
    }

    /// Whether the payments are all that the refund names.
    pub fn only_pays(&self) -> bool {
        self.refund.refund_line_items.is_empty()
            && self.refund.refund_shipping_lines.is_empty()
            && self.refund.duties.is_empty()
            && self.adjusted().next().is_none()
    }

    /// What is given back beside what came off the order, with tax; `included`: the order's prices contain theirs.
    pub fn given_back(&self, included: bool, coin: Coin) -> Decimal {
        if !self.gives_back() {
            return Decimal::ZERO;
        }
        if self.only_pays() {
            return self.refund.paid_back(coin).unwrap_or_default();
        }
        let with_tax =
            |net: &MoneyBag, tax: &MoneyBag| coin.pick(net) + if included { Decimal::ZERO } else { coin.pick(tax) };
        let lines: Decimal = self.returned.iter().map(|line| with_tax(&line.subtotal_set, &line.total_tax_set)).sum();
        let shipping = self.refund.refund_shipping_lines.iter();
        let shipping: Decimal = shipping.map(|line| with_tax(&line.subtotal_amount_set, &line.tax_amount_set)).sum();
        let (adjusted, adjusted_tax) = self.adjustments(coin);
        lines + shipping + self.duties(coin) - adjusted - adjusted_tax
    }
}

fn had_shipped(order: &Order, refund: &Refund, line: &RefundLineItem) -> bool {
    use FulfillmentStatus::{Cancelled, Error, Failure};
    let by_then = order.fulfillments.iter().filter(|parcel| {
        !matches!(parcel.status, Cancelled | Error | Failure) && parcel.created_at <= refund.created_at
    });
    let mut lines = by_then.flat_map(|parcel| &parcel.line_items);
    let said = line.line_item.as_ref().and_then(|item| item.fulfillment_status.as_ref());
    lines.any(|shipped| shipped.id == line.line_item_id && shipped.quantity > 0)
        || matches!(said, Some(LineFulfillment::Fulfilled | LineFulfillment::Partial))
}

impl Refund {
    fn payments(&self) -> impl Iterator<Item = &Transaction> {
        self.transactions.iter().filter(|transaction| transaction.kind == TransactionKind::Refund)
    }

    /// The payments back that took place, in the currency that is meant.  `None`: there are none.
    pub fn paid_back(&self, coin: Coin) -> Option<Decimal> {
        let ours = |payment: &&Transaction| {
            payment.status == TransactionStatus::Success
                && payment.currency.is_none_or(|currency| currency == coin.currency)
        };
        let amounts = self.payments().filter(ours).map(|payment| coin.within(payment.amount));
        amounts.fold(None, |sum, amount| Some(sum.unwrap_or_default() + amount))
    }

    /// Whether its money moved.
    pub fn payback(&self) -> Payback {
        use TransactionStatus::{AwaitingResponse, Error, Failure, Pending};
        let any = |statuses: &[TransactionStatus]| self.payments().any(|payment| statuses.contains(&payment.status));
        if any(&[Pending, AwaitingResponse]) {
            Payback::Pending
        } else if any(&[Failure, Error]) && self.payments().all(|payment| matches!(payment.status, Failure | Error)) {
            Payback::Failed
        } else {
            Payback::Done
        }
    }
}

impl RefundLineItem {
    /// Its pieces, of the order's `line`.
    pub fn pieces(&self, line: &LineItem, coin: Coin) -> Pieces {
        let discount = coin.pick(&line.price_set) * Decimal::from(self.quantity) - coin.pick(&self.subtotal_set);
        Pieces { quantity: self.quantity, discount, tax: coin.pick(&self.total_tax_set) }
    }
}

impl LineItem {
    /// The line as ordered.
    pub fn ordered(&self, coin: Coin) -> Pieces {
        let discount = coin.sum(self.discount_allocations.iter().map(|allocation| &allocation.amount_set));
        Pieces { quantity: self.quantity, discount, tax: coin.taxes(&self.tax_lines) }
    }

    /// What the order keeps of it: what is still wanted, and what came back after it had shipped.  `None`: nothing.
    pub fn kept(&self, refunds: &[RefundParts<'_>], coin: Coin) -> Option<Pieces> {
        let own = |refunded: &&&RefundLineItem| refunded.line_item_id == self.id;
        let returned = refunds.iter().flat_map(|parts| parts.returned.iter().filter(own));
        let kept = returned.fold(self.current_quantity, |sum, line| sum.saturating_add(line.quantity));
        let quantity = kept.min(self.quantity);
        if quantity == 0 {
            return None;
        }
        let ordered = self.ordered(coin);
        let (mut discount, mut tax, mut unsaid) = (ordered.discount, ordered.tax, self.quantity - quantity);
        for reduced in refunds.iter().flat_map(|parts| parts.reduced.iter().filter(own)) {
            let gone = reduced.pieces(self, coin);
            discount -= gone.discount;
            tax -= gone.tax;
            unsaid = unsaid.saturating_sub(gone.quantity);
        }
        // An edit may take pieces off without a word about their discount and tax: their share.
        let share = |amount: Decimal| coin.round(amount * Decimal::from(unsaid) / Decimal::from(self.quantity));
        Some(Pieces { quantity, discount: discount - share(ordered.discount), tax: tax - share(ordered.tax) })
    }
}
