use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, Header};
use rest::{BaseUrl, Class, Reply, Request};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::credentials::Grant;
use crate::error::{Outage, shortened};
use crate::{Credentials, Error};

/// A session: the token, and the host that all later calls go to.  Salesforce gives no time of expiry; it is
/// good until it is refused.
pub(crate) struct Session {
    pub(crate) token: SecretString,
    pub(crate) instance: BaseUrl,
}

/// The claims of a JWT bearer assertion:
/// <https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm>.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    instance_url: String,
}

#[derive(Deserialize)]
struct OauthError {
    error: String,
    error_description: String,
}

/// Logs in at `{login_url}/services/oauth2/token`.
pub(crate) async fn mint(http: &rest::Client, credentials: &Credentials, now: DateTime<Utc>) -> Result<Session, Error> {
    let url = credentials.login_url.join(&["services", "oauth2", "token"]);
    let id = credentials.client_id.as_str();
    let request = match &credentials.grant {
        Grant::ClientCredentials { client_secret } => Request::form(
            url,
            &[
                ("grant_type", "client_credentials"),
                ("client_id", id),
                ("client_secret", client_secret.expose_secret()),
            ],
        ),
        Grant::JwtBearer { username, audience, key } => {
            let exp = (now + TimeDelta::minutes(3)).timestamp();
            let claims = Claims { iss: id, sub: username, aud: audience, exp };
            let assertion = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, key).map_err(|error| {
                // The message names the kind of fault only.
                Error::Unauthorized { error: "private_key_pem".to_owned(), description: error.to_string() }
            })?;
            let grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
            Request::form(url, &[("grant_type", grant_type), ("assertion", &assertion)])
        }
    };
    let reply = http.send(request).await?;
    if reply.class() != Class::Success {
        return Err(refusal(&reply, now));
    }
    let TokenAnswer { access_token: token, instance_url } = reply.json()?;
    let instance = BaseUrl::parse(&instance_url)
        .map_err(|error| Error::Unauthorized { error: "instance_url".to_owned(), description: error.to_string() })?;
    tracing::info!(instance = instance.host(), "logged in to Salesforce");
    Ok(Session { token, instance })
}

/// Token endpoints answer errors with one object, `{"error","error_description"}`, mostly with HTTP 400.  Without both it is not
/// Salesforce that refuses, but what stands before it.
fn refusal(reply: &Reply, now: DateTime<Utc>) -> Error {
    let status = reply.status;
    let unavailable =
        |code| Error::Unavailable { retry_after: reply.retry_after(now), source: Outage::Status { status, code } };
    let Ok(OauthError { error, error_description }) = reply.json::<OauthError>() else {
        return unavailable(String::new());
    };
    let passing = matches!(error.as_str(), "unknown_error" | "server_error" | "temporarily_unavailable")
        || error_description.contains("rate exceeded");
    match reply.class() {
        Class::Refused | Class::Unauthorized if !passing => {
            Error::Unauthorized { error, description: shortened(error_description) }
        }
        _ => unavailable(error),
    }
}

#[cfg(test)]
mod tests;
