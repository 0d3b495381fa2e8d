//! A refund at NetSuite: a memo of its own, made once, beside an order that got smaller.

use crate::{
    account::Slotted,
    apply::{Applier, parked, say_mended},
    customer,
    items::names,
    map::{self, Entity, Ids, MemoEffect, NoMemo, Settings, Skip, external_id},
    message::{Message, order_key, refund_delivery, refund_key},
    order::transaction,
};
use delivery::{Claim, Undelivered};
use ledger::{ErrorClass, State};
use netsuite::{Creation, RecordId};
use queue::{Entry, PATIENCE, TraceHeader};
use shopify::{Order, Refund, RefundId};

/// Why the refund makes no memo, by the order alone.
pub(crate) fn skip(order: &Order, id: RefundId, settings: &Settings<'_>) -> Option<Skip> {
    match map::refund(of(order, id)?, order, settings) {
        Err(NoMemo::Skip(skip)) => Some(skip),
        Ok(_) | Err(NoMemo::Pending | NoMemo::Parked(_)) => None,
    }
}

/// Whether NetSuite shows the refund's memo.
///
/// # Errors
/// When it cannot be asked.
pub(crate) async fn is_there(id: RefundId, netsuite: &Slotted<'_>) -> Result<bool, Undelivered> {
    Ok(transaction(&external_id("refund", id), netsuite).await?.is_some())
}

fn of(order: &Order, id: RefundId) -> Option<&Refund> {
    order.refunds.iter().find(|refund| refund.id == id)
}

impl Applier {
    /// Makes the refund's memo; its number.
    pub(crate) async fn refund(
        &self,
        order: &Order,
        id: RefundId,
        settings: &Settings<'_>,
        claim: &Claim<'_>,
        netsuite: &Slotted<'_>,
    ) -> Result<RecordId, Undelivered> {
        let shop = crate::apply::shop_of(claim.delivery)?;
        let order_key = order_key(&shop, order.id).map_err(|error| crate::apply::unreadable(&error))?;
        // An update of the order says what has become of it.
        let refund = of(order, id).ok_or_else(|| Undelivered::Waits(order_key.clone()))?;
        let effect = match map::refund(refund, order, settings) {
            Ok(effect) => effect,
            Err(NoMemo::Skip(skip)) => return Err(Undelivered::Skipped(skip.as_str().to_owned())),
            Err(NoMemo::Pending) => return Err(Undelivered::Waits(order_key)),
            Err(NoMemo::Parked(why)) => return Err(parked(why)),
        };
        if claim.read_back_first
            && let Some(row) = transaction(&effect.external_id, netsuite).await?
        {
            return Ok(row.id);
        }
        if transaction(&external_id("order", order.id), netsuite).await?.is_none() {
            return Err(Undelivered::WaitsShortly(order_key));
        }
        self.memo(&effect, settings, claim, netsuite).await
    }

    async fn memo(
        &self,
        effect: &MemoEffect,
        settings: &Settings<'_>,
        claim: &Claim<'_>,
        netsuite: &Slotted<'_>,
    ) -> Result<RecordId, Undelivered> {
        say_mended(&effect.mended, claim);
        if let Some(sums) = effect.sums.as_ref().filter(|sums| sums.differ()) {
            tracing::warn!(ours = %sums.ours, shopify = %sums.shopify, "the memo is not what was paid back");
        }
        let unknown = || Undelivered::Failed { class: ErrorClass::Unavailable, may_land: false, floor: None };
        let entity = match &effect.entity {
            Entity::External(id) => customer::number(id, netsuite).await?.ok_or_else(unknown)?,
            Entity::Internal(id) => id.as_str().parse().map_err(|_| unknown())?,
        };
        let items = self.items.find(&names(&effect.lines), netsuite).await?;
        let currency = self.currencies.find(effect.currency.as_str(), netsuite).await?;
        let ids = Ids { entity: &entity, currency: currency.as_ref(), items: &items };
        let body = map::memo_record(effect, &ids, claim.delivery.revision, settings).map_err(parked)?;
        match netsuite.create(effect.record, &body).await? {
            Creation::Created(id) => Ok(id),
            // An earlier call made it, or the ledger has forgotten.
            Creation::AlreadyExists => {
                transaction(&effect.external_id, netsuite).await?.map(|row| row.id).ok_or_else(unknown)
            }
        }
    }

    /// Sends the refunds that an order brings and nobody has settled: their own webhooks may never come, and lack the order.
    pub(crate) async fn send_refunds(
        &self,
        order: &Order,
        message: &Message,
        trace: Option<&TraceHeader>,
    ) -> Result<(), Undelivered> {
        if order.refunds.is_empty() {
            return Ok(());
        }
        let internal = |error: &(dyn std::error::Error + 'static)| {
            tracing::error!(error, "the order's refunds are not sent; the order comes again");
            Undelivered::Failed { class: ErrorClass::Internal, may_land: false, floor: None }
        };
        let shop = crate::apply::shop_of(&message.delivery)?;
        let keys: Result<Vec<_>, _> = order.refunds.iter().map(|refund| refund_key(&shop, refund.id)).collect();
        let keys = keys.map_err(|error| internal(&error))?;
        let known = self.worker.ledger.read(&keys).await.map_err(|error| internal(&error))?;
        // A refund that came alone may be in somebody's hands, who cannot make its memo without the order.
        let open = [State::Pending, State::Claimed, State::Uncertain];
        let is_open = |key| known.get(key).is_none_or(|record| open.contains(&record.state));
        let day = Some(crate::message::day(order, &Settings::of(&self.erp, &message.delivery.store)));
        for (refund, _) in order.refunds.iter().zip(&keys).filter(|(_, key)| is_open(*key)) {
            let delivery = refund_delivery(refund.id, &shop, day.clone()).map_err(|error| internal(&error))?;
            let body = crate::message::body_of(&delivery, &message.payload.refund(refund.id));
            let body = body.map_err(|error| internal(&error))?;
            let entry = Entry::new(body).of_group(shop.as_str()).traced(trace.cloned());
            self.worker.queue.send_one(entry, PATIENCE).await.map_err(|error| internal(&error))?;
        }
        Ok(())
    }
}
