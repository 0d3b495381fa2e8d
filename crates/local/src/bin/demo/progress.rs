//! What is seen while the functions work.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use local::{Error, Tail};
use sandbox::Sandbox;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{self, IsTerminal},
};

/// A bar with the counts beside it where a person looks on, plain lines elsewhere.
pub(crate) struct Progress {
    bar: ProgressBar,
    view: View,
    counts: BTreeMap<&'static str, f64>,
}

/// What is looked at.
#[derive(Clone, Copy)]
pub(crate) struct View {
    /// How many orders have arrived at the destination.
    arrived: fn(&Sandbox) -> u64,
    /// The functions' metrics, and what they are called beside the bar.
    shown: &'static [(&'static str, &'static str)],
}

/// The reviews flow.
pub(crate) const REVIEWS: View = View {
    arrived: |sandbox| sandbox.report().accounts.values().map(|account| account.delivered).sum(),
    shown: &[
        ("OrdersFetched", "fetched"),
        ("OrdersEnqueued", "enqueued"),
        ("Retried", "retried"),
        ("Rejected", "rejected"),
    ],
};

/// The erp flow.
pub(crate) const ERP: View = View {
    arrived: |sandbox| {
        sandbox.netsuite.transactions().iter().filter(|transaction| transaction.kind == "salesOrder").count() as u64
    },
    shown: &[
        ("WebhookReceived", "webhooks"),
        ("Delivered", "written"),
        ("Unchanged", "unchanged"),
        ("Retried", "retried"),
        ("Parked", "parked"),
    ],
};

/// The loyalty flow.
pub(crate) const LOYALTY: View = View {
    arrived: |sandbox| sandbox.report().loyalty.values().map(|account| account.orders as u64).sum(),
    shown: &[
        ("OrdersEnqueued", "enqueued"),
        ("Delivered", "delivered"),
        ("Confirmed", "written back"),
        ("Retried", "retried"),
        ("Parked", "parked"),
    ],
};

impl Progress {
    pub(crate) fn new(orders: usize, view: View) -> Self {
        let target =
            if io::stdout().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(orders as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{elapsed:>4} {bar:30} {pos}/{len} delivered  {msg}") {
            bar.set_style(style);
        }
        Self { bar, view, counts: BTreeMap::new() }
    }

    #[expect(clippy::print_stdout, reason = "what the demo is about to do")]
    pub(crate) fn say(&self, text: &str) {
        self.bar.suspend(|| println!("{text}"));
    }

    /// Shows what has happened by now; how many orders have arrived.
    pub(crate) fn look(&mut self, sandbox: &Sandbox, tail: &mut Tail) -> Result<u64, Error> {
        for line in tail.lines()?.iter().filter(|line| line.text.contains("\"_aws\"")) {
            let metrics: Value = serde_json::from_str(&line.text).unwrap_or_default();
            for (metric, shown) in self.view.shown {
                *self.counts.entry(shown).or_default() += metrics[metric].as_f64().unwrap_or_default();
            }
        }
        let counts = self.view.shown.iter().map(|(metric, shown)| format!("{shown} {}", self.count(metric)));
        self.bar.set_message(counts.collect::<Vec<_>>().join("  "));
        let arrived = (self.view.arrived)(sandbox);
        self.bar.set_position(arrived);
        Ok(arrived)
    }

    /// The sum of a metric that is shown.
    pub(crate) fn count(&self, metric: &str) -> f64 {
        let shown = self.view.shown.iter().find(|(name, _)| *name == metric);
        shown.and_then(|(_, shown)| self.counts.get(shown)).copied().unwrap_or_default()
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
