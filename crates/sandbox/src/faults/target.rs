//! The names of what can fail.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A call that a vendor offers. Its name (`yotpo.create`) is used in rules and counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Endpoint(pub(crate) &'static str);

impl Endpoint {
    /// `vendor.call`
    pub const fn name(self) -> &'static str {
        self.0
    }

    fn vendor(self) -> &'static str {
        self.0.split_once('.').map_or(self.0, |(vendor, _)| vendor)
    }
}

/// What a rule strikes: `*`, `yotpo`, or `yotpo.create`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target(pub(crate) Cow<'static, str>);

impl Target {
    pub(crate) fn includes(&self, endpoint: Endpoint) -> bool {
        self.0 == "*" || self.0 == endpoint.vendor() || self.0 == endpoint.name()
    }
}

impl From<Endpoint> for Target {
    fn from(endpoint: Endpoint) -> Self {
        Self(Cow::Borrowed(endpoint.name()))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The endpoints of a vendor: a constant for each, `ANY_CALL` for all of them together, `ENDPOINTS` to look names up in.
macro_rules! endpoints {
    ($vendor:literal; $($(#[$doc:meta])* $constant:ident = $call:literal),+ $(,)?) => {
        $($(#[$doc])* pub const $constant: $crate::Endpoint = $crate::Endpoint(concat!($vendor, ".", $call));)+

        /// Every call of this vendor.
        pub const ANY_CALL: $crate::Target = $crate::Target(std::borrow::Cow::Borrowed($vendor));

        pub(crate) const ENDPOINTS: &[$crate::Endpoint] = &[$($constant),+];
    };
}
pub(crate) use endpoints;
