use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

use crate::Class;

/// A complete answer, whatever its status.  `Debug` shows status and size only: bodies hold personal data.
#[derive(Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body, complete.
    pub body: Bytes,
    headers: HeaderMap,
}

/// A body that is not the JSON expected.  Says where, never what: the text may be personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the answer (HTTP {status}, {content_type}, {bytes} bytes) is not the JSON expected: {what} at line {line}, column {column}"
)]
pub struct Unreadable {
    /// The HTTP status it came with.
    pub status: u16,
    /// Its `Content-Type`, or `no content type`.
    pub content_type: String,
    /// Its size.
    pub bytes: usize,
    /// Not JSON, cut short, or JSON of another shape.
    pub what: &'static str,
    /// Where reading stopped, from 1 (0: at the very start).
    pub line: usize,
    /// Where reading stopped in that line.
    pub column: usize,
}

/// A wait longer than this is taken for a mistake of the sender's and cut.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

impl Reply {
    pub(crate) fn new(status: u16, headers: HeaderMap, body: Bytes) -> Reply {
        Reply { status, body, headers }
    }

    /// The class of the status.
    pub fn class(&self) -> Class {
        Class::of(self.status)
    }

    /// A header's first value, if it is plain text.  Names are not case-sensitive.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON, whatever its content type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Unreadable> {
        serde_json::from_slice(&self.body).map_err(|error| Unreadable {
            status: self.status,
            content_type: self.header("content-type").unwrap_or("no content type").to_owned(),
            bytes: self.body.len(),
            what: match error.classify() {
                serde_json::error::Category::Data => "another shape",
                serde_json::error::Category::Eof => "the end",
                serde_json::error::Category::Syntax | serde_json::error::Category::Io => "no JSON",
            },
            line: error.line(),
            column: error.column(),
        })
    }

    /// How long the vendor asks us to wait: `Retry-After` in seconds or as a date
    /// (<https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>), else `RateLimit-Reset` in seconds.
    /// At most a day; zero for a date that has passed.
    pub fn retry_after(&self, now: DateTime<Utc>) -> Option<Duration> {
        let wait = self
            .header("retry-after")
            .and_then(|value| seconds(value).or_else(|| until(value, now)))
            .or_else(|| self.header("ratelimit-reset").and_then(seconds))?;
        Some(wait.min(LONGEST_WAIT))
    }
}

fn seconds(value: &str) -> Option<Duration> {
    let seconds: f64 = value.trim().parse().ok()?;
    // Also drops NaN.  Rounded up: a wait that is too short is another refusal.
    (seconds >= 0.0).then(|| Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(LONGEST_WAIT))
}

fn until(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let then = DateTime::<Utc>::from(httpdate::parse_http_date(value).ok()?);
    Some((then - now).to_std().unwrap_or(Duration::ZERO))
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply(HTTP {}, {} bytes)", self.status, self.body.len())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn reply(headers: &[(&'static str, &str)], body: &str) -> Reply {
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        Reply::new(429, headers.collect(), Bytes::copy_from_slice(body.as_bytes()))
    }

    fn wait(headers: &[(&'static str, &str)]) -> Option<u64> {
        let now = Utc.with_ymd_and_hms(2026, 11, 20, 8, 0, 0).unwrap();
        reply(headers, "").retry_after(now).map(|wait| wait.as_secs())
    }

    #[test]
    fn the_wait_is_read_from_what_the_vendor_sends() {
        assert_eq!(wait(&[("retry-after", "7")]), Some(7));
        assert_eq!(wait(&[("retry-after", "Fri, 20 Nov 2026 08:00:30 GMT")]), Some(30));
        assert_eq!(wait(&[("retry-after", "Fri, 20 Nov 2026 07:00:00 GMT")]), Some(0));
        assert_eq!(wait(&[("ratelimit-reset", "12")]), Some(12));
        assert_eq!(wait(&[("ratelimit-reset", "0.2")]), Some(1));
        assert_eq!(wait(&[("ratelimit-reset", "12"), ("retry-after", "7")]), Some(7));
        assert_eq!(wait(&[("ratelimit-reset", "12"), ("retry-after", "soon")]), Some(12));
        for nonsense in ["-1", "NaN", "", "tomorrow"] {
            assert_eq!(wait(&[("retry-after", nonsense)]), None, "{nonsense}");
        }
        assert_eq!(wait(&[("retry-after", "99999999999999999999999")]), Some(86_400));
    }

    #[test]
    fn an_unreadable_body_is_described_and_not_quoted() {
        #[derive(Debug, serde::Deserialize)]
        struct Number {
            #[expect(dead_code, reason = "only its type matters")]
            email: u8,
        }
        let reply = reply(&[("content-type", "application/json")], r#"{"email":"jane@example.com"}"#);
        let error = reply.json::<Number>().unwrap_err();
        assert_eq!((error.status, error.bytes, error.what), (429, 28, "another shape"));
        assert!(!format!("{error} {error:?} {reply:?}").contains("jane"), "{error}");
    }

    proptest! {
        #[test]
        fn no_header_makes_the_wait_panic_or_exceed_a_day(value in "[ -~]{0,30}") {
            let wait = wait(&[("retry-after", &value)]);
            prop_assert!(wait.is_none_or(|seconds| seconds <= 86_400));
        }
    }
}
