//! What waits for a person for a reason that has gone: an item that NetSuite did not have, or another delivery that has come about since.

use super::{Failed, Reconciler, shop::Shop};
use crate::{
    account::Slotted,
    items::names,
    map::{self, NoMemo},
};
use delivery::{Fate, Redrive, Resend, Resent};
use ledger::{DeliveryKey, Record, State, decide::WAITS_FOR};
use shopify::{Order, OrderId, admin::OrderPage};
use std::{collections::BTreeSet, time::Duration};
use telemetry::Metrics;
use tokio::time::Instant;

/// Why a delivery waits whose item NetSuite does not have.
const UNKNOWN_ITEM: &str = "unknown_item";
/// How long a slot is waited for.
const SLOT: Duration = Duration::from_secs(30);

/// A delivery that may be released, and the order that it is made of.
struct Waiting {
    key: DeliveryKey,
    order: OrderId,
    /// Its items are to be looked up.
    item: bool,
}

impl Reconciler {
    /// Sends again what has no reason to wait any more, made anew from the Admin API, until time is up. Copies in the dead-letter queue
    /// stay: whoever takes them out finds that they are delivered.
    pub(super) async fn release(
        &self,
        shops: &[Shop<'_>],
        out_of_time: impl Fn() -> bool,
        metrics: &mut Metrics,
    ) -> Result<(), Failed> {
        let mut parked = self.ledger.open_records().await?;
        parked.retain(|(_, record)| record.state == State::Parked);
        let causes: BTreeSet<DeliveryKey> = parked.iter().filter_map(|(_, record)| record.waits_for.clone()).collect();
        let causes = self.ledger.read(&causes.into_iter().collect::<Vec<_>>()).await?;
        let ended = |key: &DeliveryKey| {
            let state = causes.get(key).map(|record| record.state);
            matches!(state, Some(State::Accepted | State::Confirmed | State::Skipped))
        };
        for (key, record) in parked {
            let Some(shop) = shops.iter().find(|shop| shop.name.as_str() == record.store) else { continue };
            let Some(waiting) = waiting(key, &record, ended) else { continue };
            if out_of_time() {
                break;
            }
            self.release_one(shop, &waiting, metrics).await?;
        }
        Ok(())
    }

    async fn release_one(&self, shop: &Shop<'_>, waiting: &Waiting, metrics: &mut Metrics) -> Result<(), Failed> {
        let asked_at = self.ledger.now();
        let Some(order) = shop.ask(async |client| client.order(waiting.order).await).await? else { return Ok(()) };
        if waiting.item && !self.has_items(shop, &order, &waiting.key, metrics).await {
            return Ok(());
        }
        let page = OrderPage { orders: vec![order], unreadable: Vec::new(), next: None };
        let found = shop.found(page, asked_at, true).await?;
        let mut each = found.into_iter().flat_map(super::shop::Whole::into_each);
        let Some(found) = each.find(|found| found.item.delivery.key == waiting.key) else { return Ok(()) };
        let Fate::Send(entry) = found.item.fate else { return Ok(()) };
        let message = Resend { delivery: found.item.delivery, entry, instead_of: None };
        let redrive = Redrive { ledger: &self.ledger, queue: &self.queue };
        let resent = redrive.resend(&[message], self.config.protocol.repair_limit).await?;
        let released = resent == [Resent::Sent];
        tracing::info!(delivery_key = %waiting.key, released, "what it waited for is there");
        Ok(())
    }

    /// Whether NetSuite has every item that the order, or the refund of it, names.
    async fn has_items(&self, shop: &Shop<'_>, order: &Order, key: &DeliveryKey, metrics: &mut Metrics) -> bool {
        let refund =
            order.refunds.iter().find(|refund| key.kind() == Some("refund") && refund.id.to_string() == key.id());
        let lines = match refund {
            None => map::order(order, &shop.settings).map(|effect| effect.lines).ok(),
            Some(refund) => match map::refund(refund, order, &shop.settings) {
                Ok(effect) => Some(effect.lines),
                Err(NoMemo::Skip(_) | NoMemo::Pending) => Some(Vec::new()),
                Err(NoMemo::Parked(_)) => None,
            },
        };
        let Some(lines) = lines else { return false };
        let names = names(&lines);
        let put = |metric, value| metrics.put(metric, None, value);
        let find = async |netsuite: &Slotted<'_>| Ok(self.items.find(&names, netsuite).await?.len());
        let found = self.netsuite.with(Instant::now() + SLOT, put, find).await;
        found.is_ok_and(|found| found == names.len())
    }
}

/// The delivery, if its reason may have gone. A refund whose item is unknown names no order: it is a person's.
fn waiting(key: DeliveryKey, record: &Record, ended: impl Fn(&DeliveryKey) -> bool) -> Option<Waiting> {
    let item = record.reason.as_deref() == Some(UNKNOWN_ITEM);
    let cause = record.waits_for.as_ref().filter(|_| record.reason.as_deref() == Some(WAITS_FOR));
    if !item && !cause.is_some_and(ended) {
        return None;
    }
    let order = match key.kind()? {
        "order" => key.id(),
        "refund" => cause.filter(|cause| cause.kind() == Some("order"))?.id(),
        _ => return None,
    };
    Some(Waiting { order: OrderId(order.parse().ok()?), key, item })
}
