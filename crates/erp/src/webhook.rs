//! The webhook: a request is held against the shop's secret, and what Shopify signed is put on the queue. No vendor is called, and nothing
//! is written to the ledger but what is parked or to be forgotten: Shopify waits five seconds.

use crate::{
    map::Settings,
    message::{Payload, Unwritable, body_of, customer_delivery, order_delivery, refund_delivery},
    privacy,
    shops::Shops,
};
use config::{Erp, Relay};
use delivery::Unmapped;
use function::{
    Invoked,
    webhook::{Request, Status},
};
use ledger::{Delivery, ErrorClass, Event as Happened, Ledger, Settled};
use queue::{Entry, Queue, body};
use shopify::{Event, Headers, ShopDomain, Topic, Unverified, Verified};
use std::{sync::Arc, time::Duration};
use telemetry::{Metric, Metrics};
use tokio::time::Instant;

/// How long a message that SQS does not accept for now is sent again: Shopify is waiting.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Why an order waits for a person that is too long for a message, however it is packed.
pub const TOO_LARGE: &str = "too_large";
/// What is signed, and not of its topic's shape.
pub const UNREADABLE: &str = "unreadable";

/// What the webhook works with; built once at cold start.
pub struct Webhook {
    /// The configuration.
    pub config: Arc<Relay>,
    /// The flow's rules, out of it.
    pub erp: Arc<Erp>,
    /// The shops that are known.
    pub shops: Shops,
    /// The flow's queue.
    pub queue: Queue,
    /// Its dead-letter queue.
    pub dead_letters: Queue,
    /// The flow's ledger.
    pub ledger: Ledger,
}

/// What became of a request, for the log.
#[derive(Default)]
struct Heard {
    status: u16,
    topic: Option<Topic>,
    shop: Option<ShopDomain>,
    signed: Option<Headers>,
    delivery: Option<Delivery>,
}

/// Why a request is not Shopify's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// It lacks what every webhook has.
    NoWebhook,
    BadSignature,
    UnknownShop,
}

/// SQS or the ledger did not take what Shopify sent: it comes again.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error("SQS has not taken it")]
    Queue(#[from] queue::Unavailable),
    #[error("the ledger has not taken it")]
    Ledger(#[from] ledger::Error),
    #[error("it makes no message")]
    Message(#[from] Unwritable),
    #[error("it has no key")]
    Key(#[from] ledger::InvalidKey),
}

impl Webhook {
    /// Answers a request: 200 once SQS has what it says, or nothing is to be done about it; 401 if the shop's secret did not sign it;
    /// 500 if it could not be kept, so that Shopify sends it again.
    pub async fn answer(&self, request: Request, invoked: &Invoked, metrics: &mut Metrics) -> Status {
        let begun = Instant::now();
        let heard = self.hear(&request, invoked, metrics).await;
        let Heard { status, topic, shop, signed, delivery } = &heard;
        let signed = signed.as_ref();
        tracing::info!(
            answer = status,
            topic = topic.as_ref().map(tracing::field::display),
            shop = shop.as_ref().map(tracing::field::display),
            webhook_id = signed.and_then(|headers| headers.webhook_id.as_deref()),
            event_id = signed.and_then(|headers| headers.event_id.as_deref()),
            api_version = signed.and_then(|headers| headers.api_version.as_deref()),
            triggered_at = signed.and_then(|headers| headers.triggered_at).map(tracing::field::display),
            delivery_key = delivery.as_ref().map(|delivery| tracing::field::display(&delivery.key)),
            elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            "webhook"
        );
        Status(*status)
    }

    async fn hear(&self, request: &Request, invoked: &Invoked, metrics: &mut Metrics) -> Heard {
        let webhook = match self.verified(request).await {
            Ok(webhook) => webhook,
            Err((refusal, heard)) => {
                let shop = heard.shop.as_ref().map(tracing::field::display);
                tracing::warn!(answer = 401, shop, reason = refusal.as_str(), "webhook refused");
                if refusal != Refusal::UnknownShop && heard.shop.is_some() {
                    metrics.count(Metric::WebhookRefused, None, 1);
                }
                return Heard { status: 401, ..heard };
            }
        };
        let headers = webhook.headers().clone();
        metrics.count(Metric::WebhookReceived, None, 1);
        let expected = &self.config.shopify.api_version;
        if headers.api_version.as_ref() != Some(expected) {
            metrics.count(Metric::ApiVersionOther, None, 1);
            tracing::warn!(shop = %headers.shop, api_version = headers.api_version, expected, "another API version");
        }
        let taken = self.take(webhook, invoked, metrics).await;
        let (status, delivery) = match taken {
            Ok(delivery) => (200, delivery),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, error_class = %ErrorClass::Internal, "not kept: Shopify sends it again");
                (500, None)
            }
        };
        Heard {
            status,
            topic: Some(headers.topic.clone()),
            shop: Some(headers.shop.clone()),
            signed: Some(headers),
            delivery,
        }
    }

    /// The request, if the shop's secret signed it: the current or the previous one, read again where neither did.
    async fn verified(&self, request: &Request) -> Result<Verified, (Refusal, Heard)> {
        let headers = || request.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let body = request.body.as_deref().unwrap_or_default();
        let secret = self.shops.current().await;
        let Ok(unverified) = Unverified::new(headers(), body, request.is_base64_encoded) else {
            let shop = headers().find(|(name, _)| name.ends_with("shopify-shop-domain"));
            let shop = shop.and_then(|(_, shop)| shop.parse().ok()).filter(|shop| secret.of(shop).is_some());
            return Err((Refusal::NoWebhook, Heard { shop, ..Heard::default() }));
        };
        let Headers { shop, topic, .. } = unverified.headers().clone();
        let topic = (!matches!(topic, Topic::Other(_))).then_some(topic);
        let refused = |refusal, shop| (refusal, Heard { topic: topic.clone(), shop, ..Heard::default() });
        // A shop that was just put there is known a minute later at the latest.
        let Some(known) = secret.of(&shop) else { return Err(refused(Refusal::UnknownShop, Some(shop))) };
        let unverified = match unverified.verify(known.secrets()) {
            Ok(webhook) => return Ok(webhook),
            Err(unverified) => unverified,
        };
        let secret = self.shops.anew().await;
        let Some(known) = secret.of(&shop) else { return Err(refused(Refusal::UnknownShop, Some(shop))) };
        unverified.verify(known.secrets()).map_err(|_| refused(Refusal::BadSignature, Some(shop)))
    }

    /// Puts what it says where it belongs; what the ledger will know it by, if anything.
    async fn take(
        &self,
        webhook: Verified,
        invoked: &Invoked,
        metrics: &mut Metrics,
    ) -> Result<Option<Delivery>, NotTaken> {
        let Headers { shop, triggered_at, .. } = webhook.headers().clone();
        let settings = Settings::of(&self.erp, shop.as_str());
        let delivery = match webhook.event() {
            Ok(Some(Event::Order(order))) => order_delivery(&order, &shop, &settings, triggered_at)?,
            Ok(Some(Event::Customer(customer))) => customer_delivery(&customer, &shop, &settings, triggered_at)?,
            Ok(Some(Event::Refund(refund))) => refund_delivery(refund.id, &shop, None)?,
            Ok(Some(Event::DataRequest(request))) => {
                let data_request = request.data_request.id;
                // A metric's value is all that an alarm's mail can name it by.
                #[expect(clippy::cast_precision_loss, reason = "ids of requests are far below 2^53")]
                metrics.measure(Metric::DataRequested, data_request as f64);
                tracing::warn!(%shop, data_request, "data request");
                return Ok(None);
            }
            Ok(Some(Event::CustomerRedact(redact))) => {
                privacy::forget_customer(&self.ledger, &redact).await?;
                tracing::info!(topic = %Topic::CustomersRedact, %shop, "redacted");
                return Ok(None);
            }
            Ok(Some(Event::ShopRedact(redact))) => {
                privacy::forget_shop(&self.ledger, &redact).await?;
                tracing::info!(topic = %Topic::ShopRedact, %shop, "redacted");
                return Ok(None);
            }
            Ok(None) => {
                metrics.count(Metric::WebhookUnhandled, None, 1);
                return Ok(None);
            }
            // A retry would bring the same bytes.
            Err(shape) => {
                self.dead_letter_as_it_came(&webhook, &shape.to_string(), invoked).await?;
                return Ok(None);
            }
        };
        match body_of(&delivery, &Payload::of(webhook, self.ledger.now())) {
            Ok(body) => {
                let entry = Entry::new(body).of_group(shop.as_str()).traced(invoked.trace.clone());
                self.queue.send_one(entry, PATIENCE).await?;
            }
            Err(Unwritable::TooLong) => self.park(&delivery, invoked).await?,
            Err(error) => return Err(error.into()),
        }
        Ok(Some(delivery))
    }

    /// A person, or the reconciler by the Admin API, looks after what fits no message.
    async fn park(&self, delivery: &Delivery, invoked: &Invoked) -> Result<(), NotTaken> {
        let error = "it is too long for a message, packed too";
        let body = body::json(&Unmapped::of(delivery.clone())).map_err(Unwritable::Json)?;
        self.dead_letter(body, Some(delivery), TOO_LARGE, error, invoked).await?;
        let settled = Settled::Parked(TOO_LARGE.to_owned());
        self.ledger.put(&Happened::Settle { delivery: delivery.clone(), settled }).await?;
        let (delivery_key, error_class) = (&delivery.key, ErrorClass::BadRecord);
        tracing::error!(%delivery_key, %error_class, reason = TOO_LARGE, error, "to the dead-letter queue");
        Ok(())
    }

    async fn dead_letter_as_it_came(&self, webhook: &Verified, error: &str, invoked: &Invoked) -> Result<(), NotTaken> {
        // What is no text is written as far as it is one: it cannot be read anyway.
        let body = body::json(webhook).or_else(|_| body::json(&String::from_utf8_lossy(webhook.body())));
        self.dead_letter(body.map_err(Unwritable::Json)?, None, UNREADABLE, error, invoked).await?;
        let Headers { topic, shop, .. } = webhook.headers();
        let error_class = ErrorClass::BadRecord;
        tracing::error!(%topic, %shop, %error_class, reason = UNREADABLE, error, "to the dead-letter queue, as it came");
        Ok(())
    }

    async fn dead_letter(
        &self,
        body: String,
        delivery: Option<&Delivery>,
        reason: &str,
        error: &str,
        invoked: &Invoked,
    ) -> Result<(), queue::Unavailable> {
        let key = delivery.map(|delivery| ("delivery_key", delivery.key.to_string()));
        let said = [("error_class", ErrorClass::BadRecord.as_str()), ("reason", reason), ("error", error)];
        let said = said.map(|(name, value)| (name, value.to_owned()));
        let attributes = key.into_iter().chain(said).collect();
        self.dead_letters.send_one(Entry::letter(body, attributes, invoked.trace.clone()), PATIENCE).await
    }
}

impl Refusal {
    fn as_str(self) -> &'static str {
        match self {
            Self::NoWebhook => "no_webhook",
            Self::BadSignature => "bad_signature",
            Self::UnknownShop => "unknown_shop",
        }
    }
}
