//! What travels to the worker, and what names it.

use crate::map::{self, Settings};
use chrono::{DateTime, Utc};
use config::BusinessDay;
use ledger::{Delivery, DeliveryKey, EffectHash, InvalidKey, Revision};
use queue::{BODY_BYTES, body};
use serde::{Deserialize, Serialize};
use shopify::{BadShape, Customer, CustomerId, Event, Headers, Order, OrderId, Refund, RefundId, ShopDomain, Verified};

/// A webhook that is unpacked is no larger than what API Gateway takes.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
const LONGEST: u64 = 10 * 1024 * 1024;

/// What is to be carried, as it came: nothing is mapped before it is NetSuite's turn, so that a change of settings holds for what waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Payload {
    /// When we had it.
    pub received_at: DateTime<Utc>,
    /// As Shopify signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    webhook: Option<Verified>,
    /// The same, where it is too long for a message otherwise.
    #[serde(rename = "gzip+base64", default, skip_serializing_if = "Option::is_none")]
    packed: Option<String>,
    /// An order that no webhook brought, as the Admin API shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order: Option<Box<Order>>,
    /// Of the order, this refund is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refund: Option<RefundId>,
}

/// What a payload asks for.
#[derive(Clone, Debug)]
pub enum Asked {
    /// An order, as it is.
    Order(Box<Order>),
    /// A customer, as it is.
    Customer(Box<Customer>),
    /// A refund of an order, which came with it.
    Refund(Box<Order>, RefundId),
    /// A refund that came alone: its order is to be read.
    LoneRefund(Box<Refund>),
}

/// One record as it travels.
pub type Message = delivery::Message<Payload>;

/// Why a payload says nothing.
#[derive(Debug, thiserror::Error)]
pub enum NotAPayload {
    /// It is not of the shape that its topic has.
    #[error(transparent)]
    Shape(#[from] BadShape),
    /// It cannot be unpacked.
    #[error("what was packed cannot be unpacked")]
    Packed(#[source] std::io::Error),
    /// What was unpacked is no webhook.
    #[error("what was unpacked is no webhook of ours")]
    Unpacked,
    /// It holds nothing, or its topic is not handled.
    #[error("it holds no record that is carried")]
    Nothing,
}

/// A message cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Unwritable {
    /// It is no JSON.
    #[error("it cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// It cannot be packed.
    #[error("it cannot be packed")]
    Packed(#[from] std::io::Error),
    /// It is too long, packed too.
    #[error("it is too long for a message, packed too")]
    TooLong,
}

impl Asked {
    /// The order that it is about, where it is about one.
    pub fn order(&self) -> Option<&Order> {
        match self {
            Self::Order(order) | Self::Refund(order, _) => Some(order),
            Self::Customer(_) | Self::LoneRefund(_) => None,
        }
    }
}

impl Payload {
    /// What Shopify sent.
    pub fn of(webhook: Verified, received_at: DateTime<Utc>) -> Self {
        Self { received_at, webhook: Some(webhook), packed: None, order: None, refund: None }
    }

    /// What the Admin API shows.
    pub fn shown(order: Order, received_at: DateTime<Utc>) -> Self {
        Self { received_at, webhook: None, packed: None, order: Some(Box::new(order)), refund: None }
    }

    /// A refund of the order that this is.
    #[must_use]
    pub fn refund(&self, id: RefundId) -> Self {
        Self { refund: Some(id), ..self.clone() }
    }

    /// What its headers say, for the log; none where no webhook brought it.
    pub fn headers(&self) -> Option<&Headers> {
        self.webhook.as_ref().map(Verified::headers)
    }

    /// What it asks for.
    ///
    /// # Errors
    /// When it is of another shape.
    pub fn asked(&self) -> Result<Asked, NotAPayload> {
        let event = match (&self.order, &self.webhook, &self.packed) {
            (Some(order), _, _) => Event::Order(order.clone()),
            (_, Some(webhook), _) => webhook.event()?.ok_or(NotAPayload::Nothing)?,
            (_, _, Some(packed)) => {
                let text = body::unpack(packed, LONGEST).map_err(NotAPayload::Packed)?;
                let webhook: Verified = serde_json::from_str(&text).map_err(|_| NotAPayload::Unpacked)?;
                webhook.event()?.ok_or(NotAPayload::Nothing)?
            }
            (None, None, None) => return Err(NotAPayload::Nothing),
        };
        Ok(match (event, self.refund) {
            (Event::Order(order), Some(id)) => Asked::Refund(order, id),
            (Event::Order(order), None) => Asked::Order(order),
            (Event::Customer(customer), _) => Asked::Customer(customer),
            (Event::Refund(refund), _) => Asked::LoneRefund(refund),
            (Event::DataRequest(_) | Event::CustomerRedact(_) | Event::ShopRedact(_), _) => {
                return Err(NotAPayload::Nothing);
            }
        })
    }
}

/// A message's body; packed if it is too long for SQS otherwise.
///
/// # Errors
/// When it is too long all the same.
pub fn body_of(delivery: &Delivery, payload: &Payload) -> Result<String, Unwritable> {
    let plain = body::json(&Written { delivery, payload })?;
    if plain.len() <= BODY_BYTES {
        return Ok(plain);
    }
    let Some(webhook) = &payload.webhook else { return Err(Unwritable::TooLong) };
    let packed = Some(body::pack(&serde_json::to_string(webhook)?)?);
    let payload = Payload { webhook: None, packed, ..payload.clone() };
    let packed = body::json(&Written { delivery, payload: &payload })?;
    if packed.len() <= BODY_BYTES { Ok(packed) } else { Err(Unwritable::TooLong) }
}

/// [`Message`] by reference.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    delivery: &'a Delivery,
    #[serde(flatten)]
    payload: &'a Payload,
}

/// `erp/{shop}/order/{id}`.
pub fn order_key(shop: &ShopDomain, id: OrderId) -> Result<DeliveryKey, InvalidKey> {
    key(shop, "order", id.0)
}

/// `erp/{shop}/customer/{id}`.
pub fn customer_key(shop: &ShopDomain, id: CustomerId) -> Result<DeliveryKey, InvalidKey> {
    key(shop, "customer", id.0)
}

/// `erp/{shop}/refund/{id}`.
pub fn refund_key(shop: &ShopDomain, id: RefundId) -> Result<DeliveryKey, InvalidKey> {
    key(shop, "refund", id.0)
}

fn key(shop: &ShopDomain, kind: &str, id: u64) -> Result<DeliveryKey, InvalidKey> {
    DeliveryKey::try_from(format!("{}/{shop}/{kind}/{id}", crate::FLOW))
}

/// A record's version: when it last changed, in milliseconds; 0 where nothing says when.
pub fn revision(updated_at: Option<DateTime<Utc>>) -> Revision {
    Revision(updated_at.map_or(0, |at| at.timestamp_millis()))
}

/// What the ledger knows an order by, which came when the vendor says so.
///
/// # Errors
/// When a key cannot be made of its id.
pub fn order_delivery(
    order: &Order,
    shop: &ShopDomain,
    settings: &Settings<'_>,
    triggered_at: Option<DateTime<Utc>>,
) -> Result<Delivery, InvalidKey> {
    let hash = match map::order(order, settings) {
        Ok(effect) => effect.hash(),
        // It will be parked for it.
        Err(parked) => EffectHash::of(parked.reason.as_bytes()),
    };
    let (key, day) = (order_key(shop, order.id)?, Some(day(order, settings)));
    Ok(delivery(key, revision(order.updated_at), hash, day, triggered_at, shop))
}

/// The same of a customer.
///
/// # Errors
/// As [`order_delivery`].
pub fn customer_delivery(
    customer: &Customer,
    shop: &ShopDomain,
    settings: &Settings<'_>,
    triggered_at: Option<DateTime<Utc>>,
) -> Result<Delivery, InvalidKey> {
    let hash = map::customer(customer, settings).hash();
    let key = customer_key(shop, customer.id)?;
    Ok(delivery(key, revision(customer.updated_at), hash, None, triggered_at, shop))
}

/// The same of a refund, which never changes; counted with its order's day. One that came alone is an older version of it: what lacks
/// its order gives way to what came with it.
///
/// # Errors
/// As [`order_delivery`].
pub fn refund_delivery(id: RefundId, shop: &ShopDomain, day: Option<String>) -> Result<Delivery, InvalidKey> {
    let (key, revision) = (refund_key(shop, id)?, Revision(day.is_some().into()));
    let hash = EffectHash::of(key.as_str().as_bytes());
    Ok(delivery(key, revision, hash, day, None, shop))
}

/// The business day that an order counts for.
pub fn day(order: &Order, settings: &Settings<'_>) -> String {
    BusinessDay::of(order.created_at, settings.shop.time_zone).to_string()
}

fn delivery(
    key: DeliveryKey,
    revision: Revision,
    hash: EffectHash,
    day: Option<String>,
    triggered_at: Option<DateTime<Utc>>,
    shop: &ShopDomain,
) -> Delivery {
    Delivery { key, revision, hash, store: shop.to_string(), day, triggered_at: triggered_at.map(Into::into) }
}
