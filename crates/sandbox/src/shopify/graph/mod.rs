//! Records as the Admin API has them, whole: a query takes what it asks for.
//! <https://shopify.dev/docs/api/admin-graphql/2026-10/objects/Order>
//!
//! `__typename` is the type's name; lists that come in pages stand under [`CONNECTION`].

mod customer;
mod order;
mod refund;

pub(super) use customer::customer;
pub(super) use order::order;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::customer::Address;

/// Marks a list that comes in pages.
pub(super) const CONNECTION: &str = "__connection";

fn connection(nodes: impl Iterator<Item = Value>) -> Value {
    json!({CONNECTION: nodes.collect::<Vec<_>>()})
}

fn time(at: DateTime<Utc>) -> Value {
    json!(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn address(address: &Address, (first, last): (&str, &str), phone: Option<&str>) -> Value {
    json!({
        "__typename": "MailingAddress",
        "firstName": first,
        "lastName": last,
        "name": format!("{first} {last}"),
        "company": null,
        "address1": address.street,
        "address2": null,
        "city": address.city,
        "province": address.province.map(|(name, _)| name),
        "provinceCode": address.province.map(|(_, code)| code),
        "country": address.country.0,
        "countryCodeV2": address.country.1,
        "zip": address.zip,
        "phone": phone,
    })
}
