//! The reviews flow: completed Salesforce orders become Yotpo purchases, so that buyers are asked for a review.
//!
//! What it shares with any flow stands in `delivery`, `reconciliation` and `function`; here is what it keeps for itself, a file a
//! step. The producer: [`select`] (which orders a run is about), `fields` and `pages` (read at the source), [`map`] (an order becomes a
//! purchase, or a reason why not), `optional` and `fit` (what a purchase can do without), [`item`] (with the name that the ledger
//! knows it by), [`twins`] (whose a name is), [`publish`] (a page), [`produce`] (the run).
//! The consumer: [`message`] (what travels), [`consume`] (the call), [`outcome`] (what a failure of it means), [`stores`] (its clients).
//! The reconciler: [`reconcile`], the recipe of a look at a day.
//! By hand: [`operate`], [`preview`] (what a run would do), [`estimate`] (what it would take), [`life`] (of one order), [`standing`]
//! (how everything stands), [`anew`] (made from the source).
//! All of them: [`start`] (what they work with), [`check`] (whether they could work), to which [`picklists`] belongs.

pub mod anew;
pub mod check;
pub mod consume;
pub mod estimate;
mod fault;
pub mod fields;
mod fit;
pub mod item;
pub mod life;
pub mod map;
pub mod message;
pub mod named;
mod narrow;
pub mod operate;
mod optional;
pub mod outcome;
pub mod pages;
pub mod picklists;
pub mod portion;
pub mod preview;
pub mod produce;
pub mod publish;
pub mod recent;
pub mod reconcile;
pub mod sample;
pub mod select;
pub mod standing;
pub mod start;
pub mod stores;
pub mod twins;

/// The producer's name.
pub const PRODUCER: &str = "reviews-producer";
/// The consumer's name.
pub const CONSUMER: &str = "reviews-consumer";
/// The reconciler's name.
pub const RECONCILER: &str = "reviews-reconciler";

/// The flow's name, in delivery keys, logs and metrics.
pub const FLOW: &str = "reviews";
