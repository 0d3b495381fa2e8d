//! A write of a balance in DynamoDB's language, and an item that is read.

use super::write::begun;
use super::{Balance, BalanceChange, BalanceCondition, BalancePart, BalanceWrite, CANCELLATION};
use crate::expression::{Item, get_number, get_text, number, text};
use crate::key::Revision;
use std::collections::BTreeMap;

/// The write.
#[derive(Debug, Default)]
pub(super) struct Translated {
    pub(super) condition: Vec<String>,
    set: Vec<String>,
    remove: Vec<String>,
    pub(super) names: BTreeMap<String, String>,
    pub(super) values: Item,
}

/// The attribute that holds a refund's part.
fn part_name(refund: &str) -> String {
    format!("part/{refund}")
}

/// The attribute that says that a refund may take what is left.
fn released_name(refund: &str) -> String {
    format!("released/{refund}")
}

impl Translated {
    /// With the item's new end of life, in seconds.
    pub(super) fn of(write: &BalanceWrite, expires_at: i64) -> Self {
        let mut this = Self::default();
        for condition in &write.conditions {
            let condition = this.predicate(condition);
            this.condition.push(condition);
        }
        this.change(&write.change);
        this.put("expires_at", number(expires_at));
        this
    }

    pub(super) fn update(&self) -> String {
        let remove = if self.remove.is_empty() { String::new() } else { format!(" REMOVE {}", self.remove.join(", ")) };
        format!("SET {}{remove}", self.set.join(", "))
    }

    fn name(&mut self, attribute: &str) -> String {
        if let Some((placeholder, _)) = self.names.iter().find(|(_, known)| *known == attribute) {
            return placeholder.clone();
        }
        let placeholder = format!("#a{}", self.names.len());
        self.names.insert(placeholder.clone(), attribute.to_owned());
        placeholder
    }

    fn value(&mut self, value: aws_sdk_dynamodb::types::AttributeValue) -> String {
        let placeholder = format!(":{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    fn put(&mut self, attribute: &str, value: aws_sdk_dynamodb::types::AttributeValue) {
        let (name, value) = (self.name(attribute), self.value(value));
        self.set.push(format!("{name} = {value}"));
    }

    fn add(&mut self, attribute: &str, more: i64) {
        // It is there whenever the condition holds; an expression has to make sense all the same.
        let (name, zero, value) = (self.name(attribute), self.value(number(0)), self.value(number(more)));
        self.set.push(format!("{name} = if_not_exists({name}, {zero}) + {value}"));
    }

    fn absent(&mut self, attribute: &str) -> String {
        format!("attribute_not_exists({})", self.name(attribute))
    }

    fn predicate(&mut self, condition: &BalanceCondition) -> String {
        match condition {
            BalanceCondition::Absent => self.absent("k"),
            BalanceCondition::CurrencyIs(currency) => {
                format!("{} = {}", self.name("currency"), self.value(text(currency)))
            }
            BalanceCondition::NotCancelled => self.absent("cancelled_at"),
            BalanceCondition::RestAtLeast(least) => format!("{} <= {}", self.value(number(*least)), self.name("rest")),
            BalanceCondition::HasNoPart(refund) => self.absent(&part_name(refund)),
            BalanceCondition::FewerRefundsThan(most) => {
                let most = i64::try_from(*most).unwrap_or(i64::MAX);
                format!("{} < {}", self.name("refunds"), self.value(number(most)))
            }
            BalanceCondition::VersionIs(version) => {
                format!("{} = {}", self.name("version"), self.value(number(*version)))
            }
        }
    }

    fn change(&mut self, change: &BalanceChange) {
        match change {
            BalanceChange::Open { .. } | BalanceChange::Close { .. } => {
                if let Some(balance) = &begun(change) {
                    self.begin(balance);
                }
                return;
            }
            BalanceChange::Take { refund, part } => self.take(refund, *part),
            BalanceChange::Cancel { seen_at, taken } => {
                self.take(CANCELLATION, BalancePart { asked: *taken, taken: *taken });
                self.put("cancelled_at", number(seen_at.0));
            }
            BalanceChange::Release { refund } => self.put(&released_name(refund), number(1)),
            BalanceChange::GiveBack { refund, part } => {
                self.add("rest", part.taken);
                self.add("refunds", -1);
                let part = self.name(&part_name(refund));
                self.remove.push(part);
                if refund == CANCELLATION {
                    let cancelled = self.name("cancelled_at");
                    self.remove.push(cancelled);
                }
            }
        }
        self.add("version", 1);
    }

    fn begin(&mut self, balance: &Balance) {
        self.put("store", text(&balance.store));
        // A text that is empty is none.
        for (attribute, word) in [("currency", Some(&balance.currency)), ("customer", balance.customer.as_ref())] {
            if let Some(word) = word.filter(|word| !word.is_empty()) {
                self.put(attribute, text(word));
            }
        }
        for (attribute, value) in [("amount", balance.amount), ("rest", balance.rest), ("version", balance.version)] {
            self.put(attribute, number(value));
        }
        self.put("refunds", number(i64::try_from(balance.parts.len()).unwrap_or(i64::MAX)));
        for (refund, part) in &balance.parts {
            self.put(&part_name(refund), text(format!("{} {}", part.asked, part.taken)));
        }
        if let Some(at) = balance.cancelled_at {
            self.put("cancelled_at", number(at.0));
        }
    }

    fn take(&mut self, refund: &str, part: BalancePart) {
        self.add("rest", -part.taken);
        self.add("refunds", 1);
        self.put(&part_name(refund), text(format!("{} {}", part.asked, part.taken)));
    }
}

/// Reads an item; else the attribute that is not readable.
pub(super) fn balance(item: &Item) -> Result<Balance, &'static str> {
    let whole = |attribute| get_number(item, attribute).ok_or(attribute);
    let word = |attribute| get_text(item, attribute).map(str::to_owned).ok_or(attribute);
    let mut parts = BTreeMap::new();
    for refund in item.keys().filter_map(|name| name.strip_prefix("part/")) {
        let part = get_text(item, &part_name(refund)).and_then(|part| part.split_once(' '));
        let read = part.and_then(|(asked, taken)| Some((asked.parse().ok()?, taken.parse().ok()?)));
        let (asked, taken) = read.ok_or("part/…")?;
        parts.insert(refund.to_owned(), BalancePart { asked, taken });
    }
    Ok(Balance {
        store: word("store")?,
        currency: get_text(item, "currency").unwrap_or_default().to_owned(),
        customer: get_text(item, "customer").map(str::to_owned),
        amount: whole("amount")?,
        rest: whole("rest")?,
        parts,
        released: item.keys().filter_map(|name| name.strip_prefix("released/")).map(str::to_owned).collect(),
        cancelled_at: get_number(item, "cancelled_at").map(Revision),
        version: whole("version")?,
    })
}
