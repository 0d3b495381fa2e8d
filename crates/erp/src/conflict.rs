//! Two effects at one version of an order that nothing tells apart: Shopify is asked what the order is.

use crate::{
    apply::{Applier, shop_of, unreadable},
    map::Settings,
    message::{Asked, Message, Payload, body_of, order_delivery},
};
use chrono::TimeDelta;
use delivery::Undelivered;
use ledger::{ErrorClass, Revision};
use queue::Entry;
use shopify::{Order, OrderId, ShopDomain, admin::Error};
use std::time::Duration;

/// Shopify's times of change have whole seconds: two changes in one second are one version.
const GRAIN: TimeDelta = TimeDelta::seconds(1);

impl Applier {
    /// The message that says what the order is now, in place of one that contradicts what the ledger knows at its revision. `None` where
    /// Shopify cannot be asked, or has nothing to say: a person decides.
    ///
    /// # Errors
    /// [`Undelivered::Spared`]: later.
    pub(crate) async fn reread(&self, message: &Message) -> Result<Option<Entry>, Undelivered> {
        let Ok(Asked::Order(asked)) = message.payload.asked() else { return Ok(None) };
        let (shop, known) = (shop_of(&message.delivery)?, message.delivery.revision);
        let read_at = self.worker.ledger.now();
        let order = match self.order_of(&shop, asked.id).await {
            Some(Ok(Some(order))) => order,
            None | Some(Ok(None)) => return Ok(None),
            Some(Err(error)) => {
                let passes = matches!(error, Error::Throttled { .. } | Error::Unavailable { .. });
                tracing::warn!(error = &error as &dyn std::error::Error, "the order cannot be read");
                return if passes { Err(later(error.retry_after())) } else { Ok(None) };
            }
        };
        let settings = Settings::of(&self.erp, shop.as_str());
        let mut delivery =
            order_delivery(&order, &shop, &settings, Some(read_at)).map_err(|error| unreadable(&error))?;
        if delivery.revision < known {
            // Shopify has not caught up with what it told us itself.
            return Err(later(None));
        }
        if delivery.revision == known {
            let skew = TimeDelta::from_std(self.worker.times.clock_skew).unwrap_or(GRAIN);
            let over = order.updated_at.map(|at| at + GRAIN + skew);
            if let Some(left) = over.and_then(|over| (over - read_at).to_std().ok()) {
                return Err(later(Some(left)));
            }
            // No change can have this version any more: what was read is the last of them, and is put behind all others.
            delivery.revision = Revision(known.0 + 1);
        }
        // Somebody who is to be forgotten since the message came is spared by when it came.
        let body = body_of(&delivery, &Payload::shown(order, message.payload.received_at));
        Ok(body.ok().map(|body| Entry::new(body).of_group(shop.as_str())))
    }

    /// The shop's order as its Admin API shows it, with the secret read anew if it refuses us; `None`: it cannot be asked.
    pub(crate) async fn order_of(&self, shop: &ShopDomain, id: OrderId) -> Option<Result<Option<Order>, Error>> {
        let admin = self.admins.of(shop)?;
        let first = admin.order(id).await;
        if matches!(first, Err(Error::Unauthorized { .. }))
            && let Some(renewed) = self.admins.renewed(shop, &admin).await
        {
            return Some(renewed.order(id).await);
        }
        Some(first)
    }
}

fn later(floor: Option<Duration>) -> Undelivered {
    Undelivered::Spared { class: ErrorClass::Unavailable, floor }
}
