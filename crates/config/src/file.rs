//! relay.toml as it is written.

use crate::erp::RawErp;
use crate::loyalty::RawLoyalty;
use crate::store::{RawStore, zone};
use crate::{NetSuite, Paces, Protocol, Reviews, Salesforce, Shopify, StoreName, Zone};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The file as written: what a store leaves out is not filled in yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    #[serde(deserialize_with = "zone")]
    pub(crate) time_zone: Zone,
    pub(crate) salesforce: Salesforce,
    #[serde(default)]
    pub(crate) reviews: Reviews,
    pub(crate) erp: Option<RawErp>,
    pub(crate) loyalty: Option<RawLoyalty>,
    #[serde(default)]
    pub(crate) shopify: Shopify,
    #[serde(default)]
    pub(crate) netsuite: NetSuite,
    #[serde(default)]
    pub(crate) pace: Paces,
    #[serde(default)]
    pub(crate) protocol: Protocol,
    pub(crate) stores: BTreeMap<StoreName, RawStore>,
}
