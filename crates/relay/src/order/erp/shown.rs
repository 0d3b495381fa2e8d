//! The life of an order of the erp flow, for people and scripts.

use super::netsuite::Transaction;
use crate::{
    answer::Answer,
    flow::Flow,
    order::places::AtLedger,
    preview::shopify::mapped,
    reasons::what_to_do,
    text::{DIM, WARN, instant, table},
};
use chrono::{DateTime, Utc};
use config::BusinessDay;
use delivery::Unmapped;
use erp::map::{self, Settings, Skip, due};
use ledger::{Delivery, DeliveryKey, Millis, Record};
use queue::Taken;
use serde::Serialize;
use serde_json::Value;
use shopify::{Order, ShopDomain};
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

/// The places that did not answer, and why.
pub(super) type NotAnswered = BTreeMap<&'static str, String>;

/// What each place says of the order.
#[derive(Debug, Serialize)]
pub(crate) struct Life {
    flow: Flow,
    order: String,
    pub(super) key: Option<DeliveryKey>,
    pub(super) source: Option<Source>,
    /// The order's record, its customer's and its refunds'.
    pub(super) ledger: Vec<Part>,
    pub(super) messages: Vec<Copy>,
    /// The order's transaction and its refunds'.
    pub(super) destination: Vec<Transaction>,
    pub(super) notes: Vec<String>,
    /// It is not delivered, none of its messages was seen, and not every message could be looked at.
    pub(super) may_be_unseen: bool,
    pub(super) failed: NotAnswered,
}

/// The shop's word.
#[derive(Debug, Serialize)]
pub(super) struct Source {
    shop: ShopDomain,
    id: u64,
    name: String,
    business_day: BusinessDay,
    created_at: DateTime<Utc>,
    changed_at: Option<DateTime<Utc>>,
    financial_status: Option<String>,
    cancelled: bool,
    refunds: usize,
    /// `send`, `skip`, `park`.
    fate: &'static str,
    reason: Option<String>,
    /// What NetSuite would get: holds the buyer's data.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Value>,
}

/// The ledger's word of one delivery.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    pub(super) what: String,
    pub(super) key: DeliveryKey,
    #[serde(flatten)]
    pub(super) of: AtLedger,
}

/// A message.
#[derive(Debug, Serialize)]
pub(super) struct Copy {
    queue: &'static str,
    pub(super) key: DeliveryKey,
    sent_at: Option<DateTime<Utc>>,
    receives: u32,
    revision_at: DateTime<Utc>,
    error_class: Option<String>,
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Value>,
}

impl Life {
    /// Nobody was asked yet.
    pub(super) fn of(typed: &str) -> Self {
        Self {
            flow: Flow::Erp,
            order: typed.trim().to_owned(),
            key: None,
            source: None,
            ledger: Vec::new(),
            messages: Vec::new(),
            destination: Vec::new(),
            notes: Vec::new(),
            may_be_unseen: false,
            failed: NotAnswered::new(),
        }
    }

    fn is_known(&self) -> bool {
        self.source.is_some() || !self.ledger.is_empty() || !self.messages.is_empty() || !self.destination.is_empty()
    }
}

impl Source {
    pub(super) fn of(
        order: &Order,
        shop: &ShopDomain,
        settings: &Settings<'_>,
        record: Option<&Record>,
        payload: bool,
    ) -> Self {
        let applied = record.is_some_and(|record| record.accepted_at.is_some());
        let (fate, reason) = match (due(order, settings, applied).map_err(Skip::as_str), map::order(order, settings)) {
            (Err(reason), _) => ("skip", Some(reason.to_owned())),
            (Ok(()), Err(parked)) => ("park", Some(parked.reason.to_owned())),
            (Ok(()), Ok(_)) => ("send", None),
        };
        Self {
            shop: shop.clone(),
            id: order.id.0,
            name: order.name.clone(),
            business_day: BusinessDay::of(order.created_at, settings.shop.time_zone),
            created_at: order.created_at,
            changed_at: order.updated_at,
            financial_status: order.financial_status.as_ref().map(|status| status.as_str().to_owned()),
            cancelled: order.cancelled_at.is_some(),
            refunds: order.refunds.len(),
            fate,
            reason,
            payload: payload.then(|| serde_json::to_value(mapped(order, settings)).unwrap_or_default()),
        }
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        let status = self.financial_status.as_deref().unwrap_or("none");
        let cancelled = if self.cancelled { ", cancelled" } else { "" };
        let mapping = self.reason.as_ref().map_or_else(|| self.fate.to_owned(), |why| format!("{}: {why}", self.fate));
        let mut rows = vec![
            ("shop", self.shop.to_string()),
            ("Shopify id", self.id.to_string()),
            ("name", self.name.clone()),
            ("business day", self.business_day.to_string()),
            ("placed", instant(self.created_at)),
            ("last changed", self.changed_at.map_or_else(|| "it does not say".to_owned(), instant)),
            ("status", format!("{status}{cancelled}")),
            ("mapping", mapping),
        ];
        if self.refunds > 0 {
            rows.push(("refunds", self.refunds.to_string()));
        }
        rows.extend(self.reason.as_deref().map(|reason| ("what to do", what_to_do(Flow::Erp, reason).to_owned())));
        rows
    }
}

impl Copy {
    pub(super) fn of(queue: &'static str, taken: &Taken, payload: bool) -> Option<Self> {
        let delivery = about(&taken.body)?;
        let attribute = |name: &str| taken.attributes.get(name).cloned();
        Some(Self {
            queue,
            key: delivery.key,
            sent_at: taken.sent_at,
            receives: taken.receives,
            revision_at: Millis(delivery.revision.0).into(),
            error_class: attribute("error_class"),
            error: attribute("error"),
            payload: payload.then(|| serde_json::from_str(&taken.body).unwrap_or_default()),
        })
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![
            ("delivery", self.key.to_string()),
            ("sent", self.sent_at.map(instant).unwrap_or_default()),
            ("version", instant(self.revision_at)),
            ("receives", self.receives.to_string()),
        ];
        rows.extend(self.error_class.clone().map(|class| ("error class", class)));
        rows.extend(self.error.clone().map(|error| ("error", error)));
        rows
    }
}

/// What a message says it is about, whatever it carries.
fn about(body: &str) -> Option<Delivery> {
    let unmapped = || serde_json::from_str::<Unmapped>(body).ok().map(|unmapped| unmapped.delivery);
    serde_json::from_str::<Delivery>(body).ok().or_else(unmapped)
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
        if self.ledger.is_empty() {
            add("ledger", unknown("ledger"));
        }
        for part in &self.ledger {
            add(if part.what == "order" { "ledger" } else { &part.what }, part.of.rows());
        }
        for copy in &self.messages {
            add(copy.queue, copy.rows());
        }
        for queue in ["queue", "dead-letter queue"].into_iter().filter(|queue| self.failed.contains_key(queue)) {
            add(queue, unknown(queue));
        }
        if self.destination.is_empty() {
            add("destination", unknown("destination"));
        }
        for (index, transaction) in self.destination.iter().enumerate() {
            add(if index == 0 { "destination" } else { "" }, transaction.rows());
        }
        writeln!(to, "{lines}")?;
        for note in &self.notes {
            writeln!(to, "{note}")?;
        }
        if !self.is_known() && self.failed.is_empty() {
            writeln!(to, "{WARN}nobody knows the order {}{WARN:#}", self.order)?;
        }
        let now = "what NetSuite would get of it now, before items and customer are looked up";
        let payload = self.source.as_ref().and_then(|source| Some((now, source.payload.as_ref()?)));
        let copies = self.messages.iter().filter_map(|copy| Some((copy.queue, copy.payload.as_ref()?)));
        for (what, payload) in payload.into_iter().chain(copies) {
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
