use std::collections::BTreeMap;
use std::fmt;

use rest::{BadUrl, BaseUrl};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::ShopDomain;

/// The secret `{stack}/shopify`:
/// `{"admin_url"?,"shops":{"acme.myshopify.com":{"client_secret","previous_client_secret"?,"client_id"?,"admin_token"?}}}`.  Keys that are
/// not named here are refused.  A shop is known if it stands here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// Where shops live, if not at `https://{shop}`; `{shop}` in it is the shop's domain.
    #[serde(default)]
    admin_url: Option<AdminUrl>,
    /// What each shop's app has, by the shop.
    pub shops: BTreeMap<ShopDomain, ShopCredentials>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
struct AdminUrl(String);

/// What the app of one shop signs and logs in with.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Raw")]
pub struct ShopCredentials {
    client_secret: SecretString,
    previous_client_secret: Option<SecretString>,
    client_id: Option<String>,
    admin_token: Option<SecretString>,
}

/// How the Admin API is entered.
#[derive(Debug, Clone)]
pub enum Access {
    /// A token of 24 hours, minted with the app's id and secret, for apps of one's own organisation:
    /// <https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant>.
    ClientCredentials {
        /// Names the app.
        client_id: String,
        /// The secret that webhooks are signed with too.
        client_secret: SecretString,
    },
    /// A token that does not end, of apps made in a shop's own admin before 2026.
    Token(SecretString),
}

/// A secret that is there and empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: expected text that is not blank; leave the key out if there is none")]
pub struct Blank {
    /// The key in the shop's part of the secret.
    pub key: &'static str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    client_secret: SecretString,
    previous_client_secret: Option<SecretString>,
    client_id: Option<String>,
    admin_token: Option<SecretString>,
}

impl Credentials {
    /// Where a shop's Admin API lives.  Fails only if the shop's domain makes no address.
    pub fn admin_url(&self, shop: &ShopDomain) -> Result<BaseUrl, BadUrl> {
        let url = self.admin_url.as_ref().map_or("https://{shop}", |AdminUrl(url)| url);
        BaseUrl::parse(&url.replace("{shop}", shop.as_str()))
    }
}

impl ShopCredentials {
    /// The secrets that a webhook may be signed with: the current one, then the previous.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        [&self.client_secret].into_iter().chain(&self.previous_client_secret)
    }

    /// How the Admin API is entered; none: not at all.  A token that is there is used before one is minted.
    pub fn access(&self) -> Option<Access> {
        let minted = |client_id: &String| Access::ClientCredentials {
            client_id: client_id.clone(),
            client_secret: self.client_secret.clone(),
        };
        self.admin_token.clone().map(Access::Token).or_else(|| self.client_id.as_ref().map(minted))
    }
}

impl TryFrom<String> for AdminUrl {
    type Error = BadUrl;

    fn try_from(url: String) -> Result<AdminUrl, BadUrl> {
        BaseUrl::parse(&url.replace("{shop}", "shop.myshopify.com")).map(|_| AdminUrl(url))
    }
}

impl TryFrom<Raw> for ShopCredentials {
    type Error = Blank;

    fn try_from(raw: Raw) -> Result<ShopCredentials, Blank> {
        let Raw { client_secret, previous_client_secret, client_id, admin_token } = raw;
        let previous = previous_client_secret.as_ref().map(secrecy::ExposeSecret::expose_secret);
        for (key, value) in [
            ("client_secret", Some(client_secret.expose_secret())),
            ("previous_client_secret", previous),
            ("client_id", client_id.as_deref()),
            ("admin_token", admin_token.as_ref().map(secrecy::ExposeSecret::expose_secret)),
        ] {
            if value.is_some_and(|value| value.trim().is_empty()) {
                return Err(Blank { key });
            }
        }
        Ok(ShopCredentials { client_secret, previous_client_secret, client_id, admin_token })
    }
}

impl fmt::Debug for ShopCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let access = match self.access() {
            Some(Access::ClientCredentials { .. }) => "client credentials",
            Some(Access::Token(_)) => "token",
            None => "webhooks only",
        };
        write!(f, "ShopCredentials({access})")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(json: serde_json::Value) -> Result<Credentials, String> {
        serde_json::from_value(json).map_err(|error| error.to_string())
    }

    #[test]
    fn the_secret_is_read_strictly_and_never_shown() {
        let shop = json!({"client_secret": "hunter2", "previous_client_secret": "hunter2", "client_id": "i"});
        let credentials = parse(json!({"shops": {"ACME.myshopify.com": shop}})).unwrap();
        assert!(!format!("{credentials:?}").contains("hunter2"));
        let acme = "acme.myshopify.com".parse().unwrap();
        assert_eq!(credentials.admin_url(&acme).unwrap().to_string(), "https://acme.myshopify.com");
        assert_eq!(credentials.shops[&acme].secrets().count(), 2);
        for (bad, expected) in [
            (json!({}), "shops"),
            (json!({"shops": {"acme.example.com": {"client_secret": "s"}}}), "acme.myshopify.com"),
            (json!({"shops": {"acme.myshopify.com": {}}}), "client_secret"),
            (json!({"shops": {"acme.myshopify.com": {"client_secret": " "}}}), "client_secret"),
            (json!({"shops": {"acme.myshopify.com": {"client_secret": "s", "admin_token": ""}}}), "admin_token"),
            (json!({"shops": {"acme.myshopify.com": {"client_secret": "s", "clientid": "i"}}}), "clientid"),
            (json!({"shops": {}, "admin_url": "http://{shop}"}), "loopback"),
            (json!({"shops": {}, "admin": "https://{shop}"}), "admin"),
        ] {
            let error = parse(bad).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn an_admin_url_of_ones_own_names_the_shop() {
        let credentials = parse(json!({"admin_url": "http://127.0.0.1:9/shopify/{shop}/", "shops": {}})).unwrap();
        let url = credentials.admin_url(&"acme.myshopify.com".parse().unwrap()).unwrap();
        assert_eq!(url.join(&["admin"]).as_str(), "http://127.0.0.1:9/shopify/acme.myshopify.com/admin");
    }

    #[test]
    fn a_token_is_used_before_one_is_minted() {
        let access = |json| serde_json::from_value::<ShopCredentials>(json).unwrap().access();
        assert!(access(json!({"client_secret": "s"})).is_none());
        let minted = access(json!({"client_secret": "s", "client_id": "i"}));
        assert!(matches!(minted, Some(Access::ClientCredentials { .. })));
        let token = access(json!({"client_secret": "s", "client_id": "i", "admin_token": "t"}));
        assert!(matches!(token, Some(Access::Token(_))));
    }
}
