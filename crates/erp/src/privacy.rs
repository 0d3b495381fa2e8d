//! Who is to be forgotten. The ledger holds no personal data, and NetSuite's records are the merchant's: what is left are messages on their
//! way and copies in the dead-letter queue, which are dropped wherever they turn up.

use chrono::{DateTime, Utc};
use ledger::{DeliveryKey, Error, Ledger};
use shopify::{CustomerRedact, ShopDomain, ShopRedact};

/// Copies about this person that were received before now are dropped.
///
/// # Errors
/// When the ledger cannot be written.
pub(crate) async fn forget_customer(ledger: &Ledger, redact: &CustomerRedact) -> Result<(), Error> {
    let orders = redact.orders_to_redact.iter().map(|id| name(&redact.shop_domain, "order", id.0));
    let person = redact.customer.id.map(|id| name(&redact.shop_domain, "customer", id.0));
    for name in orders.chain(person) {
        ledger.redact(&name, ledger.now().into()).await?;
    }
    Ok(())
}

/// Copies of this shop that were received before now are dropped.
///
/// # Errors
/// When the ledger cannot be written.
pub(crate) async fn forget_shop(ledger: &Ledger, redact: &ShopRedact) -> Result<(), Error> {
    ledger.redact(redact.shop_domain.as_str(), ledger.now().into()).await.map(drop)
}

/// Whether the delivery, or what it is about, was to be forgotten after it was received.
///
/// # Errors
/// When the ledger cannot be read.
pub(crate) async fn is_forgotten(
    ledger: &Ledger,
    key: &DeliveryKey,
    order: Option<u64>,
    received_at: DateTime<Utc>,
) -> Result<bool, Error> {
    let of_flow = key.as_str().split_once('/').map_or("", |(_, rest)| rest);
    let shop = of_flow.split('/').next().unwrap_or_default();
    let order = order.map(|id| format!("{shop}/order/{id}"));
    for subject in [Some(shop), Some(of_flow), order.as_deref()].into_iter().flatten() {
        if ledger.is_redacted(subject, received_at.into()).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn name(shop: &ShopDomain, kind: &str, id: u64) -> String {
    format!("{shop}/{kind}/{id}")
}
