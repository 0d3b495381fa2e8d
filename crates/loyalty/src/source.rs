//! The org's half: what has changed there, read and made into what is asked for.
//!
//! `fields` (as they are `found` in the org), `select` (what is read, and how far), [`twins`] (who shares an address), `person`, `customers`, `orders`,
//! `returns`, `actions` and `worth` (a row becomes what is asked for, or a reason why not: [`item`]), [`publish`] (a page), `reading`
//! (all of a kind); by hand
//! [`anew`].

mod actions;
pub mod anew;
mod customers;
pub(crate) mod fields;
mod found;
pub mod item;
mod orders;
mod person;
pub mod publish;
pub(crate) mod reading;
mod returns;
pub(crate) mod select;
#[cfg(test)]
mod testing;
pub mod twins;
mod worth;
