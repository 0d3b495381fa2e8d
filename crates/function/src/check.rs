//! The check event, `{"check":true}`: whether a function could do its work, found out without sending or writing anything.
//! A new version is asked before traffic moves to it.

use crate::{environment::ColdStart, fault::chain};
use config::Relay;
use futures_util::future::join;
use ledger::Ledger;
use queue::Queue;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::error::Error as StdError;

/// What a check event asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// `{"check":true}`: whether the function could do its work.
    All,
    /// `{"check":"settings"}`: which settings it works with. The answer is the beginning of the other one, and no other system
    /// is asked for it.
    Settings,
    /// `{"check":"file"}`: the settings themselves. A function that cannot start for another reason answers this one too.
    File,
}

/// The answer to `{"check":"file"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsFile {
    /// The text of relay.toml as it was deployed.
    pub file: String,
}

impl Asked {
    /// Nothing else may be in the event, so that no batch of messages is taken for a check.
    pub(crate) fn of(event: &Value) -> Option<Self> {
        let asked = [
            (json!({"check": true}), Self::All),
            (json!({"check": "settings"}), Self::Settings),
            (json!({"check": "file"}), Self::File),
        ];
        asked.into_iter().find(|(known, _)| known == event).map(|(_, asked)| asked)
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What.
    pub name: String,
    /// Whether it is as it must be.
    pub ok: bool,
    /// What is wrong with it, without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What is worth knowing, though it is not wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Of the configuration, what the first log line says too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Of the configuration, the release of the time zone database whose rules make business days, such as `2026f`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zones: Option<String>,
}

impl Check {
    fn of(name: &str, error: Option<String>) -> Self {
        Self { name: name.to_owned(), ok: error.is_none(), error, note: None, sha256: None, zones: None }
    }
}

/// The answer to a check event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Everything that was looked at.
    pub checked: Vec<Check>,
    /// Whether all of it is as it must be.
    pub ok: bool,
}

impl Checked {
    /// Nothing has been looked at.
    pub fn nothing() -> Self {
        Self { checked: Vec::new(), ok: true }
    }

    /// Begins with what a cold start that went well has shown.
    pub fn started(config: &Relay) -> Self {
        let zones = Some(config::Zone::RELEASE.to_owned());
        let configuration = Check { sha256: Some(config.sha256.clone()), zones, ..Check::of("configuration", None) };
        Self { checked: vec![configuration, Check::of("secret", None)], ok: true }
    }

    /// A cold start that failed.
    pub fn not_started(error: &ColdStart) -> Self {
        let name = match error {
            ColdStart::Configuration(_) => "configuration",
            ColdStart::Secret(_) | ColdStart::Unavailable(_) => "secret",
            ColdStart::Environment(_) => "environment",
        };
        let mut checked = Self::nothing();
        checked.put(name, Some(chain(error)));
        checked
    }

    /// Adds what came of looking at `name`; the value, if it is well.
    pub fn note<T, E: StdError>(&mut self, name: &str, result: Result<T, E>) -> Option<T> {
        self.put(name, result.as_ref().err().map(|error| chain(error)));
        result.ok()
    }

    fn put(&mut self, name: &str, error: Option<String>) {
        if let Some(error) = &error {
            tracing::error!(check = name, error, "check failed");
        }
        self.ok &= error.is_none();
        self.checked.push(Check::of(name, error));
    }

    /// What is worth knowing of what was looked at last.
    pub fn remark(&mut self, note: Option<String>) {
        if let (Some(note), Some(check)) = (note, self.checked.last_mut()) {
            check.note = Some(note);
        }
    }

    /// A queue and its dead-letter queue.
    pub async fn queues(&mut self, queue: &Queue, dead_letters: &Queue) {
        let (reached, letters_reached) = join(queue.reach(), dead_letters.reach()).await;
        self.note("queue", reached);
        self.note("dead-letter queue", letters_reached);
    }

    /// The ledger.
    pub async fn ledger(&mut self, ledger: &Ledger) {
        self.note("ledger", ledger.reach().await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_event_is_one_and_nothing_else_is() {
        assert_eq!(Asked::of(&json!({"check": true})), Some(Asked::All));
        assert_eq!(Asked::of(&json!({"check": "settings"})), Some(Asked::Settings));
        assert_eq!(Asked::of(&json!({"check": "file"})), Some(Asked::File));
        for other in [
            json!({"check": false}),
            json!({"check": "true"}),
            json!({"Records": [], "check": true}),
            json!({"Records": [], "check": "settings"}),
            json!({"Records": [{"body": "{\"check\":true}"}]}),
            json!([{"check": true}]),
            json!({}),
        ] {
            assert_eq!(Asked::of(&other), None, "{other}");
        }
    }

    #[test]
    fn one_failure_is_named_and_makes_the_whole_fail() {
        let config = Relay::parse(include_str!("../../../infra/config/relay.toml"), "test").unwrap();
        let mut checked = Checked::started(&config);
        assert!(checked.ok);
        checked.note("queue", Err::<(), _>("x".parse::<i32>().unwrap_err()));
        assert_eq!(checked.note("ledger", Ok::<_, std::fmt::Error>(7)), Some(7));
        let answer = serde_json::to_value(&checked).unwrap();
        assert_eq!(answer["ok"], false);
        let sha256 = answer["checked"][0]["sha256"].as_str().unwrap();
        assert_eq!((sha256.len(), answer["checked"][0]["name"].as_str()), (64, Some("configuration")));
        assert_eq!(answer["checked"][0]["zones"], config::Zone::RELEASE);
        assert_eq!(
            answer["checked"][2],
            json!({"name": "queue", "ok": false, "error": "invalid digit found in string"})
        );
        assert_eq!(answer["checked"][3], json!({"name": "ledger", "ok": true}));
    }

    #[test]
    fn a_cold_start_that_failed_says_of_what() {
        let config = ColdStart::from(Relay::parse("time_zone = 1", "relay.toml").unwrap_err());
        let secret = ColdStart::Secret("secret `order-relay/yotpo` has not been filled".into());
        let other = ColdStart::Environment("environment variable `QUEUE_URL` is not set".into());
        for (error, name, said) in [
            (config, "configuration", "relay.toml"),
            (secret, "secret", "order-relay/yotpo"),
            (other, "environment", "QUEUE_URL"),
        ] {
            let checked = Checked::not_started(&error);
            assert!(!checked.ok && checked.checked[0].name == name, "{checked:?}");
            assert!(checked.checked[0].error.as_ref().unwrap().contains(said), "{checked:?}");
        }
    }
}
