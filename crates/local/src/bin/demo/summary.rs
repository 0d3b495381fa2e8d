//! What came of the night: source against destination.

use crate::table::{certificate_table, peak_rows, table};
use comfy_table::Table;
use local::Peak;
use sandbox::{Comparison, Manifest, Outcome, Report};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The store whose day has to become complete.
pub(crate) const STORE: &str = "default";

/// The figures of one night.
pub(crate) struct Summary {
    /// Whether the queue became empty.
    pub(crate) quiet: bool,
    /// How often the producer ran.
    pub(crate) runs: usize,
    /// How often the reconciler ran.
    pub(crate) reconciled: usize,
    /// The last certificate of each store.
    pub(crate) certificates: BTreeMap<String, Value>,
    pub(crate) manifest: Manifest,
    pub(crate) verdict: Comparison,
    pub(crate) report: Report,
    /// Messages in the dead-letter queue.
    pub(crate) dead_lettered: u64,
    pub(crate) peaks: Vec<Peak>,
    pub(crate) seconds: f64,
    pub(crate) orders: usize,
}

/// The last line, for scripts.
#[derive(Serialize)]
struct Line<'a> {
    orders: usize,
    skipped: BTreeMap<&'a str, usize>,
    delivered: u64,
    lost: usize,
    doubled: usize,
    dead_lettered: u64,
    seconds: f64,
    certificates: &'a BTreeMap<String, Value>,
}

impl Summary {
    /// Whether the promise was kept: the exit code.
    pub(crate) fn holds(&self) -> bool {
        let v = &self.verdict;
        let certified = self.certificates.get(STORE).is_some_and(|certificate| certificate["complete"] == true);
        certified && [&v.lost, &v.doubled, &v.unexpected, &v.altered].iter().all(|orders| orders.is_empty())
    }

    #[expect(clippy::print_stdout, reason = "the result of the command")]
    pub(crate) fn print(&self, pace: &str) {
        println!("{}\n{}", self.orders_table(), self.run_table(pace));
        for certificate in self.certificates.values() {
            println!("{}", certificate_table(certificate));
        }
        if !self.quiet {
            println!("The queue did not become empty.");
        }
        let v = &self.verdict;
        for (what, orders) in
            [("lost", &v.lost), ("doubled", &v.doubled), ("unexpected", &v.unexpected), ("altered", &v.altered)]
        {
            if !orders.is_empty() {
                println!("{what}, the first of them: {}", orders[..orders.len().min(10)].join(" "));
            }
        }
        println!("{}", serde_json::to_string(&self.line()).unwrap_or_default());
    }

    /// Skipped by rule: expected to be, and not at Yotpo.
    fn skipped(&self) -> BTreeMap<&str, usize> {
        let arrived: BTreeSet<&str> = self.verdict.unexpected.iter().map(String::as_str).collect();
        let mut skipped = BTreeMap::new();
        for expected in &self.manifest.expected {
            if let Outcome::Skipped { reason } = &expected.outcome
                && !arrived.contains(expected.order_id.as_str())
            {
                *skipped.entry(reason.as_str()).or_default() += 1;
            }
        }
        skipped
    }

    fn line(&self) -> Line<'_> {
        Line {
            orders: self.orders,
            skipped: self.skipped(),
            delivered: self.verdict.delivered,
            lost: self.verdict.lost.len(),
            doubled: self.verdict.doubled.len(),
            dead_lettered: self.dead_lettered,
            seconds: (self.seconds * 10.0).round() / 10.0,
            certificates: &self.certificates,
        }
    }

    fn orders_table(&self) -> Table {
        let v = &self.verdict;
        let mut rows = vec![
            ("completed in Salesforce".to_owned(), self.orders.to_string()),
            ("delivered to Yotpo, once, unaltered".to_owned(), (v.delivered - v.altered.len() as u64).to_string()),
        ];
        rows.extend(self.skipped().iter().map(|(reason, n)| (format!("skipped: {reason}"), n.to_string())));
        for (outcome, n) in self.manifest.counts() {
            match outcome {
                Outcome::Rejected => rows.push(("to be refused by Yotpo".to_owned(), n.to_string())),
                Outcome::Parked { reason } => rows.push((format!("to be parked: {reason}"), n.to_string())),
                _ => {}
            }
        }
        rows.push(("in the dead-letter queue".to_owned(), self.dead_lettered.to_string()));
        for (what, orders) in
            [("lost", &v.lost), ("doubled", &v.doubled), ("unexpected", &v.unexpected), ("altered", &v.altered)]
        {
            rows.push((what.to_owned(), orders.len().to_string()));
        }
        table("Orders", rows)
    }

    fn run_table(&self, pace: &str) -> Table {
        let accounts = self.report.accounts.values();
        let posted: u64 = accounts.clone().map(|a| a.posted).sum();
        let repeats: u64 = accounts.clone().map(|a| a.repeats).sum();
        let dropped: u64 = accounts.map(|a| a.dropped).sum();
        let faults: u64 = self.report.faults.iter().map(|fault| fault.fired).sum();
        let mut rows = vec![
            ("seconds".to_owned(), format!("{:.1}", self.seconds)),
            ("pace in force, calls to Yotpo a second".to_owned(), pace.to_owned()),
            ("runs of the producer".to_owned(), self.runs.to_string()),
            ("runs of the reconciler".to_owned(), self.reconciled.to_string()),
            ("purchases posted to Yotpo".to_owned(), posted.to_string()),
            ("of these repeats, which Yotpo ignored".to_owned(), repeats.to_string()),
            ("dropped by Yotpo after a yes".to_owned(), dropped.to_string()),
            ("faults that struck".to_owned(), faults.to_string()),
        ];
        rows.extend(peak_rows(&self.peaks));
        table("The night", rows)
    }
}
