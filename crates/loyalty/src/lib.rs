//! The loyalty flow: the org's customers, orders, returns and cancellations reach Yotpo Loyalty; points, tiers and rewards come back.
//!
//! What it shares with any flow stands in `delivery`, `reconciliation` and `function`; here is what it keeps for itself, a file a step.
//! All of it: [`keys`] (what names a delivery), [`message`] (what travels), [`money`] (amounts as Yotpo counts them), [`policy`] (what
//! the delivery protocol must know of each kind).
//! The producer: `fields` (found in the org), `select` (what is read, and how far), [`twins`] (who shares an address), `person`, `customers`,
//! `orders`, `returns`, `actions` and `worth` (a row becomes what is asked for, or a reason why not: [`item`]), [`publish`] (a page),
//! [`produce`] (the run); by hand [`anew`].

mod actions;
pub mod anew;
pub mod check;
mod customers;
mod fault;
mod fields;
pub mod item;
pub mod keys;
pub mod message;
pub mod money;
mod orders;
mod person;
pub mod policy;
pub mod produce;
pub mod publish;
mod returns;
mod select;
pub mod start;
#[cfg(test)]
mod testing;
pub mod twins;
mod worth;

/// The producer's name.
pub const PRODUCER: &str = "loyalty-producer";

/// The flow's name, in delivery keys, logs and metrics.
pub const FLOW: &str = "loyalty";
