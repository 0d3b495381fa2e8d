//! Stateful simulators of Salesforce, Yotpo Reviews and Loyalty, Shopify and NetSuite over HTTP, which can be told to fail.
//!
//! One server on a loopback port speaks for all vendors (their paths do not collide) and for the
//! sandbox itself, under `/_sandbox/`. The demo and every end-to-end test run against it:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use sandbox::{DaySpec, Fault, Rule, Sandbox, TimeZone, yotpo};
//!
//! let sandbox = Sandbox::start(1, "127.0.0.1:0".parse()?).await?;
//! let secret = sandbox.salesforce.secret(); // content of `{stack}/salesforce`
//! let manifest = sandbox.seed_day(&DaySpec::new(1, "2026-11-20".parse()?, TimeZone::get("Europe/Berlin")?, 1_000))?;
//! sandbox.add_fault(Rule { next: Some(3), ..Rule::always(yotpo::CREATE, Fault::status(503)) });
//! // … run the product against `sandbox.base_url()` …
//! let comparison = manifest.compare(&sandbox.yotpo.arrivals());
//! assert!(comparison.lost.is_empty() && comparison.doubled.is_empty());
//! sandbox.shutdown().await;
//! # Ok(()) }
//! ```
//!
//! [`Sandbox`] dereferences to [`Vendors`], each of which has its own module, state, routes and settings. For a sandbox that runs by itself, some of it by HTTP:
//!
//! | request | does |
//! |---|---|
//! | `GET /_sandbox/report` | [`Report`]: counters, fault rules with how often they struck, sums of what arrived |
//! | `POST /_sandbox/seed` | a [`DaySpec`]; answers its [`Manifest`] |
//! | `POST`, `DELETE /_sandbox/faults` | adds one [`Rule`], clears them all |
//! | `POST /_sandbox/webhooks` | `{"shop","orders","start"}`: the requests with which Shopify tells of so many orders, and of what becomes of them |
//! | `GET /_sandbox/agreement` | [`Agreement`]: Shopify's orders held against NetSuite's |
//!
//! What is simulated, and on whose word, is said in the module of each endpoint. Where the vendor's
//! behaviour is not documented there is a key in its settings ([`salesforce::Settings`], [`yotpo::Settings`],
//! [`loyalty::Settings`], [`netsuite::Settings`], [`shopify::Settings`]).

mod admin;
mod agreement;
mod call;
mod controls;
mod demo;
mod faults;
mod goods;
mod in_process;
pub mod loyalty;
mod markets;
pub mod netsuite;
pub mod salesforce;
mod seed;
mod server;
pub mod shopify;
mod vendors;
mod wire;
pub mod yotpo;

pub use agreement::Agreement;
pub use controls::{Controls, Counters};
pub use faults::{ActiveRule, Endpoint, Fault, Moment, Rule, Target};
pub use in_process::InProcess;
pub use jiff::tz::TimeZone;
pub use loyalty::Loyalty;
pub use markets::{Ends, Market, Points, Purchases};
pub use netsuite::Netsuite;
pub use salesforce::{BadRecord, Salesforce, TooMuch};
pub use seed::{Comparison, DaySpec, Expected, Manifest, Outcome, Personal, Route, local_date};
pub use server::Sandbox;
pub use shopify::Shopify;
pub use vendors::{Report, Vendors};
pub use yotpo::{Arrival, SinceDate, Sums, Yotpo};
