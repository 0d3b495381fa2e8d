//! What the demo can be told.

use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Runs a night of orders through the whole system, on this machine alone: orders of a simulated vendor are delivered to another
/// one by the functions, and both are compared. Exit code 0: nothing lost, nothing doubled, nothing different.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// Whose orders.
    #[arg(long, value_enum, default_value_t = Flow::Reviews)]
    pub(crate) flow: Flow,
    /// Yesterday's orders, awkward ones among them. By default 1000; of the other flows, which have several messages an order, 200.
    #[arg(long, env = "ORDERS")]
    orders: Option<usize>,
    /// Whether the vendors fail now and then.
    #[arg(long, env = "FAULTS", value_enum, default_value_t = Switch::On)]
    pub(crate) faults: Switch,
    /// The same seed makes the same orders and the same faults.
    #[arg(long, env = "SEED", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where logs and settings of the run are kept; emptied first. By default .demo/1, or the next that no other demo is using.
    #[arg(long)]
    pub(crate) directory: Option<PathBuf>,
    /// Use the functions that `cargo build` made, instead of the optimised ones.
    #[arg(long)]
    pub(crate) dev: bool,
    /// Let `cargo lambda watch` build and serve the functions.
    #[arg(long)]
    pub(crate) watch: bool,
    /// Whether everything goes on running after the comparison, for the operator's command line; until Ctrl-C.
    #[arg(long, env = "KEEP", value_enum, default_value_t = Switch::Off)]
    pub(crate) keep: Switch,
}

impl Options {
    pub(crate) fn orders(&self) -> usize {
        self.orders.unwrap_or(match self.flow {
            Flow::Reviews => 1_000,
            Flow::Erp | Flow::Loyalty => 200,
        })
    }
}

/// One of the flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Flow {
    /// Salesforce to Yotpo Reviews.
    Reviews,
    /// Shopify to NetSuite.
    Erp,
    /// Salesforce to Yotpo Loyalty, and back.
    Loyalty,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Yes.
    On,
    /// No.
    Off,
}
