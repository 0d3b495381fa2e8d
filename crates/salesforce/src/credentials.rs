use std::fmt;

use chrono::NaiveDate;
use jsonwebtoken::EncodingKey;
use rest::BaseUrl;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// How to log in, as kept in the secret `{stack}/salesforce`:
/// `{"login_url","client_id","client_secret"}` (OAuth 2.0 client credentials; `login_url` is the org's My Domain), or
/// `{"login_url","audience"?,"client_id","username","private_key_pem"}` (JWT bearer).
///
/// Either may say `"expires_on"`, the day (`YYYY-MM-DD`) after which the client's secret or certificate is not valid any more.
/// Keys that are not named here are refused, and a key that is no RSA key, when it is read.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Credentials {
    pub(crate) login_url: BaseUrl,
    pub(crate) client_id: String,
    pub(crate) grant: Grant,
    /// The last day on which they are valid, where somebody has written it down.
    pub expires_on: Option<NaiveDate>,
}

#[derive(Clone)]
pub(crate) enum Grant {
    ClientCredentials { client_secret: SecretString },
    JwtBearer { username: String, audience: String, key: EncodingKey },
}

/// Credentials that fit neither way of logging in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCredentials {
    /// Neither or both of the two ways.
    #[error(
        "expected either `client_secret` (client credentials) or `username` and `private_key_pem` (JWT bearer), and not both"
    )]
    Grant,
    /// The key cannot be read.
    #[error("`private_key_pem`: expected an RSA private key in PEM, PKCS#8 or PKCS#1, unencrypted")]
    PrivateKey,
    /// `audience` without a JWT to put it into.
    #[error("`audience` belongs to the JWT bearer flow; remove it, or give `username` and `private_key_pem`")]
    Audience,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    login_url: BaseUrl,
    client_id: String,
    client_secret: Option<SecretString>,
    audience: Option<String>,
    username: Option<String>,
    private_key_pem: Option<SecretString>,
    expires_on: Option<NaiveDate>,
}

impl TryFrom<Raw> for Credentials {
    type Error = BadCredentials;

    fn try_from(raw: Raw) -> Result<Self, BadCredentials> {
        let Raw { login_url, client_id, client_secret, audience, username, private_key_pem, expires_on } = raw;
        let grant = match (client_secret, username, private_key_pem) {
            (Some(_), None, None) if audience.is_some() => return Err(BadCredentials::Audience),
            (Some(client_secret), None, None) => Grant::ClientCredentials { client_secret },
            (None, Some(username), Some(pem)) => {
                let key = EncodingKey::from_rsa_pem(pem.expose_secret().as_bytes());
                Grant::JwtBearer {
                    username,
                    audience: audience.unwrap_or_else(|| default_audience(login_url.host()).to_owned()),
                    key: key.map_err(|_| BadCredentials::PrivateKey)?,
                }
            }
            _ => return Err(BadCredentials::Grant),
        };
        Ok(Credentials { login_url, client_id, grant, expires_on })
    }
}

/// The `aud` of a JWT: <https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm>.
/// Sandboxes and scratch orgs log in at `test.salesforce.com`; a sandbox's My Domain has `--` in it.
fn default_audience(host: &str) -> &'static str {
    let sandbox = host == "test.salesforce.com"
        || host.contains("--")
        || host.contains(".sandbox.")
        || host.contains(".scratch.");
    if sandbox { "https://test.salesforce.com" } else { "https://login.salesforce.com" }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flow = match self.grant {
            Grant::ClientCredentials { .. } => "client credentials",
            Grant::JwtBearer { .. } => "JWT bearer",
        };
        write!(f, "Credentials({flow} at {})", self.login_url)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn either_way_of_logging_in_and_no_mixture() {
        let url = "https://acme.my.salesforce.com";
        let parse = |json| serde_json::from_value::<Credentials>(json);
        assert!(parse(json!({"login_url": url, "client_id": "i", "client_secret": "s"})).is_ok());
        for (bad, expected) in [
            (json!({"login_url": url, "client_id": "i"}), "client_secret"),
            (json!({"login_url": url, "client_id": "i", "username": "u"}), "private_key_pem"),
            (json!({"login_url": url, "client_id": "i", "client_secret": "s", "username": "u"}), "not both"),
            (json!({"login_url": url, "client_id": "i", "client_secret": "s", "audience": "a"}), "audience"),
            (json!({"login_url": url, "client_id": "i", "username": "u", "private_key_pem": "hunter2"}), "RSA"),
            (json!({"login_url": "http://acme.example", "client_id": "i", "client_secret": "s"}), "acme.example"),
            (json!({"login_url": url, "client_id": "i", "client_secret": "s", "pasword": "p"}), "pasword"),
            (json!({"login_url": url, "client_secret": "s"}), "client_id"),
            (
                json!({"login_url": url, "client_id": "i", "client_secret": "s", "expires_on": "soon"}),
                "invalid characters",
            ),
        ] {
            let error = parse(bad.clone()).unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("hunter2"), "{bad}: {error}");
        }
    }

    #[test]
    fn the_audience_follows_the_host() {
        for (host, sandbox) in [
            ("login.salesforce.com", false),
            ("acme.my.salesforce.com", false),
            ("acme-inc.develop.my.salesforce.com", false),
            ("test.salesforce.com", true),
            ("acme--uat.sandbox.my.salesforce.com", true),
            ("acme--uat.my.salesforce.com", true),
            ("acme.scratch.my.salesforce.com", true),
        ] {
            assert_eq!(default_audience(host) == "https://test.salesforce.com", sandbox, "{host}");
        }
    }
}
