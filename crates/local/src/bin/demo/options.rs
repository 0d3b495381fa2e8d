//! What the demo can be told.

use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Runs a night of orders through the whole system, on this machine alone: seeds yesterday's orders in a simulated Salesforce,
/// lets the functions deliver them to a simulated Yotpo, and compares both. Exit code 0: nothing lost, nothing doubled.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// Orders completed yesterday, awkward ones among them.
    #[arg(long, env = "ORDERS", default_value_t = 1000)]
    pub(crate) orders: usize,
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

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Yes.
    On,
    /// No.
    Off,
}
