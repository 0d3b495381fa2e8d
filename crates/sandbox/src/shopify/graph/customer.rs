//! `Customer`.

use serde_json::{Value, json};

use super::super::customer::Customer;
use super::super::ids::gid;
use super::{address, connection, time};

pub(crate) fn customer(customer: &Customer) -> Value {
    let names = (customer.first_name.as_str(), customer.last_name.as_str());
    let place = address(&customer.address, names, customer.phone.as_deref());
    json!({
        "__typename": "Customer",
        "id": gid("Customer", customer.id),
        "createdAt": time(customer.created_at),
        "updatedAt": time(customer.updated_at),
        "firstName": names.0,
        "lastName": names.1,
        "displayName": format!("{} {}", names.0, names.1),
        "defaultEmailAddress": {"__typename": "CustomerEmailAddress", "emailAddress": customer.email},
        "defaultPhoneNumber": customer.phone.as_ref().map(|phone| {
            json!({"__typename": "CustomerPhoneNumber", "phoneNumber": phone})
        }),
        "taxExempt": false,
        "state": "DISABLED",
        "note": null,
        "tags": [],
        "defaultAddress": place,
        "addressesV2": connection([place.clone()].into_iter()),
    })
}
