//! `infra/prices.toml`.

use serde::Deserialize;
use std::collections::BTreeMap;

/// What so many units cost.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Price {
    pub(super) usd: f64,
    pub(super) per: f64,
    pub(super) unit: String,
    pub(super) source: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Prices {
    pub(super) region: String,
    /// The day they were looked up.
    pub(super) read: String,
    #[serde(flatten)]
    pub(super) of: BTreeMap<String, Price>,
}

impl Prices {
    pub(super) fn read() -> Self {
        toml::from_str(include_str!("../../../infra/prices.toml")).unwrap()
    }

    /// What `units` of the kind `what` cost.
    pub(super) fn of(&self, what: &str, units: f64) -> f64 {
        let price = self.of.get(what).unwrap_or_else(|| panic!("infra/prices.toml has no {what}"));
        assert!(price.usd > 0.0 && price.per > 0.0 && price.source.starts_with("https://aws.amazon.com/"));
        units / price.per * price.usd
    }
}
