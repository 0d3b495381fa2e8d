//! A conditional write of a balance as data: run in memory, or translated for DynamoDB.

use super::{Balance, BalancePart, CANCELLATION};
use crate::expression::{Item, get_number, get_text, number, text};
use crate::key::Revision;
use std::collections::{BTreeMap, BTreeSet};

/// What must hold of the item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BalanceCondition {
    /// There is none.
    Absent,
    /// It is in this currency.
    CurrencyIs(String),
    /// Its order was not seen cancelled.
    NotCancelled,
    /// So much is left, or more.
    RestAtLeast(i64),
    /// This refund has taken nothing.
    HasNoPart(String),
    /// Fewer refunds have a part than this.
    FewerRefundsThan(usize),
    /// Nobody has written since it was seen.
    VersionIs(i64),
}

/// What changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BalanceChange {
    /// It begins: all is left.
    Open {
        /// The store.
        store: String,
        /// The currency.
        currency: String,
        /// The order's amount.
        amount: i64,
    },
    /// A refund has its part.
    Take {
        /// Which.
        refund: String,
        /// Its part.
        part: BalancePart,
    },
    /// The cancellation has what is left.
    Cancel {
        /// The order's revision.
        seen_at: Revision,
        /// What was left.
        taken: i64,
    },
    /// A refund may take what is left.
    Release {
        /// Which.
        refund: String,
    },
    /// A refund has its part no longer.
    GiveBack {
        /// Which.
        refund: String,
        /// The part.
        part: BalancePart,
    },
}

/// One conditional write of one balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceWrite {
    /// All of them must hold.
    pub conditions: Vec<BalanceCondition>,
    /// What changes then.
    pub change: BalanceChange,
}

impl BalanceWrite {
    /// Runs it against a balance in memory, as the table would; whether its conditions held.
    pub fn run(&self, balance: &mut Option<Balance>) -> bool {
        let holds = self.conditions.iter().all(|condition| holds(condition, balance.as_ref()));
        if holds {
            apply(&self.change, balance);
        }
        holds
    }
}

fn holds(condition: &BalanceCondition, balance: Option<&Balance>) -> bool {
    let of = |test: &dyn Fn(&Balance) -> bool| balance.is_some_and(test);
    match condition {
        BalanceCondition::Absent => balance.is_none(),
        BalanceCondition::CurrencyIs(currency) => of(&|it| it.currency == *currency),
        BalanceCondition::NotCancelled => balance.is_none_or(|it| it.cancelled_at.is_none()),
        BalanceCondition::RestAtLeast(least) => of(&|it| *least <= it.rest),
        BalanceCondition::HasNoPart(refund) => balance.is_none_or(|it| !it.parts.contains_key(refund)),
        BalanceCondition::FewerRefundsThan(most) => of(&|it| it.parts.len() < *most),
        BalanceCondition::VersionIs(version) => of(&|it| it.version == *version),
    }
}

fn apply(change: &BalanceChange, balance: &mut Option<Balance>) {
    if let BalanceChange::Open { store, currency, amount } = change {
        let (store, currency, amount) = (store.clone(), currency.clone(), *amount);
        let (parts, released) = (BTreeMap::new(), BTreeSet::new());
        *balance =
            Some(Balance { store, currency, amount, rest: amount, parts, released, cancelled_at: None, version: 1 });
        return;
    }
    let Some(balance) = balance else { return };
    balance.version += 1;
    match change {
        BalanceChange::Open { .. } => {}
        BalanceChange::Take { refund, part } => {
            balance.rest -= part.taken;
            balance.parts.insert(refund.clone(), *part);
        }
        BalanceChange::Cancel { seen_at, taken } => {
            balance.rest -= taken;
            balance.parts.insert(CANCELLATION.to_owned(), BalancePart { asked: *taken, taken: *taken });
            balance.cancelled_at = Some(*seen_at);
        }
        BalanceChange::Release { refund } => {
            balance.released.insert(refund.clone());
        }
        BalanceChange::GiveBack { refund, part } => {
            balance.rest += part.taken;
            balance.parts.remove(refund);
            if refund == CANCELLATION {
                balance.cancelled_at = None;
            }
        }
    }
}

/// A write in DynamoDB's language.
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
            BalanceChange::Open { store, currency, amount } => {
                self.put("store", text(store));
                self.put("currency", text(currency));
                for attribute in ["amount", "rest"] {
                    self.put(attribute, number(*amount));
                }
                self.put("refunds", number(0));
                self.put("version", number(1));
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
        currency: word("currency")?,
        amount: whole("amount")?,
        rest: whole("rest")?,
        parts,
        released: item.keys().filter_map(|name| name.strip_prefix("released/")).map(str::to_owned).collect(),
        cancelled_at: get_number(item, "cancelled_at").map(Revision),
        version: whole("version")?,
    })
}
