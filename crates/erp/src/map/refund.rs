//! A refund becomes a smaller order, a memo, or both: what had not shipped comes off the order, what came back is credited.

use super::customer::{Entity, buyer};
use super::due::Skip;
use super::fit::{self, Mended};
use super::money::{Coin, Sums};
use super::sheet::{self, OrderLine, Pieces, Sheet};
use super::stamp::two_parts;
use super::{Parked, Settings, common};
use config::{BusinessDay, Refunds};
use ledger::EffectHash;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use shopify::{
    Currency, FulfillmentStatus, LineFulfillment, LineItem, Order, Refund, RefundLineItem, RestockType, Transaction,
    TransactionKind, TransactionStatus,
};
use std::collections::BTreeMap;

/// What a refund is to be at NetSuite, before customer, currency and items are looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoEffect {
    /// NetSuite's record: `creditMemo` or `returnAuthorization`.
    pub record: &'static str,
    /// `shopify_refund_{id}`.
    pub external_id: String,
    /// The order's entity.
    pub entity: Entity,
    /// The currency of all amounts.
    pub currency: Currency,
    /// NetSuite's body fields; those without a value are absent.
    pub fields: BTreeMap<&'static str, Value>,
    /// What is given back.
    pub lines: Vec<OrderLine>,
    /// The lines against the payments back, which need not agree; `None` if there are none, or in another currency.
    pub sums: Option<Sums>,
    /// What had to be made to fit.
    pub mended: Mended,
}

impl MemoEffect {
    /// What the effect is compared by, in two parts of 16 digits: header, lines.
    pub fn hash(&self) -> EffectHash {
        two_parts(&json!([self.record, self.external_id, self.fields]), &json!(self.lines))
    }
}

/// Why a refund makes no memo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoMemo {
    /// By rule.
    Skip(Skip),
    /// Whether the money moves is not known yet.
    Pending,
    /// A person has to decide.
    Parked(Parked),
}

impl From<Parked> for NoMemo {
    fn from(parked: Parked) -> Self {
        Self::Parked(parked)
    }
}

/// A refund, taken apart: each line makes the order smaller or stands in the memo. Decided once, and the same from either of the
/// payloads that a refund comes in.
pub(super) struct Taken<'a> {
    pub(super) refund: &'a Refund,
    /// Lines that had shipped: the memo's.
    pub(super) returned: Vec<&'a RefundLineItem>,
    /// Lines that had not: the order's loss.
    pub(super) reduced: Vec<&'a RefundLineItem>,
}

impl<'a> Taken<'a> {
    pub(super) fn of(order: &Order, refund: &'a Refund) -> Self {
        let (returned, reduced) = refund.refund_line_items.iter().partition(|line| match line.restock_type {
            RestockType::Return | RestockType::LegacyRestock => true,
            RestockType::Cancel => false,
            // The stock was left alone: did the line ship before?
            RestockType::NoRestock | RestockType::Other(_) => had_shipped(order, refund, line),
        });
        Self { refund, returned, reduced }
    }

    /// Whether anything is given back beside what was taken off the order.
    pub(super) fn has_memo(&self) -> bool {
        let shipping = !self.refund.refund_shipping_lines.is_empty() || !self.refund.duties.is_empty();
        !self.returned.is_empty() || shipping || self.refund.refund_line_items.is_empty()
    }

    /// What lies between the lines and what was paid back, without its tax, and the tax: negative for more paid back.
    pub(super) fn adjustments(&self, coin: Coin) -> (Decimal, Decimal) {
        let all = &self.refund.order_adjustments;
        (coin.sum(all.iter().map(|a| &a.amount_set)), coin.sum(all.iter().map(|a| &a.tax_amount_set)))
    }

    /// The payments are the amount where nothing else is named.
    fn only_payments(&self) -> bool {
        self.refund.refund_line_items.is_empty()
            && self.refund.refund_shipping_lines.is_empty()
            && self.refund.duties.is_empty()
            && self.refund.order_adjustments.is_empty()
    }
}

fn had_shipped(order: &Order, refund: &Refund, line: &RefundLineItem) -> bool {
    let failed = |status: &FulfillmentStatus| {
        matches!(status, FulfillmentStatus::Cancelled | FulfillmentStatus::Error | FulfillmentStatus::Failure)
    };
    let by_then =
        order.fulfillments.iter().filter(|parcel| !failed(&parcel.status) && parcel.created_at <= refund.created_at);
    let mut lines = by_then.flat_map(|parcel| &parcel.line_items);
    let said = line.line_item.as_ref().and_then(|item| item.fulfillment_status.as_ref());
    lines.any(|shipped| shipped.id == line.line_item_id && shipped.quantity > 0)
        || matches!(said, Some(LineFulfillment::Fulfilled | LineFulfillment::Partial))
}

/// What a refund's memo gives back, tax included.
pub(super) fn given_back(order: &Order, taken: &Taken<'_>, coin: Coin) -> Decimal {
    if !taken.has_memo() {
        return Decimal::ZERO;
    }
    if taken.only_payments() {
        return paid_back(taken.refund, coin).unwrap_or_default();
    }
    let with_tax = |net: &shopify::MoneyBag, tax: &shopify::MoneyBag| {
        coin.pick(net) + if order.taxes_included { Decimal::ZERO } else { coin.pick(tax) }
    };
    let lines: Decimal = taken.returned.iter().map(|line| with_tax(&line.subtotal_set, &line.total_tax_set)).sum();
    let shipping = &taken.refund.refund_shipping_lines;
    let shipping: Decimal = shipping.iter().map(|line| with_tax(&line.subtotal_amount_set, &line.tax_amount_set)).sum();
    let duties = coin.sum(taken.refund.duties.iter().map(|duty| &duty.amount_set));
    let (adjusted, adjusted_tax) = taken.adjustments(coin);
    lines + shipping + duties - adjusted - adjusted_tax
}

/// The payments back that took place, in the currency that is meant. `None` if there are none.
fn paid_back(refund: &Refund, coin: Coin) -> Option<Decimal> {
    let ours = |transaction: &&Transaction| {
        is_refund(transaction)
            && transaction.status == TransactionStatus::Success
            && transaction.currency.is_none_or(|currency| currency == coin.currency)
    };
    let amounts: Vec<Decimal> = refund.transactions.iter().filter(ours).map(|transaction| transaction.amount).collect();
    (!amounts.is_empty()).then(|| amounts.iter().sum())
}

fn is_refund(transaction: &Transaction) -> bool {
    transaction.kind == TransactionKind::Refund
}

/// What the refund of the order becomes beside a smaller order.
///
/// # Errors
/// When it makes no memo.
pub fn refund(refund: &Refund, order: &Order, settings: &Settings<'_>) -> Result<MemoEffect, NoMemo> {
    let record = match settings.erp.refunds {
        Refunds::CreditMemo => "creditMemo",
        Refunds::ReturnAuthorization => "returnAuthorization",
        Refunds::None => return Err(NoMemo::Skip(Skip::RefundsOff)),
    };
    if BusinessDay::of(order.created_at, settings.shop.time_zone) < settings.shop.start {
        return Err(NoMemo::Skip(Skip::BeforeStart));
    }
    let taken = Taken::of(order, refund);
    if !taken.has_memo() {
        return Err(NoMemo::Skip(Skip::OrderReduced));
    }
    let mut payments = refund.transactions.iter().filter(|transaction| is_refund(transaction)).peekable();
    let (some, mut failed) = (payments.peek().is_some(), true);
    for payment in payments {
        match payment.status {
            TransactionStatus::Pending | TransactionStatus::AwaitingResponse => return Err(NoMemo::Pending),
            TransactionStatus::Failure | TransactionStatus::Error => {}
            _ => failed = false,
        }
    }
    if some && failed {
        return Err(NoMemo::Skip(Skip::RefundFailed));
    }
    let coin = Coin::of(order, settings.shop.money);
    let (lines, ours, mut mended) = lines(&taken, order, settings, coin)?;
    if lines.is_empty() {
        return Err(NoMemo::Skip(Skip::OrderReduced));
    }
    if ours.is_sign_negative() {
        let error = format!("the refund keeps more than it gives back, by {}", -ours);
        return Err(Parked::new("negative_memo", error).into());
    }
    let mut fields = common(settings, order);
    fields.insert("tranDate", BusinessDay::of(refund.created_at, settings.shop.time_zone).to_string().into());
    let number = format!("{}{}", settings.shop.number_prefix, order.name);
    for (field, text) in [("otherRefNum", Some(number.as_str())), ("memo", refund.note.as_deref())] {
        if let Some(text) = fit::text(field, text, &mut mended) {
            fields.insert(field, text.into());
        }
    }
    Ok(MemoEffect {
        record,
        external_id: format!("shopify_refund_{}", refund.id),
        entity: buyer(order, settings)?.entity(),
        currency: coin.currency,
        fields,
        lines,
        sums: paid_back(refund, coin).map(|shopify| Sums { ours, shopify }),
        mended,
    })
}

fn lines(
    taken: &Taken<'_>,
    order: &Order,
    settings: &Settings<'_>,
    coin: Coin,
) -> Result<(Vec<OrderLine>, Decimal, Mended), Parked> {
    let mut sheet = Sheet::new(settings, coin, order.taxes_included);
    let mut tax = Decimal::ZERO;
    for returned in &taken.returned {
        let line: Option<&LineItem> = order.line_items.iter().find(|line| line.id == returned.line_item_id);
        let gone = || Parked::new("unmapped_charge", format!("the order has no line {}", returned.line_item_id));
        let line = line.ok_or_else(gone)?;
        let whole = coin.pick(&line.price_set) * Decimal::from(returned.quantity);
        let own = coin.pick(&returned.total_tax_set);
        tax += own;
        let discount = whole - coin.pick(&returned.subtotal_set);
        if returned.quantity > 0 {
            sheet.goods(line, &Pieces { quantity: returned.quantity, discount, tax: own }, false)?;
        }
    }
    for line in &taken.refund.refund_shipping_lines {
        let own = coin.pick(&line.tax_amount_set);
        tax += own;
        sheet.charge(format!("shipping:{}", line.id), sheet::SHIPPING, coin.pick(&line.subtotal_amount_set), own)?;
    }
    let duties = coin.sum(taken.refund.duties.iter().map(|duty| &duty.amount_set));
    sheet.net("duties".to_owned(), sheet::DUTIES, duties, Decimal::ZERO)?;
    let (adjusted, adjusted_tax) = taken.adjustments(coin);
    tax -= adjusted_tax;
    sheet.net("adjustment".to_owned(), sheet::ADJUSTMENT, -adjusted, -adjusted_tax)?;
    if taken.only_payments() {
        let paid = paid_back(taken.refund, coin).unwrap_or_default();
        sheet.net("adjustment".to_owned(), sheet::ADJUSTMENT, paid, Decimal::ZERO)?;
    }
    sheet.finish(tax, Decimal::ZERO)
}
