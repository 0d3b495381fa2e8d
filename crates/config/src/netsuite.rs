//! `[netsuite]`.

use crate::fault::{Fault, require, within};
use crate::{Currency, duration};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The internal id of a NetSuite record: digits, negative for what NetSuite ships with (`-5`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct InternalId(String);

/// How the account is called, and how much of it is ours.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetSuite {
    /// When a call is given up: creating an order takes seconds to tens of seconds.
    #[serde(deserialize_with = "duration::read")]
    pub call_timeout: Duration,
    /// Calls at a time, of all our functions and command lines together.
    pub slots: u32,
    /// How long a call without an answer keeps its slot.
    #[serde(deserialize_with = "duration::read")]
    pub unanswered_hold: Duration,
    /// When what another worker is at is looked at again, or what waits for it; then after twice as long each time.
    #[serde(deserialize_with = "duration::read")]
    pub first_look: Duration,
    /// The longest from one such look to the next.
    #[serde(deserialize_with = "duration::read")]
    pub longest_look: Duration,
    /// Currencies by their code, where NetSuite's symbol is another; the others are looked up.
    pub currencies: BTreeMap<Currency, InternalId>,
}

impl Default for NetSuite {
    fn default() -> Self {
        Self {
            call_timeout: Duration::from_mins(1),
            slots: 4,
            unanswered_hold: Duration::from_mins(2),
            first_look: Duration::from_secs(5),
            longest_look: Duration::from_mins(1),
            currencies: BTreeMap::new(),
        }
    }
}

impl NetSuite {
    pub(crate) fn check(&self) -> Result<(), Fault> {
        const LEAST: Duration = Duration::from_millis(1);
        within(self.call_timeout, LEAST, Duration::from_mins(2), "netsuite.call_timeout")?;
        require((1..=100).contains(&self.slots), "netsuite.slots", "expected 1 to 100 calls at a time")?;
        within(self.unanswered_hold, Duration::ZERO, Duration::from_mins(15), "netsuite.unanswered_hold")?;
        within(self.longest_look, LEAST, Duration::from_mins(15), "netsuite.longest_look")?;
        within(self.first_look, LEAST, self.longest_look, "netsuite.first_look")
    }
}

impl InternalId {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for InternalId {
    type Error = &'static str;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        let digits = id.strip_prefix('-').unwrap_or(&id);
        if (1..=18).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(id))
        } else {
            Err("expected the internal id of a NetSuite record, digits in quotes such as \"3\"")
        }
    }
}

impl fmt::Display for InternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
