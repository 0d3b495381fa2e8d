//! The erp flow, end to end: a shop's webhooks come in by the template's API, and NetSuite has in the end what Shopify has.

mod day;
mod privacy;
pub(crate) mod stage;
