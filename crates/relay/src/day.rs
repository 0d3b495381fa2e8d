//! Days as they are typed.

use chrono::{DateTime, Utc};
use config::{BusinessDay, Relay, StoreName};
use std::str::FromStr;

/// A business day: `2026-11-20`, or `yesterday`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Day {
    Named(BusinessDay),
    Yesterday,
}

impl Day {
    /// The day it is for `store`; for every store, and for the orders of none, by the org's time zone.
    pub(crate) fn of(self, store: Option<&StoreName>, config: &Relay, now: DateTime<Utc>) -> BusinessDay {
        match self {
            Self::Named(day) => day,
            Self::Yesterday => {
                let store = store.and_then(|name| config.stores.get(name));
                BusinessDay::of(now, store.map_or(config.time_zone, |store| store.time_zone)).previous()
            }
        }
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "yesterday" => Ok(Self::Yesterday),
            text => text.parse().map(Self::Named).map_err(|expected| format!("{expected}, or `yesterday`")),
        }
    }
}

/// A store's name as it is typed; whether there is such a store is for the configuration to say.
pub(crate) fn store(text: &str) -> Result<StoreName, String> {
    StoreName::try_from(text.to_owned()).map_err(str::to_owned)
}
