//! The records of an account, by internal and external id.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::book::Stamp;
use super::kind::Kind;
use super::line::Row;

/// The body field that the pipeline stamps.
pub(crate) const STAMP: &str = "custbody_order_relay";

#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    pub(crate) id: u64,
    /// By their canonical names, as [`super::field::Shape::take`] leaves them.
    pub(crate) fields: Map<String, Value>,
    pub(crate) rows: Vec<Row>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) modified: DateTime<Utc>,
    /// By a workflow: it cannot be loaded, and REST loads even to read.
    pub(crate) locked: bool,
    pub(crate) stamps: Vec<Stamp>,
}

impl Record {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    pub(crate) fn external_id(&self) -> Option<&str> {
        self.text("externalId")
    }

    /// The internal id that a reference holds.
    pub(crate) fn reference(&self, name: &str) -> Option<u64> {
        self.text(name).and_then(|id| id.parse().ok())
    }
}

#[derive(Default)]
pub(crate) struct Records {
    by_id: BTreeMap<u64, Record>,
    external: BTreeMap<(Kind, String), u64>,
    /// How often a record with an external id was created.
    pub(crate) creations: BTreeMap<(Kind, String), u64>,
}

impl Records {
    pub(crate) fn next_id(&self) -> u64 {
        self.by_id.last_key_value().map_or(1_001, |(id, _)| id + 1)
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Record> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Record> {
        self.by_id.get_mut(&id)
    }

    pub(crate) fn by_external(&self, kind: Kind, external_id: &str) -> Option<u64> {
        self.external.get(&(kind, external_id.to_owned())).copied()
    }

    /// By what a path has: an internal id, or `eid:` and an external one.
    pub(crate) fn find(&self, kind: Kind, key: &str) -> Option<u64> {
        match key.strip_prefix("eid:") {
            Some(external) => self.by_external(kind, external),
            None => key.parse().ok().filter(|id| self.get(*id).is_some_and(|record| record.kind == kind)),
        }
    }

    /// Of one type, in the order of their creation.
    pub(crate) fn of(&self, kind: Kind) -> impl Iterator<Item = &Record> {
        self.all().filter(move |record| record.kind == kind)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Record> {
        self.by_id.values()
    }

    /// Deletes a record; another of its external id is found by that then.
    pub(crate) fn remove(&mut self, id: u64) {
        let Some(gone) = self.by_id.remove(&id) else { return };
        let Some(external_id) = gone.external_id().map(str::to_owned) else { return };
        let of_the_name = |one: &&Record| one.kind == gone.kind && one.external_id() == Some(external_id.as_str());
        let other = self.by_id.values().find(of_the_name).map(|record| record.id);
        let key = (gone.kind, external_id.clone());
        match other {
            Some(other) => drop(self.external.insert(key, other)),
            None => drop(self.external.remove(&key)),
        }
    }

    /// Keeps a record, and its external id if it is new.
    pub(crate) fn put(&mut self, record: Record) {
        let is_new = !self.by_id.contains_key(&record.id);
        if let Some(external_id) = record.external_id() {
            let key = (record.kind, external_id.to_owned());
            if is_new {
                *self.creations.entry(key.clone()).or_default() += 1;
            }
            self.external.entry(key).or_insert(record.id);
        }
        self.by_id.insert(record.id, record);
    }
}
