//! What a test controls of every vendor alike, and what is counted of it: the time, the faults, the calls.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::faults::{ActiveRule, Disturbance, Endpoint, Rule, Rules};

/// Calls of one endpoint, counted on the vendor's side of the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Calls that came in.
    pub calls: u64,
    /// Answers by HTTP status; `0` stands for a connection that was cut.
    pub answers: BTreeMap<u16, u64>,
    /// Calls being answered now.
    pub in_flight: u64,
    /// The most calls that were being answered at one time.
    pub in_flight_peak: u64,
}

/// The clock, the faults and the counters of all vendors, behind one lock; no vendor is locked while it is held.
pub struct Controls(Mutex<Inner>);

struct Inner {
    /// A clock that is as far ahead as a test has set it.
    clock: fn() -> DateTime<Utc>,
    ahead: TimeDelta,
    faults: Rules,
    counters: BTreeMap<Endpoint, Counters>,
}

impl Controls {
    /// Whether a fault with a probability strikes follows from `seed`.
    pub(crate) fn new(seed: u64, clock: fn() -> DateTime<Utc>) -> Self {
        let (ahead, faults, counters) = (TimeDelta::zero(), Rules::new(seed), BTreeMap::new());
        Self(Mutex::new(Inner { clock, ahead, faults, counters }))
    }

    /// A panic in one call must not turn every later one into a panic.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The vendors' time.
    pub fn now(&self) -> DateTime<Utc> {
        self.lock().now()
    }

    /// For the vendors it is now `now`, and time goes on from there: expiry, outages, six months.
    pub fn set_now(&self, now: DateTime<Utc>) {
        let mut inner = self.lock();
        inner.ahead = now - (inner.clock)();
    }

    /// Adds a rule; returns its number. Of several that strike the same call, the one added first wins.
    pub fn add_fault(&self, rule: Rule) -> u64 {
        let mut inner = self.lock();
        let now = inner.now();
        inner.faults.add(rule, now)
    }

    /// The rules in force.
    pub fn faults(&self) -> Vec<ActiveRule> {
        self.lock().faults.active().to_vec()
    }

    /// No more faults.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    pub(crate) fn counters(&self) -> BTreeMap<Endpoint, Counters> {
        self.lock().counters.clone()
    }

    /// A call came in: what is to happen to it.
    pub(crate) fn begin(&self, endpoint: Endpoint, subject: &str) -> Disturbance {
        let mut inner = self.lock();
        let counters = inner.counters.entry(endpoint).or_default();
        counters.calls += 1;
        counters.in_flight += 1;
        counters.in_flight_peak = counters.in_flight_peak.max(counters.in_flight);
        let now = inner.now();
        inner.faults.decide(endpoint, subject, now)
    }

    /// It was answered.
    pub(crate) fn end(&self, endpoint: Endpoint, status: u16) {
        let mut inner = self.lock();
        let counters = inner.counters.entry(endpoint).or_default();
        counters.in_flight = counters.in_flight.saturating_sub(1);
        *counters.answers.entry(status).or_default() += 1;
    }
}

impl Inner {
    fn now(&self) -> DateTime<Utc> {
        (self.clock)() + self.ahead
    }
}
