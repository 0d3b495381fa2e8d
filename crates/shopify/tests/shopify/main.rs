//! Shopify's client from outside: requests signed as Shopify signs them, payloads of its documented shapes, its Admin API by HTTP.

#![expect(clippy::unwrap_used, reason = "it is a test")]

mod admin;
mod app;
mod graphql;
mod payloads;
mod shapes;
mod signed;
mod simulated;
mod verification;
