//! `customers/data_request`, `customers/redact`, `shop/redact`.
//! <https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance>

use serde_json::{Value, json};

use super::super::customer::Customer;

const SHOP_ID: u64 = 954_889;

/// About a customer and these orders; `orders` is the name that the topic has for them.
pub(crate) fn person(shop: &str, customer: &Customer, orders: &str, ids: &[u64]) -> Value {
    let mut shown = json!({
        "shop_id": SHOP_ID,
        "shop_domain": shop,
        "customer": {"id": customer.id, "email": customer.email, "phone": customer.phone},
    });
    shown[orders] = json!(ids);
    if orders == "orders_requested" {
        shown["data_request"] = json!({"id": customer.id + 1});
    }
    shown
}

/// About all of a shop.
pub(crate) fn shop(shop: &str) -> Value {
    json!({"shop_id": SHOP_ID, "shop_domain": shop})
}
