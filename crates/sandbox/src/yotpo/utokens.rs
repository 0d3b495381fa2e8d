//! Utokens. <https://apidocs.yotpo.com/reference/yotpo-authentication>

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::settings::Settings;

struct Utoken {
    app_key: String,
    minted: DateTime<Utc>,
    calls: u64,
}

/// Utokens by their text.
#[derive(Default)]
pub(crate) struct Utokens {
    minted: HashMap<String, Utoken>,
    count: u64,
}

impl Utokens {
    pub(crate) fn mint(&mut self, app_key: &str, now: DateTime<Utc>) -> String {
        self.count += 1;
        let text = format!("utoken-{:06}-{}", self.count, now.timestamp_millis());
        self.minted.insert(text.clone(), Utoken { app_key: app_key.to_owned(), minted: now, calls: 0 });
        text
    }

    pub(crate) fn clear(&mut self) {
        self.minted.clear();
    }

    pub(crate) fn clear_of(&mut self, app_key: &str) {
        self.minted.retain(|_, token| token.app_key != app_key);
    }

    /// Whether `text` is good for one more call for `app_key`, and counts it.
    pub(crate) fn admit(&mut self, settings: &Settings, app_key: &str, text: Option<&str>, now: DateTime<Utc>) -> bool {
        let Some(token) = text.and_then(|text| self.minted.get_mut(text)) else {
            return false;
        };
        token.calls += 1;
        let life = settings.utoken_seconds.and_then(|seconds| i64::try_from(seconds).ok());
        token.app_key == app_key
            && life.is_none_or(|seconds| now - token.minted < TimeDelta::seconds(seconds))
            && settings.utoken_calls.is_none_or(|calls| token.calls <= calls)
    }
}
