//! Stateful simulators of Salesforce and Yotpo Reviews over HTTP, which can be told to fail.
//!
//! One server on a loopback port speaks for both vendors (their paths do not collide) and for the
//! sandbox itself, under `/_sandbox/`. The demo and every end-to-end test run against it:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use sandbox::{DaySpec, Endpoint, Fault, Rule, Sandbox, TimeZone};
//!
//! let sandbox = Sandbox::start(1, "127.0.0.1:0".parse()?).await?;
//! let secret = sandbox.salesforce_secret(); // content of `{stack}/salesforce`
//! let manifest = sandbox.seed_day(&DaySpec::new(1, "2026-11-20".parse()?, TimeZone::get("Europe/Berlin")?, 1_000))?;
//! sandbox.add_fault(Rule { next: Some(3), ..Rule::always(Endpoint::YotpoCreate, Fault::status(503)) });
//! // … run the product against `sandbox.base_url()` …
//! let verdict = manifest.compare(&sandbox.arrivals());
//! assert!(verdict.lost.is_empty() && verdict.doubled.is_empty());
//! sandbox.shutdown().await;
//! # Ok(()) }
//! ```
//!
//! [`Sandbox`] dereferences to a [`Handle`], which is cheap to clone. For a sandbox that runs by itself, some of it by HTTP:
//!
//! | request | does |
//! |---|---|
//! | `GET /_sandbox/report` | [`Report`]: counters, fault rules with how often they struck, sums of what arrived |
//! | `POST /_sandbox/seed` | a [`DaySpec`]; answers its [`Manifest`] |
//! | `POST`, `DELETE /_sandbox/faults` | adds one [`Rule`], clears them all |
//!
//! What is simulated, and on whose word, is said in the module of each endpoint. Where the vendor's
//! behaviour is not documented there is a key in [`Settings`].

mod admin;
mod call;
mod clock;
mod counters;
mod faults;
mod handle;
mod in_process;
mod report;
mod salesforce;
mod seed;
mod server;
mod settings;
mod wire;
mod world;
mod yotpo;

pub use counters::Counters;
pub use faults::{Active, Endpoint, Fault, Moment, Rule, Target, Vendor};
pub use handle::Handle;
pub use in_process::InProcess;
pub use jiff::tz::TimeZone;
pub use report::{Arrival, Report, Sums};
pub use salesforce::BadRecord;
pub use seed::{DaySpec, Expected, Manifest, Outcome, Personal, Route, Verdict, local_date};
pub use server::Sandbox;
pub use settings::{Settings, SinceDate, TooMuch};
