use std::fmt;

use serde::{Deserialize, Serialize};

use crate::lenient::{or_default, text};
use crate::{CustomerId, OrderId, ShopDomain};

/// `customers/data_request`: the merchant is to be told what is kept of a person.
/// <https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRequest {
    /// Whose customer it is.
    pub shop_domain: ShopDomain,
    /// Who asks.
    pub customer: Person,
    /// The orders in question.
    #[serde(default, deserialize_with = "or_default")]
    pub orders_requested: Vec<OrderId>,
    /// The request.
    pub data_request: RequestId,
}

/// What a data request is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestId {
    /// By this the merchant finds it.
    pub id: u64,
}

/// `customers/redact`: a person is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerRedact {
    /// Whose customer it was.
    pub shop_domain: ShopDomain,
    /// Who.
    pub customer: Person,
    /// Their orders.
    pub orders_to_redact: Vec<OrderId>,
}

/// `shop/redact`: a shop is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopRedact {
    /// Which.
    pub shop_domain: ShopDomain,
}

/// Whom a privacy topic is about; not all of it need be there.  `Debug` shows the id alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The customer.
    #[serde(default)]
    pub id: Option<CustomerId>,
    /// Their address.
    #[serde(default, deserialize_with = "text")]
    pub email: Option<String>,
    /// Their number.
    #[serde(default, deserialize_with = "text")]
    pub phone: Option<String>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({:?})", self.id)
    }
}
