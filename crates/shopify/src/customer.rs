use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use crate::lenient::{optional_time, or_default, text};
use crate::{Address, CustomerId};

/// A customer, of `customers/create`, `customers/update` and `Customer` of the Admin API, or as an order holds it: then the stamps
/// are null in Shopify's sample, and the addresses are the default one alone.  `Debug` shows the id alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Names the customer in its shop.
    #[serde(default, deserialize_with = "or_default")]
    pub id: CustomerId,
    /// When it last changed.
    #[serde(default, deserialize_with = "optional_time")]
    pub updated_at: Option<DateTime<Utc>>,
    /// Given name.
    #[serde(default, deserialize_with = "text")]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(default, deserialize_with = "text")]
    pub last_name: Option<String>,
    /// Customers may have a telephone number instead.
    #[serde(default, deserialize_with = "text")]
    pub email: Option<String>,
    /// Written as E.164 has it.
    #[serde(default, deserialize_with = "text")]
    pub phone: Option<String>,
    /// Whether taxes are left out of the customer's orders.
    #[serde(default, deserialize_with = "or_default")]
    pub tax_exempt: bool,
    /// The address that is proposed first.
    #[serde(default)]
    pub default_address: Option<Address>,
    /// All addresses; none in an order.
    #[serde(default, deserialize_with = "or_default")]
    pub addresses: Vec<Address>,
}

impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Customer({})", self.id)
    }
}

/// The customer of an order; one without an id is none.
pub(crate) fn known<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Customer>, D::Error> {
    Ok(Option::<Customer>::deserialize(d)?.filter(|customer| customer.id != CustomerId::default()))
}
