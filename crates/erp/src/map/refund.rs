//! A refund becomes a smaller order, a memo, or both: what had not shipped comes off the order, what came back is credited.

use super::customer::{Entity, buyer};
use super::due::Skip;
use super::money::Sums;
use super::sheet::{self, OrderLine, Sheet};
use super::stamp::{external_id, two_parts};
use super::{Parked, Settings, coin, common};
use config::{BusinessDay, Refunds};
use ledger::EffectHash;
use netsuite::fit::{self, Mended};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use shopify::{Coin, Currency, Order, Payback, Refund, RefundParts};
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
    let parts = RefundParts::of(order, refund);
    if !parts.gives_back() {
        return Err(NoMemo::Skip(Skip::OrderReduced));
    }
    match refund.payback() {
        Payback::Done => {}
        Payback::Pending => return Err(NoMemo::Pending),
        Payback::Failed => return Err(NoMemo::Skip(Skip::RefundFailed)),
    }
    let coin = coin(order, settings);
    let (lines, ours, mut mended) = memo_lines(&parts, order, settings, coin)?;
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
        external_id: external_id("refund", refund.id),
        entity: buyer(order, settings)?.entity(),
        currency: coin.currency,
        fields,
        lines,
        sums: refund.paid_back(coin).map(|shopify| Sums { ours, shopify }),
        mended,
    })
}

/// What the memo gives back, and its sum with tax.
pub(super) fn memo_lines(
    parts: &RefundParts<'_>,
    order: &Order,
    settings: &Settings<'_>,
    coin: Coin,
) -> Result<(Vec<OrderLine>, Decimal, Mended), Parked> {
    let mut sheet = Sheet::new(settings, coin, order.taxes_included);
    let mut tax = Decimal::ZERO;
    for returned in parts.returned.iter().filter(|line| line.quantity > 0) {
        let line = order.line_items.iter().find(|line| line.id == returned.line_item_id);
        let gone = || Parked::new("unmapped_charge", format!("the order has no line {}", returned.line_item_id));
        let line = line.ok_or_else(gone)?;
        let pieces = returned.pieces(line, coin);
        tax += pieces.tax;
        sheet.goods(line, &pieces, false)?;
    }
    for line in &parts.refund.refund_shipping_lines {
        let own = coin.pick(&line.tax_amount_set);
        tax += own;
        sheet.charge(format!("shipping:{}", line.id), sheet::SHIPPING, coin.pick(&line.subtotal_amount_set), own)?;
    }
    sheet.net("duties".to_owned(), sheet::DUTIES, parts.duties(coin), Decimal::ZERO)?;
    let (adjusted, adjusted_tax) = parts.adjustments(coin);
    tax -= adjusted_tax;
    sheet.net("adjustment".to_owned(), sheet::ADJUSTMENT, -adjusted, -adjusted_tax)?;
    if parts.only_pays() {
        let paid = parts.refund.paid_back(coin).unwrap_or_default();
        sheet.net("adjustment".to_owned(), sheet::ADJUSTMENT, paid, Decimal::ZERO)?;
    }
    sheet.finish(tax, Decimal::ZERO)
}
