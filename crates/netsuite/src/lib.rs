//! NetSuite's APIs in NetSuite's words: both logins, records, SuiteQL, RESTlets.
//!
//! [`Client`] speaks for one account. It makes one call at a time for whoever asks, and repeats nothing but a call whose token
//! had expired: how many calls an account bears at once, and when to come back, is the caller's business. What a refusal means
//! is one table (`answer.rs`), by status, code and text; an [`Error`] says whether the call may still take effect, and never
//! quotes what NetSuite says about a person.

mod account;
mod answer;
mod auth;
mod client;
mod credentials;
mod error;
pub mod fit;
mod known;
mod oauth1;
mod record;
mod records;
mod restlet;
pub mod suiteql;
mod system;

pub use account::{AccountId, BadAccountId};
pub use client::Client;
pub use credentials::{Credentials, UnusableLogin};
pub use error::{Error, Outage, RefusalReason, Said};
pub use fit::Mended;
pub use record::{BadRecordId, Creation, RecordId, RecordKey};
pub use rest::Client as Http;
pub use system::GovernanceLimits;
