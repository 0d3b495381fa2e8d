//! What became of a range of business days, in numbers: from the certificates that were kept, and from the ledger's records
//! what no certificate says. Pure; it takes the more memory the more days there are, not the more orders.

use crate::Certificate;
use chrono::{DateTime, TimeDelta};
use config::{BusinessDay, Zone};
use ledger::{Scanned, State};
use serde::Serialize;
use std::collections::BTreeMap;

/// The longest range: certificates and records live that long.
pub const LONGEST: usize = 400;

/// How long after the end of its business day a delivery was accepted: in words, and up to so many hours, in words too.
const WAITS: [(&str, i64, &str); 6] = [
    ("under 1 h", 1, "1 h"),
    ("1 to 2 h", 2, "2 h"),
    ("2 to 4 h", 4, "4 h"),
    ("4 to 8 h", 8, "8 h"),
    ("8 to 24 h", 24, "24 h"),
    ("1 to 7 days", 7 * 24, "7 days"),
];
/// Whatever took longer.
const LONGEST_WAIT: &str = "over 7 days";

/// Reasons that are told apart. What is beyond counts as [`OTHER`]: a destination is free to invent them.
const REASONS: usize = 200;
const OTHER: &str = "other";

/// A range of days that cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum BadRange {
    /// It ends before it begins.
    #[error("the days from {0} to {1}: expected a first day and then a last one")]
    Backwards(BusinessDay, BusinessDay),
    /// It is too long.
    #[error("the days from {0} to {1}: expected {LONGEST} at most, which is how long certificates and records live")]
    TooLong(BusinessDay, BusinessDay),
}

/// How a day stands, the worst of its stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DayStanding {
    /// Before the first night: nobody's.
    Before,
    /// Every order is delivered, or skipped or rejected for a named reason.
    Complete,
    /// A store has no certificate of it.
    NoCertificate,
    /// Something is still open.
    NotComplete,
}

/// A business day's numbers, all of its stores together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DayCounts {
    /// The day.
    pub business_day: BusinessDay,
    /// How it stands.
    pub standing: DayStanding,
    /// Completed orders at the source; the sum of the next five.
    pub completed: usize,
    /// Seen at the destination.
    pub confirmed: usize,
    /// Accepted by the destination, and not seen there yet.
    pub accepted: usize,
    /// Pending, parked, uncertain or missing.
    pub open: usize,
    /// Never sent, by rule.
    pub skipped: usize,
    /// Refused for good.
    pub rejected: usize,
}

/// So many deliveries were accepted so long after the end of their business day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wait {
    /// In words such as `2 to 4 h`.
    pub after: &'static str,
    /// How many.
    pub deliveries: usize,
}

/// The range in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DayHistory {
    /// Each day of the range, from the certificates.
    pub days: Vec<DayCounts>,
    /// From the certificates.
    pub skipped_by_reason: BTreeMap<String, usize>,
    /// From the certificates.
    pub rejected_by_reason: BTreeMap<String, usize>,
    /// From the records, as they are now.
    pub parked_by_reason: BTreeMap<String, usize>,
    /// From the records of what was accepted or confirmed.
    pub time_to_deliver: Vec<Wait>,
    /// Delivered, and nobody knows when: seen at the destination without an acceptance that was written down.
    pub time_unknown: usize,
    /// Deliveries that were attempted more than once.
    pub attempted_again: usize,
    /// Deliveries that were reopened and sent again: missing, exhausted, or redriven by a person.
    pub sent_again: usize,
    /// What was proven, by day and store.
    pub certificates: Vec<Certificate>,
}

impl DayHistory {
    /// Of these days, with nothing in it yet.
    ///
    /// # Errors
    /// When the range is none, or is too long.
    pub fn of(first: BusinessDay, last: BusinessDay) -> Result<Self, BadRange> {
        if first > last {
            return Err(BadRange::Backwards(first, last));
        }
        let days: Vec<DayCounts> = std::iter::successors(Some(first), |day| Some(day.next()))
            .take_while(|day| *day <= last)
            .take(LONGEST + 1)
            .map(DayCounts::empty)
            .collect();
        if days.len() > LONGEST {
            return Err(BadRange::TooLong(first, last));
        }
        let waits = WAITS.iter().map(|(after, ..)| *after).chain([LONGEST_WAIT]);
        Ok(Self {
            days,
            skipped_by_reason: BTreeMap::new(),
            rejected_by_reason: BTreeMap::new(),
            parked_by_reason: BTreeMap::new(),
            time_to_deliver: waits.map(|after| Wait { after, deliveries: 0 }).collect(),
            time_unknown: 0,
            attempted_again: 0,
            sent_again: 0,
            certificates: Vec::new(),
        })
    }

    /// The day that a store's certificate is of.
    pub fn certified(&mut self, certificate: Certificate) {
        let Some(day) = self.day(certificate.business_day) else { return };
        let counts = &certificate.ledger;
        let sum = |by_reason: &BTreeMap<String, usize>| by_reason.values().sum::<usize>();
        let standing = if certificate.complete { DayStanding::Complete } else { DayStanding::NotComplete };
        day.standing = day.standing.max(standing);
        day.completed += certificate.source.completed;
        day.confirmed += counts.confirmed;
        day.accepted += counts.accepted;
        day.open += counts.pending + counts.parked + counts.uncertain + counts.missing;
        day.skipped += sum(&counts.skipped);
        day.rejected += sum(&counts.rejected);
        for (all, new) in
            [(&mut self.skipped_by_reason, &counts.skipped), (&mut self.rejected_by_reason, &counts.rejected)]
        {
            for (reason, n) in new {
                add(all, reason, *n);
            }
        }
        self.certificates.push(certificate);
    }

    /// A store has no certificate of a day, which is `before` the store was in the flow's care, or not.
    pub fn uncertified(&mut self, day: BusinessDay, before: bool) {
        if let Some(day) = self.day(day).filter(|_| !before) {
            day.standing = day.standing.max(DayStanding::NoCertificate);
        }
    }

    /// A delivery as the ledger has it; `zone` is that of its store's business days.
    pub fn delivery(&mut self, record: &Scanned, zone: Zone) {
        let Ok(day) = record.day.parse::<BusinessDay>() else { return };
        if self.day(day).is_none() {
            return;
        }
        self.attempted_again += usize::from(record.attempts > 1);
        self.sent_again += usize::from(record.repairs > 0);
        match record.state {
            State::Parked => add(&mut self.parked_by_reason, record.reason.as_deref().unwrap_or(OTHER), 1),
            State::Accepted | State::Confirmed => {
                let end = day.window(zone).end;
                match record.accepted_at {
                    Some(at) => self.time_to_deliver[wait(DateTime::from(at) - end)].deliveries += 1,
                    None => self.time_unknown += 1,
                }
            }
            State::Pending | State::Claimed | State::Skipped | State::Rejected | State::Uncertain => {}
        }
    }

    /// The sum of one of the days' numbers.
    pub fn sum(&self, of: impl Fn(&DayCounts) -> usize) -> usize {
        self.days.iter().map(of).sum()
    }

    /// How many days stand like this.
    pub fn standing(&self, standing: DayStanding) -> usize {
        self.days.iter().filter(|day| day.standing == standing).count()
    }

    /// Within what time so many per cent of what was delivered was accepted; `None` if that is not known, or was longer than
    /// the longest time that is told apart.
    pub fn within(&self, per_cent: usize) -> Option<&'static str> {
        let all: usize = self.time_to_deliver.iter().map(|wait| wait.deliveries).sum();
        let mut so_far = 0;
        let waits = self.time_to_deliver.iter().zip(WAITS);
        let mut reached = waits.filter_map(|(wait, (.., within))| {
            so_far += wait.deliveries;
            (so_far * 100 >= all * per_cent).then_some(within)
        });
        reached.next().filter(|_| all > 0)
    }

    /// Whether nothing is left to be done or to be proven, and no day has hardly an order where there should be more.
    pub fn is_complete(&self) -> bool {
        let proven = self.days.iter().all(|day| matches!(day.standing, DayStanding::Complete | DayStanding::Before));
        proven && !self.certificates.iter().any(|certificate| certificate.quiet)
    }

    fn day(&mut self, day: BusinessDay) -> Option<&mut DayCounts> {
        let place = self.days.binary_search_by_key(&day, |day| day.business_day).ok()?;
        self.days.get_mut(place)
    }
}

impl DayCounts {
    fn empty(business_day: BusinessDay) -> Self {
        let standing = DayStanding::Before;
        Self { business_day, standing, completed: 0, confirmed: 0, accepted: 0, open: 0, skipped: 0, rejected: 0 }
    }
}

/// The place in [`WAITS`]. What was accepted before its day was over, by clocks that differ, counts with the quickest.
fn wait(after: TimeDelta) -> usize {
    WAITS.iter().position(|(_, hours, _)| after < TimeDelta::hours(*hours)).unwrap_or(WAITS.len())
}

fn add(all: &mut BTreeMap<String, usize>, reason: &str, n: usize) {
    let reason = if all.len() < REASONS || all.contains_key(reason) { reason } else { OTHER };
    *all.entry(reason.to_owned()).or_default() += n;
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
