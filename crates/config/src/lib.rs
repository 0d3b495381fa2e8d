//! relay.toml: the operator's settings, typed and validated.
//!
//! [`Relay::load`] is the way in. What it returns has been checked as a whole: nothing behind it asks again whether a
//! field name is one, whether a duration is sane or which store a routing value belongs to.
//! `infra/config/relay.toml` documents every key.

mod calendar;
mod check;
mod clause;
mod day;
mod duration;
mod erp;
mod error;
mod fault;
mod field;
mod file;
mod locate;
mod loyalty;
mod netsuite;
mod protocol;
mod relay;
mod reviews;
mod salesforce;
mod shopify;
mod store;
#[cfg(test)]
mod tests;
mod zone;

pub use calendar::BadDay;
pub use clause::{Clause, Literal};
pub use day::{BusinessDay, NotADay, Window};
pub use erp::{BodySource, Charges, Customers, Erp, LineSource, MoneyKind, OnDifference, Refunds, Shop, SuiteTax, Tax};
pub use error::Error;
pub use field::{FieldPath, NotAPath};
pub use loyalty::{
    Action, Amount, BuyerFields, BuyerObject, GoodsLine, Loyalty, Market, MembershipFields, Platform, PriorOrders,
    Repeatable, Repeats, ReturnObject, Returns, RewardFields, Route, RouteBy, WriteBack,
};
pub use netsuite::{InternalId, NetSuite};
pub use protocol::{Paces, Protocol, Settle};
pub use relay::Relay;
pub use reviews::Reviews;
pub use salesforce::{Line, Salesforce, Spec};
pub use shopify::Shopify;
pub use store::{Currency, Store, StoreName};
pub use zone::{NotAZone, Zone};
