//! relay.toml as it is written.

use crate::store::{RawStore, zone};
use crate::{Paces, Protocol, Reviews, Salesforce, StoreName, Zone};
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
    #[serde(default)]
    pub(crate) pace: Paces,
    #[serde(default)]
    pub(crate) protocol: Protocol,
    pub(crate) stores: BTreeMap<StoreName, RawStore>,
}
