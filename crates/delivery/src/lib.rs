//! A message's way: published, delivered under a claim, settled, or taken out of the dead-letter queue and sent again.
//!
//! A message is delivered by a [`worker`]: it takes a [`claim`](Claim), lets the flow make its call, and [`settle`](Worker)s how
//! that ended ([`Undelivered`]) in the order that survives a crash: dead-letter queue, ledger, then the message. What the
//! deliveries of one invocation share is its [`Invocation`]; what the process knows of a vendor's account is an [`Account`].

mod account;
mod claim;
mod invocation;
mod message;
pub mod pace;
mod settle;
mod undelivered;
mod worker;

pub use account::{Account, Accounts};
pub use claim::Claim;
pub use invocation::Invocation;
pub use message::{Message, Unmapped, Unreadable};
pub use pace::Pace;
pub use undelivered::Undelivered;
pub use worker::Worker;
