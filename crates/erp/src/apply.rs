//! The worker: each message is brought to NetSuite under a claim, one call after the other, in a slot of the account.

use crate::{
    account::{NetSuiteAccount, Slotted},
    admins::Admins,
    customer,
    items::{Currencies, Items},
    map::{self, CustomerEffect, Mended, Parked, Settings, Skip, due},
    message::{Asked, Message, customer_delivery, order_key},
    privacy,
};
use chrono::{DateTime, TimeDelta, Utc};
use config::Customers;
use delivery::{Claim, Hooks, Reading, Undelivered};
use function::batch::Consumed;
use ledger::{Delivery, ErrorClass};
use netsuite::RecordId;
use shopify::{Customer, OrderId, ShopDomain};
use std::sync::Arc;
use telemetry::{Metric, Metrics};

/// What is older has waited: Shopify asks for nobody to be forgotten within days of an order.
const ON_ITS_WAY: TimeDelta = TimeDelta::hours(1);
/// Why nothing is sent of whom Shopify has asked to forget.
pub const REDACTED: &str = "redacted";

/// The worker; built once at cold start.
pub struct Applier {
    /// The flow's rules.
    pub erp: Arc<config::Erp>,
    /// NetSuite.
    pub netsuite: NetSuiteAccount,
    /// Its items, as far as they are known.
    pub items: Items,
    /// Its currencies.
    pub currencies: Currencies,
    /// The shops, for what has to be read from them.
    pub admins: Admins,
    /// The protocol around the calls.
    pub worker: delivery::Worker,
}

impl Applier {
    /// Brings a batch to NetSuite, one message after the other.
    ///
    /// # Errors
    /// When the event is not an SQS batch.
    pub async fn consume(&self, event: queue::Event, deadline: DateTime<Utc>, metrics: Metrics) -> Consumed {
        let hooks = Hooks {
            skip: |message: &Message| self.skip(message),
            read_back: async |message: &Message, reading: Reading| self.is_there(message, &reading).await,
            reread: async |message: &Message, _: Reading| self.reread(message).await,
        };
        let apply = async |message: &Message, claim: &Claim<'_>| self.apply(message, claim).await;
        self.worker.consume_with(event, deadline, metrics, 1, &hooks, apply).await
    }

    /// Why nothing is to be brought, by the message alone: of an order, unless NetSuite has it.
    fn skip(&self, message: &Message) -> Option<String> {
        let settings = Settings::of(&self.erp, &message.delivery.store);
        let skip = match message.payload.asked().ok()? {
            // Whether NetSuite has it is looked up under a claim.
            Asked::Order(order) => due(&order, &settings, false).err().filter(|skip| !skip.may_be_there()),
            Asked::Customer(_) => (self.erp.customers == Customers::WithOrders).then_some(Skip::NeverOrdered),
            Asked::Refund(order, id) => crate::refund::skip(&order, id, &settings),
            Asked::LoneRefund(_) => None,
        };
        skip.map(|skip| skip.as_str().to_owned())
    }

    /// Whether NetSuite shows what the message asks for. What an order brings along is sent then too: nobody applies it any more.
    async fn is_there(&self, message: &Message, reading: &Reading) -> Result<bool, Undelivered> {
        let asked = message.payload.asked().map_err(|error| unreadable(&error))?;
        let settings = Settings::of(&self.erp, &message.delivery.store);
        let read = async |netsuite: &Slotted<'_>| match &asked {
            Asked::Order(order) => crate::order::is_there(order, &settings, netsuite).await,
            Asked::Refund(_, id) => crate::refund::is_there(*id, netsuite).await,
            Asked::LoneRefund(refund) => crate::refund::is_there(refund.id, netsuite).await,
            Asked::Customer(customer) => customer::is_there(&map::customer(customer, &settings), netsuite).await,
        };
        let there = self.netsuite.with(reading.latest, |_, _| (), read).await?;
        if let (true, Asked::Order(order)) = (there, &asked) {
            self.send_refunds(order, message, reading.trace.as_ref()).await?;
        }
        Ok(there)
    }

    async fn apply(&self, message: &Message, claim: &Claim<'_>) -> Result<(), Undelivered> {
        let begun_at = self.worker.ledger.now();
        let asked = message.payload.asked().map_err(|error| unreadable(&error))?;
        if begun_at - message.payload.received_at > ON_ITS_WAY {
            self.spare_the_forgotten(&asked, message).await?;
        }
        let asked = self.with_order(asked, claim).await?;
        let headers = message.payload.headers();
        let webhook_id = headers.and_then(|headers| headers.webhook_id.as_deref());
        let topic = headers.map(|headers| tracing::field::display(&headers.topic));
        if claim.is_unchanged() {
            tracing::info!(topic, webhook_id, "unchanged");
        } else {
            let bring = async |netsuite: &Slotted<'_>| {
                Box::pin(self.bring(&asked, &message.delivery.store, claim, netsuite)).await
            };
            let put = |metric, value| claim.put(metric, value);
            let netsuite_id = self.netsuite.with(claim.latest, put, bring).await?;
            let (received_at, now) = (message.payload.received_at, self.worker.ledger.now());
            let triggered_at = headers.and_then(|headers| headers.triggered_at);
            tracing::info!(
                netsuite_id = netsuite_id.as_str(),
                order = asked.order().map(|order| order.name.as_str()),
                topic,
                webhook_id,
                triggered_at = triggered_at.map(tracing::field::display),
                received_at = %received_at,
                to_us_ms = triggered_at.map(|at| (received_at - at).num_milliseconds()),
                queued_ms = (begun_at - received_at).num_milliseconds(),
                work_ms = (now - begun_at).num_milliseconds(),
                total_ms = (now - triggered_at.unwrap_or(received_at)).num_milliseconds(),
                "in NetSuite"
            );
        }
        if let Asked::Order(order) = &asked {
            self.send_refunds(order, message, claim.trace.as_ref()).await?;
        }
        Ok(())
    }

    /// What waited, or lay in the dead-letter queue, may be of somebody who is to be forgotten since.
    async fn spare_the_forgotten(&self, asked: &Asked, message: &Message) -> Result<(), Undelivered> {
        let (key, received_at) = (&message.delivery.key, message.payload.received_at);
        let order = asked.order().map(|order| order.id.0);
        match privacy::is_forgotten(&self.worker.ledger, key, order, received_at).await {
            Ok(false) => Ok(()),
            Ok(true) => Err(Undelivered::Skipped(REDACTED.to_owned())),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "whether it is to be forgotten is not known");
                Err(Undelivered::Spared { class: ErrorClass::Internal, floor: None })
            }
        }
    }

    /// NetSuite's number of the record that it is now.
    async fn bring(
        &self,
        asked: &Asked,
        store: &str,
        claim: &Claim<'_>,
        netsuite: &Slotted<'_>,
    ) -> Result<RecordId, Undelivered> {
        let settings = Settings::of(&self.erp, store);
        match asked {
            Asked::Order(order) => self.order(order, &settings, claim, netsuite).await,
            Asked::Customer(customer) => {
                let effect = map::customer(customer, &settings);
                say_mended(&effect.mended, claim);
                customer::bring(&effect, netsuite).await
            }
            Asked::Refund(order, id) => self.refund(order, *id, &settings, claim, netsuite).await,
            // What its order is has been read before.
            Asked::LoneRefund(refund) => Err(waits_for_order(&shop_of(claim.delivery)?, refund.order_id)),
        }
    }

    /// A refund that came alone, with its order: read where the shop's Admin API can be asked, else brought by the order's next update.
    async fn with_order(&self, asked: Asked, claim: &Claim<'_>) -> Result<Asked, Undelivered> {
        let Asked::LoneRefund(refund) = asked else { return Ok(asked) };
        let shop = shop_of(claim.delivery)?;
        let order = match self.order_of(&shop, refund.order_id).await {
            Some(read) => read.map_err(|error| {
                tracing::warn!(error = &error as &dyn std::error::Error, "the refund's order cannot be read");
                Undelivered::Spared { class: ErrorClass::Unavailable, floor: error.retry_after() }
            })?,
            None => None,
        };
        match order {
            Some(order) => Ok(Asked::Refund(Box::new(order), refund.id)),
            None => Err(waits_for_order(&shop, refund.order_id)),
        }
    }

    /// The order's customer, there before the order.
    pub(crate) async fn ensured(
        &self,
        customer: &Customer,
        effect: &CustomerEffect,
        settings: &Settings<'_>,
        claim: &Claim<'_>,
        netsuite: &Slotted<'_>,
    ) -> Result<RecordId, Undelivered> {
        let shop = shop_of(claim.delivery)?;
        let delivery = customer_delivery(customer, &shop, settings, None).map_err(|error| unreadable(&error))?;
        let read_back = async || customer::is_there(effect, netsuite).await;
        let mut brought = None;
        let bring = async |_: &Claim<'_>| {
            brought = Some(customer::ensure(effect, netsuite).await?);
            Ok(())
        };
        self.worker.within(claim, &delivery, read_back, bring).await?;
        if let Some(id) = brought {
            return Ok(id);
        }
        let gone = || Undelivered::WaitsShortly(delivery.key.clone());
        customer::number(&effect.external_id, netsuite).await?.ok_or_else(gone)
    }
}

fn waits_for_order(shop: &ShopDomain, id: OrderId) -> Undelivered {
    order_key(shop, id).map_or_else(|error| unreadable(&error), Undelivered::WaitsShortly)
}

/// A person decides about what the mapping cannot.
pub(crate) fn parked(parked: Parked) -> Undelivered {
    let class = match parked.reason {
        "unmapped_charge" | "unknown_company" => ErrorClass::Misconfigured,
        _ => ErrorClass::BadRecord,
    };
    Undelivered::Parked { class, reason: parked.reason, error: parked.error }
}

pub(crate) fn shop_of(delivery: &Delivery) -> Result<ShopDomain, Undelivered> {
    delivery.store.parse().map_err(|error: shopify::BadShop| unreadable(&error))
}

pub(crate) fn unreadable(error: &dyn std::error::Error) -> Undelivered {
    Undelivered::Parked { class: ErrorClass::BadRecord, reason: "unreadable", error: error.to_string() }
}

pub(crate) fn say_mended(mended: &Mended, claim: &Claim<'_>) {
    for field in mended {
        tracing::info!(field, reason = "too long, or not as NetSuite takes it", "made to fit");
    }
    if !mended.is_empty() {
        #[expect(clippy::cast_precision_loss, reason = "a record has fewer than 2^53 fields")]
        claim.put(Metric::Mended, mended.len() as f64);
    }
}
