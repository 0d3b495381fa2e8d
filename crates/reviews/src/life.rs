//! The life of one order: what each place that may know it says of it. Reads only, but for messages that are taken from a
//! queue for a moment.

mod copies;
mod destination;
mod source;

pub use copies::{Copy, Sought, copies};
pub use destination::{AtDestination, Where, at_destination};
pub use source::{AtSource, at_source};
