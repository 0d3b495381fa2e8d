//! The names of what can fail.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Whose endpoint it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Vendor {
    /// Salesforce.
    Salesforce,
    /// Yotpo Reviews.
    Yotpo,
}

macro_rules! endpoints {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// A call that the vendors offer. Its name (`yotpo.create`) is used in rules and counters.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Endpoint {
            $($(#[$doc])* #[serde(rename = $name)] $variant),+
        }

        impl Endpoint {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// `vendor.call`
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

endpoints! {
    /// `POST /services/oauth2/token`
    SalesforceToken = "salesforce.token",
    /// `GET /services/data/`
    SalesforceVersions = "salesforce.versions",
    /// `GET /services/data/vXX.0/query?q=`
    SalesforceQuery = "salesforce.query",
    /// `GET /services/data/vXX.0/query/{locator}`, outer or nested
    SalesforceNext = "salesforce.next",
    /// `GET /services/data/vXX.0/sobjects/{name}/describe`
    SalesforceDescribe = "salesforce.describe",
    /// `GET /services/data/vXX.0/limits`
    SalesforceLimits = "salesforce.limits",
    /// `POST /oauth/token`
    YotpoToken = "yotpo.token",
    /// `POST /apps/{app_key}/purchases`
    YotpoCreate = "yotpo.create",
    /// `POST /apps/{app_key}/purchases/mass_create.json`
    YotpoMassCreate = "yotpo.mass_create",
    /// `GET /apps/{app_key}/purchases`
    YotpoRead = "yotpo.read",
}

impl Endpoint {
    /// Whose it is.
    pub const fn vendor(self) -> Vendor {
        match self {
            Self::SalesforceToken
            | Self::SalesforceVersions
            | Self::SalesforceQuery
            | Self::SalesforceNext
            | Self::SalesforceDescribe
            | Self::SalesforceLimits => Vendor::Salesforce,
            Self::YotpoToken | Self::YotpoCreate | Self::YotpoMassCreate | Self::YotpoRead => Vendor::Yotpo,
        }
    }
}

/// What a rule strikes: `*`, `yotpo`, or `yotpo.create`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// Every call.
    Everything,
    /// Every call of one vendor.
    Vendor(Vendor),
    /// One kind of call.
    Endpoint(Endpoint),
}

/// A name that is none of the targets.
#[derive(Debug, thiserror::Error)]
#[error("no such target `{0}`: expected `*`, `salesforce`, `yotpo` or an endpoint such as `yotpo.create`")]
pub struct UnknownTarget(String);

impl Target {
    pub(crate) fn includes(self, endpoint: Endpoint) -> bool {
        match self {
            Self::Everything => true,
            Self::Vendor(vendor) => vendor == endpoint.vendor(),
            Self::Endpoint(one) => one == endpoint,
        }
    }
}

impl From<Endpoint> for Target {
    fn from(endpoint: Endpoint) -> Self {
        Self::Endpoint(endpoint)
    }
}

impl From<Vendor> for Target {
    fn from(vendor: Vendor) -> Self {
        Self::Vendor(vendor)
    }
}

impl FromStr for Target {
    type Err = UnknownTarget;

    fn from_str(name: &str) -> Result<Self, UnknownTarget> {
        match name {
            "*" => Ok(Self::Everything),
            "salesforce" => Ok(Self::Vendor(Vendor::Salesforce)),
            "yotpo" => Ok(Self::Vendor(Vendor::Yotpo)),
            _ => Endpoint::ALL
                .iter()
                .find(|endpoint| endpoint.name() == name)
                .map(|endpoint| Self::Endpoint(*endpoint))
                .ok_or_else(|| UnknownTarget(name.to_owned())),
        }
    }
}

impl TryFrom<String> for Target {
    type Error = UnknownTarget;

    fn try_from(name: String) -> Result<Self, UnknownTarget> {
        name.parse()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Everything => "*",
            Self::Vendor(Vendor::Salesforce) => "salesforce",
            Self::Vendor(Vendor::Yotpo) => "yotpo",
            Self::Endpoint(endpoint) => endpoint.name(),
        })
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}
