//! What came of the day: Shopify against NetSuite.

use crate::table::{certificate_table, peak_rows, table};
use local::{Answered, Peak};
use rust_decimal::Decimal;
use sandbox::{Agreement, Report, netsuite};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Both ends, and what the function says of them.
pub(crate) struct Proof {
    pub(crate) agreement: Agreement,
    /// The reconciler's last one; `null` if it gave none.
    pub(crate) certificate: Value,
    /// What became of the webhooks.
    pub(crate) answered: Answered,
    /// Whether the queue became empty.
    pub(crate) quiet: bool,
    pub(crate) figures: Figures,
}

/// How the day went.
pub(crate) struct Figures {
    /// Placed at Shopify.
    pub(crate) orders: usize,
    /// What Shopify told, each once.
    pub(crate) webhooks: usize,
    /// How often the reconciler ran.
    pub(crate) reconciled: usize,
    /// Updates that needed no call.
    pub(crate) unchanged: f64,
    pub(crate) report: Report,
    /// Messages in the dead-letter queue.
    pub(crate) dead_lettered: u64,
    pub(crate) peaks: Vec<Peak>,
    pub(crate) seconds: f64,
}

/// The last line, for scripts.
#[derive(Serialize)]
struct Line<'a> {
    orders: usize,
    webhooks: Answered,
    agreed: usize,
    left_out: usize,
    lines: usize,
    memos: usize,
    totals: Totals<'a>,
    lost: usize,
    doubled: usize,
    unexpected: usize,
    differing: usize,
    dead_lettered: u64,
    seconds: f64,
    certificate: &'a Value,
}

#[derive(Serialize)]
struct Totals<'a> {
    shopify: &'a BTreeMap<String, Decimal>,
    netsuite: &'a BTreeMap<String, Decimal>,
}

impl Proof {
    /// Whether the promise was kept: the exit code.
    pub(crate) fn holds(&self) -> bool {
        self.agreement.holds() && self.certificate["complete"] == true && self.answered.wrongly == 0
    }

    #[expect(clippy::print_stdout, reason = "the result of the command")]
    pub(crate) fn print(&self) {
        println!("{}", table("Both ends, compared by hand", self.both_ends()));
        println!("{}", table("The day", self.day()));
        if self.certificate.is_null() {
            println!("The reconciler certified nothing.");
        } else {
            println!("{}", certificate_table(&self.certificate));
        }
        if !self.quiet {
            println!("The queue did not become empty.");
        }
        for (what, orders) in self.wrong().into_iter().filter(|(_, orders)| !orders.is_empty()) {
            println!("{what}, the first of them: {}", orders[..orders.len().min(10)].join("; "));
        }
        println!("{}", serde_json::to_string(&self.line()).unwrap_or_default());
    }

    fn wrong(&self) -> [(&'static str, &[String]); 4] {
        let a = &self.agreement;
        [("lost", &a.lost), ("doubled", &a.doubled), ("unexpected", &a.unexpected), ("differing", &a.differing)]
            .map(|(what, orders)| (what, orders.as_slice()))
    }

    fn line(&self) -> Line<'_> {
        let (a, f) = (&self.agreement, &self.figures);
        let [lost, doubled, unexpected, differing] = self.wrong().map(|(_, orders)| orders.len());
        Line {
            orders: f.orders,
            webhooks: self.answered,
            agreed: a.orders - differing,
            left_out: a.left_out,
            lines: a.lines,
            memos: a.memos,
            totals: Totals { shopify: &a.shopify, netsuite: &a.netsuite },
            lost,
            doubled,
            unexpected,
            differing,
            dead_lettered: f.dead_lettered,
            seconds: (f.seconds * 10.0).round() / 10.0,
            certificate: &self.certificate,
        }
    }

    fn both_ends(&self) -> Vec<(String, String)> {
        let a = &self.agreement;
        let mut rows = vec![
            ("orders placed at Shopify".to_owned(), self.figures.orders.to_string()),
            ("never due: tests, cancelled at once".to_owned(), a.left_out.to_string()),
            ("at NetSuite, as they are at Shopify".to_owned(), (a.orders - a.differing.len()).to_string()),
            ("their lines, each quantity compared".to_owned(), a.lines.to_string()),
            ("credit memos at NetSuite".to_owned(), a.memos.to_string()),
        ];
        for (end, totals) in [("Shopify", &a.shopify), ("NetSuite, less memos", &a.netsuite)] {
            rows.extend(totals.iter().map(|(currency, sum)| (format!("total at {end}, {currency}"), sum.to_string())));
        }
        rows.extend(self.wrong().map(|(what, orders)| (what.to_owned(), orders.len().to_string())));
        rows.push(("in the dead-letter queue".to_owned(), self.figures.dead_lettered.to_string()));
        rows
    }

    fn day(&self) -> Vec<(String, String)> {
        let (f, w) = (&self.figures, self.answered);
        let faults: u64 = f.report.faults.iter().map(|fault| fault.fired).sum();
        let counters = [netsuite::CREATE, netsuite::UPDATE].map(|endpoint| f.report.counters.get(&endpoint));
        let writes: u64 = counters.into_iter().flatten().map(|counters| counters.calls).sum();
        let mut rows = vec![
            ("seconds".to_owned(), format!("{:.1}", f.seconds)),
            ("webhooks that Shopify had to send".to_owned(), f.webhooks.to_string()),
            ("requests, duplicates and retries among them".to_owned(), w.requests.to_string()),
            ("accepted with 200".to_owned(), w.accepted.to_string()),
            ("tampered or forged, refused with 401".to_owned(), w.refused.to_string()),
            ("answered wrongly".to_owned(), w.wrongly.to_string()),
            ("updates that needed no call".to_owned(), f.unchanged.to_string()),
            ("writes at NetSuite".to_owned(), writes.to_string()),
            ("most calls at NetSuite at one time".to_owned(), f.report.concurrency.peak.to_string()),
            ("faults that struck".to_owned(), faults.to_string()),
            ("runs of the reconciler".to_owned(), f.reconciled.to_string()),
        ];
        rows.extend(peak_rows(&f.peaks));
        rows
    }
}
