//! Addresses, as subrecords of NetSuite's orders and customers.

use netsuite::fit::{self, Mended};
use serde_json::{Map, Value, json};
use shopify::Address;

/// The address: `addressee`, `attention`, `addr1`, `addr2`, `city`, `state`, `zip`, `country`, `addrPhone`. A company is the addressee,
/// and its person gets the attention. `None` if the country is not given: NetSuite cannot place it.
pub(super) fn address(address: &Address, mended: &mut Mended) -> Option<Value> {
    let country = address.country_code.as_deref().map(str::to_ascii_uppercase);
    let Some(country) = country.filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())) else {
        mended.insert("country".to_owned());
        return None;
    };
    let names = [&address.first_name, &address.last_name].into_iter().filter_map(Option::as_deref);
    let person = Some(names.collect::<Vec<_>>().join(" ")).filter(|name| !name.is_empty());
    let (addressee, attention) = match (&address.company, person) {
        (Some(company), person) => (Some(company.clone()), person),
        (None, person) => (person, None),
    };
    let mut fields = Map::new();
    for (field, value) in [
        ("addressee", addressee.as_deref()),
        ("attention", attention.as_deref()),
        ("addr1", address.address1.as_deref()),
        ("addr2", address.address2.as_deref()),
        ("city", address.city.as_deref()),
        ("zip", address.zip.as_deref()),
    ] {
        fields.insert(field.to_owned(), fit::text(field, value, mended).into());
    }
    let state = fit::state(&country, address.province_code.as_deref(), address.province.as_deref(), mended);
    fields.insert("state".to_owned(), state.into());
    fields.insert("addrPhone".to_owned(), fit::phone("addrPhone", address.phone.as_deref(), mended).into());
    fields.insert("country".to_owned(), json!({ "id": country }));
    Some(Value::Object(fields))
}
