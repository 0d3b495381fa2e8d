use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use shopify::{BadShape, Event, Unverified, Verified};

pub(crate) const ORDER: &str = include_str!("fixtures/order.json");
pub(crate) const REFUND: &str = include_str!("fixtures/refund.json");
pub(crate) const CUSTOMER: &str = include_str!("fixtures/customer.json");
pub(crate) const DATA_REQUEST: &str = include_str!("fixtures/customers_data_request.json");
pub(crate) const CUSTOMER_REDACT: &str = include_str!("fixtures/customers_redact.json");
pub(crate) const SHOP_REDACT: &str = include_str!("fixtures/shop_redact.json");

/// Each fixture with a topic that it comes under.
pub(crate) const PAYLOADS: [(&str, &str); 6] = [
    ("orders/create", ORDER),
    ("refunds/create", REFUND),
    ("customers/update", CUSTOMER),
    ("customers/data_request", DATA_REQUEST),
    ("customers/redact", CUSTOMER_REDACT),
    ("shop/redact", SHOP_REDACT),
];

pub(crate) fn signature(secret: &[u8], body: &[u8]) -> String {
    STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), body))
}

/// A request of a shop, unverified.
pub(crate) fn request(topic: &str, shop: &str, signature: &str, body: &str) -> Unverified {
    let headers = [("X-Shopify-Topic", topic), ("X-Shopify-Shop-Domain", shop), ("X-Shopify-Hmac-Sha256", signature)];
    Unverified::new(headers, body, false).unwrap()
}

pub(crate) fn verified(topic: &str, body: &str) -> Verified {
    let request = request(topic, "acme.myshopify.com", &signature(b"hunter2", body.as_bytes()), body);
    request.verify(&[SecretString::from("hunter2")]).unwrap()
}

pub(crate) fn event(topic: &str, body: &str) -> Result<Option<Event>, BadShape> {
    verified(topic, body).event()
}
