use std::fmt;

use serde::{Deserialize, Serialize};

use crate::lenient::text;

/// An address of an order or a customer.  What is blank is absent; `Debug` shows the country alone.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Given name.
    #[serde(deserialize_with = "text")]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(deserialize_with = "text")]
    pub last_name: Option<String>,
    /// A company's name.
    #[serde(deserialize_with = "text")]
    pub company: Option<String>,
    /// Street and number.
    #[serde(deserialize_with = "text")]
    pub address1: Option<String>,
    /// Flat, floor, building.
    #[serde(deserialize_with = "text")]
    pub address2: Option<String>,
    /// Town.
    #[serde(deserialize_with = "text")]
    pub city: Option<String>,
    /// The province's or state's name.
    #[serde(deserialize_with = "text")]
    pub province: Option<String>,
    /// Its code without the country, `KY`.
    #[serde(deserialize_with = "text")]
    pub province_code: Option<String>,
    /// The country's name.
    #[serde(deserialize_with = "text")]
    pub country: Option<String>,
    /// ISO 3166-1, two letters.
    #[serde(deserialize_with = "text")]
    pub country_code: Option<String>,
    /// Postal code.
    #[serde(deserialize_with = "text")]
    pub zip: Option<String>,
    /// As the buyer typed it: `555-555-SHIP` is one.
    #[serde(deserialize_with = "text")]
    pub phone: Option<String>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.country_code.as_deref().unwrap_or("no country"))
    }
}
