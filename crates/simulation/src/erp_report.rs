//! How a day of the erp flow went, for tests and for people.

use crate::{effect::Effect, functions::Service};
use chrono::{DateTime, TimeDelta, Utc};
use reconciliation::Certificate;
use sandbox::netsuite;
use std::{collections::BTreeMap, fmt};

/// How a day went.
#[derive(Debug)]
pub struct ErpReport {
    /// Which one.
    pub seed: u64,
    /// What is wrong, in sentences; empty when all is well.
    pub problems: Vec<String>,
    /// Everything that happened, a line each.
    pub trace: String,
    /// How often each effect occurred.
    pub effects: BTreeMap<Effect, u64>,
    /// Webhooks that were sent, duplicates and forgeries among them.
    pub webhooks: u64,
    /// Orders that NetSuite holds.
    pub orders: usize,
    /// Memos that NetSuite holds.
    pub memos: usize,
    /// Calls to NetSuite, tokens left out.
    pub calls: u64,
    /// The most calls at a time whose callers were waiting, and with those whose callers had gone.
    pub peak: (usize, usize),
    /// From when a version came about until NetSuite had it, for each version that it had.
    pub latencies: Vec<TimeDelta>,
    /// From when the first was sent until the queue was empty, if it was.
    pub drained: Option<TimeDelta>,
    /// The longest from when an order of a shop was placed until NetSuite had it, by shop.
    pub longest: BTreeMap<String, TimeDelta>,
    /// Letters in the dead-letter queue: class, reason, error.
    pub letters: Vec<(String, String, String)>,
    /// The newest certificate of each shop and day.
    pub certificates: BTreeMap<(String, String), Certificate>,
    /// Calls that went wrong.
    pub faults: u64,
    /// Processes that were killed.
    pub kills: u64,
    /// Whether the day's kill, or its planned fault, happened.
    pub struck: bool,
    /// When it ended.
    pub ended: DateTime<Utc>,
}

impl ErpReport {
    /// The latency that so many of a hundred versions do not exceed.
    pub fn percentile(&self, percent: usize) -> TimeDelta {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(place).copied().unwrap_or_default()
    }

    /// Calls made for each that the same day costs when nothing goes wrong.
    pub fn ratio(&self, calm: &Self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "no day has 2^53 calls")]
        let ratio = self.calls as f64 / calm.calls.max(1) as f64;
        ratio
    }

    /// Calls to NetSuite that read or change a record that is there.
    pub fn of_updates(&self) -> u64 {
        let these = [netsuite::READ.name(), netsuite::UPDATE.name()];
        let of_updates = self
            .effects
            .iter()
            .filter(|(effect, _)| effect.service == Service::NetSuite && these.contains(&effect.operation));
        of_updates.map(|(_, times)| times).sum()
    }

    /// What is wrong, and what happened to the deliveries that it is about.
    pub fn failure(&self) -> Option<String> {
        let wrong = (!self.problems.is_empty()).then(|| self.problems.join("\n"))?;
        let ids = wrong.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() > 15).collect::<Vec<_>>();
        let about = self.trace.lines().filter(|line| ids.iter().any(|id| line.contains(id))).take(200);
        Some(format!("{}\n{wrong}\nseed {}", about.collect::<Vec<_>>().join("\n"), self.seed))
    }
}

impl fmt::Display for ErpReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { webhooks, orders, memos, calls, faults, kills, .. } = self;
        writeln!(f, "{webhooks} webhooks, {faults} faults, {kills} kills")?;
        writeln!(f, "NetSuite: {orders} orders, {memos} memos, {calls} calls")?;
        let (known, all) = self.peak;
        writeln!(f, "calls at a time: {known} at most, {all} with those whose callers had gone")?;
        let [half, most, last] = [50, 95, 100].map(|percent| self.percentile(percent).num_seconds());
        writeln!(f, "trigger to NetSuite: p50 {half} s, p95 {most} s, longest {last} s")?;
        if let Some(drained) = self.drained {
            writeln!(f, "the queue was empty after {} s", drained.num_seconds())?;
        }
        for (shop, longest) in &self.longest {
            writeln!(f, "{shop}: longest wait for an order {} s", longest.num_seconds())?;
        }
        for ((shop, day), certificate) in &self.certificates {
            writeln!(
                f,
                "{shop} {day}: {} orders and refunds, complete: {}",
                certificate.source.completed, certificate.complete
            )?;
        }
        write!(f, "dead letters: {}", self.letters.len())
    }
}
