//! Records as webhooks carry them. <https://shopify.dev/docs/api/webhooks/latest>

mod customer;
mod order;
mod privacy;
mod refund;

pub(super) use customer::customer;
pub(super) use order::{edit, order};
pub(super) use privacy::{person, shop};
pub(super) use refund::refund;

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::customer::Address;

/// In the shop's offset and whole seconds, as Shopify writes them.
pub(super) fn time(at: DateTime<Utc>, offset: FixedOffset) -> String {
    at.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// Of an order: with a name, without an id.
fn address(address: &Address, (first, last): (&str, &str)) -> Value {
    json!({
        "first_name": first,
        "address1": address.street,
        "phone": null,
        "city": address.city,
        "zip": address.zip,
        "province": address.province.map(|(name, _)| name),
        "country": address.country.0,
        "last_name": last,
        "address2": null,
        "company": null,
        "latitude": null,
        "longitude": null,
        "name": format!("{first} {last}"),
        "country_code": address.country.1,
        "province_code": address.province.map(|(_, code)| code),
    })
}
