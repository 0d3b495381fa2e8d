//! `customers/create`, `customers/update`, and the customer within an order.

use chrono::FixedOffset;
use serde_json::{Value, json};

use super::super::customer::Customer;
use super::super::ids::gid;
use super::time;

/// With its list of addresses; without it, and perhaps without stamps, where it is `embedded` in an order.
pub(crate) fn customer(customer: &Customer, currency: &str, offset: FixedOffset, embedded: bool) -> Value {
    let stamp = |at| if embedded && customer.unstamped { Value::Null } else { json!(time(at, offset)) };
    let place = &customer.address;
    let address = json!({
        "id": place.id,
        "customer_id": customer.id,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "company": null,
        "address1": place.street,
        "address2": null,
        "city": place.city,
        "province": place.province.map(|(name, _)| name),
        "country": place.country.0,
        "zip": place.zip,
        "phone": customer.phone,
        "name": format!("{} {}", customer.first_name, customer.last_name),
        "province_code": place.province.map(|(_, code)| code),
        "country_code": place.country.1,
        "country_name": place.country.0,
        "default": true,
    });
    let mut shown = json!({
        "id": customer.id,
        "created_at": stamp(customer.created_at),
        "updated_at": stamp(customer.updated_at),
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "state": "disabled",
        "note": null,
        "verified_email": true,
        "multipass_identifier": null,
        "tax_exempt": false,
        "email": customer.email,
        "phone": customer.phone,
        "currency": currency,
        "tax_exemptions": [],
        "admin_graphql_api_id": gid("Customer", customer.id),
        "default_address": address,
    });
    if !embedded {
        shown["addresses"] = json!([shown["default_address"]]);
    }
    shown
}
