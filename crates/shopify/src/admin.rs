//! The Admin API, by GraphQL: <https://shopify.dev/docs/api/admin-graphql>.  Its orders, refunds and customers become the types that
//! webhooks are read into: queries ask for each field under its name in a webhook, and what GraphQL nests is lifted afterwards.

mod answer;
mod client;
mod error;
mod query;
mod record;
mod token;

pub use client::{Client, EndCursor, OrderPage, Search};
pub use error::{Error, Outage};
