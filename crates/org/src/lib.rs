//! The Salesforce org as the settings describe it.
//!
//! [`client`] opens it; [`Find`] finds the configured fields in it, each by its key; [`Values`] looks whether a configured value can be
//! meant; [`Completed`] says which orders count as completed, and since when; [`Position`] is how far its rows are read. What a flow
//! makes of a row is the flow's own.

mod clause;
mod client;
mod completed;
mod find;
mod keyset;
mod kind;
mod text;
mod unseen;
mod values;

pub use clause::{compare, holds};
pub use client::client;
pub use completed::{Completed, REDUCTION};
pub use find::{Find, LINES, Unfit, distinct};
pub use keyset::{ORDER, Position, stamp};
pub use kind::kind;
pub use text::{clean, currency};
pub use unseen::trim;
pub use values::{Unmeant, Values, is_picklist, known};
