//! Calls a second and a minute, and the headers that tell of it.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use chrono::{DateTime, Utc};

use super::settings::Settings;

/// How often an account was called in the second and the minute that are not over.
#[derive(Debug, Clone, Default)]
pub(super) struct Windows {
    second: (i64, u32),
    minute: (i64, u32),
    /// The most calls that it was asked to answer in one second, refused ones included.
    pub(super) peak: u32,
}

impl Windows {
    /// Counts a call; whether it is within the limits, and the headers of its answer.
    pub(super) fn admit(&mut self, settings: &Settings, now: DateTime<Utc>) -> (bool, HeaderMap) {
        let stamp = now.timestamp();
        let of_second = count(&mut self.second, stamp);
        let of_minute = count(&mut self.minute, stamp.div_euclid(60));
        self.peak = self.peak.max(of_second);
        let mut headers = HeaderMap::new();
        let mut admitted = true;
        if let Some(limit) = settings.per_second {
            admitted &= of_second <= limit;
            set(&mut headers, "ratelimit-limit", limit);
            set(&mut headers, "ratelimit-remaining", limit.saturating_sub(of_second));
            set(&mut headers, "ratelimit-reset", 1);
        }
        if let Some(limit) = settings.per_minute {
            admitted &= of_minute <= limit;
            set(&mut headers, "x-ratelimit-limit-minute", limit);
            set(&mut headers, "x-ratelimit-remaining-minute", limit.saturating_sub(of_minute));
        }
        (admitted, headers)
    }
}

fn count(window: &mut (i64, u32), at: i64) -> u32 {
    if window.0 != at {
        *window = (at, 0);
    }
    window.1 += 1;
    window.1
}

fn set(headers: &mut HeaderMap, name: &'static str, value: u32) {
    headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
}
