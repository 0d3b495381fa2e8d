use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use secrecy::SecretString;
use shopify::{NotShopifys, Topic, Unverified};

use crate::signed::{ORDER, request, signature};

const SHOP: &str = "acme.myshopify.com";

fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

fn accepts(signature: &str, body: &str, secrets: &[SecretString]) -> bool {
    request("orders/create", SHOP, signature, body).verify(secrets).is_ok()
}

/// RFC 4231's second case, and a value worked out elsewhere.
#[test]
fn the_signature_is_base64_of_hmac_sha256_over_the_body() {
    for (key, body, signature) in [
        ("Jefe", "what do ya want for nothing?", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="),
        ("API_SECRET_KEY", "{}", "+ihUB5l+D7QrohDEi/6NcBcJRyKssyWqos13LmnsBbs="),
    ] {
        assert!(accepts(signature, body, &[secret(key)]));
        assert!(!accepts(signature, body, &[secret("another")]));
    }
}

#[test]
fn the_previous_secret_counts_and_a_refused_request_can_be_held_against_others() {
    let signed = signature(b"old", b"{}");
    assert!(accepts(&signed, "{}", &[secret("new"), secret("old")]));
    let refused = request("orders/create", SHOP, &signed, "{}").verify(&[secret("new")]).unwrap_err();
    assert!(refused.verify(&[secret("new"), secret("old")]).is_ok());
}

#[test]
fn an_empty_secret_and_no_secret_accept_nothing() {
    let signed = signature(b"", b"{}");
    assert!(!accepts(&signed, "{}", &[secret("")]));
    assert!(!accepts(&signed, "{}", &[]));
}

#[test]
fn headers_are_read_in_any_case_and_without_x() {
    let signed = signature(b"s", b"{}");
    for prefix in ["X-Shopify-", "x-shopify-", "Shopify-", "shopify-"] {
        let name = |name: &str| format!("{prefix}{name}");
        let headers = [
            (name("Topic"), "orders/updated"),
            (name("Shop-Domain"), "ACME.myshopify.com"),
            (name("HMAC-SHA256"), signed.as_str()),
            (name("API-Version"), "2026-10"),
            (name("Webhook-Id"), "545ebdd4-b7be-4d3d-b14e-54aa78e0e0f9"),
            (name("Event-Id"), "an id that is none"),
            (name("Triggered-At"), "2026-11-20T18:28:37.234647458Z"),
            ("Content-Type".to_owned(), "application/json"),
        ];
        let headers = headers.iter().map(|(name, value)| (name.as_str(), *value));
        let verified = Unverified::new(headers, "{}", false).unwrap().verify(&[secret("s")]).unwrap();
        let headers = verified.headers();
        assert_eq!((&headers.topic, headers.shop.as_str()), (&Topic::OrdersUpdated, SHOP));
        assert_eq!(headers.api_version.as_deref(), Some("2026-10"));
        assert_eq!(headers.webhook_id.as_deref(), Some("545ebdd4-b7be-4d3d-b14e-54aa78e0e0f9"));
        assert_eq!(headers.event_id, None);
        assert_eq!(headers.triggered_at.unwrap().timestamp_subsec_nanos(), 234_647_458);
    }
}

#[test]
fn what_names_no_shop_or_topic_is_refused_before_any_secret() {
    let whole = [("X-Shopify-Topic", "a/b"), ("X-Shopify-Shop-Domain", SHOP)];
    for (left, name) in [(1, "Topic"), (0, "Shop-Domain")] {
        assert_eq!(Unverified::new([whole[left]], "{}", false).unwrap_err(), NotShopifys::NoHeader(name));
    }
    let elsewhere = [whole[0], ("X-Shopify-Shop-Domain", "acme.example.com")];
    assert!(matches!(Unverified::new(elsewhere, "{}", false).unwrap_err(), NotShopifys::Shop(_)));
    assert_eq!(Unverified::new(whole, "no base64", true).unwrap_err(), NotShopifys::Body);
}

#[test]
fn a_signature_that_is_absent_or_none_is_refused() {
    let signed = signature(b"s", b"{}");
    assert!(accepts(&signed, "{}", &[secret("s")]));
    for bad in ["", "AAAA", "not base64", &signed[..43], &format!("{signed}AAAA"), &format!(" {signed}")] {
        assert!(!accepts(bad, "{}", &[secret("s")]), "{bad}");
    }
    let unsigned = [("X-Shopify-Topic", "a/b"), ("X-Shopify-Shop-Domain", SHOP)];
    assert!(Unverified::new(unsigned, "{}", false).unwrap().verify(&[secret("s")]).is_err());
}

#[test]
fn what_is_shown_holds_neither_body_nor_secret() {
    let unverified = request("orders/create", SHOP, &signature(b"hunter2", ORDER.as_bytes()), ORDER);
    let verified = request("orders/create", SHOP, &signature(b"hunter2", ORDER.as_bytes()), ORDER);
    let shown = format!("{unverified:?} {:?}", verified.verify(&[secret("hunter2")]).unwrap());
    for hidden in ["Astrid", "example.com", "hunter2"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

fn flip(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    let bit = bit % (bytes.len() * 8);
    flipped[bit / 8] ^= 1 << (bit % 8);
    flipped
}

/// Every bit of one request's signature, body and secret, in turn.
#[test]
fn each_single_bit_counts() {
    let (key, body) = ("shpss_0123456789abcdef", ORDER.as_bytes());
    let signed = signature(key.as_bytes(), body);
    let accepts = |signed: &str, body: &[u8], key: &str| {
        let headers = [("X-Shopify-Topic", "a/b"), ("X-Shopify-Shop-Domain", SHOP), ("X-Shopify-Hmac-Sha256", signed)];
        Unverified::new(headers, &STANDARD.encode(body), true)
            .is_ok_and(|request| request.verify(&[secret(key)]).is_ok())
    };
    assert!(accepts(&signed, body, key));
    for bit in 0..signed.len() * 8 {
        // A header is text.
        let Ok(flipped) = String::from_utf8(flip(signed.as_bytes(), bit)) else { continue };
        assert!(!accepts(&flipped, body, key), "bit {bit} of the signature");
    }
    for bit in 0..key.len() * 8 {
        let Ok(flipped) = String::from_utf8(flip(key.as_bytes(), bit)) else { continue };
        assert!(!accepts(&signed, body, &flipped), "bit {bit} of the secret");
    }
    for bit in (0..body.len() * 8).step_by(61) {
        assert!(!accepts(&signed, &flip(body, bit), key), "bit {bit} of the body");
    }
}

proptest! {
    #[test]
    fn any_flipped_bit_of_body_signature_or_secret_is_refused(
        key in "[!-~]{1,80}", body in proptest::collection::vec(any::<u8>(), 1..300), bit in any::<usize>()
    ) {
        let signed = signature(key.as_bytes(), &body);
        let accepts = |signed: &str, body: &[u8], key: &str| {
            let headers =
                [("X-Shopify-Topic", "a/b"), ("X-Shopify-Shop-Domain", SHOP), ("X-Shopify-Hmac-Sha256", signed)];
            let request = Unverified::new(headers, &STANDARD.encode(body), true);
            request.is_ok_and(|request| request.verify(&[secret(key)]).is_ok())
        };
        prop_assert!(accepts(&signed, &body, &key));
        prop_assert!(!accepts(&signed, &flip(&body, bit), &key));
        if let Ok(signed) = String::from_utf8(flip(signed.as_bytes(), bit)) {
            prop_assert!(!accepts(&signed, &body, &key));
        }
        if let Ok(key) = String::from_utf8(flip(key.as_bytes(), bit)) {
            prop_assert!(!accepts(&signed, &body, &key));
        }
    }

    #[test]
    fn plain_or_base64_the_verdict_is_the_same(body in ".{0,200}", good in any::<bool>()) {
        let signed = signature(if good { b"s" } else { b"another" }, body.as_bytes());
        let headers = [("x-shopify-topic", "a/b"), ("x-shopify-shop-domain", SHOP), ("x-shopify-hmac-sha256", &signed)];
        let plain = Unverified::new(headers, &body, false).unwrap().verify(&[secret("s")]);
        let encoded = Unverified::new(headers, &STANDARD.encode(&body), true).unwrap().verify(&[secret("s")]);
        prop_assert_eq!(plain.is_ok(), good);
        prop_assert_eq!(plain.ok().map(|verified| verified.body().to_vec()), encoded.ok().map(|verified| verified.body().to_vec()));
    }

    #[test]
    fn no_request_makes_it_panic(
        headers in proptest::collection::vec(("(X-)?Shopify-(Topic|Shop-Domain|Hmac-Sha256|Triggered-At)|.{0,10}", ".{0,60}"), 0..8),
        body in ".{0,60}", encoded in any::<bool>()
    ) {
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        if let Ok(request) = Unverified::new(headers, &body, encoded) {
            prop_assert!(request.verify(&[secret("s")]).is_err());
        }
    }
}
