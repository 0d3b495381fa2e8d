//! An order becomes a sales order.

use super::address::address;
use super::customer::{Entity, buyer};
use super::money::Sums;
use super::refund::memo_lines;
use super::sheet::{self, OrderLine, Sheet};
use super::stamp::{external_id, two_parts};
use super::{Parked, Settings, coin, common, reference};
use config::{BodySource, BusinessDay, Refunds};
use ledger::EffectHash;
use netsuite::fit::{self, Mended};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use shopify::{Coin, Currency, LineItem, Order, RefundParts};
use std::collections::BTreeMap;

/// What an order is to be at NetSuite, before customer, currency and items are looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderEffect {
    /// `shopify_order_{id}`.
    pub external_id: String,
    /// Whose it is; no part of the hash, since NetSuite does not let it change.
    pub entity: Entity,
    /// The currency of all amounts; no part of the hash.
    pub currency: Currency,
    /// NetSuite's body fields that are kept up to date; null clears.
    pub fields: BTreeMap<String, Value>,
    /// Those that are written once: a person may change them there.
    pub once: BTreeMap<&'static str, Value>,
    /// `billingAddress`, `shippingAddress`.
    pub addresses: BTreeMap<&'static str, Value>,
    /// What is open, shipped or charged; once it is cancelled, no more than its memos give back.
    pub lines: Vec<OrderLine>,
    /// Whether it was cancelled.
    pub cancelled: bool,
    /// Whether the lines add up.
    pub sums: Sums,
    /// What had to be made to fit.
    pub mended: Mended,
}

impl OrderEffect {
    /// What the effect is compared by, in two parts of 16 digits: header, lines.
    pub fn hash(&self) -> EffectHash {
        two_parts(&json!([self.external_id, self.fields, self.addresses, self.cancelled]), &json!(self.lines))
    }
}

/// What becomes of the order. Whether it is carried is for [`super::due`] to say.
///
/// # Errors
/// When a person has to decide.
pub fn order(order: &Order, settings: &Settings<'_>) -> Result<OrderEffect, Parked> {
    let mut mended = Mended::default();
    let coin = coin(order, settings);
    let mut fields: BTreeMap<String, Value> = settings
        .erp
        .body
        .iter()
        .map(|(field, source)| {
            (field.clone(), fit::text(field, source_of(order, source).as_deref(), &mut mended).into())
        })
        .collect();
    let number = format!("{}{}", settings.shop.number_prefix, order.name);
    fields.insert("otherRefNum".to_owned(), fit::text("otherRefNum", Some(&number), &mut mended).into());
    fields.insert("email".to_owned(), fit::email(order.email.as_deref(), &mut mended).into());
    let addresses = [("billingAddress", &order.billing_address), ("shippingAddress", &order.shipping_address)];
    let addresses = addresses
        .into_iter()
        .filter_map(|(field, whole)| Some((field, address(whole.as_ref()?, &mut mended)?)))
        .collect();
    let mut once = common(settings, order);
    once.insert("tranDate", BusinessDay::of(order.created_at, settings.shop.time_zone).to_string().into());
    if let Some(form) = &settings.shop.form {
        once.insert("customForm", reference(form));
    }
    let cancelled = order.cancelled_at.is_some();
    let (lines, sums) = if cancelled {
        (kept(order, settings, coin), Sums { ours: Decimal::ZERO, shopify: Decimal::ZERO })
    } else {
        let (lines, sums, more) = lines(order, settings, coin)?;
        mended.extend(more);
        (lines, sums.check(settings)?)
    };
    Ok(OrderEffect {
        external_id: external_id("order", order.id),
        entity: buyer(order, settings)?.entity(),
        currency: coin.currency,
        fields,
        once,
        addresses,
        lines,
        cancelled,
        sums,
        mended,
    })
}

fn source_of(order: &Order, source: &BodySource) -> Option<String> {
    match source {
        BodySource::Note => order.note.clone(),
        BodySource::Tags => Some(order.tags.join(", ")),
        BodySource::PoNumber => order.po_number.clone(),
        BodySource::SourceName => order.source_name.clone(),
        BodySource::Name => Some(order.name.clone()),
        BodySource::NoteAttribute(name) => order
            .note_attributes
            .iter()
            .find(|attribute| attribute.name == *name)
            .map(|attribute| attribute.value.clone()),
    }
}

/// What is left of a cancelled order: what its memos give back, so that less them it is worth nothing; goods that came back have been
/// shipped, and stand as they are. A memo that cannot be made keeps nothing: the rest is closed all the same.
fn kept(order: &Order, settings: &Settings<'_>, coin: Coin) -> Vec<OrderLine> {
    let mut kept: Vec<OrderLine> = Vec::new();
    if settings.erp.refunds == Refunds::None {
        return kept;
    }
    let parts = order.refunds.iter().map(|refund| RefundParts::of(order, refund)).filter(RefundParts::gives_back);
    let lines = parts.filter_map(|parts| memo_lines(&parts, order, settings, coin).ok()).flat_map(|(lines, ..)| lines);
    for line in lines.filter(|line| order.fulfillments.is_empty() || !line.is_goods()) {
        match kept.iter_mut().find(|known| known.key == line.key) {
            Some(known) if known.is_goods() => known.quantity += line.quantity,
            Some(known) => (known.rate, known.tax) = (known.rate + line.rate, known.tax + line.tax),
            None => kept.push(line),
        }
    }
    kept
}

fn lines(order: &Order, settings: &Settings<'_>, coin: Coin) -> Result<(Vec<OrderLine>, Sums, Mended), Parked> {
    let refunds: Vec<RefundParts<'_>> = order.refunds.iter().map(|refund| RefundParts::of(order, refund)).collect();
    let mut sheet = Sheet::new(settings, coin, order.taxes_included);
    let own_tax: Decimal = order.line_items.iter().map(|line| coin.taxes(&line.tax_lines)).sum();
    let mut kept_tax = Decimal::ZERO;
    let tip = order.total_tip_received.filter(|tip| !tip.is_zero());
    let is_tip = |line: &LineItem| tip.is_some() && line.sku.is_none() && line.title.eq_ignore_ascii_case("tip");
    for line in &order.line_items {
        if let Some(pieces) = line.kept(&refunds, coin) {
            kept_tax += pieces.tax;
            sheet.goods(line, &pieces, is_tip(line))?;
        }
    }
    if let Some(tip) = tip.filter(|_| !order.line_items.iter().any(is_tip)) {
        if coin.currency != order.currency {
            return Err(Parked::new("unmapped_charge", "Shopify names the tip in the shop's currency alone"));
        }
        sheet.net("tip".to_owned(), sheet::TIP, coin.within(tip), Decimal::ZERO)?;
    }
    let mut shipping_tax = Decimal::ZERO;
    for (place, line) in order.shipping_lines.iter().enumerate().filter(|(_, line)| !line.is_removed) {
        let key = format!("shipping:{}", line.id.unwrap_or(place as u64));
        let tax = coin.taxes(&line.tax_lines);
        shipping_tax += tax;
        sheet.charge(key, sheet::SHIPPING, coin.pick(&line.price_set), tax)?;
        sheet.discount(coin.sum(line.discount_allocations.iter().map(|allocation| &allocation.amount_set)));
    }
    let duties = coin.pick_or_zero(order.original_total_duties_set.as_ref());
    sheet.net("duties".to_owned(), sheet::DUTIES, duties, Decimal::ZERO)?;
    let fees = coin.pick_or_zero(order.original_total_additional_fees_set.as_ref());
    sheet.net("fees".to_owned(), sheet::FEES, fees, Decimal::ZERO)?;
    // Without a memo, what was paid back beside the lines has no other place.
    let mut adjusted_tax = Decimal::ZERO;
    for parts in refunds.iter().filter(|parts| !parts.gives_back()) {
        let (net, tax) = parts.adjustments(coin);
        adjusted_tax += tax;
        sheet.net(format!("adjustment:{}", parts.refund.id), sheet::ADJUSTMENT, net, tax)?;
    }
    let whole = order.total_tax_set.as_ref().map_or(own_tax + shipping_tax, |tax| coin.pick(tax));
    let tax = whole - (own_tax - kept_tax) + adjusted_tax;
    let rounded = coin.pick_or_zero(order.total_cash_rounding_payment_adjustment_set.as_ref());
    let (lines, ours, mended) = sheet.finish(tax, rounded)?;
    let memos: Decimal = refunds.iter().map(|parts| parts.given_back(order.taxes_included, coin)).sum();
    let shopify = coin.pick(&order.current_total_price_set) + memos + rounded;
    Ok((lines, Sums { ours, shopify }, mended))
}
