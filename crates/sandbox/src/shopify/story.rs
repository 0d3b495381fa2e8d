//! Many orders, and what becomes of each.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;

use super::change::Change;
use super::delivery::Webhook;
use super::draft::Mix;
use super::shop::Shop;

/// So many orders of one shop from `start` on, each followed by its changes within hours.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// The shop's domain.
    pub shop: String,
    /// How many.
    pub orders: usize,
    /// When the first is placed.
    pub start: DateTime<Utc>,
    /// From one order to the next.
    pub step: TimeDelta,
    /// What the orders have.
    pub mix: Mix,
    /// Changes that each order sees at most, besides those that change nothing mapped.
    pub changes: usize,
}

/// What may happen, as often as it stands here.
const COMMON: [Change; 15] = [
    Change::ShipAll,
    Change::ShipAll,
    Change::ShipAll,
    Change::ShipPiece,
    Change::Remove,
    Change::Remove,
    Change::RemoveUnstocked,
    Change::Return,
    Change::Return,
    Change::AddLine,
    Change::Note,
    Change::Address,
    Change::RefundShipping,
    Change::RemoveShipping,
    Change::Cancel,
];

impl Story {
    /// Ten minutes from order to order, up to three changes each.
    pub fn new(shop: &str, orders: usize, start: DateTime<Utc>) -> Self {
        let step = TimeDelta::minutes(10);
        Self { shop: shop.to_owned(), orders, start, step, mix: Mix::default(), changes: 3 }
    }

    /// Lets it happen: all webhooks, by the time at which they came about.
    pub(super) fn happen(&self, shop: &mut Shop) -> Vec<Webhook> {
        let mut told = Vec::new();
        let mut at = self.start;
        for _ in 0..self.orders {
            let (id, placed) = shop.place(&self.mix, at);
            told.extend(placed);
            let mut later = at;
            // Payment and risk: updates that change nothing mapped.
            let touches = (0..2).map(|_| Change::Tag);
            let count = shop.rng.random_range(0..=self.changes);
            let changes: Vec<Change> =
                touches.chain((0..count).map(|_| COMMON[shop.rng.random_range(0..COMMON.len())])).collect();
            for change in changes {
                later += TimeDelta::seconds(shop.rng.random_range(2..3_600));
                told.extend(shop.change(id, change, later).into_iter().flatten());
            }
            let customer = shop.orders.get(&id).and_then(|order| order.customer);
            if let Some(customer) = customer.filter(|_| shop.rng.random_bool(0.1)) {
                told.extend(shop.move_customer(customer, later + TimeDelta::seconds(30)).into_iter().flatten());
            }
            at += self.step;
        }
        told.sort_by_key(|webhook| webhook.triggered_at);
        told
    }
}
