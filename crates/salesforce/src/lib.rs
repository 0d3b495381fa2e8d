//! Salesforce's REST API in Salesforce's words: tokens, SOQL queries, describe, limits, collections of rows to write.
//!
//! [`Client`] keeps one session a process, pages through queries with every child relationship complete, and
//! stops before the org's daily pool of calls is used up.  [`Schema`] finds out whether the fields a configuration
//! names exist.  Repeating a reading is harmless; a collection writes values, and never to a row that it was not given an id or an external
//! id of.

mod auth;
mod client;
mod credentials;
mod describe;
mod error;
mod id;
mod page;
mod pages;
mod record;
mod row;
mod schema;
pub mod soql;
mod time;
mod usage;

pub use client::{Client, Renewal};
pub use credentials::{BadCredentials, Credentials};
pub use describe::{ChildRelationship, Describe, Field, PicklistValue};
pub use error::{Error, Outage, Piece};
pub use id::{BadId, Id};
pub use page::{NextPage, Page, Query};
pub use pages::Pages;
pub use record::{BadField, Record};
pub use rest::Client as Http;
pub use row::{MOST_ROWS, Row, RowValues, Unwritten, UnwrittenReason, Upserted};
pub use schema::{Resolved, Schema};
pub use time::{BadDatetime, parse_datetime};
pub use usage::Usage;
