//! OAuth 1.0a with HMAC-SHA256 and a realm, as token-based authentication has it:
//! <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1534941088.html>.

// By hand: `oauth1-request` (and `reqwest-oauth1` on it), `oauth-1a`, `oauth1` and `oauth1-header` do HMAC-SHA1 only and know no
// realm; but for the first they have not been released since 2020.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rest::Url;
use secrecy::ExposeSecret;

use crate::{AccountId, credentials::Tokens};

/// All but the unreserved characters: <https://www.rfc-editor.org/rfc/rfc5849#section-3.6>.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// When a call is signed and by which number it is known; no two calls share both.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub(crate) timestamp: i64,
    pub(crate) nonce: &'a str,
}

/// The `Authorization` header of a call. The URL's query is signed with it, a JSON body is not.
pub(crate) fn header(method: &str, url: &Url, account: &AccountId, tokens: &Tokens, moment: Moment<'_>) -> String {
    let timestamp = moment.timestamp.to_string();
    let ours = [
        ("oauth_consumer_key", tokens.consumer_key.as_str()),
        ("oauth_nonce", moment.nonce),
        ("oauth_signature_method", "HMAC-SHA256"),
        ("oauth_timestamp", &timestamp),
        ("oauth_token", &tokens.token_id),
        ("oauth_version", "1.0"),
    ];
    let key = [&tokens.consumer_secret, &tokens.token_secret].map(|secret| encoded(secret.expose_secret())).join("&");
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let signature = STANDARD.encode(hmac::sign(&key, base_string(method, url, &ours).as_bytes()));
    let fields = ours.into_iter().chain([("oauth_signature", signature.as_str())]);
    let fields = fields.map(|(name, value)| format!(", {name}=\"{}\"", encoded(value)));
    format!("OAuth realm=\"{}\"{}", account.realm(), fields.collect::<String>())
}

/// What is signed: <https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1>.
fn base_string(method: &str, url: &Url, ours: &[(&str, &str)]) -> String {
    let mut address = url.clone();
    address.set_query(None);
    let ours = ours.iter().map(|(name, value)| (encoded(name), encoded(value)));
    let query = url.query_pairs().map(|(name, value)| (encoded(&name), encoded(&value)));
    let mut parameters: Vec<(String, String)> = ours.chain(query).collect();
    parameters.sort();
    let parameters: Vec<String> = parameters.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    [method, address.as_str(), &parameters.join("&")].map(encoded).join("&")
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests;
