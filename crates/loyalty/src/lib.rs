//! The loyalty flow: the org's customers, orders, returns and cancellations reach Yotpo Loyalty; points, tiers and rewards come back.
//!
//! What it shares with any flow stands in `delivery`, `reconciliation` and `function`; here is what it keeps for itself, a file a step.
//! All of it: [`keys`] (what names a delivery), [`message`] (what travels), [`money`] (amounts as Yotpo counts them), [`policy`] (what
//! the delivery protocol must know of each kind), [`start`] (what they work with), [`clients`] (whom they call), [`check`] (whether they
//! could work).
//! The producer: [`source`] (what has changed in the org becomes messages), [`produce`] (the run), [`failed`] (why it came to no end).
//! The consumer: [`consume`] (a message under its claim), `customer`, `order`, `refund`, `action` (what is called), [`address`] (a
//! customer's, as the org has it now), [`outcome`] (what a failure of a call means).
//! The reconciler: [`reconcile`] (each business day proven, and a few customers compared at both ends).
//! The way back: [`webhook`] (what Yotpo tells of becomes a [`hint`], by its [`tokens`] a store's), [`refresh`] (up to 200 hints at once),
//! `back` (what is read, whose it is, what is written).

mod action;
pub mod address;
mod back;
pub mod check;
pub mod clients;
pub mod consume;
mod customer;
pub mod failed;
mod fault;
pub mod hint;
pub mod keys;
pub mod message;
pub mod money;
mod order;
pub mod outcome;
pub mod policy;
pub mod produce;
pub mod reconcile;
pub mod refresh;
mod refund;
pub mod source;
pub mod start;
pub mod tokens;
pub mod webhook;

/// The flow's name, in delivery keys, logs and metrics.
pub const FLOW: &str = "loyalty";
/// The function that finds what has changed in the org.
pub const PRODUCER: &str = "loyalty-producer";
/// The function that brings it to Yotpo.
pub const CONSUMER: &str = "loyalty-consumer";
/// The function that takes what Yotpo tells of.
pub const WEBHOOK: &str = "loyalty-webhook";
/// The function that brings what Yotpo has to the org.
pub const WRITEBACK: &str = "loyalty-writeback";
/// The function that proves its business days.
pub const RECONCILER: &str = "loyalty-reconciler";
