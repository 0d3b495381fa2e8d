//! What is seen while the night runs.

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
    counts: BTreeMap<&'static str, f64>,
}

/// The functions' metrics, and what they are called beside the bar.
const SHOWN: [(&str, &str); 4] =
    [("OrdersFetched", "fetched"), ("OrdersEnqueued", "enqueued"), ("Retried", "retried"), ("Rejected", "rejected")];

impl Progress {
    pub(crate) fn new(orders: usize) -> Self {
        let target =
            if io::stdout().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(orders as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{elapsed:>4} {bar:30} {pos}/{len} delivered  {msg}") {
            bar.set_style(style);
        }
        Self { bar, counts: BTreeMap::new() }
    }

    #[expect(clippy::print_stdout, reason = "what the demo is about to do")]
    pub(crate) fn say(&self, text: &str) {
        self.bar.suspend(|| println!("{text}"));
    }

    /// Shows what has happened by now; how many orders have arrived.
    pub(crate) fn look(&mut self, sandbox: &Sandbox, tail: &mut Tail) -> Result<u64, Error> {
        for line in tail.lines()?.iter().filter(|line| line.text.contains("\"_aws\"")) {
            let metrics: Value = serde_json::from_str(&line.text).unwrap_or_default();
            for (metric, shown) in SHOWN {
                *self.counts.entry(shown).or_default() += metrics[metric].as_f64().unwrap_or_default();
            }
        }
        let counts = SHOWN.map(|(_, shown)| format!("{shown} {}", self.counts.get(shown).unwrap_or(&0.0)));
        self.bar.set_message(counts.join("  "));
        let delivered = sandbox.report().accounts.values().map(|account| account.delivered).sum();
        self.bar.set_position(delivered);
        Ok(delivered)
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
