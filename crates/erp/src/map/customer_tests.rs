//! Who bought, and texts that are made to fit.

use super::fixture_tests::*;
use super::*;
use proptest::prelude::*;
use serde_json::json;

fn effect_of(json: &Value) -> CustomerEffect {
    let erp = erp(&[("", "subsidiary = \"1\"")]);
    customer(&serde_json::from_value(json.clone()).unwrap(), &settings(&erp))
}

fn with(name: &str, value: Value) -> Value {
    let mut customer = customer_json();
    customer[name] = value;
    customer
}

#[test]
fn a_customer_is_created_with_the_address_and_updated_without() {
    let effect = effect_of(&customer_json());
    let address = json!({
        "addressee": "Jane Doe", "addr1": "1 Main St", "city": "Albany", "state": "NY", "zip": "12203", "country": { "id": "US" },
    });
    let book = json!({ "items": [{ "defaultBilling": true, "defaultShipping": true, "addressbookaddress": address }] });
    let mut body = json!({
        "externalId": "shopify_customer_207119551", "isPerson": true, "firstName": "Jane", "lastName": "Doe",
        "email": "jane@example.com", "phone": "+1 212-555-0123", "subsidiary": { "id": "1" }, "addressbook": book,
    });
    assert_eq!(effect.create(), body);
    body["entityId"] = "Jane Doe 207119551".into();
    assert_eq!(effect.create_named(), body);
    let update =
        json!({ "firstName": "Jane", "lastName": "Doe", "email": "jane@example.com", "phone": "+1 212-555-0123" });
    assert_eq!(effect.update(), update);
    assert_eq!(effect_of(&with("email", Value::Null)).update()["email"], Value::Null);
}

/// `customers/*` has stamps and an address book, an order's customer has not: one revision, one effect.
#[test]
fn an_orders_customer_is_the_same_as_its_own() {
    let mut whole = with("updated_at", json!("2026-11-20T21:31:00-05:00"));
    for (name, value) in
        [("addresses", json!([address_json(), address_json()])), ("state", json!("enabled")), ("note", json!("x"))]
    {
        whole[name] = value;
    }
    whole["default_address"]["zip"] = "12204".into();
    assert_eq!(effect_of(&whole).hash(), effect_of(&customer_json()).hash());
    assert_ne!(effect_of(&with("phone", json!("+1 212-555-0124"))).hash(), effect_of(&customer_json()).hash());
}

#[test]
fn a_person_has_a_last_name() {
    for (first, last, expected) in [
        (json!("Jane"), json!(null), (Value::Null, "Jane")),
        (json!(""), json!("Doe"), (Value::Null, "Doe")),
        (json!(null), json!(" \u{7} "), (Value::Null, "Shopify 207119551")),
    ] {
        let mut customer = with("first_name", first);
        customer["last_name"] = last;
        let effect = effect_of(&customer);
        assert_eq!((effect.fields["firstName"].clone(), effect.fields["lastName"].as_str().unwrap()), expected);
    }
    let long = effect_of(&with("last_name", json!("é".repeat(200))));
    assert_eq!(long.fields["lastName"], "é".repeat(32));
    assert_eq!(long.mended, Mended::from(["lastName".to_owned()]));
    assert!(long.entity_id.chars().count() <= 80 && long.entity_id.ends_with(" 207119551"));
}

#[test]
fn orders_of_nobody_and_of_companies() {
    let mut guest = plain();
    guest["customer"] = Value::Null;
    let mut company = plain();
    company["company"] = json!({ "id": 1, "location_id": 1_046_107 });
    let buyer_of = |order: &Value, line: &str| {
        let erp = erp(&[("", line)]);
        buyer(&read(order), &settings(&erp))
    };
    let Ok(Buyer::Guest(effect)) = buyer_of(&guest, "") else { panic!("a guest") };
    assert_eq!(effect.external_id, "shopify_guest_450789469");
    assert_eq!(
        (effect.fields["firstName"].as_str(), effect.email.as_deref()),
        (Some("Jane"), Some("jane@example.com"))
    );
    let named = |result: Result<Buyer, Parked>| match result.unwrap() {
        Buyer::Named(id) => id.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(named(buyer_of(&guest, "guest_customer = \"1207\"")), "1207");
    assert_eq!(named(buyer_of(&company, "companies = { \"1046107\" = \"1208\" }")), "1208");
    let parked = buyer_of(&company, "companies = { \"7\" = \"1208\" }").unwrap_err();
    assert_eq!(parked.reason, "unknown_company");
    assert!(
        matches!(buyer_of(&plain(), "guest_customer = \"1207\"").unwrap(), Buyer::Customer(id, _) if id.0 == 207_119_551)
    );
}

#[test]
fn texts_are_made_to_fit() {
    for (field, written, fitted, mended) in [
        ("note", json!("Ring\ttwice\r\nplease"), json!("Ring twice  please"), &["memo"][..]),
        ("note", json!("x".repeat(1000)), json!("x".repeat(999)), &["memo"]),
        ("note", json!("日本 😀"), json!("日本 😀"), &[]),
    ] {
        let mut whole = plain();
        whole[field] = written;
        whole["shipping_address"] = Value::Null;
        whole["billing_address"] = Value::Null;
        let erp = erp(&[]);
        let effect = order(&read(&whole), &settings(&erp)).unwrap();
        assert_eq!(effect.fields["memo"], fitted);
        assert_eq!(effect.mended, mended.iter().map(|field| (*field).to_owned()).collect::<Mended>());
    }
    let address = |changes: &[(&str, &str)]| {
        let mut address = address_json();
        for (field, value) in changes {
            address[*field] = (*value).into();
        }
        let mut mended = Mended::new();
        let made = super::address::address(&serde_json::from_value(address).unwrap(), &mut mended);
        (made.unwrap_or_default(), mended)
    };
    for (changes, field, fitted) in [
        (&[("province_code", "XX")][..], "state", json!(null)),
        (&[("country_code", "DE"), ("province_code", "BE"), ("province", "Berlin")], "state", json!("Berlin")),
        (&[("country_code", "CA"), ("province_code", "on"), ("province", "Ontario")], "state", json!("ON")),
        (&[("phone", "123-456")], "addrPhone", json!(null)),
        (&[("phone", "+49 (0) 30 / 90 18 20 - 0 (office)")], "addrPhone", json!("+490309018200")),
        (&[("company", "Acme")], "attention", json!("Jane Doe")),
    ] {
        assert_eq!(address(changes).0[field], fitted, "{changes:?}");
    }
    assert_eq!(address(&[("country_code", "")]), (Value::Null, Mended::from(["country".to_owned()])));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a buyer types, NetSuite can take it.
    #[test]
    fn no_text_is_too_long_or_has_control_characters(text in "\\PC{0,400}|[\\x00-\\x7f😀é]{0,400}") {
        let mut customer = customer_json();
        for field in ["first_name", "last_name", "email", "phone"] {
            customer[field] = text.clone().into();
        }
        for (field, limit) in [("firstName", 32), ("lastName", 32), ("email", 254), ("phone", 21)] {
            let value = effect_of(&customer).fields[field].clone();
            let value = value.as_str().unwrap_or_default();
            prop_assert!(value.chars().count() <= limit && !value.contains(char::is_control) && value.trim() == value);
        }
    }
}
