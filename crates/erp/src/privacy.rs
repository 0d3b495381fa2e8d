//! Who is to be forgotten. The ledger holds no personal data, and NetSuite's records are the merchant's: what is left are messages on their
//! way and copies in the dead-letter queue, which are dropped wherever they turn up.

use ledger::{Error, Ledger};
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

fn name(shop: &ShopDomain, kind: &str, id: u64) -> String {
    format!("{shop}/{kind}/{id}")
}
