//! AWS and the vendors as one deterministic process, for the real functions to run in.
//!
//! `reviews::produce::Producer`, `reviews::consume::Consumer` and `reviews::reconcile::Reconciler` run here as they are shipped, SDK clients included, on
//! one thread with paused time and without a socket. The SDK's HTTP client ends in simulated SQS, DynamoDB and Secrets
//! Manager, the vendors' in the sandbox; calls are delayed, lost, refused and repeated, processes killed, messages
//! doubled, clocks are apart, services are down for a day or never answer. An oracle that knows only source and destination says whether all is well:
//! when the queue is empty and no reconciler has run that could have mended it, and in the end. What must hold at every
//! moment (a settled day, a certificate, pace, waits that were asked for) is looked at when it happens.
//!
//! Not simulated: a warm process that freezes in the middle of a call (the functions leave none under way), messages that
//! nobody can read, several stores, the rotation of a secret; the end-to-end tests have the last three.
//!
//! One `u64` is the whole simulation: [`Scenario::of`] draws from it what the run is about, and [`run`] everything that
//! happens in it. Nothing else is random: the SDK's jitter is seeded, and claims' tokens, which are not, are never looked
//! at. What the functions do to the world is listed in [`Effect`]; a call that is not on the list fails the run.
//!
//! Not built on turmoil or madsim: the first simulates TCP hosts, so that every service would have to be a server and TLS
//! and HTTP run in the middle, and madsim needs tokio and the SDK replaced by its own; here the seam is one function
//! from request to answer, and what is simulated is the services' promises.

mod aws;
mod bill;
mod clock;
mod dynamodb;
mod effect;
mod expression;
mod fault;
mod lambda;
mod logs;
mod network;
mod oracle;
mod permission;
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

pub use bill::{Bill, Usage};
pub use effect::{Effect, Function, Moment, Service};
pub use fault::Down;
pub use permission::{Call, Resource};
pub use run::{Report, run};
pub use scenario::{BrokenPromise, Scenario};
pub use story::{Looked, Story, tell};
pub use world::Kill;

const QUEUE: &str = "http://aws.invalid/1/reviews";
const DEAD_LETTERS: &str = "http://aws.invalid/1/reviews-dead-letters";
const TABLE: &str = "ledger";
const STACK: &str = "simulated";
/// The event source mapping's batch size, and how many consumers it may run.
const BATCH_SIZE: usize = 10;
const CONSUMERS: u32 = 3;
