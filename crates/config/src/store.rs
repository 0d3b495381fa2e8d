//! `[stores.<name>]`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::Zone;

/// The name of a store: 1 to 100 of `[A-Za-z0-9_.-]`, so that a shop's domain is one. It is part of delivery keys, a metric's dimension and the name of
/// the store's Yotpo credentials. `unrouted` is taken by orders that fit no store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct StoreName(String);

/// A brand, locale and currency with its own vendor credentials.
#[derive(Debug, Clone)]
pub struct Store {
    /// The zone of its business days.
    pub time_zone: Zone,
    /// The currency of orders that do not say theirs.
    pub currency: Option<Currency>,
    /// The values of `salesforce.route_by` that make an order this store's; no two stores share one.
    pub routes: Vec<String>,
}

/// An ISO 4217 code: three capital letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Currency(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStore {
    #[serde(default, deserialize_with = "some_zone")]
    time_zone: Option<Zone>,
    #[serde(default)]
    currency: Option<Currency>,
    #[serde(default)]
    pub(crate) routes: Vec<String>,
}

impl RawStore {
    pub(crate) fn complete(self, org: Zone) -> Store {
        Store { time_zone: self.time_zone.unwrap_or(org), currency: self.currency, routes: self.routes }
    }
}

impl StoreName {
    /// The store name of orders that fit no store; no store of the file may have it.
    pub const UNROUTED: &str = "unrouted";

    /// [`StoreName::UNROUTED`] as a name.
    pub fn unrouted() -> Self {
        Self(Self::UNROUTED.to_owned())
    }

    /// The bare name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Currency {
    /// The three letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for StoreName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if (1..=100).contains(&name.len()) && name.chars().all(allowed) {
            Ok(Self(name))
        } else {
            Err("expected a store name of 1 to 100 letters, digits, `_`, `-` and `.`")
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = &'static str;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        if code.len() == 3 && code.chars().all(|c| c.is_ascii_uppercase()) {
            Ok(Self(code))
        } else {
            Err("expected an ISO 4217 currency code such as \"EUR\"")
        }
    }
}

impl fmt::Display for StoreName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An IANA time zone, with an error that says so.
pub(crate) fn zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zone, D::Error> {
    let name = String::deserialize(deserializer)?;
    name.parse().map_err(de::Error::custom)
}

pub(crate) fn some_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Zone>, D::Error> {
    zone(deserializer).map(Some)
}
