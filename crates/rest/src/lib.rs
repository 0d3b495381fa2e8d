//! HTTP to a vendor: one client, its time-outs and TLS, and what a failed call means.
//!
//! The one question every vendor client asks here is whether a call that failed may have taken effect:
//! [`Failure::NotSent`] says certainly not, [`Failure::Unknown`] says perhaps.  What a vendor's answer means is
//! the vendor crate's business; the part that is the same everywhere is [`Class`].
//!
//! Nothing in here repeats a call, follows a redirect or reads a proxy from the environment.

mod base_url;
mod client;
mod failure;
mod reply;
mod request;
mod status;
mod token;

pub use base_url::{BadUrl, BaseUrl};
pub use client::{Client, Exchange, NoClient};
pub use failure::Failure;
pub use reply::{Reply, Unreadable};
pub use request::{Method, Request};
pub use status::Class;
pub use token::TokenCell;
pub use url::Url;
