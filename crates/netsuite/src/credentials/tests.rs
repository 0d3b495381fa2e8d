use std::error::Error as _;

use serde_json::{Value, json};

use super::*;
use crate::auth::test_keys::{ec_p256, rsa};

fn read(json: Value) -> Result<Credentials, String> {
    serde_json::from_value(json).map_err(|error| format!("{error} {error:?} {:?}", error.source()))
}

fn certificate(pem: &str) -> Value {
    json!({"account_id": "123456_SB1", "client_id": "client", "certificate_id": "kid", "private_key_pem": pem})
}

fn tokens() -> Value {
    json!({"account_id": "123456", "consumer_key": "ck", "consumer_secret": "hunter2", "token_id": "t", "token_secret": "hunter2"})
}

fn with(mut json: Value, key: &str, value: Value) -> Value {
    json[key] = value;
    json
}

#[test]
fn either_way_of_logging_in_and_no_mixture() {
    let (rsa, _) = rsa();
    let (ec, _) = ec_p256();
    for (pem, expected) in [(&rsa, Algorithm::PS256), (&ec, Algorithm::ES256)] {
        let credentials = read(with(certificate(pem), "certificate_not_after", json!("2027-06-30"))).unwrap();
        assert_eq!(credentials.certificate_not_after.unwrap().to_string(), "2027-06-30");
        let Login::Certificate { algorithm, .. } = &credentials.login else { panic!("{credentials:?}") };
        assert_eq!(*algorithm, expected);
        assert!(!format!("{credentials:?}").contains("PRIVATE"));
    }
    let credentials = read(tokens()).unwrap();
    assert!(matches!(credentials.login, Login::Tokens(_)) && credentials.certificate_not_after.is_none());
    assert!(!format!("{credentials:?}").contains("hunter2"));

    let mut both = certificate(&rsa);
    both.as_object_mut().unwrap().extend(tokens().as_object().unwrap().clone());
    let mut half = tokens();
    half.as_object_mut().unwrap().remove("token_secret");
    for (bad, says) in [
        (both, "and not both"),
        (half, "`token_secret`"),
        (json!({"account_id": "1"}), "expected either"),
        (with(tokens(), "token", json!("x")), "unknown field `token`"),
        (with(tokens(), "certificate_not_after", json!("2027-06-30")), "belongs to OAuth 2.0"),
        (with(tokens(), "account_id", json!("evil.example/")), "expected an account id"),
        (with(tokens(), "base_url", json!("http://123456.suitetalk.api.netsuite.com")), "loopback"),
        (certificate("hunter2"), "`private_key_pem`"),
        (certificate(&rsa.replacen("MII", "MIJ", 1)), "`private_key_pem`"),
    ] {
        let error = read(bad).unwrap_err();
        assert!(error.contains(says) && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn the_hosts_follow_from_the_account_unless_one_is_named() {
    let credentials = read(with(tokens(), "account_id", json!("123456_SB1"))).unwrap();
    assert_eq!(credentials.suitetalk.to_string(), "https://123456-sb1.suitetalk.api.netsuite.com");
    assert_eq!(credentials.restlets.to_string(), "https://123456-sb1.restlets.api.netsuite.com");
    let credentials = read(with(tokens(), "base_url", json!("http://127.0.0.1:9/netsuite"))).unwrap();
    assert_eq!(credentials.suitetalk.to_string(), "http://127.0.0.1:9/netsuite");
    assert_eq!(credentials.restlets, credentials.suitetalk);
}
