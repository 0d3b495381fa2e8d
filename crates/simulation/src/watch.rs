//! What must hold at every moment and not only in the end: seen where calls are made, served and answered. The end alone
//! would not show it: what the producer loses the reconciler finds, and a repeat leaves no trace at the destination.

use crate::{
    OUTLET,
    effect::Effect,
    functions::{Caller, Function},
    sqs::Letter,
};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use sandbox::{DaySpec, Expected, Outcome, TimeZone};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Between reading the ledger of a page's orders and sending them lies less.
const PAGE: TimeDelta = TimeDelta::minutes(10);
/// Timers have a millisecond, and whoever waits for one is woken a moment later.
const MOMENT: TimeDelta = TimeDelta::milliseconds(50);
/// SQS hides no message for longer than twelve hours from its receipt.
const LONGEST_HIDDEN: TimeDelta = TimeDelta::hours(11);

/// An order as it is watched.
struct Watched {
    order_id: String,
    app_key: String,
    day: NaiveDate,
    outcome: Outcome,
    /// Messages that SQS took of producer and reconciler.
    queued: u64,
    /// When the ledger was told of its acceptance.
    accepted_at: Option<DateTime<Utc>>,
}

/// A process that calls an account.
#[derive(Default)]
struct Worker {
    last_call: Option<DateTime<Utc>>,
    /// When its last question for a token or a secret ended: who waited for that may call at once.
    admitted_at: Option<DateTime<Utc>>,
    /// Orders whose post was not authorized: it is repeated at once.
    unauthorized: BTreeSet<String>,
    /// The account asked not to be called until then.
    wait: Option<DateTime<Utc>>,
    /// Orders whose post was answered with a wait, until their message is hidden.
    waits: BTreeMap<String, DateTime<Utc>>,
}

/// The promises that are looked at all the time.
pub(crate) struct Watch {
    zone: TimeZone,
    /// The least time between two calls of one process to its account.
    period: TimeDelta,
    /// By delivery key.
    orders: BTreeMap<String, Watched>,
    workers: BTreeMap<u64, Worker>,
    /// Certificates that were issued.
    pub(crate) certificates: u64,
    /// Cursors that were moved.
    pub(crate) settlements: u64,
}

impl Watch {
    pub(crate) fn nothing() -> Self {
        Self {
            zone: TimeZone::UTC,
            period: TimeDelta::zero(),
            orders: BTreeMap::new(),
            workers: BTreeMap::new(),
            certificates: 0,
            settlements: 0,
        }
    }

    pub(crate) fn of(zone: TimeZone, period: TimeDelta) -> Self {
        Self { zone, period, ..Self::nothing() }
    }

    /// These orders are there from now on; those that were stay what they are.
    pub(crate) fn expect(&mut self, expected: &[Expected], flow: &str) {
        for expected in expected {
            let watched = Watched {
                order_id: expected.order_id.clone(),
                app_key: expected.app_key.clone(),
                day: expected.order_date,
                outcome: expected.outcome.clone(),
                queued: 0,
                accepted_at: None,
            };
            // Generated with one day, and the next one's.
            let next = matches!(expected.kind.as_str(), "AtDayEnd" | "DayAfter");
            let watched = if next && expected.outcome == Outcome::OutOfScope {
                Watched { day: expected.order_date + Days::new(1), outcome: Outcome::Delivered, ..watched }
            } else if expected.waits_for_its_date() {
                // Of its own day it is an order like any other.
                Watched { outcome: Outcome::Delivered, ..watched }
            } else {
                watched
            };
            self.orders.entry(format!("{flow}/{}", expected.id)).or_insert(watched);
        }
    }

    /// A process calls.
    pub(crate) fn calls(
        &mut self,
        caller: Caller,
        effect: Effect,
        subject: &str,
        now: DateTime<Utc>,
    ) -> Option<String> {
        if !effect.is_paced() {
            return None;
        }
        let worker = self.workers.entry(caller.process).or_default();
        // The same call again, or one that has had its turn and waited for a token.
        let had_its_turn = worker.admitted_at.is_some_and(|at| now - at <= MOMENT);
        if worker.unauthorized.remove(subject) || had_its_turn {
            return None;
        }
        let last = worker.last_call.replace(now);
        if let Some(wait) = worker.wait.filter(|wait| now < *wait) {
            let early = (wait - now).num_milliseconds();
            return Some(format!(
                "{caller:?} calls its account {early} ms before the time that it was asked to wait for"
            ));
        }
        let gap = now - last?;
        (gap + MOMENT < self.period).then(|| {
            let (gap, period) = (gap.num_milliseconds(), self.period.num_milliseconds());
            format!("{caller:?} calls its account after {gap} ms and its share is a call in {period} ms")
        })
    }

    /// A process has an answer, or none and knows it.
    pub(crate) fn answered(&mut self, caller: Caller, effect: Effect, now: DateTime<Utc>) {
        if effect.is_admission() {
            self.workers.entry(caller.process).or_default().admitted_at = Some(now);
        }
    }

    /// What an account answered to a process: its status, and how long it asks to be left alone.
    pub(crate) fn told(
        &mut self,
        caller: Caller,
        (effect, subject): (Effect, &str),
        status: u16,
        wait: Option<TimeDelta>,
        now: DateTime<Utc>,
    ) {
        let worker = self.workers.entry(caller.process).or_default();
        let posts = effect.is_post();
        if posts && status == 401 {
            worker.unauthorized.insert(subject.to_owned());
        }
        if let Some(wait) = wait.filter(|_| status >= 400) {
            worker.wait = Some(worker.wait.map_or(now + wait, |known| known.max(now + wait)));
            if posts {
                worker.waits.insert(subject.to_owned(), now + wait);
            }
        }
    }

    /// A process hides an order's message until then.
    pub(crate) fn hidden(
        &mut self,
        caller: Caller,
        key: &str,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<String> {
        let order = &self.orders.get(key)?.order_id;
        let wait = self.workers.get_mut(&caller.process)?.waits.remove(order)?.min(now + LONGEST_HIDDEN);
        (until < wait).then(|| {
            let early = (wait - until).num_milliseconds();
            format!("{order} is visible again {early} ms before the time that its account asked to wait for")
        })
    }

    /// SQS has taken a message of an order. `known`: reads of the ledger are current.
    pub(crate) fn queued(&mut self, by: Function, key: &str, known: bool, now: DateTime<Utc>) -> Option<String> {
        let watched = self.orders.get_mut(key)?;
        if by.consumes {
            return None;
        }
        watched.queued += 1;
        let accepted_at = watched.accepted_at.filter(|at| known && now - *at > PAGE)?;
        Some(format!("{by:?} sends {} although its acceptance was recorded at {accepted_at}", watched.order_id))
    }

    /// The ledger has been told that an order is accepted, or that it is to be sent again.
    pub(crate) fn accepted(&mut self, key: &str, at: Option<DateTime<Utc>>) {
        if let Some(watched) = self.orders.get_mut(key) {
            watched.accepted_at = at;
        }
    }

    /// A store's days are settled until `until`: every message of theirs was accepted by SQS, every skip and parking is
    /// recorded.
    pub(crate) fn settled<'a>(
        &mut self,
        until: DateTime<Utc>,
        letters: &[Letter],
        is_recorded: impl Fn(&str) -> bool + 'a,
    ) -> Vec<String> {
        self.settlements += 1;
        let ends = |day: NaiveDate| DaySpec::new(0, day, self.zone.clone(), 1).window().1;
        let mut wrong = Vec::new();
        for (key, order) in self.orders.iter().filter(|(_, order)| ends(order.day) <= until) {
            let missing = match &order.outcome {
                Outcome::Delivered | Outcome::Rejected if order.queued == 0 => "SQS has accepted no message",
                Outcome::Skipped { .. } if !is_recorded(key) => "its skip is not recorded",
                // One without a date is of no day.
                Outcome::Parked { reason }
                    if reason != "no_completion_date"
                        && !letters.iter().any(|letter| letter.key().as_ref() == Some(key)) =>
                {
                    "no letter is in the dead-letter queue"
                }
                _ => continue,
            };
            wrong.push(format!("{} is settled and of {} {missing}", order.day, order.order_id));
        }
        wrong
    }

    /// A certificate is issued: what it says is so at the destination, now. `is_there`: whether an account shows an order.
    pub(crate) fn certified(&mut self, certificate: &str, is_there: impl Fn(&str, &str) -> bool) -> Vec<String> {
        self.certificates += 1;
        let said: Value = serde_json::from_str(certificate).unwrap_or_default();
        let number = |part: &str, name: &str| said[part][name].as_u64();
        let (Some(store), Some(day), Some(complete), Some(completed), Some(confirmed)) = (
            said["store"].as_str(),
            said["business_day"].as_str().and_then(|day| day.parse::<NaiveDate>().ok()),
            said["complete"].as_bool(),
            number("source", "completed"),
            number("ledger", "confirmed"),
        ) else {
            return vec![format!("a certificate cannot be read: {certificate}")];
        };
        let (mut there, mut of_the_day, mut wrong) = (0, 0, Vec::new());
        for order in self.orders.values().filter(|order| order.day == day) {
            let unrouted = matches!(&order.outcome, Outcome::Parked { reason } if reason == "unknown_store");
            let elsewhere = (store == "outlet") != (order.app_key == OUTLET);
            if (store == "unrouted") != unrouted || (elsewhere && !unrouted) {
                continue;
            }
            let absent = order.outcome == Outcome::Delivered && !is_there(&order.app_key, &order.order_id);
            there += u64::from(order.outcome == Outcome::Delivered && !absent);
            of_the_day +=
                u64::from(matches!(order.outcome, Outcome::Delivered | Outcome::Rejected | Outcome::Skipped { .. }));
            if complete && (absent || unrouted) {
                wrong.push(format!("{store} {day} is certified complete, and {} is not there", order.order_id));
            }
        }
        if confirmed > there {
            wrong.push(format!("{store} {day} is certified with {confirmed} confirmed, and {there} are there"));
        }
        if complete && completed < of_the_day {
            wrong.push(format!("{store} {day} is certified complete with {completed} orders of {of_the_day}"));
        }
        wrong
    }

    /// Messages that SQS took of producer and reconciler, by order.
    pub(crate) fn messages(&self) -> impl Iterator<Item = (&str, u64)> {
        self.orders.values().map(|order| (order.order_id.as_str(), order.queued))
    }
}
