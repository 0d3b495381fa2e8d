//! What was asked of the vendors, counted on their side of the wire.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::faults::Endpoint;

/// Calls of one endpoint.
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

/// Counters of all endpoints that were called.
#[derive(Debug, Default)]
pub(crate) struct AllCounters(pub(crate) BTreeMap<Endpoint, Counters>);

impl AllCounters {
    pub(crate) fn begin(&mut self, endpoint: Endpoint) {
        let counters = self.0.entry(endpoint).or_default();
        counters.calls += 1;
        counters.in_flight += 1;
        counters.in_flight_peak = counters.in_flight_peak.max(counters.in_flight);
    }

    pub(crate) fn end(&mut self, endpoint: Endpoint, status: u16) {
        let counters = self.0.entry(endpoint).or_default();
        counters.in_flight = counters.in_flight.saturating_sub(1);
        *counters.answers.entry(status).or_default() += 1;
    }
}
