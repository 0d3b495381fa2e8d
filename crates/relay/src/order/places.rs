//! What each place says of an order, as it is shown.

use crate::{
    flow::Flow,
    mapped::Mapped,
    reasons::what_to_do,
    text::{few, instant},
};
use chrono::{DateTime, Utc};
use config::{BusinessDay, StoreName};
use ledger::{Millis, Record};
use reviews::life::{self, AtDestination, AtSource};
use serde::Serialize;
use serde_json::Value;

/// The flow's queue, and its dead-letter queue.
pub(super) const QUEUES: [&str; 2] = ["queue", "dead-letter queue"];

/// The source's word.
#[derive(Debug, Serialize)]
pub(super) struct Source {
    pub(super) id: String,
    pub(super) order_id: String,
    completed: bool,
    completed_at: Option<String>,
    changed_at: DateTime<Utc>,
    pub(super) store: Option<StoreName>,
    pub(super) business_day: Option<BusinessDay>,
    #[serde(flatten)]
    pub(super) mapped: Mapped,
}

impl Source {
    pub(super) fn of(at: &AtSource, payload: bool) -> Self {
        Self {
            id: at.id.to_string(),
            order_id: at.order_id.clone(),
            completed: at.completed,
            completed_at: at.completed_at.clone(),
            changed_at: at.changed_at,
            store: at.store.clone(),
            business_day: at.business_day,
            mapped: at.mapped.as_ref().map(|mapped| Mapped::of(mapped, payload)).unwrap_or_default(),
        }
    }

    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let none = || "none".to_owned();
        let completed = match (&self.completed_at, self.completed) {
            (Some(at), true) => at.clone(),
            (None, true) => "yes, but it does not say when".to_owned(),
            (_, false) => "no, not by `salesforce.completed`".to_owned(),
        };
        let store = self.store.as_ref().map_or_else(|| "none: it fits no store".to_owned(), ToString::to_string);
        let Mapped { fate, reason, products, lines_left_out, .. } = &self.mapped;
        let mapped = match (fate, reason) {
            (Some(fate), Some(reason)) => format!("{fate}: {reason}"),
            (Some(fate), None) => format!("{fate}: {}", few(products)),
            (None, _) => "nothing before its day is over".to_owned(),
        };
        let mut rows = vec![
            ("Salesforce id", self.id.clone()),
            ("order id", self.order_id.clone()),
            ("completed", completed),
            ("last changed", instant(self.changed_at)),
            ("store", store),
            ("business day", self.business_day.map_or_else(none, |day| day.to_string())),
            ("mapping", mapped),
        ];
        rows.extend(reason.as_deref().map(|reason| ("what to do", what_to_do(Flow::Reviews, reason).to_owned())));
        if *lines_left_out > 0 {
            rows.push(("lines left out", lines_left_out.to_string()));
        }
        rows
    }
}

/// The ledger's word.
#[derive(Debug, Serialize)]
pub(super) struct AtLedger {
    #[serde(skip)]
    flow: Flow,
    pub(super) state: &'static str,
    reason: Option<String>,
    /// Which version of the order it speaks of.
    revision_at: DateTime<Utc>,
    /// Whether the source has been written since.
    source_is_newer: Option<bool>,
    attempts: u32,
    repairs: u32,
    pub(super) store: String,
    pub(super) business_day: Option<String>,
    accepted_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
    open_since: Option<DateTime<Utc>>,
    lease_end: Option<DateTime<Utc>>,
    not_before: Option<DateTime<Utc>>,
}

impl AtLedger {
    pub(super) fn of(record: &Record, flow: Flow, source_is_newer: Option<bool>) -> Self {
        let at = |millis: Option<Millis>| millis.map(DateTime::from);
        Self {
            flow,
            state: record.state.as_str(),
            reason: record.reason.clone(),
            revision_at: Millis(record.revision.0).into(),
            source_is_newer,
            attempts: record.attempts,
            repairs: record.repairs,
            store: record.store.clone(),
            business_day: record.day.clone(),
            accepted_at: at(record.accepted_at),
            updated_at: record.updated_at.into(),
            open_since: at(record.open_since),
            lease_end: at(record.lease_end),
            not_before: at(record.not_before),
        }
    }

    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let state = match &self.reason {
            Some(reason) => format!("{}: {reason}", self.state),
            None => self.state.to_owned(),
        };
        let newer = if self.source_is_newer == Some(true) { "; the source was changed since" } else { "" };
        let mut rows = vec![("state", state)];
        rows.extend(self.reason.as_deref().map(|reason| ("what to do", what_to_do(self.flow, reason).to_owned())));
        rows.extend([
            ("version", format!("{}{newer}", instant(self.revision_at))),
            ("attempts", self.attempts.to_string()),
        ]);
        if self.repairs > 0 {
            rows.push(("sent again", self.repairs.to_string()));
        }
        let times = [
            ("accepted", self.accepted_at),
            ("last written", Some(self.updated_at)),
            ("open since", self.open_since),
            ("claimed until", self.lease_end),
            ("not before", self.not_before),
        ];
        rows.extend(times.into_iter().filter_map(|(what, at)| Some((what, instant(at?)))));
        rows
    }
}

/// A message.
#[derive(Debug, Serialize)]
pub(super) struct Copy {
    queue: &'static str,
    sent_at: Option<DateTime<Utc>>,
    receives: u32,
    revision_at: DateTime<Utc>,
    error_class: Option<String>,
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) payload: Option<Value>,
}

impl Copy {
    pub(super) fn of(queue: &'static str, copy: life::Copy, payload: bool) -> Self {
        let (error_class, error) = copy.error.unzip();
        Self {
            queue,
            sent_at: copy.sent_at,
            receives: copy.receives,
            revision_at: Millis(copy.delivery.revision.0).into(),
            error_class,
            error,
            payload: payload.then(|| serde_json::from_str(&copy.body).unwrap_or_default()),
        }
    }

    pub(super) fn queue(&self) -> &'static str {
        self.queue
    }

    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![
            ("sent", self.sent_at.map(instant).unwrap_or_default()),
            ("version", instant(self.revision_at)),
            ("receives", self.receives.to_string()),
        ];
        rows.extend(self.error_class.clone().map(|class| ("error class", class)));
        rows.extend(self.error.clone().map(|error| ("error", error)));
        rows
    }
}

/// The destination's word.
pub(super) fn destination(at: &AtDestination) -> Vec<(&'static str, String)> {
    if !at.found {
        let pages = if at.pages == 1 { "page" } else { "pages" };
        let more = if at.whole { "" } else { "; there are more, --pages reads them" };
        return vec![("shown", format!("no, not on {} {pages} since {}{more}", at.pages, at.since))];
    }
    let products: Vec<String> = at.products.iter().cloned().collect();
    let mut rows = vec![("shown", format!("yes: {}", few(&products)))];
    rows.extend(at.created_at.clone().map(|at| ("taken in", at)));
    rows.extend(at.order_date.clone().map(|date| ("order date", date)));
    rows
}
