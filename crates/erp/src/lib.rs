//! The erp flow: Shopify's orders, customers and refunds become NetSuite's.
//!
//! What it shares with any flow stands in `delivery`, `reconciliation` and `function`; here is what it keeps for itself, a file a step.
//! The webhook: [`webhook`] (what Shopify signed goes to the queue), [`shops`] (by whose secret), [`message`] (what travels, and what
//! names it), `privacy` (who is to be forgotten). The worker: [`apply`] (a message under its claim), `order`, `customer`, `refund` (what
//! is called), `conflict` (two effects at one version), [`items`] (what is looked up), [`account`] (the calls, in a slot), [`outcome`]
//! (what a failure of one means).
//! [`map`] is pure: what a payload asks for, before anything is looked up, and what NetSuite is then sent.
//! The reconciler: [`reconcile`] (what no webhook brought, and each business day proven).
//! All of them: [`start`] (what they work with), [`check`] (whether they could work).

pub mod account;
pub mod admins;
pub mod apply;
pub mod check;
mod conflict;
mod customer;
mod fault;
pub mod items;
pub mod map;
pub mod message;
mod order;
pub mod outcome;
mod privacy;
pub mod reconcile;
mod refund;
pub mod shops;
pub mod start;
pub mod webhook;

/// The flow's name, in delivery keys, logs and metrics.
pub const FLOW: &str = "erp";
/// The function that takes webhooks.
pub const WEBHOOK: &str = "shopify-webhook";
/// The function that brings them to NetSuite.
pub const WORKER: &str = "netsuite-worker";
/// The function that proves it.
pub const RECONCILER: &str = "erp-reconciler";
