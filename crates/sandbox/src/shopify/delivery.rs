//! Webhooks as requests: headers, and a body that is signed as it stands.
//! <https://shopify.dev/docs/apps/build/webhooks/delivery-structure>

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

/// One webhook, before it is sent: its retries are the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Webhook {
    /// The shop's domain.
    pub shop: String,
    /// `orders/create`
    pub topic: &'static str,
    /// One for each webhook.
    pub webhook_id: String,
    /// One for all webhooks of one action.
    pub event_id: String,
    /// When it came about.
    pub triggered_at: DateTime<Utc>,
    /// JSON, as it is signed.
    pub body: String,
}

/// Why a delivery is made, and what it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The first of its webhook.
    Original,
    /// At the same instant as another.
    Duplicate,
    /// Later, with the original payload.
    Retry,
    /// Its body was changed after it was signed: to be refused.
    Tampered,
    /// Signed with a secret that nobody has: to be refused.
    Forged,
}

/// A request to make: `POST` to wherever the webhooks go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// From the beginning of the plan.
    pub after: Duration,
    /// Why.
    pub kind: Kind,
    /// The webhook's.
    pub webhook_id: String,
    /// In the order in which they are sent, signature included.
    pub headers: Vec<(String, String)>,
    /// Raw.
    pub body: String,
}

impl Kind {
    /// Whether it is to be accepted.
    pub fn is_genuine(self) -> bool {
        !matches!(self, Self::Tampered | Self::Forged)
    }
}

impl Webhook {
    /// The request, signed with a secret.
    pub fn signed(&self, secret: &str, api_version: &str, kind: Kind, after: Duration) -> Delivery {
        let headers = [
            ("Content-Type", "application/json".to_owned()),
            ("User-Agent", "Shopify-Captain-Hook".to_owned()),
            ("X-Shopify-Topic", self.topic.to_owned()),
            ("X-Shopify-Hmac-Sha256", signature(secret, &self.body)),
            ("X-Shopify-Shop-Domain", self.shop.clone()),
            ("X-Shopify-API-Version", api_version.to_owned()),
            ("X-Shopify-Webhook-Id", self.webhook_id.clone()),
            ("X-Shopify-Event-Id", self.event_id.clone()),
            ("X-Shopify-Triggered-At", self.triggered_at.to_rfc3339_opts(SecondsFormat::Nanos, true)),
            ("X-Shopify-Name", "order-relay".to_owned()),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Delivery { after, kind, webhook_id: self.webhook_id.clone(), headers, body: self.body.clone() }
    }
}

/// Base64 of the HMAC-SHA256 of the raw body.
fn signature(secret: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    STANDARD.encode(hmac::sign(&key, body.as_bytes()))
}
