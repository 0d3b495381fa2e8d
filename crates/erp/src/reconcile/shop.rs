//! A shop's orders as the Admin API shows them, each with its refunds and with what the ledger says of them.

use super::{Failed, Reconciler};
use crate::{
    map::{self, Settings, due, external_id},
    message::{Payload, body_of, order_delivery, order_key, refund_delivery, refund_key},
    webhook::{TOO_LARGE, UNREADABLE},
};
use chrono::{DateTime, Utc};
use config::{BusinessDay, Currency, StoreName, Window, Zone};
use delivery::{Fate, Item};
use ledger::{Delivery, DeliveryKey, EffectHash, ErrorClass, Record, Revision, State};
use queue::Entry;
use reconciliation::{Entries, Part, Worth};
use shopify::{
    Order, OrderId, ShopDomain,
    admin::{Client, EndCursor, Error, OrderPage, Outage, Search},
};
use std::{collections::HashMap, sync::Arc};
use tokio::time::Instant;

/// A shop whose Admin API can be asked.
pub(super) struct Shop<'a> {
    pub(super) reconciler: &'a Reconciler,
    pub(super) domain: ShopDomain,
    pub(super) name: StoreName,
    pub(super) settings: Settings<'a>,
}

/// An order or a refund.
pub(super) struct Found {
    pub(super) item: Item,
    pub(super) known: Option<Record>,
    /// As NetSuite shows it, once it is there at this version.
    pub(super) name: String,
    pub(super) worth: Option<Worth>,
}

/// An order with those of its refunds that make memos.
pub(super) struct Whole {
    pub(super) order: Found,
    pub(super) refunds: Vec<Found>,
    /// When it last changed.
    pub(super) updated_at: Option<DateTime<Utc>>,
}

impl Whole {
    /// The order and its refunds.
    pub(super) fn into_each(self) -> impl Iterator<Item = Found> {
        std::iter::once(self.order).chain(self.refunds)
    }
}

impl<'a> Shop<'a> {
    pub(super) fn new(reconciler: &'a Reconciler, domain: ShopDomain, name: StoreName) -> Self {
        Self { reconciler, settings: Settings::of(&reconciler.erp, domain.as_str()), domain, name }
    }

    pub(super) fn zone(&self) -> Zone {
        self.settings.shop.time_zone
    }

    /// Asks the Admin API; a refusal of our credentials reads the secret again, once.
    pub(super) async fn ask<T>(&self, call: impl AsyncFn(&Client) -> Result<T, Error>) -> Result<T, Error> {
        let admins = &self.reconciler.admins;
        let refused = || Error::Unauthorized { error: "the secret gives no access".to_owned() };
        let client = admins.of(&self.domain).ok_or_else(refused)?;
        match timed(&client, &call).await {
            Err(Error::Unauthorized { error }) => match admins.renewed(&self.domain, &client).await {
                Some(renewed) => timed(&renewed, &call).await,
                None => Err(Error::Unauthorized { error }),
            },
            other => other,
        }
    }

    /// A page of orders.
    pub(super) async fn page(&self, search: Search, after: Option<&EndCursor>) -> Result<OrderPage, Error> {
        self.ask(async |client| client.orders(search, after).await).await
    }

    /// The orders of a business day, from where an earlier run stopped, until `out_of_time` is true after a page.
    pub(super) async fn created(
        &self,
        window: Window,
        mut after: Option<EndCursor>,
        out_of_time: impl Fn() -> bool,
    ) -> Result<Part<Option<EndCursor>>, Failed> {
        let mut entries = Entries::default();
        loop {
            let asked_at = self.reconciler.ledger.now();
            let page = self.page(Search::Created(window.start, window.end), after.as_ref()).await?;
            let after_this = page.next.clone();
            for found in self.found(page, asked_at, false).await?.into_iter().flat_map(Whole::into_each) {
                entries.add(&found.item, &found.name, found.known.as_ref());
                if let Some(worth) = found.worth {
                    entries.add_worth(worth);
                }
            }
            if after_this.is_none() || out_of_time() {
                return Ok(Part { entries, whole: after_this.is_none(), left: after_this });
            }
            after = after_this;
        }
    }

    /// These orders and their refunds, as they are now, to be sent.
    pub(super) async fn anew(&self, ids: impl IntoIterator<Item = OrderId>) -> Result<Vec<Whole>, Failed> {
        let (mut orders, mut unreadable) = (Vec::new(), Vec::new());
        let asked_at = self.reconciler.ledger.now();
        for id in ids {
            match self.ask(async |client| client.order(id).await).await {
                Ok(order) => orders.extend(order),
                Err(Error::BadShape(shape)) => unreadable.push((Some(id), shape)),
                Err(error) => return Err(error.into()),
            }
        }
        self.found(OrderPage { orders, unreadable, next: None }, asked_at, true).await
    }

    /// What each order of a page asks for, read at `asked_at` or later. `send`: with the messages.
    pub(super) async fn found(
        &self,
        page: OrderPage,
        asked_at: DateTime<Utc>,
        send: bool,
    ) -> Result<Vec<Whole>, Failed> {
        let mut keys = Vec::new();
        for order in &page.orders {
            keys.push(order_key(&self.domain, order.id)?);
            for refund in &order.refunds {
                keys.push(refund_key(&self.domain, refund.id)?);
            }
        }
        for (id, _) in &page.unreadable {
            keys.extend(id.map(|id| order_key(&self.domain, id)).transpose()?);
        }
        let known = self.reconciler.ledger.read(&keys).await?;
        let mut found = Vec::new();
        for order in page.orders {
            found.push(self.whole(order, &known, asked_at, send)?);
        }
        for (id, shape) in page.unreadable {
            let error = &shape as &dyn std::error::Error;
            tracing::error!(error, shop = %self.domain, order = id.map(|id| id.0), "an order cannot be read");
            // A day that has an order of which nothing is known cannot be proven.
            let id = id.ok_or(Failed::Nameless)?;
            let order = self.unreadable(order_key(&self.domain, id)?, id, &known);
            found.push(Whole { order, refunds: Vec::new(), updated_at: None });
        }
        Ok(found)
    }

    fn whole(
        &self,
        order: Order,
        known: &HashMap<DeliveryKey, Record>,
        asked_at: DateTime<Utc>,
        send: bool,
    ) -> Result<Whole, Failed> {
        // What is read is no older than what was triggered before: of two effects at one revision this one holds.
        let delivery = order_delivery(&order, &self.domain, &self.settings, Some(asked_at))?;
        let record = known.get(&delivery.key);
        let (day, updated_at) = (BusinessDay::of(order.created_at, self.zone()), order.updated_at);
        let worth = map::worth(&order, &self.settings);
        let of = order.id.0;
        let name = version(&external_id("order", of), &delivery.hash);
        // Whether NetSuite has one that the ledger does not know is the worker's to ask.
        let fate = match due(&order, &self.settings, may_be_there(record)) {
            Err(skip) if record.is_none() && skip.may_be_there() => Ok(()),
            fate => fate,
        };
        let refunded = Some(crate::message::day(&order, &self.settings));
        let payload = Payload::shown(order, asked_at);
        let currency = Currency::try_from(worth.currency.to_string()).ok();
        let amount = |amount| currency.clone().map(|currency| Worth { of, currency, amount });
        let mut refunds = Vec::new();
        for (id, given_back) in worth.memos.iter().filter(|_| fate.is_ok()) {
            let delivery = refund_delivery(*id, &self.domain, refunded.clone())?;
            let fate = if send { self.send(&delivery, &payload.refund(*id)) } else { unsent() };
            let (name, worth) = (external_id("refund", id.0), amount(-*given_back));
            refunds.push(self.of(delivery, day, fate, known, name, worth));
        }
        let (fate, worth) = match fate {
            Ok(()) if send => (self.send(&delivery, &payload), amount(worth.order)),
            Ok(()) => (unsent(), amount(worth.order)),
            Err(skip) => (Fate::Skip(skip.as_str()), None),
        };
        Ok(Whole { order: self.of(delivery, day, fate, known, name, worth), refunds, updated_at })
    }

    fn unreadable(&self, key: DeliveryKey, id: OrderId, known: &HashMap<DeliveryKey, Record>) -> Found {
        let hash = EffectHash::of(UNREADABLE.as_bytes());
        let (store, triggered_at) = (self.domain.to_string(), None);
        let delivery = Delivery { key, revision: Revision(0), hash, store, day: None, triggered_at };
        let today = BusinessDay::of(self.reconciler.ledger.now(), self.zone());
        let fate = Fate::Park(UNREADABLE, ErrorClass::BadRecord);
        self.of(delivery, today, fate, known, external_id("order", id.0), None)
    }

    fn of(
        &self,
        delivery: Delivery,
        day: BusinessDay,
        fate: Fate,
        known: &HashMap<DeliveryKey, Record>,
        name: String,
        worth: Option<Worth>,
    ) -> Found {
        let known = known.get(&delivery.key).cloned();
        Found { item: Item { delivery, store: self.name.clone(), day, fate }, known, name, worth }
    }

    fn send(&self, delivery: &Delivery, payload: &Payload) -> Fate {
        match body_of(delivery, payload) {
            Ok(body) => Fate::Send(Entry::new(body).of_group(self.domain.as_str())),
            Err(_) => Fate::Park(TOO_LARGE, ErrorClass::BadRecord),
        }
    }
}

/// One whose message nobody needs.
fn unsent() -> Fate {
    Fate::Send(Entry::new(String::new()))
}

/// Whether NetSuite has an order, or may have it: then it stays due, and what its message comes to is the worker's to say.
fn may_be_there(known: Option<&Record>) -> bool {
    known.is_some_and(|known| known.state != State::Skipped && (known.attempts > 0 || known.accepted_at.is_some()))
}

/// What an order at this very effect is called: an older one confirms nothing.
pub(super) fn version(external_id: &str, effect: &EffectHash) -> String {
    format!("{external_id}@{}", effect.as_str())
}

/// Makes a call, which is said.
async fn timed<T>(client: &Arc<Client>, call: &impl AsyncFn(&Client) -> Result<T, Error>) -> Result<T, Error> {
    let begun = Instant::now();
    let result = call(client).await;
    let elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(call = "POST graphql", status = result.as_ref().map_or_else(status, |_| 200), elapsed_ms, "call");
    result
}

/// The HTTP status of a failed call; 0 where there was none, or it says nothing.
fn status(error: &Error) -> u16 {
    match error {
        Error::Unauthorized { .. } => 401,
        Error::Throttled { .. } => 429,
        Error::Refused { status, .. } | Error::Unavailable { source: Outage::Status { status, .. }, .. } => *status,
        Error::Denied { .. } | Error::TooMuch | Error::BadShape(_) => 200,
        Error::Unavailable { .. } => 0,
    }
}
