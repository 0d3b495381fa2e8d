//! What a function that a schedule or a person starts is invoked with.

use chrono::{DateTime, TimeDelta, Utc};
use config::{BusinessDay, StoreName};
use queue::TraceHeader;
use serde::Deserialize;
use std::time::Duration;

/// What is asked of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// From the schedule: whatever is over by then.
    Scheduled {
        /// When the schedule fired.
        at: DateTime<Utc>,
    },
    /// By hand: exactly that day; cursors stay where they are.
    Day {
        /// The business day.
        day: BusinessDay,
        /// One store, or every store.
        store: Option<StoreName>,
        /// Whether a day of before the flow's start is meant.
        history: bool,
    },
}

/// The invocation that a run is.
#[derive(Clone, Debug)]
pub struct Invoked {
    /// When it ends.
    pub deadline: DateTime<Utc>,
    /// Its trace, which its messages carry on.
    pub trace: Option<TraceHeader>,
}

/// Left at the end of an invocation, for saying how the run went.
const MARGIN: TimeDelta = TimeDelta::seconds(10);

impl Invoked {
    /// When the run's work is to end.
    pub fn ends(&self) -> DateTime<Utc> {
        self.deadline - MARGIN
    }

    /// How long the run may work.
    pub fn room(&self, now: DateTime<Utc>) -> Duration {
        (self.ends() - now).to_std().unwrap_or_default()
    }
}

/// An event that is neither.
#[derive(Debug, thiserror::Error)]
#[error(
    "bad event: {0}; expected {{\"scheduled_at\":\"<RFC 3339>\"}} or {{\"business_day\":\"YYYY-MM-DD\",\"store\"?:\"<name>\",\"history\"?:true}}"
)]
pub struct BadEvent(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    scheduled_at: Option<String>,
    business_day: Option<String>,
    store: Option<String>,
    #[serde(default)]
    history: bool,
}

impl Event {
    /// Reads an event.
    ///
    /// # Errors
    /// Names the field and what was expected.
    pub fn parse(event: serde_json::Value) -> Result<Self, BadEvent> {
        let raw: Raw = serde_json::from_value(event).map_err(|e| BadEvent(e.to_string()))?;
        match (raw.scheduled_at, raw.business_day, raw.store) {
            (Some(at), None, None) => DateTime::parse_from_rfc3339(&at)
                .map(|at| Self::Scheduled { at: at.to_utc() })
                .map_err(|_| BadEvent(format!("`scheduled_at` is {at:?}"))),
            (None, Some(day), store) => Ok(Self::Day {
                day: day.parse().map_err(|_| BadEvent(format!("`business_day` is {day:?}")))?,
                store: store
                    .map(StoreName::try_from)
                    .transpose()
                    .map_err(|expected| BadEvent(format!("`store`: {expected}")))?,
                history: raw.history,
            }),
            (None, None, _) => Err(BadEvent("it has neither `scheduled_at` nor `business_day`".to_owned())),
            (Some(_), _, _) => Err(BadEvent("`scheduled_at` stands alone".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_forms_are_read() {
        let at = Event::parse(json!({"scheduled_at": "2026-11-21T02:15:00Z"})).unwrap();
        assert_eq!(at, Event::Scheduled { at: "2026-11-21T02:15:00Z".parse().unwrap() });
        let day = Event::parse(json!({"business_day": "2026-11-20", "store": "default"})).unwrap();
        assert!(matches!(day, Event::Day { store: Some(_), .. }));
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for (event, named) in [
            (json!({}), "neither"),
            (json!({"scheduled_at": "yesterday"}), "`scheduled_at` is \"yesterday\""),
            (json!({"business_day": "2026-02-30"}), "`business_day` is \"2026-02-30\""),
            (json!({"business_day": "2026-11-20", "store": "a b"}), "`store`"),
            (json!({"buisness_day": "2026-11-20"}), "buisness_day"),
            (json!({"scheduled_at": "2026-11-21T02:15:00Z", "business_day": "2026-11-20"}), "stands alone"),
            (json!([1]), "expected"),
        ] {
            let error = Event::parse(event).unwrap_err().to_string();
            assert!(error.contains(named) && error.contains("YYYY-MM-DD"), "{error}");
        }
    }
}
