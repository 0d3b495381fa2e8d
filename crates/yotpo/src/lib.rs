//! Yotpo's APIs in Yotpo's words: tokens, purchases; customers, orders, refunds and actions of Loyalty.
//!
//! [`Reviews`] speaks the Reviews API of one store (`/apps/{app_key}/purchases`).  Yotpo answers 200 before it has
//! looked: an order it does not like it drops without a word.  So [`Purchase::check`] applies its known rules on our
//! side, and only [`Reviews::purchases`] shows what has arrived.
//!
//! [`loyalty::Client`] speaks the Loyalty API of one store (`/api/v2`).

mod answer;
mod credentials;
mod email;
mod error;
pub mod loyalty;
mod purchase;
mod read_back;
mod reviews;

pub use credentials::{Credentials, LOYALTY_URL, MissingKey, REVIEWS_URL, StoreCredentials};
pub use email::is_email;
pub use error::{Effect, Error, Outage};
pub use purchase::{Invalid, Product, Purchase, is_customer_name, is_product_id};
pub use read_back::{PurchasePage, PurchaseRow};
pub use rest::{BadUrl, Client as Http};
pub use reviews::Reviews;
