//! The check event, `{"check":true}`: whether a function could do its work, found out without sending or writing anything.
//! A new version is asked before traffic moves to it.

use crate::{
    deliver::Deliverer,
    environment::ColdStart,
    fault::chain,
    fields::Fields,
    picklists,
    produce::Producer,
    reconcile::Reconciler,
    sample,
    stores::{Misconfigured, Stores},
    twins,
};
use config::Relay;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::error::Error as StdError;

/// Whether an event asks for a check. Nothing else may be in it, so that no batch of messages is taken for one.
fn is_check(event: &Value) -> bool {
    *event == json!({"check": true})
}

/// Whether an event asks which settings a function works with, and no more: the answer to `{"check":"settings"}` is the
/// beginning of that to a check event, and nobody else is asked for it.
fn is_settings_check(event: &Value) -> bool {
    *event == json!({"check": "settings"})
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Everything that was looked at.
    pub checked: Vec<Check>,
    /// Whether all of it is as it must be.
    pub ok: bool,
}

impl Checked {
    /// The answer to a check event, of a function that works with a `T` or that could not start; `None` to any other event.
    pub async fn answer<T>(
        event: &Value,
        started: &Result<&T, ColdStart>,
        settings: impl FnOnce(&T) -> &Relay,
        check: impl AsyncFnOnce(&T) -> Self,
    ) -> Option<Self> {
        match started {
            Ok(works) if is_check(event) => Some(check(works).await),
            Ok(works) if is_settings_check(event) => Some(Self::started(settings(works))),
            Err(error) if is_check(event) || is_settings_check(event) => Some(Self::not_started(error)),
            _ => None,
        }
    }

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
        let name = if error.is::<config::Error>() {
            "configuration"
        } else if error.is::<secrets::Error>() || error.is::<Misconfigured>() {
            "secret"
        } else {
            "environment"
        };
        let mut checked = Self::nothing();
        checked.put(name, Some(chain(error.as_ref())));
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

    /// A token for each store, asked of Yotpo.
    pub async fn yotpo_tokens(&mut self, stores: &Stores, config: &Relay) {
        let names: Vec<_> = config.stores.keys().collect();
        let clients: Vec<_> = names.iter().filter_map(|name| stores.get(name)).collect();
        let tokens = join_all(clients.iter().map(|client| client.log_in())).await;
        for (name, token) in names.iter().zip(tokens) {
            self.note(&format!("yotpo token, store {name}"), token);
        }
    }

    /// A session at Salesforce, the configured fields in the org with their values, and a sample order mapped by them; the
    /// fields, if they are there.
    pub async fn salesforce(
        &mut self,
        client: &salesforce::Client,
        config: &Relay,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Option<Fields> {
        // Without a session nothing else can be asked, and why is said once.
        self.note("salesforce token", client.log_in().await)?;
        let schema = client.schema();
        let fields = self.note("salesforce fields", Fields::find(&schema, config).await)?;
        self.picklists(&schema, config).await;
        let order_ids = twins::check::look(client, &fields, config, now).await;
        let note = self.note("salesforce order ids", order_ids);
        self.remark(note.flatten());
        self.note("mapping", sample::is_mapped(&fields, config, now));
        Some(fields)
    }

    async fn picklists(&mut self, schema: &salesforce::Schema<'_>, config: &Relay) {
        let name = "salesforce picklists";
        let notes = match picklists::look(schema, config).await {
            Ok(found) => self.note(name, found.judged()),
            Err(error) => self.note(name, Err(error)),
        };
        self.remark(notes.filter(|notes| !notes.is_empty()).map(|notes| notes.join("; ")));
    }

    /// What is worth knowing of what was looked at last.
    fn remark(&mut self, note: Option<String>) {
        if let (Some(note), Some(check)) = (note, self.checked.last_mut()) {
            check.note = Some(note);
        }
    }

    /// A queue and its dead-letter queue.
    pub async fn queues(&mut self, queue: &queue::Queue, dead_letters: &queue::Queue) {
        let (reached, letters_reached) = tokio::join!(queue.reach(), dead_letters.reach());
        self.note("queue", reached);
        self.note("dead-letter queue", letters_reached);
    }
}

impl Producer {
    /// Looks at everything that a run needs.
    pub async fn check(&self) -> Checked {
        let mut checked = Checked::started(&self.config);
        checked.salesforce(&self.salesforce, &self.config, (self.now)()).await;
        checked.queues(&self.queue, &self.dead_letters).await;
        checked.note("ledger", self.ledger.reach().await);
        checked
    }
}

impl Reconciler {
    /// Looks at everything that a look at a day needs.
    pub async fn check(&self) -> Checked {
        let mut checked = Checked::started(&self.config);
        checked.salesforce(&self.salesforce, &self.config, (self.now)()).await;
        checked.yotpo_tokens(&self.stores, &self.config).await;
        checked.queues(&self.queue, &self.dead_letters).await;
        checked.note("ledger", self.ledger.reach().await);
        checked
    }
}

impl Deliverer {
    /// Looks at everything that a delivery needs.
    pub async fn check(&self) -> Checked {
        let mut checked = Checked::started(&self.config);
        checked.yotpo_tokens(&self.stores, &self.config).await;
        checked.queues(&self.queue, &self.dead_letters).await;
        checked.note("ledger", self.ledger.reach().await);
        checked.note("mapping", sample::is_read_back(&self.config));
        checked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_event_is_one_and_nothing_else_is() {
        let (all, settings) = (json!({"check": true}), json!({"check": "settings"}));
        assert!(is_check(&all) && !is_settings_check(&all));
        assert!(is_settings_check(&settings) && !is_check(&settings));
        for other in [
            json!({"check": false}),
            json!({"check": "true"}),
            json!({"Records": [], "check": true}),
            json!({"Records": [], "check": "settings"}),
            json!({"Records": [{"body": "{\"check\":true}"}]}),
            json!([{"check": true}]),
            json!({}),
        ] {
            assert!(!is_check(&other) && !is_settings_check(&other), "{other}");
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
        let config: ColdStart = Relay::parse("time_zone = 1", "relay.toml").unwrap_err().into();
        let secret: ColdStart = secrets::Error::Empty { name: "order-relay/yotpo".to_owned() }.into();
        let other: ColdStart = "misconfigured: environment variable `QUEUE_URL` is not set".into();
        for (error, name, said) in [
            (config, "configuration", "relay.toml"),
            (secret, "secret", "put-secret-value --secret-id order-relay/yotpo"),
            (other, "environment", "QUEUE_URL"),
        ] {
            let checked = Checked::not_started(&error);
            assert!(!checked.ok && checked.checked[0].name == name, "{checked:?}");
            assert!(checked.checked[0].error.as_ref().unwrap().contains(said), "{checked:?}");
        }
    }
}
