//! The loyalty flow: the org's customers, orders, returns and cancellations reach Yotpo Loyalty; points, tiers and rewards come back.
//!
//! What it shares with any flow stands in `delivery`, `reconciliation` and `function`; here is what it keeps for itself, a file a step.
//! All of it: [`keys`] (what names a delivery), [`message`] (what travels), [`money`] (amounts as Yotpo counts them), [`policy`] (what
//! the delivery protocol must know of each kind).
//! The producer: [`source`] (what has changed in the org becomes messages), [`produce`] (the run), [`failed`] (why it came to no end).

pub mod check;
pub mod failed;
mod fault;
pub mod keys;
pub mod message;
pub mod money;
pub mod policy;
pub mod produce;
pub mod source;
pub mod start;

/// The producer's name.
pub const PRODUCER: &str = "loyalty-producer";

/// The flow's name, in delivery keys, logs and metrics.
pub const FLOW: &str = "loyalty";
