//! NetSuite: an account with records, SuiteQL, a RESTlet, both ways to log in and the limit of calls at a time. Facts:
//! <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/chapter_1540391670.html> and the REST API Browser.

mod access;
mod account;
mod book;
mod catalog;
mod customer;
mod endpoints;
mod error;
mod field;
mod fields;
mod fulfilment;
mod handle;
mod keys;
mod kind;
mod line;
mod lines;
mod lists;
mod load;
mod record;
mod records;
mod render;
mod request;
mod restlet;
mod routes;
mod settings;
mod signature;
mod suiteql;
mod token;
mod transaction;

pub use book::{Customer, Line, Stamp, Transaction};
pub use endpoints::*;
pub use handle::{Netsuite, NoSuchRecord};
pub use lists::Item;
pub use load::Concurrency;
pub use settings::{OverLimit, Settings};
