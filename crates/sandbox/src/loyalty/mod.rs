//! Yotpo Loyalty & Referrals: customers, orders, refunds, actions, tiers, redemptions, and the events that tell of them. Facts:
//! <https://loyaltyapi.yotpo.com/reference/guidelines-and-conventions>.
//!
//! It sends nothing itself: events are data, for the caller to deliver.

mod account;
mod earning;
mod endpoints;
mod error;
mod event;
mod handle;
mod intake;
mod limit;
mod member;
mod program;
mod redemption;
mod refund;
mod routes;
mod sale;
mod settings;
mod show;
mod tier;
mod truth;
mod world;

pub use endpoints::*;
pub use event::{Mischief, Sending};
pub use handle::Loyalty;
pub use program::{Program, Term, Tier};
pub use redemption::Redemption;
pub use refund::LostRefund;
pub use settings::{Excess, Repeats, Settings};
pub use truth::{Sale, Standing, Sums};
