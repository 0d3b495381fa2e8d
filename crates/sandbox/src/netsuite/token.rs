//! OAuth 2.0 client credentials: an assertion signed with the certificate's key buys an access token.
//! <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162755359851.html>

use axum::Json;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde_json::{Value, json};

use super::access::{Access, Scope};
use super::account::Account;
use super::error::no_token;
use super::request::Request;

pub(crate) const PATH: &str = "/services/rest/auth/oauth2/v1/token";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What NetSuite signs and takes: `RS256` is not among them.
const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::PS256, Algorithm::PS384, Algorithm::PS512, Algorithm::ES256, Algorithm::ES384];

/// `POST /services/rest/auth/oauth2/v1/token`
pub(crate) fn token(account: &mut Account, request: &Request, now: DateTime<Utc>) -> Response {
    let form = request.form();
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    if field("grant_type") != "client_credentials" {
        return no_token("unsupported_grant_type");
    }
    if field("client_assertion_type") != ASSERTION_TYPE {
        return no_token("invalid_request");
    }
    let scopes = match check(&account.access, field("client_assertion"), &account.base_url, now) {
        Ok(scopes) => scopes,
        Err(error) => return no_token(error),
    };
    let access_token = account.access.mint(scopes, now);
    let life = account.settings.token_seconds;
    Json(json!({"access_token": access_token, "expires_in": life, "token_type": "Bearer"})).into_response()
}

/// The scopes that are asked for.
fn check(access: &Access, assertion: &str, base_url: &str, now: DateTime<Utc>) -> Result<Vec<String>, &'static str> {
    let header = decode_header(assertion).map_err(|_| "invalid_request")?;
    let known = access.certificates.iter().find(|certificate| header.kid.as_deref() == Some(&certificate.id));
    let certificate = known.ok_or("invalid_client")?;
    if !ALGORITHMS.contains(&header.alg) || header.alg != certificate.algorithm {
        return Err("invalid_client");
    }
    // Audience and times are looked at below: the sandbox's clock may be ahead of the machine's.
    let mut validation = Validation::new(certificate.algorithm);
    (validation.validate_exp, validation.validate_aud) = (false, false);
    validation.required_spec_claims.clear();
    let claims = decode::<Value>(assertion, &certificate.public, &validation).map_err(|_| "invalid_client")?.claims;
    if claims["iss"] != access.client_id.as_str() {
        return Err("invalid_client");
    }
    let host = access.account_id.to_lowercase().replace('_', "-");
    let audiences = [format!("{base_url}{PATH}"), format!("https://{host}.suitetalk.api.netsuite.com{PATH}")];
    let issued = claims["iat"].as_i64().ok_or("invalid_request")?;
    let expires = claims["exp"].as_i64().ok_or("invalid_request")?;
    let is_timely = issued <= now.timestamp() + 60 && expires > now.timestamp() && expires - issued <= 3_600;
    if !is_timely || !audiences.iter().any(|audience| claims["aud"] == audience.as_str()) {
        return Err("invalid_grant");
    }
    scopes(&claims["scope"]).ok_or("invalid_scope")
}

/// "Separated by a comma"; Oracle's own sample has an array.
fn scopes(claim: &Value) -> Option<Vec<String>> {
    let asked: Vec<String> = match claim {
        Value::Array(names) => names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<_>>()?,
        Value::String(names) => names.split(',').map(|name| name.trim().to_owned()).collect(),
        _ => return None,
    };
    let known = [Scope::RestWebServices.name(), Scope::Restlets.name(), "suite_analytics"];
    let is_known = !asked.is_empty() && asked.iter().all(|name| known.contains(&name.as_str()));
    is_known.then_some(asked)
}
