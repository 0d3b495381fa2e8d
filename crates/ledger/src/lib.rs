//! The delivery protocol and its DynamoDB table: records, cursors, checkpoints, days that are due, certificates, runs,
//! notes, pauses, an account's places, what orders have left to give back, and what is to be forgotten.
//!
//! The protocol is two pure functions, [`decide::decide`] (which conditional write an event asks for) and
//! [`conclude::conclude`] (what the database's answer means). Everything else here is
//! the data they speak ([`record`], [`write`]), one translator into DynamoDB's language ([`expression`])
//! and the shell that sends it ([`table`]). Time, tokens and randomness are arguments.

pub mod audit;
pub mod backoff;
pub mod balance;
pub mod certificate;
pub mod class;
pub mod conclude;
pub mod cursor;
pub mod decide;
pub mod due;
pub mod event;
pub mod expression;
mod flow;
pub mod key;
mod millis;
pub mod open;
mod outside;
pub mod part;
pub mod pause;
mod reach;
pub mod record;
mod redacted;
pub mod run;
pub mod scan;
mod slot;
pub mod table;
pub mod write;

pub use audit::Note;
pub use backoff::Backoff;
pub use balance::{Balance, BalanceEvent, BalanceVerdict};
pub use certificate::Kept;
pub use class::ErrorClass;
pub use cursor::{Checkpoint, Cursor};
pub use decide::{Event, Outcome, Policy, Repair, Repeat, Settled, Verdict};
pub use due::{Due, Mark};
pub use flow::{Flow, Policies};
pub use key::{Delivery, DeliveryKey, EffectHash, InvalidKey, Revision, Token};
pub use millis::Millis;
pub use open::{Open, OpenIn};
pub use outside::Outside;
pub use part::Parts;
pub use pause::{Pause, Pauses};
pub use record::{Record, State};
pub use run::{By, Ran};
pub use scan::{Days, Scanned};
pub use slot::Slot;
pub use table::{Error, Ledger};
pub use write::{Attempt, Write};
