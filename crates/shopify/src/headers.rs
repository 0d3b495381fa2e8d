use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{ShopDomain, Topic};

/// What the headers say.  Shopify signs the body alone, so that anyone who has seen a request can send it again with others: what they
/// say is a hint, and the body has the last word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headers {
    /// `X-Shopify-Topic`.
    pub topic: Topic,
    /// `X-Shopify-Shop-Domain`: whose secret it is to be signed with.
    pub shop: ShopDomain,
    /// `X-Shopify-API-Version`, `2026-10`: the version that wrote the body, which need not be the one asked for.
    pub api_version: Option<String>,
    /// `X-Shopify-Webhook-Id`: one a delivery, its retries included.
    pub webhook_id: Option<String>,
    /// `X-Shopify-Event-Id`: one for all that followed from one action.
    pub event_id: Option<String>,
    /// `X-Shopify-Triggered-At`: when Shopify first sent it.
    pub triggered_at: Option<DateTime<Utc>>,
}
