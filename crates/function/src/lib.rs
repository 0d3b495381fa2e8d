//! A function of ours on Lambda: how it starts, what it is asked, how it is checked, how it ends.
//!
//! In reading order: [`environment`] (what it is told by its environment), [`start`] (what it works with, made at cold start),
//! [`lambda`] (the runtime), of which there are three forms: [`scheduled`] (an [`event`] starts a run, which is kept by [`ran`]),
//! [`batch`] (messages of a queue) and [`webhook`] (a request of an HTTP API). [`check`] answers whether it could work; [`fault`] is
//! how a failure is told. [`clients`] is what several functions of a flow reach a vendor by.

pub mod batch;
pub mod check;
pub mod clients;
pub mod environment;
pub mod event;
pub mod fault;
mod lambda;
pub mod ran;
pub mod scheduled;
mod start;
pub mod webhook;

pub use check::{Check, Checked, SettingsFile};
pub use environment::{BoxError, ColdStart, Environment};
pub use event::{BadEvent, Event, Invoked};
pub use fault::{Fault, Kind};
