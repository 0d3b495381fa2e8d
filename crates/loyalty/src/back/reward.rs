//! The rewards that a customer has taken, as the org keeps them: which rows there are to write. Pure.

use chrono::{DateTime, Utc};
use config::{RewardFields, StoreName};
use salesforce::{Id, Record, RowValues};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use yotpo::loyalty::{CustomerDetails, HistoryItem};

/// What a line of the history says of its state; of a coupon it says the code instead.
const STATES: [&str; 9] =
    ["approved", "pending", "rejected", "declined", "refunded", "cancelled", "canceled", "expired", "completed"];

/// A reward's state in the org.
const ISSUED: &str = "Issued";
const USED: &str = "Used";

/// A reward of one customer in one store, as the history shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reward {
    /// The store.
    pub(crate) store: StoreName,
    /// The id by which Yotpo knows the customer.
    pub(crate) customer: String,
    /// The customer's record.
    pub(crate) contact: Id,
    /// The coupon's code.
    pub(crate) code: String,
    /// What it cost, by the history.
    pub(crate) points: Option<i64>,
    /// The redemption's id and what was chosen, where an event has said so.
    pub(crate) told: Option<(String, Option<String>)>,
    /// The order that used it.
    pub(crate) order: Option<Id>,
}

/// A reward as the org has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownReward {
    pub(crate) id: Id,
    pub(crate) redemption: Option<String>,
    code: String,
    contact: Option<Id>,
    store: Option<String>,
    /// Its fields, by the settings' names, as text.
    values: BTreeMap<String, String>,
}

/// What is to be done about a reward.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RewardWrite {
    /// The org has it as it is.
    Nothing,
    /// A row that there is.
    Change(Id, RowValues),
    /// A row that there is not, by this redemption's id.
    Make(String, RowValues),
}

/// Whether a line of the history is a coupon, and not a state of something else.
fn is_coupon(line: &HistoryItem) -> bool {
    let spent = line.points.is_some_and(|points| points < 0);
    spent && line.status.as_deref().is_some_and(|status| !STATES.contains(&status.trim().to_lowercase().as_str()))
}

/// The codes of the coupons that the history shows, with what each cost; a code that it shows twice has no one price.
pub(crate) fn coupons(details: &CustomerDetails) -> BTreeMap<&str, Option<i64>> {
    let mut found: BTreeMap<&str, Option<i64>> = BTreeMap::new();
    for line in details.history_items.iter().filter(|line| is_coupon(line)) {
        let Some(code) = line.status.as_deref() else { continue };
        let cost = line.points.map(i64::saturating_neg);
        found.entry(code).and_modify(|known| *known = known.filter(|known| Some(*known) == cost)).or_insert(cost);
    }
    found
}

/// When the coupon with this code was taken last.
pub(crate) fn taken_at(details: &CustomerDetails, code: &str) -> Option<DateTime<Utc>> {
    let lines = details.history_items.iter().filter(|line| line.status.as_deref() == Some(code));
    lines.filter_map(|line| line.created_at).max()
}

/// Whether the history shows this code: then what an event says of it is believed.
pub(crate) fn shows(details: &CustomerDetails, code: &str) -> bool {
    details.history_items.iter().any(|line| line.status.as_deref() == Some(code))
}

impl KnownReward {
    /// A row of the look-up.
    pub(crate) fn of(row: &Record, fields: &RewardFields) -> Option<Self> {
        let text = |field: &config::FieldPath| row.text(field.as_str()).map(std::borrow::Cow::into_owned);
        let all = names(fields).into_iter();
        Some(Self {
            id: row.id().ok()?,
            redemption: text(&fields.redemption_id),
            code: text(&fields.coupon_code)?,
            contact: text(&fields.contact).and_then(|id| Id::parse(&id).ok()),
            store: text(&fields.store),
            values: all.filter_map(|field| Some((field.as_str().to_owned(), text(field)?))).collect(),
        })
    }

    fn is(&self, reward: &Reward) -> bool {
        let told = reward.told.as_ref().map(|(redemption, _)| redemption);
        let same = self.redemption.as_ref().zip(told).is_some_and(|(own, told)| own == told);
        let of_it = self.code == reward.code
            && self.contact.as_ref() == Some(&reward.contact)
            && self.store.as_deref() == Some(reward.store.as_str());
        // One that bears another redemption's own id is another reward with the same code.
        let foreign = told.is_some() && self.redemption.as_deref().is_some_and(|own| own != reward.stand_in());
        same || (of_it && !foreign)
    }
}

/// The fields of a reward.
pub(crate) fn names(fields: &RewardFields) -> [&config::FieldPath; 8] {
    [
        &fields.redemption_id,
        &fields.coupon_code,
        &fields.option_id,
        &fields.points,
        &fields.status,
        &fields.contact,
        &fields.order,
        &fields.store,
    ]
}

impl Reward {
    /// What stands for the redemption's id until an event says it.
    fn stand_in(&self) -> String {
        format!("{}:{}:{}", self.store, self.customer, self.code)
    }

    /// What is to be written, where the org has these.
    pub(crate) fn write(&self, known: &[KnownReward], fields: &RewardFields) -> RewardWrite {
        let row = known.iter().find(|row| row.is(self));
        let redemption = self.told.as_ref().map(|(redemption, _)| redemption.clone());
        let option = self.told.as_ref().and_then(|(_, option)| option.clone());
        let used = self.order.is_some() || row.is_some_and(|row| row.values.contains_key(fields.order.as_str()));
        let wanted = [
            (&fields.coupon_code, Some(json!(self.code))),
            (&fields.option_id, option.map(Value::from)),
            (&fields.points, self.points.map(Value::from)),
            (&fields.status, Some(json!(if used { USED } else { ISSUED }))),
            (&fields.contact, Some(json!(self.contact.as_str()))),
            (&fields.order, self.order.as_ref().map(|order| json!(order.as_str()))),
            (&fields.store, Some(json!(self.store.as_str()))),
        ];
        let mut values: RowValues =
            wanted.into_iter().filter_map(|(field, value)| Some((field.as_str().to_owned(), value?))).collect();
        let Some(row) = row else { return RewardWrite::Make(redemption.unwrap_or_else(|| self.stand_in()), values) };
        if let Some(redemption) = redemption {
            values.insert(fields.redemption_id.as_str().to_owned(), redemption.into());
        }
        // An order that once used it stays the one.
        if row.values.contains_key(fields.order.as_str()) {
            values.remove(fields.order.as_str());
        }
        values.retain(|field, value| row.values.get(field) != Some(&text(value)));
        if values.is_empty() { RewardWrite::Nothing } else { RewardWrite::Change(row.id.clone(), values) }
    }
}

/// The codes that belong to several rewards: no order tells which of them it used.
pub(crate) fn ambiguous<'a>(rewards: &'a [Reward], known: &'a [KnownReward]) -> BTreeSet<(&'a str, &'a str)> {
    let mut owners: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    for reward in rewards {
        let row = known.iter().find(|row| row.is(reward));
        let name = row.map_or_else(|| reward.stand_in(), |row| row.id.as_str().to_owned());
        owners.entry((reward.store.as_str(), &reward.code)).or_default().insert(name);
    }
    for row in known {
        let store = row.store.as_deref().unwrap_or_default();
        owners.entry((store, &row.code)).or_default().insert(row.id.as_str().to_owned());
    }
    owners.into_iter().filter(|(_, owners)| owners.len() > 1).map(|(code, _)| code).collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
#[path = "reward_tests.rs"]
mod tests;
