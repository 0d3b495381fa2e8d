//! The one translator between the protocol's data and DynamoDB: conditions, changes, items.

use crate::{
    key::{DeliveryKey, EffectHash, Revision, Token},
    millis::Millis,
    record::{Record, State},
    write::{Change, Condition, Write},
};
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

/// An item of the table.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// A write in DynamoDB's language.
#[derive(Debug, Default)]
pub(crate) struct Expression {
    pub(crate) condition: String,
    pub(crate) update: String,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: Item,
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Translates a write into condition and update expressions.
pub(crate) fn translate(write: &Write) -> Expression {
    let mut expression = Expression::default();
    expression.condition = expression.predicate(&write.condition);
    let (mut set, mut remove) = (Vec::new(), Vec::new());
    for change in &write.changes {
        expression.change(change, write.key.flow(), &mut set, &mut remove);
    }
    expression.update = format!("SET {}", set.join(", "));
    if !remove.is_empty() {
        expression.update.push_str(" REMOVE ");
        expression.update.push_str(&remove.join(", "));
    }
    expression
}

impl Expression {
    fn name(&mut self, attribute: &str) -> String {
        let placeholder = format!("#{attribute}");
        self.names.insert(placeholder.clone(), attribute.to_owned());
        placeholder
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    fn compare(&mut self, attribute: &str, operator: &str, value: AttributeValue) -> String {
        let (name, value) = (self.name(attribute), self.value(value));
        format!("{name} {operator} {value}")
    }

    fn compare_unless_absent(&mut self, attribute: &str, operator: &str, value: AttributeValue) -> String {
        let comparison = self.compare(attribute, operator, value);
        format!("(attribute_not_exists({}) OR {comparison})", self.name(attribute))
    }

    fn predicate(&mut self, condition: &Condition) -> String {
        match condition {
            Condition::All(parts) => self.joined(parts, " AND "),
            Condition::Any(parts) => self.joined(parts, " OR "),
            Condition::Absent => format!("attribute_not_exists({})", self.name("k")),
            Condition::StateIn(states) => {
                let name = self.name("state");
                let values: Vec<_> = states.iter().map(|s| self.value(text(s.as_str()))).collect();
                format!("{name} IN ({})", values.join(", "))
            }
            Condition::RevisionBelow(revision) => self.compare("revision", "<", number(revision.0)),
            Condition::RevisionAtMost(revision) => self.compare("revision", "<=", number(revision.0)),
            Condition::RevisionIs(revision) => self.compare("revision", "=", number(revision.0)),
            Condition::HashIs(hash) => self.compare("hash", "=", text(hash.as_str())),
            Condition::HashIsNot(hash) => self.compare("hash", "<>", text(hash.as_str())),
            Condition::TriggerBelow(at) => self.compare("triggered_at", "<", number(at.0)),
            Condition::RepairsBelow(limit) => self.compare_unless_absent("repairs", "<", number((*limit).into())),
            Condition::Untried => self.compare_unless_absent("attempts", "=", number(0)),
            Condition::Unaccepted => format!("attribute_not_exists({})", self.name("accepted_at")),
            Condition::EmbargoOver(now) => self.compare_unless_absent("not_before", "<=", number(now.0)),
            Condition::LeaseEndedBy(at) => self.compare_unless_absent("lease_end", "<=", number(at.0)),
            Condition::TokenIs(token) => self.compare("token", "=", text(token.as_str())),
            Condition::WaitsForIs(on) => self.compare("waits_for", "=", text(on.as_str())),
        }
    }

    fn joined(&mut self, parts: &[Condition], with: &str) -> String {
        let parts: Vec<_> = parts.iter().map(|part| self.predicate(part)).collect();
        format!("({})", parts.join(with))
    }

    fn count(&mut self, attribute: &str) -> String {
        let (name, zero, one) = (self.name(attribute), self.value(number(0)), self.value(number(1)));
        format!("{name} = if_not_exists({name}, {zero}) + {one}")
    }

    fn change(&mut self, change: &Change, flow: &str, set: &mut Vec<String>, remove: &mut Vec<String>) {
        let mut put = |this: &mut Self, attribute: &str, value: AttributeValue| {
            set.push(this.compare(attribute, "=", value));
        };
        match change {
            Change::State(state) => put(self, "state", text(state.as_str())),
            Change::Version(revision, hash, triggered_at) => {
                put(self, "revision", number(revision.0));
                put(self, "hash", text(hash.as_str()));
                match triggered_at {
                    Some(at) => put(self, "triggered_at", number(at.0)),
                    None => remove.push(self.name("triggered_at")),
                }
            }
            Change::KeepVersion => {
                set.push(format!("{} = {}", self.name("earlier_revision"), self.name("revision")));
                set.push(format!("{} = {}", self.name("earlier_hash"), self.name("hash")));
            }
            Change::Place(store, day) => {
                put(self, "store", text(store));
                if let Some(day) = day {
                    put(self, "day", text(day));
                }
            }
            Change::Claim(token, lease_end) => {
                put(self, "token", text(token.as_str()));
                put(self, "lease_end", number(lease_end.0));
            }
            Change::LeaseOver => remove.push(self.name("lease_end")),
            Change::CountAttempt => set.push(self.count("attempts")),
            Change::CountRepair => set.push(self.count("repairs")),
            Change::UncountAttempt => {
                let (name, one) = (self.name("attempts"), self.value(number(1)));
                set.push(format!("{name} = {name} - {one}"));
            }
            Change::WaitsFor(Some(on)) => put(self, "waits_for", text(on.as_str())),
            Change::WaitsFor(None) => remove.push(self.name("waits_for")),
            Change::NotBefore(Some(at)) => put(self, "not_before", number(at.0)),
            Change::NotBefore(None) => remove.push(self.name("not_before")),
            Change::Reason(Some(reason)) => put(self, "reason", text(reason)),
            Change::Reason(None) => remove.push(self.name("reason")),
            Change::AcceptedAt(Some(at)) => put(self, "accepted_at", number(at.0)),
            Change::AcceptedAt(None) => remove.push(self.name("accepted_at")),
            Change::Applied(Some(effect)) => put(self, "applied", text(effect.as_str())),
            Change::Applied(None) => remove.push(self.name("applied")),
            Change::OpenSince(at) => {
                let (name, at) = (self.name("open_since"), self.value(number(at.0)));
                set.push(format!("{name} = if_not_exists({name}, {at})"));
                let flow = self.compare("open_flow", "=", text(flow));
                set.push(flow);
            }
            Change::OpenAnew(at) => {
                put(self, "open_since", number(at.0));
                put(self, "open_flow", text(flow));
            }
            Change::Closed => {
                remove.push(self.name("open_since"));
                remove.push(self.name("open_flow"));
            }
            Change::Written(at, expires_at) => {
                put(self, "updated_at", number(at.0));
                put(self, "expires_at", number(*expires_at));
            }
        }
    }
}

/// The primary key of a delivery's record.
pub(crate) fn primary_key(key: &DeliveryKey) -> Item {
    HashMap::from([("k".to_owned(), text(key.as_str()))])
}

/// A text attribute of an item.
pub(crate) fn get_text<'a>(item: &'a Item, attribute: &str) -> Option<&'a str> {
    item.get(attribute)?.as_s().ok().map(String::as_str)
}

/// An integer attribute of an item.
pub(crate) fn get_number(item: &Item, attribute: &str) -> Option<i64> {
    item.get(attribute)?.as_n().ok()?.parse().ok()
}

/// Reads a record; the name of the attribute that is missing or unreadable otherwise.
pub(crate) fn record(item: &Item) -> Result<Record, &'static str> {
    let words = |name| get_text(item, name).map(str::to_owned);
    let instant = |name| get_number(item, name).map(Millis);
    let count = |name| get_number(item, name).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    Ok(Record {
        state: get_text(item, "state").and_then(State::parse).ok_or("state")?,
        revision: Revision(get_number(item, "revision").ok_or("revision")?),
        hash: EffectHash::stored(words("hash").ok_or("hash")?),
        token: words("token").map(Token::from_text),
        lease_end: instant("lease_end"),
        not_before: instant("not_before"),
        triggered_at: instant("triggered_at"),
        earlier: get_number(item, "earlier_revision").map(Revision).zip(words("earlier_hash").map(EffectHash::stored)),
        attempts: count("attempts"),
        repairs: count("repairs"),
        waits_for: words("waits_for").map(DeliveryKey::try_from).transpose().map_err(|_| "waits_for")?,
        reason: words("reason"),
        store: words("store").ok_or("store")?,
        day: words("day"),
        updated_at: instant("updated_at").ok_or("updated_at")?,
        accepted_at: instant("accepted_at"),
        applied: words("applied").map(EffectHash::stored),
        open_since: instant("open_since"),
        expires_at: get_number(item, "expires_at").ok_or("expires_at")?,
    })
}
