//! AWS and the vendors as one deterministic process, for the real functions to run in.
//!
//! The functions of the reviews and the erp flow run here as they are shipped, SDK clients included, on
//! one thread with paused time and without a socket. The SDK's HTTP client ends in simulated SQS, DynamoDB and Secrets
//! Manager, the vendors' in the sandbox; calls are delayed, lost, refused and repeated, processes killed, messages
//! doubled, clocks are apart, services are down for a day or never answer. An oracle that knows only source and destination says whether all is well:
//! when the queue is empty and no reconciler has run that could have mended it, and in the end. What must hold at every
//! moment (a settled day, a certificate, pace, waits that were asked for) is looked at when it happens.
//!
//! Not simulated: a warm process that freezes in the middle of a call (the functions leave none under way), messages that
//! nobody can read, several stores but for a pause of one, the rotation of a secret; the end-to-end tests have the last three.
//!
//! Of the erp flow a run is a day ([`ErpDay`]): a shop's orders and what becomes of each while the clock runs, held at both ends against
//! each other. Its hardest days are [`erp_cases`].
//!
//! One `u64` is the whole simulation: [`Scenario::of`] draws from it what the run is about, and [`run`] everything that
//! happens in it. Nothing else is random: the SDK's jitter is seeded, and claims' tokens, which are not, are never looked
//! at. What a function does to the world is on its list ([`Function::calls`]); a call that is not there fails the run.
//!
//! Not built on turmoil or madsim: the first simulates TCP hosts, so that every service would have to be a server and TLS
//! and HTTP run in the middle, and madsim needs tokio and the SDK replaced by its own; here the seam is one function
//! from request to answer, and what is simulated is the services' promises.

mod aws;
#[cfg(test)]
mod balance_tests;
mod bill;
mod books;
mod chance;
mod clock;
#[cfg(test)]
mod conflict_tests;
mod dynamodb;
mod effect;
mod erp_cases;
mod erp_day;
mod erp_ends;
mod erp_flow;
#[cfg(test)]
mod erp_kills_tests;
mod erp_report;
mod erp_story;
#[cfg(test)]
mod erp_tests;
mod expression;
mod fairness;
mod fault;
mod functions;
mod lambda;
mod logs;
#[cfg(test)]
mod loyalty_consumer_tests;
#[cfg(test)]
mod loyalty_flow;
#[cfg(test)]
mod loyalty_history_tests;
#[cfg(test)]
mod loyalty_reconciler_tests;
#[cfg(test)]
mod loyalty_tests;
#[cfg(test)]
mod loyalty_town;
mod mapping;
mod network;
mod oracle;
mod permission;
mod reviews_flow;
#[cfg(test)]
mod rotation_tests;
mod run;
mod scenario;
#[cfg(test)]
mod slot_tests;
mod sqs;
mod stage;
mod story;
mod twins;
mod vendors;
mod watch;
#[cfg(test)]
mod worker_tests;
mod world;
#[cfg(test)]
mod writeback_tests;

pub use bill::{Bill, Usage};
pub use effect::{Effect, Kill, Moment};
pub use erp_cases::{ErpCase, erp_cases};
pub use erp_day::{ErpDay, run_erp};
pub use erp_report::ErpReport;
pub use fault::{BrokenPromise, Down};
pub use functions::{
    Calls, ERP_FUNCTIONS, ERP_RECONCILER, FUNCTIONS, Function, LOYALTY_CONSUMER, LOYALTY_PRODUCER, LOYALTY_RECONCILER,
    NETSUITE_WORKER, REVIEWS_CONSUMER, REVIEWS_PRODUCER, REVIEWS_RECONCILER, SHOPIFY_WEBHOOK, Service,
};
pub use permission::{Call, Resource};
pub use run::{Report, run};
pub use scenario::Scenario;
pub use story::{Looked, Story, tell};

/// The flow's queue and its dead-letter queue: a run is of one flow.
const QUEUE: &str = "http://aws.invalid/1/queue";
const DEAD_LETTERS: &str = "http://aws.invalid/1/dead-letters";
/// The write-back's.
const HINTS: &str = "http://aws.invalid/1/writeback";
const TABLE: &str = "ledger";
const STACK: &str = "simulated";
/// The account of the store `outlet`, where there is one.
const OUTLET: &str = "sandbox-outlet";
/// How many consumers the event source mapping may run.
const CONSUMERS: u32 = 3;
