//! What happens to an order after it was placed.

use chrono::{DateTime, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;

use super::customer::Address;
use super::draft::{self, Mix};
use super::ids::Ids;
use super::money::Bag;
use super::order::{Line, Order, Parcel};
use super::refund::{Refund, RefundLine};

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A tag: nothing that is mapped.
    Tag,
    /// A note.
    Note,
    /// Another address.
    Address,
    /// Everything that is open leaves.
    ShipAll,
    /// A piece leaves.
    ShipPiece,
    /// An edit adds a line.
    AddLine,
    /// A piece that has not left is refunded and taken off.
    Remove,
    /// The same, and the stock is left alone.
    RemoveUnstocked,
    /// A piece that has left comes back and is refunded.
    Return,
    /// Shipping is refunded.
    RefundShipping,
    /// An edit takes the shipping off: it stays listed, and costs nothing.
    RemoveShipping,
    /// Some money is given back, without a line.
    Goodwill,
    /// All that is left of it, before anything has left.
    Cancel,
}

/// What a privacy topic is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// A customer asks what is kept.
    DataRequest(u64),
    /// A customer is to be forgotten.
    CustomerRedact(u64),
    /// A shop is to be forgotten.
    ShopRedact,
}

impl Change {
    /// The topics that tell of it, in the order in which they come.
    pub(super) fn topics(self) -> &'static [&'static str] {
        match self {
            Self::Remove | Self::RemoveUnstocked | Self::Return | Self::RefundShipping | Self::Goodwill => {
                &["refunds/create", "orders/updated"]
            }
            Self::Cancel => &["refunds/create", "orders/cancelled", "orders/updated"],
            Self::AddLine | Self::RemoveShipping => &["orders/edited", "orders/updated"],
            _ => &["orders/updated"],
        }
    }

    /// Changes the order, if it is in a state for that.
    pub(super) fn apply(self, order: &mut Order, at: DateTime<Utc>, ids: &mut Ids, rng: &mut ChaCha8Rng) -> bool {
        let is_open = order.cancelled_at.is_none();
        let is_done = match self {
            Self::Tag => {
                order.tags.push(format!("tag-{}", order.tags.len() + 1));
                true
            }
            Self::Note => {
                order.note = Some(format!("Ring twice ({})", rng.random_range(0..100)));
                true
            }
            Self::Address => {
                order.address = Address::draw(ids, rng);
                true
            }
            Self::ShipAll => is_open && ship(order, at, ids, i64::MAX),
            Self::ShipPiece => is_open && ship(order, at, ids, 1),
            Self::AddLine if is_open => {
                let line = draft::line(order, &Mix { discounts: 0.0, ..Mix::default() }, ids, rng);
                order.lines.push(line);
                true
            }
            Self::AddLine => false,
            Self::Remove => give_back(order, at, ids, "cancel", |line| line.shipped == 0 && line.open() > 0),
            Self::RemoveUnstocked => {
                give_back(order, at, ids, "no_restock", |line| line.shipped == 0 && line.open() > 0)
            }
            Self::Return => give_back(order, at, ids, "return", |line| line.shipped > line.returned),
            Self::RefundShipping => refund_shipping(order, at, ids),
            Self::RemoveShipping => is_open && remove_shipping(order),
            Self::Goodwill => goodwill(order, at, ids),
            Self::Cancel => cancel(order, at, ids),
        };
        if is_done {
            order.updated_at = at;
        }
        is_done
    }
}

/// Up to so many pieces of each line leave, of one line only if it is one piece.
fn ship(order: &mut Order, at: DateTime<Utc>, ids: &mut Ids, most: i64) -> bool {
    let mut lines = Vec::new();
    for line in order.lines.iter_mut().filter(|line| !line.gift_card && line.open() > 0) {
        let pieces = line.open().min(most);
        line.shipped += pieces;
        lines.push((line.id, pieces));
        if most == 1 {
            break;
        }
    }
    if lines.is_empty() {
        return false;
    }
    order.parcels.push(Parcel { id: ids.next(), at, lines });
    true
}

fn empty(ids: &mut Ids, at: DateTime<Utc>) -> Refund {
    Refund {
        id: ids.next(),
        at,
        lines: Vec::new(),
        shipping: None,
        goodwill: Bag::default(),
        paid: Bag::default(),
        transaction: ids.next(),
        adjustment: ids.next(),
    }
}

/// So many pieces of a line, priced as the next that go; taken off the line.
fn refund_line(order: &mut Order, place: usize, pieces: i64, restock: &'static str, ids: &mut Ids) -> RefundLine {
    let (subtotal, tax) = order.lines[place].next(order.tender, pieces);
    let line = order.lines[place].clone();
    let gone = if restock == "return" { &mut order.lines[place].returned } else { &mut order.lines[place].removed };
    *gone += pieces;
    RefundLine { id: ids.next(), quantity: pieces, restock, subtotal, tax, line }
}

fn give_back(
    order: &mut Order,
    at: DateTime<Utc>,
    ids: &mut Ids,
    restock: &'static str,
    fits: impl Fn(&Line) -> bool,
) -> bool {
    let place = order.lines.iter().position(|line| !line.gift_card && fits(line));
    let Some(place) = place.filter(|_| order.cancelled_at.is_none()) else { return false };
    let mut refund = empty(ids, at);
    refund.lines.push(refund_line(order, place, 1, restock, ids));
    settle(order, refund);
    true
}

fn refund_shipping(order: &mut Order, at: DateTime<Utc>, ids: &mut Ids) -> bool {
    let is_open = order.cancelled_at.is_none();
    let Some(shipping) = order.shipping.iter_mut().find(|one| is_open && !one.is_refunded && !one.is_removed) else {
        return false;
    };
    shipping.is_refunded = true;
    let refunded = (shipping.id, shipping.price, shipping.tax);
    let refund = Refund { shipping: Some(refunded), ..empty(ids, at) };
    settle(order, refund);
    true
}

fn remove_shipping(order: &mut Order) -> bool {
    let shipping = order.shipping.iter_mut().find(|shipping| !shipping.is_refunded && !shipping.is_removed);
    shipping.map(|shipping| shipping.is_removed = true).is_some()
}

/// A tenth of what is left.
fn goodwill(order: &mut Order, at: DateTime<Utc>, ids: &mut Ids) -> bool {
    let total = order.current().total;
    let goodwill = order.tender.map(total, |amount| amount / Decimal::TEN);
    if order.cancelled_at.is_some() || goodwill.shop.is_zero() || goodwill.presentment.is_zero() {
        return false;
    }
    let refund = Refund { goodwill, ..empty(ids, at) };
    settle(order, refund);
    true
}

fn cancel(order: &mut Order, at: DateTime<Utc>, ids: &mut Ids) -> bool {
    let has_moved = order.lines.iter().any(|line| line.shipped > 0);
    let has_given = order.refunds.iter().any(|refund| !refund.goodwill.is_zero());
    if order.cancelled_at.is_some() || has_moved || has_given || !order.tip.is_zero() {
        return false;
    }
    let mut refund = empty(ids, at);
    for place in 0..order.lines.len() {
        let pieces = order.lines[place].current();
        if pieces > 0 {
            refund.lines.push(refund_line(order, place, pieces, "cancel", ids));
        }
    }
    if let Some(shipping) = order.shipping.iter_mut().find(|shipping| !shipping.is_removed && !shipping.is_refunded) {
        shipping.is_refunded = true;
        refund.shipping = Some((shipping.id, shipping.price, shipping.tax));
    }
    order.cancelled_at = Some(at);
    settle(order, refund);
    true
}

/// All of a refund is paid in one transaction.
fn settle(order: &mut Order, mut refund: Refund) {
    let tax_on_top = |tax: Bag| if order.taxes_included { Bag::default() } else { tax };
    let lines: Bag = refund.lines.iter().map(|line| line.subtotal + tax_on_top(line.tax)).sum();
    let shipping = refund.shipping.map_or_else(Bag::default, |(_, price, tax)| price + tax_on_top(tax));
    refund.paid = lines + shipping + refund.goodwill;
    order.refunds.push(refund);
}
