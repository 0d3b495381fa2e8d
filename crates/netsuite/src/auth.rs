use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rest::{BaseUrl, Class, Reply, Request};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{Error, answer::judge, error::Outage};

/// An access token, and when to ask for the next one.
pub(crate) struct AccessToken {
    pub(crate) secret: SecretString,
    pub(crate) renew_at: DateTime<Utc>,
}

/// What an assertion is signed with.
pub(crate) struct Signer<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) certificate_id: &'a str,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: &'a EncodingKey,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: [&'static str; 2],
    aud: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    #[serde(deserialize_with = "seconds")]
    expires_in: u32,
}

#[derive(Deserialize)]
struct OauthError {
    error: String,
}

/// OAuth's refusals (<https://www.rfc-editor.org/rfc/rfc6749#section-5.2>); its other errors pass.
const REFUSALS: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// Asks for a token by client credentials:
/// <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162755359851.html>.
/// There is no refresh token: whoever needs another asks again.
pub(crate) async fn mint(
    http: &rest::Client,
    suitetalk: &BaseUrl,
    signer: Signer<'_>,
    now: DateTime<Utc>,
) -> Result<AccessToken, Error> {
    let url = suitetalk.join(&["services", "rest", "auth", "oauth2", "v1", "token"]);
    let header = Header { kid: Some(signer.certificate_id.to_owned()), ..Header::new(signer.algorithm) };
    let claims = Claims {
        iss: signer.client_id,
        scope: ["restlets", "rest_webservices"],
        aud: url.as_str(),
        iat: now.timestamp(),
        exp: (now + TimeDelta::minutes(5)).timestamp(),
    };
    let assertion = jsonwebtoken::encode(&header, &claims, signer.key)
        .map_err(|_| Error::Unauthorized { code: "private_key_pem".to_owned() })?;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &assertion),
    ];
    let reply = http.send(Request::form(url, &form)).await?;
    if reply.class() != Class::Success {
        return Err(refusal(&reply, now));
    }
    let TokenAnswer { access_token: secret, expires_in } = reply.json()?;
    tracing::info!(expires_in, "logged in to NetSuite");
    // A tenth early: a token must outlive the call that it is sent with.
    let renew_at = now + TimeDelta::seconds(i64::from(expires_in) * 9 / 10);
    Ok(AccessToken { secret, renew_at })
}

/// The token endpoint answers as OAuth has it, or as the other services do. Its description is not kept.
fn refusal(reply: &Reply, now: DateTime<Utc>) -> Error {
    match reply.json::<OauthError>() {
        Ok(OauthError { error }) if REFUSALS.contains(&error.as_str()) => Error::Unauthorized { code: error },
        _ => match judge(reply, now) {
            Err(Error::Refused { said, .. }) => Error::Unauthorized { code: said.code },
            Err(error) => error,
            Ok(()) => Outage::Undocumented("a token endpoint's answer").into(),
        },
    }
}

/// Seconds, as a number or as text.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let seconds = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let seconds = seconds.and_then(|seconds| u32::try_from(seconds).ok());
    seconds.ok_or_else(|| serde::de::Error::custom("expected seconds"))
}

#[cfg(test)]
pub(crate) mod test_keys;
#[cfg(test)]
mod tests;
