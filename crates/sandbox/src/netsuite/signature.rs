//! Token-based authentication: OAuth 1.0a with HMAC-SHA256, the signature recomputed.
//! <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1534941088.html>

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::request::Request;

/// What RFC 5849 leaves as it is: letters, digits, `-._~`.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How far a timestamp may be from the server's clock.
const SKEW_SECONDS: i64 = 300;

/// A token for token-based authentication, and the integration that it was made for.
#[derive(Clone)]
pub(crate) struct TokenBased {
    pub(crate) consumer_key: String,
    pub(crate) consumer_secret: String,
    pub(crate) token_id: String,
    pub(crate) token_secret: String,
}

impl Default for TokenBased {
    fn default() -> Self {
        Self {
            consumer_key: "sandbox-consumer-key".to_owned(),
            consumer_secret: "sandbox-consumer-secret".to_owned(),
            token_id: "sandbox-token-id".to_owned(),
            token_secret: "sandbox-token-secret".to_owned(),
        }
    }
}

/// Whether the `Authorization: OAuth` header is this token's, fresh, and signs this very request: then its nonce, which is good once.
pub(crate) fn check(
    token: &TokenBased,
    account_id: &str,
    request: &Request,
    base_url: &str,
    now: DateTime<Utc>,
) -> Option<String> {
    let given = parameters(request.header("authorization"))?;
    let text = |name: &str| given.get(name).map_or("", String::as_str);
    let is_known = text("realm") == account_id
        && text("oauth_consumer_key") == token.consumer_key
        && text("oauth_token") == token.token_id
        && text("oauth_signature_method") == "HMAC-SHA256"
        && given.get("oauth_version").is_none_or(|version| version == "1.0");
    let is_fresh = text("oauth_timestamp").parse().is_ok_and(|at: i64| (now.timestamp() - at).abs() <= SKEW_SECONDS);
    let nonce = text("oauth_nonce");
    if !is_known || !is_fresh || nonce.is_empty() {
        return None;
    }
    let url = format!("{base_url}{}", request.path);
    let base = base_string(&request.method, &url, &given, &request.query);
    let key = format!("{}&{}", encode(&token.consumer_secret), encode(&token.token_secret));
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let signature = STANDARD.decode(text("oauth_signature")).unwrap_or_default();
    hmac::verify(&key, base.as_bytes(), &signature).ok().map(|()| nonce.to_owned())
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, &ENCODED).to_string()
}

/// `OAuth realm="…", oauth_token="…", …`
fn parameters(header: &str) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for pair in header.strip_prefix("OAuth ")?.split(',') {
        let (name, value) = pair.trim().split_once('=')?;
        let value = value.strip_prefix('"')?.strip_suffix('"')?;
        found.insert(name.to_owned(), percent_decode_str(value).decode_utf8().ok()?.into_owned());
    }
    Some(found)
}

/// RFC 5849, 3.4.1: the parameters of header and query string, without realm and signature, sorted as encoded.
fn base_string(method: &str, url: &str, header: &BTreeMap<String, String>, query: &[(String, String)]) -> String {
    let signed = header.iter().filter(|(name, _)| *name != "realm" && *name != "oauth_signature");
    let signed = signed.map(|(name, value)| (encode(name), encode(value)));
    let mut pairs: Vec<_> = signed.chain(query.iter().map(|(name, value)| (encode(name), encode(value)))).collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{method}&{}&{}", encode(url), encode(&pairs.join("&")))
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use axum::http::Request;
    use chrono::Utc;
    use serde_json::Value;

    use super::*;
    use crate::InProcess;

    const BASE: &str = "http://127.0.0.1:9";

    fn signature(secrets: (&str, &str), base: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, format!("{}&{}", encode(secrets.0), encode(secrets.1)).as_bytes());
        STANDARD.encode(hmac::sign(&key, base.as_bytes()))
    }

    fn named(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn oracles_own_example() {
        let header = named(&[
            ("realm", "123456"),
            ("oauth_consumer_key", "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4"),
            ("oauth_token", "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc"),
            ("oauth_nonce", "fjaLirsIcCGVZWzBX0pg"),
            ("oauth_timestamp", "1508242306"),
            ("oauth_signature_method", "HMAC-SHA256"),
            ("oauth_version", "1.0"),
        ]);
        let url = "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40";
        let secrets = (
            "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
            "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
        );
        let signed = signature(secrets, &base_string("GET", url, &header, &[]));
        assert_eq!(signed, "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY=");
    }

    /// The limits, read with a signature over `signed` (a path and query) and whatever `change` makes of the header.
    async fn status(sandbox: &InProcess, nonce: &str, signed: &str, change: impl Fn(String) -> String) -> u16 {
        let secret = sandbox.netsuite.token_based_secret();
        let text = |name: &str| secret[name].as_str().unwrap().to_owned();
        let at = sandbox.now().timestamp().to_string();
        let mut header = named(&[
            ("oauth_consumer_key", &text("consumer_key")),
            ("oauth_token", &text("token_id")),
            ("oauth_nonce", nonce),
            ("oauth_timestamp", &at),
            ("oauth_signature_method", "HMAC-SHA256"),
            ("oauth_version", "1.0"),
        ]);
        let (path, query) = signed.split_once('?').unwrap();
        let (name, value) = query.split_once('=').unwrap();
        let query = [(name.to_owned(), value.to_owned())];
        let base = base_string("GET", &format!("{BASE}{path}"), &header, &query);
        header
            .insert("oauth_signature".to_owned(), signature((&text("consumer_secret"), &text("token_secret")), &base));
        let pairs: Vec<String> = header.iter().map(|(name, value)| format!("{name}=\"{}\"", encode(value))).collect();
        let header = change(format!("OAuth realm=\"{}\", {}", text("account_id"), pairs.join(", ")));
        let request = Request::get(format!("{PATH}?fields=a")).header("Authorization", header);
        sandbox.call(request.body(Bytes::new()).unwrap()).await.status().as_u16()
    }

    const PATH: &str = "/services/rest/system/v1/governanceLimits";

    #[tokio::test]
    async fn a_signature_is_of_this_request_fresh_and_used_once() {
        let sandbox = InProcess::new(1, BASE, Utc::now);
        assert!(sandbox.netsuite.token_based_secret()["token_secret"] != Value::Null);
        let right = format!("{PATH}?fields=a");
        assert_eq!(status(&sandbox, "n1", &right, |header| header).await, 200);
        assert_eq!(status(&sandbox, "n1", &right, |header| header).await, 401, "the nonce again");
        assert_eq!(status(&sandbox, "n2", &format!("{PATH}?fields=b"), |header| header).await, 401, "another query");
        let realm = |header: String| header.replace("123456_SB1", "654321");
        assert_eq!(status(&sandbox, "n3", &right, realm).await, 401, "another account");
        let consumer = |header: String| header.replace("sandbox-token-id", "another");
        assert_eq!(status(&sandbox, "n4", &right, consumer).await, 401, "another token");
        let version = |header: String| header.replace("oauth_version=\"1.0\"", "oauth_version=\"2.0\"");
        assert_eq!(status(&sandbox, "n5", &right, version).await, 401, "another version");
        assert_eq!(status(&sandbox, "n6", &right, |header| header).await, 200);
    }
}
