//! The erp flow: Shopify's orders, customers and refunds become NetSuite's.
//!
//! [`map`] is pure: what a payload asks for, before anything is looked up, and what NetSuite is then sent.

pub mod map;

/// The flow's name, in delivery keys, logs and metrics.
pub const FLOW: &str = "erp";
