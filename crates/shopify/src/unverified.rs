use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use crate::{BadShop, Headers, Topic, Verified};

/// A request that says it comes from Shopify.  Nothing in it is to be believed, and its body cannot be read, before
/// [`verify`](Unverified::verify): <https://shopify.dev/docs/apps/build/webhooks/verify-deliveries>.
pub struct Unverified {
    headers: Headers,
    signature: Vec<u8>,
    body: Vec<u8>,
}

/// A request that cannot be Shopify's, whatever the secret: it names no topic or no shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotShopifys {
    /// `X-Shopify-Topic` or `X-Shopify-Shop-Domain` is absent.
    #[error("the header X-Shopify-{0} is absent")]
    NoHeader(&'static str),
    /// It names no shop.
    #[error("the header X-Shopify-Shop-Domain")]
    Shop(#[from] BadShop),
    /// The gateway says that the body is base64, and it is not.
    #[error("the body is not the base64 that it is said to be")]
    Body,
}

impl Unverified {
    /// A request as API Gateway hands it on.  The signature is over the raw bytes, so a body in base64 is decoded first.  The names of
    /// headers are in any case, with `X-` or without, as Shopify's newer events have them.
    pub fn new<'a>(
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        body: &str,
        is_base64_encoded: bool,
    ) -> Result<Unverified, NotShopifys> {
        let mut given = Given::default();
        for (name, value) in headers {
            given.take(name, value);
        }
        let body = if is_base64_encoded { STANDARD.decode(body).ok() } else { Some(body.as_bytes().to_vec()) };
        Ok(Unverified {
            headers: Headers {
                topic: Topic::from(given.topic.ok_or(NotShopifys::NoHeader("Topic"))?),
                shop: given.shop.ok_or(NotShopifys::NoHeader("Shop-Domain"))?.parse()?,
                api_version: given.api_version.and_then(token),
                webhook_id: given.webhook_id.and_then(token),
                event_id: given.event_id.and_then(token),
                triggered_at: given.triggered_at.and_then(|at| at.parse().ok()),
            },
            // An absent signature is one that no secret makes.
            signature: given.signature.and_then(|signature| STANDARD.decode(signature).ok()).unwrap_or_default(),
            body: body.ok_or(NotShopifys::Body)?,
        })
    }

    /// What the headers say.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Whether one of the secrets made the signature: HMAC-SHA256 over the raw body, compared in constant time.  Give the current and the
    /// previous one: Shopify signs with the oldest that is not revoked, and for up to an hour after.  If none did, the request comes back,
    /// to be held against secrets that were read anew.
    pub fn verify<'s>(self, secrets: impl IntoIterator<Item = &'s SecretString>) -> Result<Verified, Box<Unverified>> {
        let made_by = |secret: &SecretString| {
            // A key that is empty is everybody's.
            let secret = secret.expose_secret();
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            !secret.is_empty() && hmac::verify(&key, &self.body, &self.signature).is_ok()
        };
        if secrets.into_iter().any(made_by) { Ok(Verified::new(self.headers, self.body)) } else { Err(Box::new(self)) }
    }
}

#[derive(Default)]
struct Given<'a> {
    topic: Option<&'a str>,
    shop: Option<&'a str>,
    signature: Option<&'a str>,
    api_version: Option<&'a str>,
    webhook_id: Option<&'a str>,
    event_id: Option<&'a str>,
    triggered_at: Option<&'a str>,
}

impl<'a> Given<'a> {
    fn take(&mut self, name: &str, value: &'a str) {
        let name = name.to_ascii_lowercase();
        let Some(name) = name.strip_prefix("x-").unwrap_or(&name).strip_prefix("shopify-") else { return };
        let field = match name {
            "topic" => &mut self.topic,
            "shop-domain" => &mut self.shop,
            "hmac-sha256" => &mut self.signature,
            "api-version" => &mut self.api_version,
            "webhook-id" => &mut self.webhook_id,
            "event-id" => &mut self.event_id,
            "triggered-at" => &mut self.triggered_at,
            _ => return,
        };
        field.get_or_insert(value);
    }
}

/// Ids and versions end in logs: what does not look like one is as good as absent.
fn token(value: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!value.is_empty() && value.len() <= 64 && value.bytes().all(plain)).then(|| value.to_owned())
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unverified({:?}, {} bytes)", self.headers, self.body.len())
    }
}
