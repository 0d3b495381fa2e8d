//! The whole file.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::file::File;
use crate::{
    Erp, Error, Loyalty, NetSuite, Paces, Protocol, Reviews, Salesforce, Shopify, Store, StoreName, Zone, check, locate,
};

/// One environment's settings: a relay.toml that has passed every check.
#[derive(Debug, Clone)]
pub struct Relay {
    /// The org's zone: business days of orders that fit no store, and of stores that name no zone of their own.
    pub time_zone: Zone,
    /// Where things are in the Salesforce org, and how much of its quota is ours.
    pub salesforce: Salesforce,
    /// The reviews flow.
    pub reviews: Reviews,
    /// The erp flow; `None` where the stack has none.
    pub erp: Option<Erp>,
    /// The loyalty flow; `None` where the stack has none.
    pub loyalty: Option<Loyalty>,
    /// The shops' API.
    pub shopify: Shopify,
    /// The NetSuite account.
    pub netsuite: NetSuite,
    /// Calls a second, for each vendor account.
    pub pace: Paces,
    /// The times of the delivery protocol.
    pub protocol: Protocol,
    /// The stores by name, at least one. A store's name is also that of its Yotpo credentials.
    pub stores: BTreeMap<StoreName, Store>,
    /// SHA-256 of the file's bytes, 64 hex digits: goes into the first log line and the certificate.
    pub sha256: String,
}

impl Relay {
    /// Reads and checks the file at `path` (the environment's `RELAY_CONFIG`).
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let origin = path.as_ref().display().to_string();
        let text =
            std::fs::read_to_string(&path).map_err(|source| Error::Unreadable { origin: origin.clone(), source })?;
        Self::parse(&text, &origin)
    }

    /// Checks the text of a file; `origin` is what errors call it.
    pub fn parse(text: &str, origin: &str) -> Result<Self, Error> {
        let document = toml::Deserializer::parse(text).map_err(|e| locate::syntax(text, origin, &e))?;
        let file: File = serde_path_to_error::deserialize(document).map_err(|e| locate::typed(text, origin, &e))?;
        check::whole(&file).map_err(|fault| locate::fault(text, origin, &fault))?;
        let stores: BTreeMap<_, _> =
            file.stores.into_iter().map(|(name, store)| (name, store.complete(file.time_zone))).collect();
        Ok(Self {
            loyalty: file.loyalty.map(|loyalty| loyalty.complete(&stores)),
            stores,
            time_zone: file.time_zone,
            salesforce: file.salesforce,
            reviews: file.reviews,
            erp: file.erp.map(|erp| erp.complete(file.time_zone)),
            shopify: file.shopify,
            netsuite: file.netsuite,
            pace: file.pace,
            protocol: file.protocol,
            sha256: hex(&Sha256::digest(text.as_bytes())),
        })
    }

    /// The store of an order whose `salesforce.route_by` field holds `value`, compared exactly.
    /// Without `route_by` there is one store and it takes every order. `None`: park it as `unknown_store`.
    pub fn route(&self, value: Option<&str>) -> Option<(&StoreName, &Store)> {
        if self.salesforce.route_by.is_none() {
            return self.stores.first_key_value();
        }
        let value = value?;
        self.stores.iter().find(|(_, store)| store.routes.iter().any(|route| route == value))
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}
