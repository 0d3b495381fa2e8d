//! Faults on command: which call fails, when, and how. Decisions follow from the seed, the rule, the
//! endpoint, and how often it has been called for that order, so that concurrency does not change them.

mod fault;
mod rule;
mod rules;
mod target;

pub use fault::{Fault, Moment};
pub use rule::Rule;
pub use rules::ActiveRule;
pub(crate) use rules::{Disturbance, Rules};
pub(crate) use target::endpoints;
pub use target::{Endpoint, Target};
