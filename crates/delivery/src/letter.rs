//! A message of the dead-letter queue, taken apart, and what is to be done with it given its record. Pure.

use crate::{Unmapped, judge::is_newer};
use ledger::{Delivery, Millis, Policy, Record, State, decide::DISMISSED};
use queue::{Entry, Taken, body};
use serde_json::Value;
use std::time::Duration;

/// What stands where a message names no class or error: SQS moved it there, or somebody else put it there.
pub const NOT_NAMED: &str = "none";

/// The field of a message that has what was too long for it, by [`body::pack`].
const PACKED: &str = "gzip+base64";
/// The longest text that is unpacked to be searched: API Gateway takes no longer request.
const UNPACKED: u64 = 10 * 1024 * 1024;

/// A message that was taken out by hand, and what it is.
#[derive(Clone, Debug)]
pub struct Letter {
    /// As SQS gave it.
    pub taken: Taken,
    /// What its body says.
    pub content: Content,
}

/// What a body says.
#[derive(Clone, Debug)]
pub enum Content {
    /// A message of the flow, by what the ledger knows it by.
    Message(Delivery),
    /// A record that could not be mapped, or was not to be: it is made anew from the source.
    Unmapped(Delivery),
    /// Nothing of ours.
    Unreadable,
}

/// What is to be done with a copy of the dead-letter queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Plan {
    /// It still counts: sent again as it is.
    Send,
    /// It still counts: made anew from the source.
    Anew,
    /// It does not count any more: it was accepted or confirmed, or the ledger knows a newer version.
    Done,
    /// It is left where it is.
    Leave(Why),
    /// Nobody can read it.
    Unreadable,
}

/// Why a copy is left where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// Whoever put it there may not have written down why.
    Young,
    /// It was reopened as often as is allowed, without success.
    Limit,
    /// A person has decided that it is not sent.
    Dismissed,
    /// The ledger has skipped this very version, by rule.
    Skipped,
}

/// What the plan depends on, beside the copy and its record.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Now.
    pub now: Millis,
    /// A copy is left alone for so long: the invocation of whoever put it there must be over.
    pub older_than: Duration,
    /// How often a delivery is reopened.
    pub limit: u32,
}

impl Plan {
    /// The word for it in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Anew => "send_anew",
            Self::Done => "done",
            Self::Leave(Why::Young) => "too_young",
            Self::Leave(Why::Limit) => "limit_reached",
            Self::Leave(Why::Dismissed) => "dismissed",
            Self::Leave(Why::Skipped) => "skipped",
            Self::Unreadable => "unreadable",
        }
    }

    /// Whether the copy would be missed if it were deleted without a word to the ledger.
    pub const fn still_counts(self) -> bool {
        match self {
            Self::Done | Self::Leave(Why::Dismissed) | Self::Unreadable => false,
            Self::Send | Self::Anew | Self::Leave(Why::Young | Why::Limit | Why::Skipped) => true,
        }
    }
}

impl Letter {
    /// Takes a message apart, as far as any flow's are alike. One of another flow is none of ours.
    pub fn of(taken: Taken, flow: &str) -> Self {
        let content = match serde_json::from_str::<Delivery>(&taken.body) {
            Ok(delivery) if delivery.key.flow() != flow => Content::Unreadable,
            Ok(delivery) if serde_json::from_str::<Unmapped>(&taken.body).is_ok() => Content::Unmapped(delivery),
            Ok(delivery) => Content::Message(delivery),
            Err(_) => Content::Unreadable,
        };
        Self { taken, content }
    }

    /// What the ledger knows it by.
    pub fn delivery(&self) -> Option<&Delivery> {
        match &self.content {
            Content::Message(delivery) | Content::Unmapped(delivery) => Some(delivery),
            Content::Unreadable => None,
        }
    }

    /// The error class that whoever put it there named.
    pub fn class(&self) -> &str {
        self.attribute("error_class")
    }

    /// The error, in words without personal data.
    pub fn error(&self) -> &str {
        self.attribute("error")
    }

    fn attribute(&self, name: &str) -> &str {
        self.taken.attributes.get(name).map_or(NOT_NAMED, String::as_str)
    }

    /// The message for the flow's queue, without what was said of its failure and in its own trace.
    pub fn entry(&self) -> Entry {
        Entry::new(self.taken.body.clone()).traced(self.taken.trace.clone())
    }

    /// Whether any text in it is this one, but for ASCII case and what is around it that nobody sees; what is no JSON is searched
    /// for it. A text that is JSON itself, as a webhook's body is, is taken apart as well, and one that was packed.
    pub fn mentions(&self, text: &str) -> bool {
        is_within(&self.taken.body, &folded(text))
    }

    /// What is to be done with it.
    pub fn plan(&self, record: Option<&Record>, rules: &Rules, policy: &Policy) -> Plan {
        let Some(delivery) = self.delivery() else { return Plan::Unreadable };
        let sent_at = self.taken.sent_at.map_or(rules.now, Millis::from);
        if sent_at.plus(rules.older_than) > rules.now {
            return Plan::Leave(Why::Young);
        }
        let send = if matches!(self.content, Content::Unmapped(_)) { Plan::Anew } else { Plan::Send };
        let Some(record) = record else { return send };
        let dismissed = record.reason.as_deref().is_some_and(|reason| reason.starts_with(DISMISSED));
        match record.state {
            State::Accepted | State::Confirmed if policy.supersedes && is_newer(delivery, record) => send,
            State::Accepted | State::Confirmed => Plan::Done,
            _ if record.revision > delivery.revision => Plan::Done,
            _ if record.revision < delivery.revision => send,
            State::Rejected if dismissed => Plan::Leave(Why::Dismissed),
            State::Skipped => Plan::Leave(Why::Skipped),
            State::Rejected | State::Parked if record.repairs >= rules.limit => Plan::Leave(Why::Limit),
            State::Rejected | State::Parked | State::Pending | State::Claimed | State::Uncertain => send,
        }
    }
}

/// The text without what nobody sees at its ends, in small letters.
fn folded(text: &str) -> String {
    text.trim_matches(|c: char| !c.is_alphanumeric() && !c.is_ascii_punctuation()).to_ascii_lowercase()
}

fn is_within(json: &str, wanted: &str) -> bool {
    match serde_json::from_str(json) {
        Ok(value) => is_in(&value, wanted),
        Err(_) => json.to_ascii_lowercase().contains(wanted),
    }
}

fn is_in(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) if text.trim_start().starts_with('{') => is_within(text, wanted),
        Value::String(text) => folded(text) == wanted,
        Value::Array(values) => values.iter().any(|value| is_in(value, wanted)),
        Value::Object(fields) => fields.iter().any(|(name, value)| match value {
            Value::String(text) if name == PACKED => {
                body::unpack(text, UNPACKED).is_ok_and(|text| is_within(&text, wanted))
            }
            value => is_in(value, wanted),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
#[path = "letter_tests.rs"]
mod tests;
