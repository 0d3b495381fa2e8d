//! One message for people and scripts.

use crate::{
    flow::Flow,
    text::{DIM, WARN, instant, millis},
};
use chrono::{DateTime, Utc};
use delivery::{letter::Plan, letter::Why, redrive::Planned};
use ledger::DeliveryKey;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

/// A message, its record, and what is to be done with it.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    flow: Flow,
    message_id: String,
    /// Absent: nobody can read it.
    key: Option<DeliveryKey>,
    store: Option<String>,
    business_day: Option<String>,
    error_class: String,
    error: String,
    sent_at: Option<DateTime<Utc>>,
    receives: u32,
    plan: &'static str,
    /// The record's; absent: the ledger has none.
    state: Option<&'static str>,
    reason: Option<String>,
    attempts: Option<u32>,
    repairs: Option<u32>,
    /// Since when something is wrong with the delivery.
    open_since: Option<String>,
    updated_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip)]
    words: String,
}

/// What is to be done, in words that end a sentence on one message.
fn words(plan: Plan, flow: Flow) -> String {
    let words = match plan {
        Plan::Send => "can be sent again",
        Plan::Anew => return format!("can be made anew from {}", flow.source()),
        Plan::Done => "done: delivered, or the ledger knows a newer version",
        Plan::Leave(Why::Young) => "left: too young",
        Plan::Leave(Why::Limit) => "left: sent again as often as is allowed",
        Plan::Leave(Why::Dismissed) => "done: a person has dismissed it",
        Plan::Leave(Why::Skipped) => "left: the ledger has skipped this version by rule",
        Plan::Unreadable => "unreadable",
    };
    words.to_owned()
}

/// How many messages there are of each plan: by name for scripts, in words for people.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Counts {
    pub(super) by_plan: BTreeMap<&'static str, usize>,
    #[serde(skip)]
    pub(super) words: Vec<String>,
}

impl Counts {
    /// Counts messages of a flow.
    pub(super) fn add<'a>(&mut self, planned: impl IntoIterator<Item = &'a Planned>, flow: Flow) {
        let mut counts: BTreeMap<Plan, usize> = BTreeMap::new();
        for one in planned {
            *counts.entry(one.plan).or_default() += 1;
        }
        self.words.extend(counts.iter().map(|(plan, n)| format!("{n} {}", words(*plan, flow))));
        for (plan, n) in counts {
            self.count(plan, n);
        }
    }

    /// Without a word.
    pub(super) fn count(&mut self, plan: Plan, n: usize) {
        *self.by_plan.entry(plan.as_str()).or_default() += n;
    }
}

/// Without the characters that a terminal obeys: anybody may have put a message there.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

impl Line {
    pub(crate) fn of(planned: &Planned, flow: Flow, body: bool) -> Self {
        let Planned { letter, record, plan } = planned;
        let (delivery, record) = (letter.delivery(), record.as_ref());
        Self {
            flow,
            message_id: letter.taken.id.clone(),
            key: delivery.map(|delivery| delivery.key.clone()),
            store: delivery.map(|delivery| delivery.store.clone()),
            business_day: delivery.and_then(|delivery| delivery.day.clone()),
            error_class: letter.class().to_owned(),
            error: letter.error().to_owned(),
            sent_at: letter.taken.sent_at,
            receives: letter.taken.receives,
            plan: plan.as_str(),
            state: record.map(|record| record.state.as_str()),
            reason: record.and_then(|record| record.reason.clone()),
            attempts: record.map(|record| record.attempts),
            repairs: record.map(|record| record.repairs),
            open_since: record.and_then(|record| record.open_since).map(millis),
            updated_at: record.map(|record| millis(record.updated_at)),
            body: body.then(|| letter.taken.body.clone()),
            words: words(*plan, flow),
        }
    }

    /// Some lines for people.
    pub(crate) fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let name = self.key.as_ref().map_or(self.message_id.as_str(), DeliveryKey::as_str);
        let came = self.sent_at.map_or_else(|| "unknown".to_owned(), instant);
        writeln!(to, "{name}  {WARN}{}{WARN:#}", self.words)?;
        writeln!(to, "  {}: {}", printable(&self.error_class), printable(&self.error))?;
        if let Some(state) = self.state {
            let reason = self.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
            let (attempts, repairs) = (self.attempts.unwrap_or_default(), self.repairs.unwrap_or_default());
            let since = self.open_since.as_ref().map_or_else(String::new, |since| format!(", open since {since}"));
            writeln!(to, "  ledger: {state}{reason}, attempts {attempts}, sent again {repairs}{since}")?;
        } else {
            writeln!(to, "  ledger: nothing")?;
        }
        let (store, day) = (self.store.as_deref().unwrap_or("?"), self.business_day.as_deref().unwrap_or("no day"));
        writeln!(to, "  {DIM}store {store}, {day}; here since {came}, received {} times{DIM:#}", self.receives)?;
        self.body.iter().try_for_each(|body| writeln!(to, "  {}", printable(body)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_does_not_command_the_terminal() {
        assert_eq!(printable("é \u{1b}[2J\r\nx"), "é \u{fffd}[2J\u{fffd}\u{fffd}x");
    }
}
