//! What each place says of an order, as it is shown.

use crate::{
    reasons::what_to_do,
    text::{few, instant},
};
use chrono::{DateTime, Utc};
use config::{BusinessDay, StoreName};
use ledger::{Millis, Record};
use reviews::{
    item::version_of,
    life::{self, AtDestination, AtSource},
    preview::Previewed,
};
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
    /// What the mapping makes of it: `send`, `skip`, `park`; none while its day is not over.
    fate: Option<&'static str>,
    reason: Option<String>,
    products: Vec<String>,
    lines_left_out: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) payload: Option<Value>,
}

impl Source {
    pub(super) fn of(at: &AtSource, payload: bool) -> Self {
        let mapped = at.mapped.as_ref();
        let purchase = mapped.and_then(|mapped| mapped.purchase.as_ref()).filter(|_| payload);
        Self {
            id: at.id.to_string(),
            order_id: at.order_id.clone(),
            completed: at.completed,
            completed_at: at.completed_at.clone(),
            changed_at: at.changed_at,
            store: at.store.clone(),
            business_day: at.business_day,
            fate: mapped.map(|mapped| mapped.fate.as_str()),
            reason: mapped.and_then(|mapped| mapped.reason.clone()),
            products: mapped.map(Previewed::products).unwrap_or_default(),
            lines_left_out: mapped.map_or(0, |mapped| mapped.lines_left_out),
            payload: purchase.and_then(|purchase| serde_json::to_value(purchase.as_sent()).ok()),
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
        let mapped = match (self.fate, &self.reason) {
            (Some(fate), Some(reason)) => format!("{fate}: {reason}"),
            (Some(fate), None) => format!("{fate}: {}", few(&self.products)),
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
        rows.extend(self.reason.as_deref().map(|reason| ("what to do", what_to_do(reason).to_owned())));
        if self.lines_left_out > 0 {
            rows.push(("lines left out", self.lines_left_out.to_string()));
        }
        rows
    }
}

/// The ledger's word.
#[derive(Debug, Serialize)]
pub(super) struct AtLedger {
    pub(super) state: &'static str,
    reason: Option<String>,
    /// Which version of the order it speaks of.
    revision_at: Option<DateTime<Utc>>,
    /// Whether the source has been written since.
    source_is_newer: Option<bool>,
    attempts: u32,
    repairs: u32,
    pub(super) store: String,
    pub(super) business_day: Option<String>,
    accepted_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
    open_since: Option<DateTime<Utc>>,
    lease_end: Option<DateTime<Utc>>,
    not_before: Option<DateTime<Utc>>,
}

impl AtLedger {
    pub(super) fn of(record: &Record, source: Option<&AtSource>) -> Self {
        let at = |millis: Option<Millis>| millis.and_then(|millis| DateTime::from_timestamp_millis(millis.0));
        Self {
            state: record.state.as_str(),
            reason: record.reason.clone(),
            revision_at: at(Some(Millis(record.revision.0))),
            source_is_newer: source.map(|source| source.revision > version_of(record)),
            attempts: record.attempts,
            repairs: record.repairs,
            store: record.store.clone(),
            business_day: record.day.clone(),
            accepted_at: at(record.accepted_at),
            updated_at: at(Some(record.updated_at)),
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
        rows.extend(self.reason.as_deref().map(|reason| ("what to do", what_to_do(reason).to_owned())));
        rows.extend([
            ("version", format!("{}{newer}", self.revision_at.map(instant).unwrap_or_default())),
            ("attempts", self.attempts.to_string()),
        ]);
        if self.repairs > 0 {
            rows.push(("sent again", self.repairs.to_string()));
        }
        let times = [
            ("accepted", self.accepted_at),
            ("last written", self.updated_at),
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
    revision_at: Option<DateTime<Utc>>,
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
            revision_at: DateTime::from_timestamp_millis(copy.delivery.revision.0),
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
            ("version", self.revision_at.map(instant).unwrap_or_default()),
            ("receives", self.receives.to_string()),
        ];
        rows.extend(self.error_class.clone().map(|class| ("error class", class)));
        rows.extend(self.error.clone().map(|error| ("error", error)));
        rows
    }
}

/// The destination's word.
#[derive(Debug, Serialize)]
pub(super) struct Destination {
    pub(super) found: bool,
    products: Vec<String>,
    order_date: Option<String>,
    created_at: Option<String>,
    /// From which date on purchases were read.
    since: String,
    pages: u32,
    /// Whether there were no more pages.
    whole: bool,
}

impl Destination {
    pub(super) fn of(at: AtDestination) -> Self {
        Self {
            found: at.found,
            products: at.products.into_iter().collect(),
            order_date: at.order_date,
            created_at: at.created_at,
            since: at.since.to_string(),
            pages: at.pages,
            whole: at.whole,
        }
    }

    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let read = format!(
            "{} since {}",
            if self.pages == 1 { "1 page".to_owned() } else { format!("{} pages", self.pages) },
            self.since
        );
        if !self.found {
            let more = if self.whole { "" } else { "; there are more, --pages reads them" };
            return vec![("shown", format!("no, not on {read}{more}"))];
        }
        let mut rows = vec![("shown", format!("yes: {}", few(&self.products)))];
        rows.extend(self.created_at.clone().map(|at| ("taken in", at)));
        rows.extend(self.order_date.clone().map(|date| ("order date", date)));
        rows
    }
}
