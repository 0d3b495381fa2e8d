use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use url::{Host, Url};

/// Where a vendor lives: `https://host[:port][/path]`; plain `http://` only on this machine (127.0.0.0/8, `[::1]`,
/// `localhost`), for simulators.
///
/// No user information, query or fragment: those are where secrets end up by mistake, and they would be logged
/// with the address.
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct BaseUrl(Url);

/// An address that [`BaseUrl`] refuses: which host (as far as it could be read), and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: expected {expected}", host.as_deref().map_or("not a URL".to_owned(), |host| format!("the URL of host `{host}`")))]
pub struct BadUrl {
    /// The host, where there was one.
    pub host: Option<String>,
    /// What would have been right.
    pub expected: &'static str,
}

impl BaseUrl {
    /// Parses and checks an address.
    pub fn parse(text: &str) -> Result<BaseUrl, BadUrl> {
        let url = Url::parse(text.trim()).map_err(|_| BadUrl { host: None, expected: "https://host" })?;
        let refuse = |expected| Err(BadUrl { host: url.host_str().map(str::to_owned), expected });
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return refuse("https:// (http:// is for loopback addresses only)"),
            _ => return refuse("https://host"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("a URL without user information");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("a URL without query and fragment");
        }
        Ok(BaseUrl(url))
    }

    /// The host, for messages and for what a vendor derives from it.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// This address with path segments added, each percent-encoded, so that no segment can become two.
    /// (`.` and `..` cannot be encoded and are left out.)
    #[must_use]
    pub fn join(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// This address with a path (and query) that the vendor handed out, such as `/services/data/v66.0/query/01g…-500`.
    /// `None` unless it begins with `/`: it never leads to another host.
    pub fn at(&self, path: &str) -> Option<Url> {
        if !path.starts_with('/') {
            return None;
        }
        let url = Url::parse(&format!("{}{path}", self.0.as_str().trim_end_matches('/'))).ok()?;
        (url.origin() == self.0.origin()).then_some(url)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl FromStr for BaseUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        BaseUrl::parse(text)
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = BadUrl;

    fn try_from(text: String) -> Result<Self, BadUrl> {
        BaseUrl::parse(&text)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_http_only_on_loopback() {
        for good in [
            "https://api.yotpo.com",
            "https://acme--uat.sandbox.my.salesforce.com/",
            "http://127.0.0.1:9000",
            "http://127.9.9.9",
            "http://[::1]:80/yotpo",
            "http://localhost:1",
            "HTTP://LOCALHOST:1",
        ] {
            assert!(BaseUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.yotpo.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://[::ffff:127.0.0.1]",
            "http://[::]",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
            "//api.yotpo.com",
            "api.yotpo.com",
            "",
        ] {
            assert!(BaseUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_refusal_names_the_host_and_no_secret() {
        let error = BaseUrl::parse("http://api.yotpo.com/x").unwrap_err();
        assert!(error.to_string().contains("api.yotpo.com") && error.to_string().contains("https://"), "{error}");
        assert!(error.to_string().contains("loopback"), "{error}");
        assert_eq!(BaseUrl::parse("https://api.yotpo.com:8443/x").unwrap().host(), "api.yotpo.com");
        for secret in [
            "https://hunter2@h.example",
            "https://u:hunter2@h.example",
            "https://h.example/?t=hunter2",
            "https://h.example#hunter2",
        ] {
            let error = BaseUrl::parse(secret).unwrap_err();
            assert!(error.to_string().contains("h.example"), "{error}");
            assert!(!format!("{error:?} {error}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn a_trailing_slash_and_a_base_path_are_kept_apart_from_what_is_joined() {
        for base in ["https://h.example/a", "https://h.example/a/"] {
            let base = BaseUrl::parse(base).unwrap();
            assert_eq!(base.join(&["b", "c d/e"]).as_str(), "https://h.example/a/b/c%20d%2Fe");
            assert_eq!(base.at("/services/x?y=1").unwrap().as_str(), "https://h.example/a/services/x?y=1");
            assert_eq!(base.to_string(), "https://h.example/a");
        }
        assert_eq!(BaseUrl::parse("https://h.example").unwrap().join(&["b"]).as_str(), "https://h.example/b");
    }

    #[test]
    fn it_is_read_from_json_and_refused_there() {
        assert!(serde_json::from_str::<BaseUrl>(r#""https://h.example""#).is_ok());
        let error = serde_json::from_str::<BaseUrl>(r#""http://h.example""#).unwrap_err();
        assert!(error.to_string().contains("h.example"), "{error}");
    }

    proptest! {
        #[test]
        fn nothing_that_is_appended_leaves_the_host(path in ".{0,40}", segment in ".{0,20}") {
            let base = BaseUrl::parse("https://h.example:8443/base").unwrap();
            for url in [base.at(&path), base.at(&format!("/{path}")), Some(base.join(&[&segment]))].into_iter().flatten() {
                prop_assert_eq!(url.origin(), base.0.origin());
                prop_assert!(url.username().is_empty());
            }
        }

        #[test]
        fn a_segment_stays_one_segment(segment in "[^.]{1,20}") {
            let url = BaseUrl::parse("https://h.example").unwrap().join(&["apps", &segment, "purchases"]);
            prop_assert_eq!(url.path_segments().unwrap().count(), 3);
            prop_assert!(url.query().is_none());
        }
    }
}
