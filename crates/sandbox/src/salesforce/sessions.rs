//! Who may log in, and who is logged in.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

/// What the connected app knows.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// The user whom JWT assertions name.
    pub(crate) username: String,
}

impl Default for App {
    fn default() -> Self {
        Self {
            client_id: "sandbox-client-id".to_owned(),
            client_secret: "sandbox-client-secret".to_owned(),
            username: "integration@sandbox.invalid".to_owned(),
        }
    }
}

/// Access tokens by their text, with the time they were minted.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    minted: HashMap<String, DateTime<Utc>>,
    count: u64,
}

impl Sessions {
    pub(crate) fn clear(&mut self) {
        self.minted.clear();
    }

    /// Whether the token is known and not older than so many seconds.
    pub(crate) fn admits(&self, token: &str, life: Option<u64>, now: DateTime<Utc>) -> bool {
        let life = life.and_then(|seconds| i64::try_from(seconds).ok());
        let is_young = |minted: &DateTime<Utc>| life.is_none_or(|seconds| now - *minted < TimeDelta::seconds(seconds));
        self.minted.get(token).is_some_and(is_young)
    }

    pub(crate) fn mint(&mut self, now: DateTime<Utc>) -> String {
        self.count += 1;
        let token = format!("00DRO0000000sbx!AR8AQ{:08}_{}", self.count, now.timestamp_millis());
        self.minted.insert(token.clone(), now);
        token
    }
}
