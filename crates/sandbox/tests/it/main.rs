//! The sandbox over HTTP, as the product's clients see it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod admin;
mod client;
mod clients;
mod faults;
mod loyalty;
mod netsuite;
mod salesforce;
mod salesforce_writes;
mod seed;
mod shopify;
mod yotpo;
