//! Shopify in Shopify's words.
//!
//! A webhook comes in as [`Unverified`]; held against the shop's secrets it is [`Verified`], and only that can be read, as an
//! [`Event`].  [`admin`] reads the same records from the Admin API.  Types hold what is mapped, and no more; they are lenient where Shopify is: fields that we do not know are passed over,
//! values that we do not know are kept, nulls stand where the pages have none.

mod address;
pub mod admin;
mod coin;
mod credentials;
mod customer;
mod event;
mod headers;
mod id;
mod lenient;
mod line;
mod money;
mod open_enum;
mod order;
mod privacy;
mod refund;
mod shape;
mod shop;
mod standing;
mod topic;
mod unverified;
mod verified;

pub use address::Address;
pub use coin::Coin;
pub use credentials::{Access, Blank, Credentials, ShopCredentials};
pub use customer::Customer;
pub use event::Event;
pub use headers::Headers;
pub use id::{CustomerId, LineItemId, OrderId, RefundId};
pub use line::{Attribute, DiscountAllocation, Duty, LineItem, ShippingLine, TaxLine};
pub use money::{BadCurrency, Currency, Money, MoneyBag};
pub use order::{Company, FinancialStatus, FulfilledLine, Fulfillment, FulfillmentStatus, Order, PaymentTerms};
pub use privacy::{CustomerRedact, DataRequest, Person, RequestId, ShopRedact};
pub use refund::{
    AdjustmentReason, LineFulfillment, OrderAdjustment, Refund, RefundDuty, RefundLineItem, RefundShippingLine,
    RefundedItem, RestockType, Transaction, TransactionKind, TransactionStatus,
};
pub use rest::{BadUrl, Client as Http};
pub use shape::BadShape;
pub use shop::{BadShop, ShopDomain};
pub use standing::{Payback, Pieces, RefundParts};
pub use topic::Topic;
pub use unverified::{NotShopifys, Unverified};
pub use verified::Verified;
