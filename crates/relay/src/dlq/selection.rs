//! Which messages a command is about.

use crate::{
    day,
    flow::{self, Typed},
    when::When,
};
use chrono::{DateTime, Utc};
use clap::{Args, builder::PossibleValuesParser};
use config::StoreName;
use delivery::{letter::NOT_NAMED, redrive::Planned};
use ledger::ErrorClass;
use serde_json::{Value, json};

/// Which messages; without any of these, all of them.
#[derive(Clone, Debug, Args)]
pub(crate) struct Selection {
    /// Only of this error class; `none`: whoever put it there named none
    #[arg(long, value_parser = PossibleValuesParser::new(classes()))]
    class: Option<String>,
    /// Only where the error, or the ledger's reason, has this text in it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only of this store; `unrouted` for the orders that fit none
    #[arg(long, value_parser = day::store)]
    store: Option<StoreName>,
    #[arg(long, value_parser = flow::typed, help = flow::told(flow::KEY))]
    key: Vec<Typed>,
    /// Only what came since then: a time, or how long ago
    #[arg(long, value_name = "WHEN")]
    since: Option<When>,
    /// Only what came before: a time, or how long ago
    #[arg(long, value_name = "WHEN")]
    until: Option<When>,
    /// Only so many, the oldest first
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

fn says(planned: &Planned, text: &str) -> bool {
    let reason = planned.record.as_ref().and_then(|record| record.reason.as_deref());
    planned.letter.error().contains(text) || reason.is_some_and(|reason| reason.contains(text))
}

fn classes() -> impl Iterator<Item = &'static str> {
    ErrorClass::ALL.into_iter().map(ErrorClass::as_str).chain([NOT_NAMED])
}

impl Selection {
    /// What is meant of what is there, the oldest first, and no more than `limit`.
    pub(crate) fn pick(&self, mut planned: Vec<Planned>, limit: usize, now: DateTime<Utc>) -> Vec<Planned> {
        planned.retain(|one| self.means(one, now));
        planned.sort_by_cached_key(|one| (one.letter.taken.sent_at, one.letter.taken.id.clone()));
        planned.truncate(limit);
        planned
    }

    fn means(&self, planned: &Planned, now: DateTime<Utc>) -> bool {
        let letter = &planned.letter;
        let (delivery, sent_at) = (letter.delivery(), letter.taken.sent_at.unwrap_or(now));
        self.class.as_ref().is_none_or(|class| letter.class() == class)
            && self.reason.as_ref().is_none_or(|reason| says(planned, reason))
            && self.store.as_ref().is_none_or(|store| delivery.is_some_and(|d| d.store == store.as_str()))
            && (self.key.is_empty() || delivery.is_some_and(|d| self.key.iter().any(|typed| typed.means(&d.key))))
            && self.since.is_none_or(|since| sent_at >= since.at(now))
            && self.until.is_none_or(|until| sent_at < until.at(now))
    }

    /// For the note of what was done.
    pub(crate) fn json(&self, now: DateTime<Utc>) -> Value {
        let (since, until) = (self.since.map(|when| when.at(now)), self.until.map(|when| when.at(now)));
        json!({
            "class": self.class, "reason": self.reason, "store": self.store.as_ref().map(StoreName::as_str),
            "keys": self.key, "since": since, "until": until, "limit": self.limit,
        })
    }
}
