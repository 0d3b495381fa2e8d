//! The certificate of a business day: source, ledger and destination in numbers. Pure.

use crate::{classify::Class, entry::Reasons, totals::Totals};
use chrono::{DateTime, Utc};
use config::{BusinessDay, StoreName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What became of the completed records of one store's business day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The store; `unrouted` for the orders that fit none.
    pub store: StoreName,
    /// The business day.
    pub business_day: BusinessDay,
    /// When this certificate was issued; a later look that finds the same does not issue another.
    pub issued_at: DateTime<Utc>,
    /// SHA-256 of the configuration that decided which orders are completed, and what becomes of them.
    pub config_sha256: String,
    /// The source.
    pub source: SourceCount,
    /// The ledger: the numbers add up to the completed orders.
    pub ledger: Tally,
    /// The destination; `None` (`null`) where it shows no such record: what it said yes to is all that can be known of it.
    pub destination: Option<Destination>,
    /// What the records are worth at both ends, where they are worth money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Totals>,
    /// What was found of balances that were compared at both ends, where they are what the destination shows instead of records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balances: Option<Balances>,
    /// How often a delivery of this day was reopened and sent again, over all looks so far.
    pub repaired: usize,
    /// Whether it has hardly an order, or sends hardly one, though it should.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quiet: bool,
    /// Whether every order is confirmed (where the destination shows none: accepted), skipped or rejected, and no total differs.
    pub complete: bool,
}

/// What the source has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCount {
    /// Completed orders of the day.
    pub completed: usize,
}

/// How the completed records count, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Seen at the destination.
    pub confirmed: usize,
    /// The destination said yes, and has time left to show them.
    pub accepted: usize,
    /// To be tried again, being tried, or not recorded yet.
    pub pending: usize,
    /// Never sent, by rule, by reason.
    pub skipped: BTreeMap<String, usize>,
    /// Refused for good, by reason.
    pub rejected: BTreeMap<String, usize>,
    /// Waiting for a person.
    pub parked: usize,
    /// Nobody knows whether they took effect.
    pub uncertain: usize,
    /// Accepted long ago, and not at the destination.
    pub missing: usize,
}

/// What the destination has, as of the last reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// Completed orders of the day that it shows.
    pub found: usize,
    /// Orders with this day's date that are not among the completed orders of the day.
    pub unexpected: usize,
}

/// A sample of balances, compared at both ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balances {
    /// How many were compared.
    pub sampled: usize,
    /// How many of them differ.
    pub differ: usize,
}

/// What a look compared beside each record by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Compared {
    /// Nothing.
    #[default]
    Nothing,
    /// What the records are worth: while that differs no day is complete.
    Totals(Totals),
    /// Some balances: that one differs is said, and no order is less delivered for it.
    Balances(Balances),
}

impl Compared {
    /// Both of them, as far as they are there.
    pub(crate) fn split(self) -> (Option<Totals>, Option<Balances>) {
        match self {
            Self::Nothing => (None, None),
            Self::Totals(totals) => (Some(totals), None),
            Self::Balances(balances) => (None, Some(balances)),
        }
    }
}

impl Tally {
    /// Counts each order once.
    pub(crate) fn of(classes: impl IntoIterator<Item = Class>, reasons: &Reasons) -> Self {
        let mut counts = Self::default();
        for class in classes {
            *match class {
                Class::Confirmed => &mut counts.confirmed,
                Class::Accepted => &mut counts.accepted,
                Class::Pending => &mut counts.pending,
                Class::Skipped(reason) => counts.skipped.entry(reasons.text(reason).to_owned()).or_default(),
                Class::Rejected(reason) => counts.rejected.entry(reasons.text(reason).to_owned()).or_default(),
                Class::Parked => &mut counts.parked,
                Class::Uncertain => &mut counts.uncertain,
                Class::Missing => &mut counts.missing,
            } += 1;
        }
        counts
    }

    /// All orders.
    pub fn sum(&self) -> usize {
        let by_reason = self.skipped.values().chain(self.rejected.values()).sum::<usize>();
        self.confirmed + self.unsettled() + by_reason
    }

    /// Orders of which it is still open what becomes of them.
    fn unsettled(&self) -> usize {
        self.accepted + self.pending + self.parked + self.uncertain + self.missing
    }

    /// Whether every order is confirmed, skipped or rejected; where the destination shows none (`shown` is false), accepted is the
    /// most that can be.
    pub(crate) fn is_complete(&self, shown: bool) -> bool {
        self.unsettled() == if shown { 0 } else { self.accepted }
    }
}

impl Certificate {
    /// Whether it says the same as `other`, whenever either was issued.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        *self == Self { issued_at: self.issued_at, ..other.clone() }
    }
}
