//! What came of the day: the org against Yotpo Loyalty, in each market.

use crate::table::{certificate_table, peak_rows, table};
use comfy_table::Table;
use local::{Answered, Peak};
use sandbox::{Ends, Points, Report};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Both ends, and what the functions say of them.
pub(crate) struct Proof {
    pub(crate) points: Points,
    /// The reconciler's last ones, by store.
    pub(crate) certificates: BTreeMap<String, Value>,
    /// What became of Yotpo's events.
    pub(crate) answered: Answered,
    /// Whether the queues became empty each time.
    pub(crate) quiet: bool,
    pub(crate) figures: Figures,
}

/// How the day went.
pub(crate) struct Figures {
    /// Completed in the org, those that were paid with a reward left out.
    pub(crate) orders: usize,
    /// How often the producer ran.
    pub(crate) runs: usize,
    /// How often the reconciler ran.
    pub(crate) reconciled: usize,
    /// Taken by customers.
    pub(crate) rewards: usize,
    /// Of one more order; none if it did not come back.
    pub(crate) lag: Option<Lag>,
    pub(crate) report: Report,
    /// Messages in the two dead-letter queues.
    pub(crate) dead_lettered: u64,
    pub(crate) peaks: Vec<Peak>,
    pub(crate) seconds: f64,
}

/// How long an order takes, without the schedule's wait.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Lag {
    /// Seconds from its completion to the points at Yotpo.
    pub(crate) there: f64,
    /// Seconds from there to the org.
    pub(crate) back: f64,
}

/// The last line, for scripts.
#[derive(Serialize)]
struct Line<'a> {
    orders: usize,
    markets: &'a BTreeMap<&'static str, Ends>,
    left_out: usize,
    events: Answered,
    lost: usize,
    doubled: usize,
    unexpected: usize,
    differing: usize,
    stale: usize,
    dead_lettered: u64,
    lag: Option<Lag>,
    seconds: f64,
    certificates: &'a BTreeMap<String, Value>,
}

impl Proof {
    /// Whether the promise was kept: the exit code.
    pub(crate) fn holds(&self) -> bool {
        let complete =
            |market: &str| self.certificates.get(market).is_some_and(|certificate| certificate["complete"] == true);
        let markets = &self.points.markets;
        self.points.holds()
            && markets.values().all(|ends| ends.orders > 0)
            && markets.keys().all(|market| complete(market))
            && self.answered.wrongly == 0
            && self.figures.lag.is_some()
    }

    #[expect(clippy::print_stdout, reason = "the result of the command")]
    pub(crate) fn print(&self) {
        for (market, ends) in &self.points.markets {
            println!("{}", market_table(market, ends));
        }
        println!("{}", self.day());
        for certificate in self.certificates.values() {
            println!("{}", certificate_table(certificate));
        }
        if !self.quiet {
            println!("A queue did not become empty.");
        }
        for (what, wrong) in self.points.wrong() {
            if !wrong.is_empty() {
                println!("{what}, the first of them: {}", wrong[..wrong.len().min(10)].join("; "));
            }
        }
        println!("{}", serde_json::to_string(&self.line()).unwrap_or_default());
    }

    fn line(&self) -> Line<'_> {
        let (points, f) = (&self.points, &self.figures);
        let [lost, doubled, unexpected, differing, stale] = points.wrong().map(|(_, wrong)| wrong.len());
        Line {
            orders: f.orders,
            markets: &points.markets,
            left_out: points.left_out,
            events: self.answered,
            lost,
            doubled,
            unexpected,
            differing,
            stale,
            dead_lettered: f.dead_lettered,
            lag: f.lag,
            seconds: (f.seconds * 10.0).round() / 10.0,
            certificates: &self.certificates,
        }
    }

    fn day(&self) -> Table {
        let (f, points) = (&self.figures, &self.points);
        let faults: u64 = f.report.faults.iter().map(|fault| fault.fired).sum();
        let answered: u64 = f.report.loyalty.values().map(|account| account.answered).sum();
        let mut rows = vec![
            ("seconds".to_owned(), format!("{:.1}", f.seconds)),
            ("orders completed in Salesforce".to_owned(), f.orders.to_string()),
            ("never sent: worth nothing, cancelled at once".to_owned(), points.left_out.to_string()),
            ("runs of the producer".to_owned(), f.runs.to_string()),
            ("runs of the reconciler".to_owned(), f.reconciled.to_string()),
            ("calls that Yotpo answered".to_owned(), answered.to_string()),
            ("Yotpo's events, accepted with 200".to_owned(), self.answered.accepted.to_string()),
            ("by strangers, refused with 401".to_owned(), self.answered.refused.to_string()),
            ("rewards that customers took".to_owned(), f.rewards.to_string()),
            ("faults that struck".to_owned(), faults.to_string()),
            ("in the dead-letter queues".to_owned(), f.dead_lettered.to_string()),
        ];
        if let Some(Lag { there, back }) = f.lag {
            rows.push(("one more order, timed: to its points, s".to_owned(), format!("{there:.1}")));
            rows.push(("and from there to the Contact, s".to_owned(), format!("{back:.1}")));
        }
        rows.extend(points.wrong().map(|(what, wrong)| (what.to_owned(), wrong.len().to_string())));
        rows.extend(peak_rows(&f.peaks));
        table("The day", rows)
    }
}

fn market_table(market: &str, ends: &Ends) -> Table {
    let rows = [
        ("orders at both ends", ends.orders.to_string()),
        ("returns and cancellations at Yotpo", ends.refunds.to_string()),
        ("left of the orders, in Salesforce", ends.salesforce.to_string()),
        ("left of the orders, at Yotpo", ends.yotpo.to_string()),
        ("customers with a membership", ends.customers.to_string()),
        ("their points, at Yotpo", ends.points_at_yotpo.to_string()),
        ("their points, in Salesforce", ends.points_in_org.to_string()),
        ("rewards taken", ends.rewards.to_string()),
        ("rewards whose order is known", ends.used.to_string()),
    ];
    table(&format!("Store {market}"), rows.map(|(name, value)| (name.to_owned(), value)).into())
}
