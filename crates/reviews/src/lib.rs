//! The reviews flow: completed Salesforce orders become Yotpo purchases, so that buyers are asked for a review.
//!
//! One file a step. The producer: [`select`] (which orders a run is about), [`map`] (an order becomes a purchase, or a
//! reason why not), [`item`] (with the name that the ledger knows it by), [`publish`] (purchases become messages),
//! [`produce`] (the run).
//! The consumer: [`message`] (what travels), [`deliver`] (one message, under a claim), [`settle`] (how it ended, written
//! down), [`consume`] (the batch).
//! The reconciler: [`reconcile`], a file a step.
//! By hand: [`operate`]; [`history`] (what became of many days).
//! All of them: [`start`] (their clients), [`check`] (whether they could work); [`scheduled`] is the runtime of producer and
//! reconciler.

pub mod check;
pub mod consume;
pub mod deliver;
pub mod environment;
pub mod event;
pub mod fields;
pub mod history;
pub mod invocation;
pub mod item;
pub mod map;
pub mod message;
pub mod operate;
pub mod outcome;
pub mod pace;
pub mod produce;
pub mod publish;
pub mod reconcile;
pub mod report;
pub mod sample;
pub mod scheduled;
pub mod select;
pub mod settle;
pub mod start;
pub mod stores;

/// The flow's name, in delivery keys, logs and metrics.
pub const FLOW: &str = "reviews";
