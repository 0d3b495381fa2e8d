use std::{collections::HashMap, time::Duration};

use chrono::TimeZone;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::json;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

use super::*;
use crate::Credentials;
use crate::credentials::Login;

const TOKEN: &str = "/services/rest/auth/oauth2/v1/token";

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 8, 0, 0).unwrap()
}

async fn mint_answered_with(answer: ResponseTemplate, pem: &str) -> (Result<AccessToken, Error>, MockServer) {
    let server = MockServer::start().await;
    Mock::given(path(TOKEN)).respond_with(answer).mount(&server).await;
    let credentials: Credentials = serde_json::from_value(json!({
        "account_id": "123456_SB1", "base_url": server.uri(),
        "client_id": "client", "certificate_id": "kid-1", "private_key_pem": pem
    }))
    .unwrap();
    let Login::Certificate { client_id, certificate_id, algorithm, key } = &credentials.login else { panic!() };
    let signer = Signer { client_id, certificate_id, algorithm: *algorithm, key };
    let http = rest::Client::new(Duration::from_secs(20)).unwrap();
    let minted = mint(&http, &credentials.suitetalk, signer, now()).await;
    (minted, server)
}

async fn assert_assertion(pem: &str, key: &DecodingKey, algorithm: Algorithm) {
    let answer = json!({"access_token": "token", "expires_in": "3600", "token_type": "Bearer"});
    let (minted, server) = mint_answered_with(ResponseTemplate::new(200).set_body_json(answer), pem).await;
    assert_eq!(minted.unwrap().renew_at, now() + TimeDelta::minutes(54));
    let request = server.received_requests().await.unwrap().remove(0);
    let form: HashMap<String, String> = url::form_urlencoded::parse(&request.body).into_owned().collect();
    assert_eq!(form["grant_type"], "client_credentials");
    assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let header = decode_header(&form["client_assertion"]).unwrap();
    assert_eq!((header.typ.as_deref(), header.alg, header.kid.as_deref()), (Some("JWT"), algorithm, Some("kid-1")));
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    let audience = format!("{}{TOKEN}", server.uri());
    validation.set_audience(&[&audience]);
    let claims = decode::<Value>(&form["client_assertion"], key, &validation).unwrap().claims;
    let (iat, exp) = (now().timestamp(), (now() + TimeDelta::minutes(5)).timestamp());
    let scope = ["restlets", "rest_webservices"];
    assert_eq!(claims, json!({"iss": "client", "scope": scope, "aud": audience, "iat": iat, "exp": exp}));
}

#[tokio::test]
async fn the_assertion_is_signed_by_rsa_and_by_ec_and_names_the_certificate() {
    let (pem, key) = test_keys::rsa();
    assert_assertion(&pem, &key, Algorithm::PS256).await;
    let (pem, key) = test_keys::ec_p256();
    assert_assertion(&pem, &key, Algorithm::ES256).await;
}

#[tokio::test]
async fn a_refused_login_is_told_from_one_that_cannot_be_tried() {
    let (pem, _) = test_keys::ec_p256();
    let said = json!({"error": "invalid_grant", "error_description": "Jane Doe's certificate"});
    let (refused, _) = mint_answered_with(ResponseTemplate::new(400).set_body_json(said), &pem).await;
    let refused = refused.err().unwrap();
    assert!(matches!(&refused, Error::Unauthorized { code } if code == "invalid_grant"), "{refused:?}");
    assert!(!format!("{refused} {refused:?}").contains("Jane"));
    for (answer, may_be) in [
        (ResponseTemplate::new(400).set_body_json(json!({"error": "server_error"})), "unavailable"),
        (ResponseTemplate::new(400).set_body_string("<html>"), "unavailable"),
        (ResponseTemplate::new(503), "unavailable"),
        (ResponseTemplate::new(200).set_body_string("<html>"), "unavailable"),
        (ResponseTemplate::new(200).set_body_json(json!({"access_token": "t", "expires_in": "soon"})), "unavailable"),
        (ResponseTemplate::new(429), "limited"),
    ] {
        let (failed, _) = mint_answered_with(answer, &pem).await;
        match failed.err().unwrap() {
            Error::Unavailable { .. } => assert_eq!(may_be, "unavailable"),
            Error::RateLimited { .. } => assert_eq!(may_be, "limited"),
            other => panic!("{other:?}"),
        }
    }
}
