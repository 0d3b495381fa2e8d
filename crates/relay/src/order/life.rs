//! The life of one order, for people and scripts.

use super::places::{AtLedger, Copy, QUEUES, Source, destination};
use crate::{
    answer::Answer,
    flow::Flow,
    text::{DIM, WARN, table},
};
use reviews::{life::AtDestination, named::Named};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

/// What each place says of the order.
#[derive(Debug, Serialize)]
pub(crate) struct Life {
    pub(super) flow: Flow,
    pub(super) order: String,
    pub(super) source: Option<Source>,
    pub(super) ledger: Option<AtLedger>,
    /// Its messages, in both queues.
    pub(super) messages: Vec<Copy>,
    /// What the absence of messages, or of a place, means.
    pub(super) notes: Vec<String>,
    pub(super) destination: Option<AtDestination>,
    /// It is not delivered, none of its messages was seen, and not every message could be looked at.
    pub(super) may_be_unseen: bool,
    /// The places that did not answer, and why.
    pub(super) failed: BTreeMap<&'static str, String>,
}

impl Life {
    /// Nobody was asked yet.
    pub(super) fn of(flow: Flow, order: &Named) -> Self {
        Self {
            flow,
            order: order.to_string(),
            source: None,
            ledger: None,
            messages: Vec::new(),
            notes: Vec::new(),
            destination: None,
            may_be_unseen: false,
            failed: BTreeMap::new(),
        }
    }

    fn is_known(&self) -> bool {
        let shown = self.destination.as_ref().is_some_and(|destination| destination.found);
        self.source.is_some() || self.ledger.is_some() || !self.messages.is_empty() || shown
    }
}

impl Answer for Life {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let mut lines = table([self.order.as_str(), "", ""]);
        let mut add = |place: &str, rows: Vec<(&str, String)>| {
            for (index, (what, value)) in rows.into_iter().enumerate() {
                lines.add_row([if index == 0 { place } else { "" }, what, &value]);
            }
        };
        let unknown = |place: &str| match self.failed.get(place) {
            Some(why) => vec![("not known", why.clone())],
            None => vec![("", "does not know it".to_owned())],
        };
        add("source", self.source.as_ref().map_or_else(|| unknown("source"), Source::rows));
        add("ledger", self.ledger.as_ref().map_or_else(|| unknown("ledger"), AtLedger::rows));
        for copy in &self.messages {
            add(copy.queue(), copy.rows());
        }
        for queue in QUEUES {
            if self.failed.contains_key(queue) {
                add(queue, unknown(queue));
            }
        }
        add(
            "destination",
            match &self.destination {
                Some(at) => destination(at),
                None if self.failed.contains_key("destination") => unknown("destination"),
                None => vec![("", "was not asked".to_owned())],
            },
        );
        writeln!(to, "{lines}")?;
        for note in &self.notes {
            writeln!(to, "{note}")?;
        }
        if !self.is_known() && self.failed.is_empty() {
            writeln!(to, "{WARN}nobody knows the order {}{WARN:#}", self.order)?;
        }
        let now = format!("what {} would get of it now, without the token", self.flow.destination());
        let payload = self.source.as_ref().and_then(|source| source.mapped.payload.as_ref());
        for (what, payload) in payload
            .map(|payload| (now.as_str(), payload))
            .into_iter()
            .chain(self.messages.iter().filter_map(|copy| Some((copy.queue(), copy.payload.as_ref()?))))
        {
            writeln!(to, "{DIM}{what}:{DIM:#}\n{}", serde_json::to_string_pretty(payload)?)?;
        }
        Ok(())
    }

    fn is_well(&self) -> bool {
        self.is_known()
    }

    fn is_whole(&self) -> bool {
        self.failed.is_empty() && !self.may_be_unseen
    }
}
