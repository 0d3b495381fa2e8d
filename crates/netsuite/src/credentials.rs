use std::fmt;

use chrono::NaiveDate;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rest::{BadUrl, BaseUrl};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{AccountId, BadAccountId};

/// How to log in, as kept in the secret `{stack}/netsuite`:
/// `{"account_id","base_url"?,"client_id","certificate_id","private_key_pem","certificate_not_after"?}` (OAuth 2.0 client
/// credentials), or `{"account_id","base_url"?,"consumer_key","consumer_secret","token_id","token_secret"}` (token-based
/// authentication, for integrations that have it; NetSuite lets none be made from 2027.1 on).
///
/// `base_url` stands for all of NetSuite's hosts. Keys that are not named here are refused, and a private key that cannot sign.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Credentials {
    /// The account.
    pub account_id: AccountId,
    /// The last day of the certificate's validity, where somebody has written it down: a private key does not say it.
    pub certificate_not_after: Option<NaiveDate>,
    pub(crate) suitetalk: BaseUrl,
    pub(crate) restlets: BaseUrl,
    pub(crate) login: Login,
}

#[derive(Clone)]
pub(crate) enum Login {
    /// OAuth 2.0: an assertion signed with the key that belongs to the certificate.
    Certificate { client_id: String, certificate_id: String, algorithm: Algorithm, key: EncodingKey },
    /// OAuth 1.0a: every call signed.
    Tokens(Tokens),
}

/// What token-based authentication signs with.
#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) consumer_key: String,
    pub(crate) consumer_secret: SecretString,
    pub(crate) token_id: String,
    pub(crate) token_secret: SecretString,
}

/// Credentials that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableLogin {
    /// Neither or both of the two ways, or one of them in part.
    #[error(
        "expected either `client_id`, `certificate_id` and `private_key_pem` (OAuth 2.0), or `consumer_key`, `consumer_secret`, \
         `token_id` and `token_secret` (token-based), and not both"
    )]
    NeitherWay,
    /// The key cannot be read, or cannot sign what NetSuite accepts.
    #[error(
        "`private_key_pem`: expected a private key in PEM, unencrypted: RSA of 3072 or 4096 bits, or EC on P-256 or P-384 in PKCS#8"
    )]
    PrivateKey,
    /// `certificate_not_after` without a certificate.
    #[error("`certificate_not_after` belongs to OAuth 2.0; remove it, or give `certificate_id` and `private_key_pem`")]
    NoCertificate,
    /// The account's id is none.
    #[error("`account_id`: {0}")]
    Account(#[from] BadAccountId),
    /// The account's id makes no host.
    #[error("`account_id`: {0}")]
    Host(#[from] BadUrl),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    account_id: String,
    base_url: Option<BaseUrl>,
    client_id: Option<String>,
    certificate_id: Option<String>,
    private_key_pem: Option<SecretString>,
    certificate_not_after: Option<NaiveDate>,
    consumer_key: Option<String>,
    consumer_secret: Option<SecretString>,
    token_id: Option<String>,
    token_secret: Option<SecretString>,
}

impl TryFrom<Raw> for Credentials {
    type Error = UnusableLogin;

    fn try_from(raw: Raw) -> Result<Self, UnusableLogin> {
        let certificate = (raw.client_id, raw.certificate_id, raw.private_key_pem);
        let tokens = (raw.consumer_key, raw.consumer_secret, raw.token_id, raw.token_secret);
        let login = match (certificate, tokens) {
            ((Some(client_id), Some(certificate_id), Some(pem)), (None, None, None, None)) => {
                let (algorithm, key) = signing_key(&pem).ok_or(UnusableLogin::PrivateKey)?;
                Login::Certificate { client_id, certificate_id, algorithm, key }
            }
            ((None, None, None), (Some(consumer_key), Some(consumer_secret), Some(token_id), Some(token_secret))) => {
                if raw.certificate_not_after.is_some() {
                    return Err(UnusableLogin::NoCertificate);
                }
                Login::Tokens(Tokens { consumer_key, consumer_secret, token_id, token_secret })
            }
            _ => return Err(UnusableLogin::NeitherWay),
        };
        let account_id: AccountId = raw.account_id.parse()?;
        let host = |service: &str| match &raw.base_url {
            Some(url) => Ok(url.clone()),
            None => BaseUrl::parse(&format!("https://{}.{service}.api.netsuite.com", account_id.host_label())),
        };
        let (suitetalk, restlets) = (host("suitetalk")?, host("restlets")?);
        Ok(Self { account_id, certificate_not_after: raw.certificate_not_after, suitetalk, restlets, login })
    }
}

/// The key, and the first of NetSuite's algorithms that it can sign with; RS256 is not one of them
/// (<https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162755359851.html>).
fn signing_key(pem: &SecretString) -> Option<(Algorithm, EncodingKey)> {
    let pem = pem.expose_secret().as_bytes();
    let (key, algorithms) = match EncodingKey::from_rsa_pem(pem) {
        Ok(key) => (key, [Algorithm::PS256].as_slice()),
        Err(_) => (EncodingKey::from_ec_pem(pem).ok()?, [Algorithm::ES256, Algorithm::ES384].as_slice()),
    };
    let signs = |algorithm: &&Algorithm| jsonwebtoken::encode(&Header::new(**algorithm), &(), &key).is_ok();
    algorithms.iter().find(signs).copied().map(|algorithm| (algorithm, key))
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.login {
            Login::Certificate { .. } => "OAuth 2.0",
            Login::Tokens(_) => "token-based",
        };
        write!(f, "Credentials({way} for {} at {})", self.account_id, self.suitetalk)
    }
}

#[cfg(test)]
mod tests;
