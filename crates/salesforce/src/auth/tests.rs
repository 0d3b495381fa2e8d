use std::collections::HashMap;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeZone;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

/// A key of its own for each test: in PEM, and what verifies its signatures.
fn key() -> (String, DecodingKey) {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).unwrap();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()));
    (pem, DecodingKey::from_rsa_der(key.public_key().as_ref()))
}

/// Logs in by JWT and returns the form that arrived.
async fn form_of(private_key_pem: &str, extra: Value) -> HashMap<String, String> {
    let server = MockServer::start().await;
    let body = json!({"access_token": "t", "instance_url": server.uri()});
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200).set_body_json(body)).mount(&server).await;
    let mut json = json!({
        "login_url": server.uri(), "client_id": "consumer", "username": "relay@example.com", "private_key_pem": private_key_pem
    });
    json.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let credentials: Credentials = serde_json::from_value(json).unwrap();
    assert!(!format!("{credentials:?}").contains("PRIVATE"));
    let http = rest::Client::new(Duration::from_secs(20)).unwrap();
    let now = Utc.with_ymd_and_hms(2026, 11, 20, 8, 0, 0).unwrap();
    assert_eq!(mint(&http, &credentials, now).await.unwrap().instance.to_string(), server.uri());
    let request = server.received_requests().await.unwrap().remove(0);
    url::form_urlencoded::parse(&request.body).into_owned().collect()
}

#[tokio::test]
async fn the_assertion_is_signed_and_says_who_and_until_when() {
    let (pem, key) = key();
    let form = form_of(&pem, json!({})).await;
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    assert_eq!(decode_header(&form["assertion"]).unwrap().alg, Algorithm::RS256);
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.set_audience(&["https://login.salesforce.com"]);
    let claims = decode::<Value>(&form["assertion"], &key, &validation).unwrap().claims;
    let exp = Utc.with_ymd_and_hms(2026, 11, 20, 8, 3, 0).unwrap().timestamp();
    let expected =
        json!({"iss": "consumer", "sub": "relay@example.com", "aud": "https://login.salesforce.com", "exp": exp});
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn the_audience_can_be_set() {
    let (pem, key) = key();
    let form = form_of(&pem, json!({"audience": "https://acme.my.site.com"})).await;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.set_audience(&["https://acme.my.site.com"]);
    assert!(decode::<Value>(&form["assertion"], &key, &validation).is_ok());
}
