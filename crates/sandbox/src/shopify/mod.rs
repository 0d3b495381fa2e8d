//! Shopify: shops with orders that change, the webhooks that tell of it, and the Admin API. Facts:
//! <https://shopify.dev/docs/api/webhooks/latest>, <https://shopify.dev/docs/api/admin-graphql/latest>.
//!
//! It sends nothing itself: webhooks are data, with headers and signed bodies, for the caller to deliver.

mod admin;
mod change;
mod customer;
mod delivery;
mod draft;
mod endpoints;
mod graph;
mod graphql;
mod handle;
mod ids;
mod mischief;
mod money;
mod order;
mod query;
mod refund;
mod settings;
mod shop;
mod story;
mod truth;
mod webhook;
mod world;

pub use change::{Change, Privacy};
pub use delivery::{Delivery, Kind, Webhook};
pub use draft::Mix;
pub use endpoints::*;
pub use handle::Shopify;
pub use mischief::Mischief;
pub use settings::Settings;
pub use story::Story;
pub use truth::{Truth, TruthLine};
