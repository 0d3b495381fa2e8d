//! Faults on command: which call fails, when, and how. Decisions follow from the seed, the rule, the
//! endpoint, and how often it has been called for that order, so that concurrency does not change them.

mod book;
mod fault;
mod rule;
mod target;

pub use book::Active;
pub(crate) use book::{Book, Plan};
pub use fault::{Fault, Moment};
pub use rule::Rule;
pub(crate) use target::endpoints;
pub use target::{Endpoint, Target};
