//! A message's way: published, delivered under a claim, settled, or taken out of the dead-letter queue and sent again.
//!
//! A producer judges each [`Item`] by what the ledger knows of it ([`judge`](mod@judge)), and publishes it ([`publish`]), which a
//! [`report`] counts. A [`Worker`] takes a [`Claim`] for each [`Message`], lets the flow make its call, and settles how that ended
//! ([`Undelivered`]) in the order that survives a crash: dead-letter queue, ledger, then the message. What the deliveries of one
//! invocation share is its [`Invocation`]; what the process knows of a vendor's account is an [`Account`]. By hand: a [`letter`] is
//! a message of the dead-letter queue and what is to be done with it, [`redrive`] how it goes back, [`copies`] a look at a queue.

mod account;
mod claim;
pub mod copies;
mod hooks;
mod invocation;
mod item;
pub mod judge;
pub mod letter;
mod message;
mod pace;
mod paused;
pub mod publish;
pub mod redrive;
pub mod report;
mod settle;
mod slots;
mod together;
mod unclaimed;
mod undelivered;
mod within;
mod worker;

pub use account::{Account, Accounts};
pub use claim::Claim;
pub use hooks::{Hooks, Reading};
pub use invocation::Invocation;
pub use item::{Fate, Item};
pub use judge::{Judgement, judge};
pub use letter::Letter;
pub use message::{Message, NotAMessage, Unmapped};
pub use pace::Pace;
pub use publish::{Marked, Publisher, Unpublished};
pub use redrive::{Anew, Redrive, Resend, Resent};
pub use report::Report;
pub use slots::{NoSlot, Slots};
pub use together::{Claimed, InPlace};
pub use undelivered::Undelivered;
pub use worker::Worker;
