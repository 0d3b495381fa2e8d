//! What happens in a shop while the clock runs: orders, and what becomes of each; Shopify tells of it as it happens.

use crate::{clock, erp_flow::Gateway, lambda::Lambda};
use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use sandbox::shopify::{Change, Delivery, Mischief, Mix, Webhook};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};
use tokio::task::{JoinHandle, spawn_local};

/// So many orders of a shop, one after the other, and what becomes of each.
#[derive(Clone, Debug)]
pub(crate) struct ErpStory {
    pub(crate) shop: &'static str,
    pub(crate) orders: usize,
    /// When the first is placed, from the beginning.
    pub(crate) first: TimeDelta,
    /// From one to the next.
    pub(crate) every: TimeDelta,
    /// What they have.
    pub(crate) mix: Mix,
    /// Updates of each that change nothing mapped.
    pub(crate) tags: usize,
    /// Other changes of each, at most.
    pub(crate) changes: usize,
    /// From one change to the next, at most, in seconds.
    pub(crate) within: u32,
}

/// What may happen, as often as it stands here.
const COMMON: [Change; 16] = [
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
    Change::Cancel,
];

/// Shopify, as it sends: what goes wrong on the way, and what was answered.
pub(crate) struct Sender {
    lambda: Lambda,
    gateway: Gateway,
    mischief: Mischief,
    sent: Cell<u64>,
    /// When nothing goes wrong on the way any more.
    calm: DateTime<Utc>,
    under_way: RefCell<Vec<JoinHandle<bool>>>,
    /// What was sent, if it is to be sent once more.
    kept: Option<RefCell<Vec<Delivery>>>,
}

impl Sender {
    pub(crate) fn new(
        lambda: Lambda,
        machine: usize,
        mischief: Mischief,
        calm: DateTime<Utc>,
        keeps: bool,
    ) -> Rc<Self> {
        let (sent, under_way) = (Cell::new(0), RefCell::default());
        let gateway = Gateway::new(lambda.clone(), machine);
        Rc::new(Self { lambda, gateway, mischief, sent, calm, under_way, kept: keeps.then(RefCell::default) })
    }

    /// Sends webhooks, as far as they arrive, and what only looks like one.
    pub(crate) fn send(self: &Rc<Self>, webhooks: &[Webhook]) {
        self.sent.set(self.sent.get() + 1);
        let seed = self.mischief.seed.wrapping_mul(1_000_003).wrapping_add(self.sent.get());
        let mischief = if clock::now() < self.calm { self.mischief } else { Mischief::default() };
        let plan = self.lambda.sim.vendors().shopify.plan(webhooks, &Mischief { seed, ..mischief });
        for delivery in plan {
            if let Some(kept) = self.kept.as_ref().filter(|_| delivery.kind.is_genuine()) {
                kept.borrow_mut().push(delivery.clone());
            }
            self.deliver(delivery);
        }
    }

    fn deliver(self: &Rc<Self>, delivery: Delivery) {
        let sender = Rc::clone(self);
        let delivered = spawn_local(async move {
            tokio::time::sleep(delivery.after).await;
            let answers = sender.gateway.deliver(&delivery).await;
            delivery.kind.is_genuine() == (answers.last() == Some(&200))
        });
        self.under_way.borrow_mut().push(delivered);
    }

    /// Everything that was sent, once more, in the order in which it came about.
    pub(crate) fn again(self: &Rc<Self>) {
        let kept = self.kept.as_ref().map(|kept| kept.borrow().clone()).unwrap_or_default();
        for (delivery, place) in kept.into_iter().zip(0_u32..) {
            self.deliver(Delivery { after: Duration::from_secs(1) * place, ..delivery });
        }
    }

    /// Waits until all is answered; how many were answered as they should not be.
    pub(crate) async fn answered(&self) -> usize {
        let mut wrong = 0;
        loop {
            let Some(delivered) = self.under_way.borrow_mut().pop() else { return wrong };
            wrong += usize::from(!delivered.await.unwrap_or_default());
        }
    }

    /// A story, until the last change of its last order.
    pub(crate) async fn tell(self: Rc<Self>, story: ErpStory, seed: u64) {
        let begun = clock::now() + story.first;
        let one = |order: usize| {
            let (sender, story) = (Rc::clone(&self), story.clone());
            let at = begun + story.every * i32::try_from(order).unwrap_or(i32::MAX);
            spawn_local(async move {
                clock::until(at).await;
                sender.live(&story, seed.wrapping_mul(1_000_003).wrapping_add(order as u64)).await;
            })
        };
        let lives: Vec<_> = (0..story.orders).map(one).collect();
        for life in lives {
            let _ = life.await;
        }
    }

    /// One order from when it is placed.
    async fn live(self: &Rc<Self>, story: &ErpStory, seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let shopify = &self.lambda.sim.vendors().shopify;
        let (id, told) = shopify.place(story.shop, &story.mix, clock::now());
        self.send(&told);
        // Payment and risk come first: updates that change nothing mapped.
        let count = rng.random_range(0..=story.changes);
        let tags = (0..story.tags).map(|_| Change::Tag);
        let changes: Vec<Change> = tags.chain((0..count).map(|_| COMMON[rng.random_range(0..COMMON.len())])).collect();
        for change in changes {
            let pause = rng.random_range(2..story.within.max(3));
            tokio::time::sleep(Duration::from_secs(pause.into())).await;
            if let Some(told) = shopify.change(story.shop, id, change, clock::now()) {
                self.send(&told);
                self.ship(story.shop, id);
            }
        }
        let customer = shopify.truth(story.shop, id).and_then(|truth| truth.customer);
        if let Some(customer) = customer.filter(|_| story.changes > 0 && rng.random_bool(0.1)) {
            self.send(&shopify.move_customer(story.shop, customer, clock::now()).unwrap_or_default());
        }
    }

    /// What has left by Shopify has left by NetSuite too, as far as the order is there.
    fn ship(&self, shop: &str, id: u64) {
        let vendors = self.lambda.sim.vendors();
        let external_id = format!("shopify_order_{id}");
        let (truth, there) = (vendors.shopify.truth(shop, id), vendors.netsuite.transaction(&external_id));
        let (Some(truth), Some(there)) = (truth, there) else { return };
        for line in truth.lines.iter().filter(|line| line.shipped > 0) {
            let name = line.id.to_string();
            let Some(held) = there.lines.iter().find(|held| held.relay_line.as_ref() == Some(&name)) else { continue };
            let missing = Decimal::from(line.shipped) - held.fulfilled;
            if let Some(pieces @ 1..) = missing.to_u32() {
                // It is there: it was just read.
                let _ = vendors.netsuite.fulfil(&external_id, held.line, pieces);
            }
        }
    }
}
