//! The way back: what is read at Yotpo, whose record of the org it is, and what is written.
//!
//! `reading` (the customers, read anew), `people` (whose records they are), `standing` and `reward` (what is written, pure), `rewards`
//! (looked up, traced, written), `unwritten` (what a row that was not written means).

pub(crate) mod people;
pub(crate) mod reading;
mod reward;
pub(crate) mod rewards;
pub(crate) mod standing;
pub(crate) mod unwritten;
