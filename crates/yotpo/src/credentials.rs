use std::collections::BTreeMap;

use chrono::NaiveDate;
use rest::{BadUrl, BaseUrl};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// Where the Reviews API lives unless the secret says otherwise.
pub const REVIEWS_URL: &str = "https://api.yotpo.com";

/// Where the Loyalty API lives unless the secret says otherwise; the platform's path is not part of it.
pub const LOYALTY_URL: &str = "https://loyalty.yotpo.com";

/// The secret `{stack}/yotpo`:
/// `{"reviews_url"?,"loyalty_url"?,"expires_on"?,"stores":{"default":{"app_key","secret_key",…}}}`.  Keys that are not named here are
/// refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The Reviews API, if not [`REVIEWS_URL`].
    #[serde(default)]
    pub reviews_url: Option<BaseUrl>,
    /// The Loyalty API's host, if not [`LOYALTY_URL`].
    #[serde(default)]
    pub loyalty_url: Option<BaseUrl>,
    /// The last day on which they are valid, where somebody has written it down.
    #[serde(default)]
    pub expires_on: Option<NaiveDate>,
    /// What each store logs in with, by the name the configuration gives it.
    pub stores: BTreeMap<String, StoreCredentials>,
}

/// What one store logs in with; the keys of a flow that is not used may be absent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreCredentials {
    /// Names the store at Yotpo.
    #[serde(default)]
    pub app_key: Option<String>,
    /// Its secret.
    #[serde(default)]
    pub secret_key: Option<SecretString>,
    /// Names the merchant in Loyalty.
    #[serde(default)]
    pub loyalty_guid: Option<String>,
    /// Loyalty's key.
    #[serde(default)]
    pub loyalty_api_key: Option<SecretString>,
    /// The unguessable part of the address that Loyalty's events come to.
    #[serde(default)]
    pub webhook_token: Option<SecretString>,
    /// The one before it, while it is being changed.
    #[serde(default)]
    pub previous_webhook_token: Option<SecretString>,
}

/// A key that a flow needs is absent or empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` is absent or empty")]
pub struct MissingKey {
    /// The key in the store's part of the secret.
    pub key: &'static str,
}

impl StoreCredentials {
    /// What the Reviews API logs in with: app key and secret key.
    pub fn reviews(&self) -> Result<(&str, &SecretString), MissingKey> {
        pair((&self.app_key, "app_key"), (&self.secret_key, "secret_key"))
    }

    /// What the Loyalty API logs in with: guid and API key.
    pub fn loyalty(&self) -> Result<(&str, &SecretString), MissingKey> {
        pair((&self.loyalty_guid, "loyalty_guid"), (&self.loyalty_api_key, "loyalty_api_key"))
    }
}

/// An account's name and its secret, each with its key.
fn pair<'a>(
    (name, of_name): (&'a Option<String>, &'static str),
    (secret, of_secret): (&'a Option<SecretString>, &'static str),
) -> Result<(&'a str, &'a SecretString), MissingKey> {
    let name = name.as_deref().filter(|name| !name.trim().is_empty());
    let secret = secret.as_ref().filter(|secret| !secret.expose_secret().trim().is_empty());
    Ok((name.ok_or(MissingKey { key: of_name })?, secret.ok_or(MissingKey { key: of_secret })?))
}

/// The end of an account's name, for a person to recognise it by: four characters, of a short name none.
pub(crate) fn ending(account: &str) -> &str {
    let ending = account.char_indices().rev().nth(3).map_or("", |(at, _)| &account[at..]);
    if account.chars().count() < 8 { "" } else { ending }
}

impl Credentials {
    /// The Reviews API's address.  Fails only if [`REVIEWS_URL`] is no address.
    pub fn reviews_url(&self) -> Result<BaseUrl, BadUrl> {
        self.reviews_url.clone().map_or_else(|| BaseUrl::parse(REVIEWS_URL), Ok)
    }

    /// The Loyalty API's host.  Fails only if [`LOYALTY_URL`] is no address.
    pub fn loyalty_url(&self) -> Result<BaseUrl, BadUrl> {
        self.loyalty_url.clone().map_or_else(|| BaseUrl::parse(LOYALTY_URL), Ok)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_secret_is_read_strictly_and_never_shown() {
        let stores = json!({"default": {"app_key": "a", "secret_key": "hunter2", "webhook_token": "hunter2"}});
        let credentials: Credentials = serde_json::from_value(json!({ "stores": stores })).unwrap();
        assert_eq!(credentials.reviews_url().unwrap().to_string(), REVIEWS_URL);
        assert!(!format!("{credentials:?}").contains("hunter2"));
        let sandbox = json!({"reviews_url": "http://127.0.0.1:1/yotpo", "stores": {}});
        let credentials: Credentials = serde_json::from_value(sandbox).unwrap();
        assert_eq!(credentials.reviews_url().unwrap().to_string(), "http://127.0.0.1:1/yotpo");
        for (bad, expected) in [
            (json!({"reviews_url": "http://api.yotpo.com", "stores": {}}), "api.yotpo.com"),
            (json!({"stores": {"default": {"appkey": "a"}}}), "appkey"),
            (json!({"app_key": "a"}), "app_key"),
            (json!({}), "stores"),
        ] {
            let error = serde_json::from_value::<Credentials>(bad).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_key_of_spaces_is_absent() {
        for (entry, missing) in [
            (json!({"app_key": "a", "secret_key": "s"}), None),
            (json!({"app_key": "a", "secret_key": " "}), Some("secret_key")),
            (json!({"app_key": "", "secret_key": "s"}), Some("app_key")),
            (json!({"secret_key": "s"}), Some("app_key")),
        ] {
            let entry: StoreCredentials = serde_json::from_value(entry).unwrap();
            assert_eq!(entry.reviews().err().map(|missing| missing.key), missing);
        }
        let entry = json!({"loyalty_guid": "g", "loyalty_api_key": "", "previous_webhook_token": "t"});
        let entry: StoreCredentials = serde_json::from_value(entry).unwrap();
        assert_eq!(entry.loyalty().err(), Some(MissingKey { key: "loyalty_api_key" }));
    }
}
